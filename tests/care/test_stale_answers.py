"""Nothing is believed for ever: screening, weight, pregnancy, consent."""

from __future__ import annotations

import polars as pl
import pytest

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.knowledge import SHIPPED

from .asking import plan_of
from .plain_person import (
    FAR,
    LEFT,
    PLAIN,
    TODAY,
    Row,
    bars,
    day,
    finding,
    injection,
    needled,
    planned,
    record,
    verdicts,
    weighed,
)


@pytest.mark.parametrize(
    ("kind", "days"), [("red-flag", 28), ("allergy", 182), ("medicine", 28), ("condition", 28)]
)
def test_old_screening_is_asked_again_and_one_word_says_that_nothing_is_new(
    kind: str, days: int
) -> None:
    for ago, old in ((days, set()), (days + 1, {"screening-is-old"})):
        care_log = record(drop=kind, findings=[])
        asked = pl.DataFrame([finding(kind, "screened", ago)])
        care_log = with_findings(care_log, asked)
        assert bars(planned(care_log)) == bars(needled(care_log)) == old
        assert not bars(planned(care_log, nothing_new=True))
        assert not bars(needled(care_log, nothing_new=True))


def with_findings(care_log: CareLog, rows: pl.DataFrame) -> CareLog:
    tables = {name: care_log.table(name) for name in PLAIN}
    tables["findings"] = pl.concat(
        [tables["findings"], rows.with_columns(pl.col("at").str.to_datetime(time_zone="UTC"))],
        how="diagonal_relaxed",
    )
    found, refused = assemble(tables, SHIPPED)
    assert not [bad for _, bad in refused if not bad.warning]
    return CareLog.of(found.table, SHIPPED, care_log.zone)


def test_what_was_never_asked_is_not_helped_by_nothing_new() -> None:
    care_log = record(drop="medicine")
    assert bars(planned(care_log, nothing_new=True)) == {"medicine-not-asked"}


@pytest.mark.parametrize(("begun", "old"), [(3, set()), (2, {"screening-is-old"})])
def test_screening_of_before_this_complaint_is_asked_again(begun: int, old: set[str]) -> None:
    new = {"episode": "new", "patient": "p", "region": "hip", "started_on": day(begun)}
    consent = finding("consent", "injection", 1, episode="new")
    care_log = record(episodes=[new], findings=[consent])
    plan = plan_of(care_log, "new", LEFT, TODAY)
    assert bars(verdicts(plan)) == old


def test_screening_for_another_complaint_is_asked_again_for_this_one() -> None:
    asked = pl.DataFrame([finding("red-flag", "screened", 1, episode="neck")])
    care_log = with_findings(record(drop="red-flag"), asked)
    assert bars(planned(care_log)) == {"screening-is-old"}
    assert not bars(planned(care_log, nothing_new=True))


@pytest.mark.parametrize(("ago", "old"), [(182, set()), (183, {"weight"})])
def test_an_old_weight_is_weighed_again(ago: int, old: set[str]) -> None:
    care_log = record(drop="weight")
    weight = finding("weight", "body-weight", ago, value=70.0, unit="kg")
    care_log = with_findings(care_log, pl.DataFrame([weight]))
    assert bars(planned(care_log)) == old
    assert not bars(planned(care_log, weight_kg=70.0))
    assert "weight-change" in weighed(planned(care_log, weight_kg=140.0))


def test_a_weight_that_ended_is_not_believed_and_neither_is_the_one_before_it() -> None:
    ended = finding("weight", "body-weight", 2, value=80, unit="kg", until=day(1))
    assert bars(planned(record(findings=[ended]))) == {"weight"}


@pytest.mark.parametrize(("ago", "asked"), [(7, set()), (8, {"pregnancy-not-asked"})])
def test_not_pregnant_is_believed_for_a_week(ago: int, asked: set[str]) -> None:
    woman = {"patient": "p", "birth_date": "1980-01-01", "sex": "female"}
    care_log = record(findings=[finding("pregnancy", "not-pregnant", ago)])
    care_log = CareLog.of(
        lambda name: (
            assemble({"patients": pl.DataFrame([woman])}, SHIPPED)[0].patients
            if name == "patients"
            else care_log.table(name)
        ),
        SHIPPED,
    )
    assert weighed(planned(care_log)) == asked
    assert not weighed(planned(care_log, nothing_new=True))


@pytest.mark.parametrize(("ago", "old"), [(28, set()), (29, {"consent"})])
def test_consent_to_an_injection_is_believed_for_four_weeks(ago: int, old: set[str]) -> None:
    care_log = record(drop="consent", findings=[])
    consent = finding("consent", "injection", ago, episode="hip")
    assert bars(planned(with_findings(care_log, pl.DataFrame([consent])))) == old


@pytest.mark.parametrize("who", ["guardian", "assent"])
def test_the_latest_word_of_a_guardian_and_of_the_young_person_counts(who: str) -> None:
    agreed = finding("consent", who, 3, episode="hip")
    refused = finding("consent", f"{who}-refused", 2, episode="hip")
    again = finding("consent", who, 1, episode="hip")
    assert bars(planned(record(findings=[agreed, refused]))) == {f"consent-{who}"}
    assert not bars(planned(record(findings=[agreed, refused, again])))


@pytest.mark.parametrize(
    ("given", "old"),
    [
        (injection(day(4), episode="hip", muscle="piriformis"), set()),
        (injection(day(3), episode="hip", muscle="piriformis"), {"consent"}),
        (injection(day(2), episode="hip", muscle="piriformis"), {"consent"}),
        (injection(day(2), episode="neck"), set()),  # which has a consent of its own
        (injection(day(2), episode="hip", status="cancelled"), set()),
        (injection(day(2), episode="hip", therapy="dry-needling", agent=None), set()),
    ],
)
def test_consent_is_to_this_injection_and_not_to_an_earlier_one(given: Row, old: set[str]) -> None:
    assert bars(planned(record(treatments=[given]))) == old


def test_a_course_of_needling_rests_on_one_consent_that_is_confirmed_each_time() -> None:
    session = injection(day(2), episode="hip", therapy="dry-needling", agent=None, response=0.4)
    care_log = record(treatments=[session | {"muscle": FAR}])
    assert weighed(needled(care_log)) == {"consent-still-holds"}
    assert "consent-still-holds" not in weighed(
        needled(record(findings=[finding("consent", "needling", 0, episode="hip")]))
    )


@pytest.mark.parametrize(("ago", "old"), [(182, set()), (183, {"consent"})])
def test_consent_to_a_course_of_needling_is_believed_for_half_a_year(
    ago: int, old: set[str]
) -> None:
    care_log = record(drop="consent", findings=[])
    consent = finding("consent", "needling", ago, episode="hip")
    assert bars(needled(with_findings(care_log, pl.DataFrame([consent])))) == old


@pytest.mark.parametrize(
    ("consent", "given", "old"),
    [
        ("T10:00:00Z", ["T09:59:00Z"], set()),  # an hour before, and another consent
        ("T10:00:00Z", ["T10:00:00Z"], {"consent"}),
        ("T10:00:00Z", ["T10:01:00Z"], {"consent"}),
        ("T10:00:00Z", ["T09:59:00Z", "T10:01:00Z"], {"consent"}),
        ("T10:00:00Z", [""], {"consent"}),  # nobody knows which came first
        ("", ["T09:59:00Z"], {"consent"}),
    ],
)
def test_consent_of_the_day_of_an_injection_counts_by_the_hour_where_it_is_known(
    consent: str, given: list[str], old: set[str]
) -> None:
    rows = [injection(f"{day(1)}{hour}", episode="hip", muscle="piriformis") for hour in given]
    agreed = finding("consent", "injection", 1, episode="hip") | {"at": f"{day(1)}{consent}"}
    care_log = record(drop="consent", treatments=rows)
    assert bars(planned(with_findings(care_log, pl.DataFrame([agreed])))) == old
