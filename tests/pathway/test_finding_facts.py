"""What is known of a person: not asked is not a no, and each finding holds as long as it holds."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from .one_patient import SCREENINGS, after, found, log, of, on


def screened(*kinds: str, day: int = 0) -> list[dict[str, object]]:
    return [found(kind, "screened", day) for kind in kinds]


def test_not_asked_is_unknown() -> None:
    row = of(log(), after(7))
    flags = ("red_flag", "contraindication", "caution", "anticoagulated", "pregnant", "consented")
    assert [row[flag] for flag in flags] == [None] * len(flags)


def test_asked_about_everything_with_nothing_found_is_a_no() -> None:
    row = of(log(findings=screened(*SCREENINGS)), after(7))
    flags = ("red_flag", "contraindication", "caution", "anticoagulated")
    assert [row[flag] for flag in flags] == [False] * len(flags)


@pytest.mark.parametrize(
    ("kind", "unknown"),
    [
        ("red-flag", {"red_flag", "contraindication"}),
        ("allergy", {"contraindication", "caution"}),
        ("condition", {"contraindication", "caution", "anticoagulated"}),
        ("medicine", {"caution", "anticoagulated"}),
    ],
)
def test_each_kind_not_asked_about_leaves_what_it_could_raise_unknown(
    kind: str, unknown: set[str]
) -> None:
    asked = [other for other in SCREENINGS if other != kind]
    row = of(log(findings=screened(*asked)), after(7))
    flags = {"red_flag", "contraindication", "caution", "anticoagulated"}
    assert {flag for flag in flags if row[flag] is None} == unknown


def test_screening_before_the_episode_does_not_count() -> None:
    assert of(log(findings=screened(*SCREENINGS, day=-1)), after(7))["red_flag"] is None
    assert of(log(findings=screened(*SCREENINGS, day=0)), after(7))["red_flag"] is False


def test_what_was_found_before_the_episode_still_holds() -> None:
    care = log(findings=[found("allergy", "lidocaine", -1000)])
    assert of(care, after(7))["contraindication"] is True
    assert of(care, after(7))["contraindications"] == "allergy lidocaine"


def test_a_finding_holds_through_its_last_day() -> None:
    flag = found("red-flag", "foot-drop", 3, until=after(10))
    care = log(findings=[*screened("red-flag"), flag])
    assert of(care, after(10))["red_flag"] is True
    assert of(care, after(11))["red_flag"] is False
    assert of(care, after(11))["red_flags"] is None


def test_findings_are_named_once_in_the_order_of_the_alphabet() -> None:
    days = {"foot-drop": 1, "cauda-equina": 2}
    care = log(findings=[found("red-flag", c, d) for c, d in [*days.items(), ("foot-drop", 3)]])
    assert of(care, after(7))["red_flags"] == "cauda-equina, foot-drop"


@pytest.mark.parametrize(
    ("kind", "code", "fact"),
    [
        ("red-flag", "foot-drop", "red_flag"),
        ("allergy", "lidocaine", "contraindication"),
        ("condition", "systemic-infection", "contraindication"),
        ("condition", "skin-infection-at-site", "contraindication"),
        ("medicine", "warfarin", "anticoagulated"),
        ("pregnancy", "pregnant", "pregnant"),
        ("after-effect", "breathlessness", "red_flag"),
    ],
)
def test_a_danger_recorded_with_one_complaint_is_seen_in_every_other(
    kind: str, code: str, fact: str
) -> None:
    care = log(findings=[found(kind, code, 3, episode="hip")])
    assert of(care, after(7), "hip")[fact] is True
    assert of(care, after(7), "neck")[fact] is True
    assert of(care, after(7), "other")[fact] is None


def test_consent_and_having_been_asked_belong_to_the_complaint_that_they_name() -> None:
    said = [found("consent", "injection", 3, episode="hip")]
    said += [found(kind, "screened", 3, episode="hip") for kind in SCREENINGS]
    care = log(findings=said)
    assert [of(care, after(7), e)["consented"] for e in ("hip", "neck")] == [True, None]
    assert [of(care, after(7), e)["red_flag"] for e in ("hip", "neck")] == [False, None]


@pytest.mark.parametrize(("days", "believed"), [(181, True), (182, True), (183, None)])
def test_an_agreement_in_principle_is_believed_for_half_a_year(
    days: int, believed: bool | None
) -> None:
    care = log(findings=[found("consent", "injection", 0)])
    assert of(care, after(days))["consented"] is believed
    refused = log(findings=[found("consent", "injection-refused", 0)])
    assert of(refused, after(days))["consented"] is False


@pytest.mark.parametrize(("days", "believed"), [(27, False), (28, False), (29, None)])
def test_not_pregnant_is_believed_for_four_weeks(days: int, believed: bool | None) -> None:
    care = log(findings=[found("pregnancy", "not-pregnant", 0)])
    assert of(care, after(days))["pregnant"] is believed
    assert of(log(findings=[found("pregnancy", "pregnant", 0)]), after(days))["pregnant"] is True


@pytest.mark.parametrize(("day", "consented"), [(2, True), (3, None), (5, None)])
def test_consent_is_used_up_by_the_injection_that_follows_it(
    day: int, consented: bool | None
) -> None:
    given = [{"episode": "neck", "at": on(day), "therapy": "injection"}]
    care = log(findings=[found("consent", "injection", 3)], treatments=given)
    assert of(care, after(7))["consented"] is consented


def test_an_injection_of_another_complaint_uses_up_only_a_consent_that_names_none() -> None:
    given = [{"episode": "hip", "at": on(5), "therapy": "injection"}]
    own = log(findings=[found("consent", "injection", 3, episode="neck")], treatments=given)
    general = log(findings=[found("consent", "injection", 3)], treatments=given)
    assert of(own, after(7), "neck")["consented"] is True
    assert of(general, after(7), "neck")["consented"] is None


def test_who_refused_dry_needling_is_known_until_they_agree() -> None:
    refused = found("consent", "needling-refused", 3)
    agreed = found("consent", "needling", 5)
    assert of(log(findings=[refused]), after(7))["needling_refused"] is True
    assert of(log(findings=[refused, agreed]), after(7))["needling_refused"] is False
    assert of(log(), after(7))["needling_refused"] is None


@pytest.mark.parametrize(
    ("place", "hip", "neck"),
    [
        ({"muscle": "upper-trapezius", "side": "left"}, None, True),
        ({"region": "hip"}, True, None),
        ({"side": "left"}, True, True),
        ({}, True, True),
    ],
)
def test_what_is_found_at_a_place_concerns_the_complaints_that_may_be_needled_there(
    place: dict[str, str], hip: bool | None, neck: bool | None
) -> None:
    care = log(findings=[found("condition", "skin-infection-at-site", 3, **place)])
    assert of(care, after(7), "hip")["contraindication"] is hip
    assert of(care, after(7), "neck")["contraindication"] is neck
    systemic = log(findings=[found("condition", "systemic-infection", 3, **place)])
    assert of(systemic, after(7), "hip")["contraindication"] is True


def test_a_finding_of_the_person_is_every_episodes_and_no_other_persons() -> None:
    care = log(findings=[found("medicine", "warfarin", 3)])
    assert [of(care, after(7), e)["caution"] for e in ("neck", "hip", "other")] == [
        True,
        True,
        None,
    ]
    assert of(care, after(7))["anticoagulated"] is True


def test_the_latest_word_on_consent_counts() -> None:
    agreed = found("consent", "injection", 3)
    refused = found("consent", "injection-refused", 5)
    assert of(log(findings=[agreed]), after(7))["consented"] is True
    assert of(log(findings=[agreed, refused]), after(7))["consented"] is False
    assert of(log(findings=[agreed, refused]), after(4))["consented"] is True
    assert of(log(findings=[refused, found("consent", "injection", 6)]), after(7))["consented"]


def test_two_words_of_one_moment_that_disagree_are_unknown() -> None:
    words = [found("consent", "injection", 3), found("consent", "injection-refused", 3)]
    assert of(log(findings=words), after(7))["consented"] is None


def test_consent_to_needling_is_not_consent_to_an_injection() -> None:
    assert of(log(findings=[found("consent", "needling", 3)]), after(7))["consented"] is None


def test_a_refusal_or_a_pregnancy_that_was_overtaken_bars_nothing() -> None:
    """What the latest finding answers no longer stands in the way."""
    words = [
        found("consent", "injection-refused", 3),
        found("consent", "injection", 5),
        found("pregnancy", "pregnant", 3),
        found("pregnancy", "not-pregnant", 5),
    ]
    row = of(log(findings=[*screened(*SCREENINGS), *words]), after(7))
    assert (row["consented"], row["pregnant"]) == (True, False)
    assert (row["contraindication"], row["caution"]) == (False, False)


def test_pregnancy_ends_with_its_last_day() -> None:
    care = log(findings=[found("pregnancy", "pregnant", 3, until=after(100))])
    assert of(care, after(100))["pregnant"] is True
    assert of(care, after(101))["pregnant"] is None


@pytest.mark.parametrize(
    ("kind", "unknown"),
    [("allergy", {"contraindication", "caution"}), ("medicine", {"caution", "anticoagulated"})],
)
def test_words_that_nobody_understands_leave_what_they_could_bear_on_unknown(
    kind: str, unknown: set[str]
) -> None:
    words = found(kind, "not-understood", 3, words="zorblax")
    row = of(log(findings=[*screened(*SCREENINGS), words]), after(7))
    flags = {"red_flag", "contraindication", "caution", "anticoagulated"}
    assert {flag for flag in flags if row[flag] is None} == unknown
    assert all(row[flag] is False for flag in flags - unknown)


def test_words_that_nobody_understands_hide_no_danger_and_end_with_their_last_day() -> None:
    words = found("allergy", "not-understood", 3, words="zorblax", until=after(10))
    allergy = found("allergy", "lidocaine", 3)
    care = log(findings=[*screened(*SCREENINGS), words])
    assert of(log(findings=[words, allergy]), after(7))["contraindication"] is True
    assert of(care, after(10))["contraindication"] is None
    assert of(care, after(11))["contraindication"] is False


CLEAR = ("red_flag", "contraindication", "caution", "anticoagulated")


def test_of_a_record_that_was_not_read_whole_no_danger_is_known_to_be_absent() -> None:
    care = log(findings=screened(*SCREENINGS))
    assert [of(care, after(7))[fact] for fact in CLEAR] == [False] * 4
    gap = replace(care, incomplete=frozenset(care.patients["patient"]))
    assert [of(gap, after(7))[fact] for fact in CLEAR] == [None] * 4
    assert of(gap, after(7))["record_complete"] is False


def test_a_finding_that_no_catalogue_knows_may_be_any_danger() -> None:
    """As where the clinic's own file, which added it, is not in force."""
    care = log(findings=[*screened(*SCREENINGS), found("allergy", "lidocaine", 0)])
    known = pl.col("code") == "lidocaine"
    own = pl.when(known).then(pl.lit("our-own-allergen")).otherwise("code").alias("code")
    unknown = replace(care, findings=care.findings.with_columns(own))
    assert [of(unknown, after(7))[fact] for fact in CLEAR] == [None] * 4
    assert of(unknown, after(7))["record_complete"] is False
