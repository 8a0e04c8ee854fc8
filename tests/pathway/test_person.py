"""What a planner knows of a person: every complaint, day, side and clinic, and nothing for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from reliefpath.chart.care_log import CareLog, assemble
from reliefpath.pathway.injection import plan_for
from reliefpath.pathway.model import default_pathway
from reliefpath.pathway.needling import needling_for
from reliefpath.therapies.injection import Checked, Portion, Result, Site, Verdict

TODAY = date(2026, 3, 31)
FAR = "gluteus-medius"
ONE_ML = (Portion("lidocaine", 1, "percent", 1.0),)
LEFT = (Site(FAR, "left", ONE_ML),)
ACTIVE = dict.fromkeys(("taut_band", "tender_spot", "referred_pain", "recognised"), True)
Row = dict[str, Any]


def day(ago: int) -> str:
    return (TODAY - timedelta(days=ago)).isoformat()


def finding(kind: str, code: str, ago: int, **more: Any) -> Row:
    return {"patient": "p", "at": day(ago), "kind": kind, "code": code, **more}


def exam(ago: int, muscle: str = FAR, side: str = "left", **more: Any) -> Row:
    row = {"episode": "hip", "at": day(ago), "muscle": muscle, "side": side}
    return {**row, **ACTIVE, **more}


def injection(at: str, **more: Any) -> Row:
    row = {"episode": "neck", "at": at, "therapy": "injection", "muscle": "masseter"}
    return {**row, "side": "left", "agent": "saline", **more}


SCREENED = [finding(kind, "screened", 3) for kind in ("red-flag", "allergy", "medicine")]
PLAIN: dict[str, list[Row]] = {
    "patients": [{"patient": "p", "birth_date": "1980-01-01", "sex": "male"}],
    "episodes": [
        {"episode": "hip", "patient": "p", "region": "hip", "started_on": day(200)},
        {"episode": "neck", "patient": "p", "region": "neck", "started_on": day(200)},
    ],
    "exams": [exam(7)],
    "findings": [
        *SCREENED,
        finding("condition", "screened", 3),
        finding("weight", "body-weight", 3, value=70, unit="kg"),
        finding("consent", "injection", 3, episode="hip"),
        finding("consent", "needling", 3, episode="hip"),
    ],
    "treatments": [],
}


def record(zone: str = "UTC", drop: str | None = None, **more: list[Row]) -> CareLog:
    """The plain record with more in some tables, and without the findings of a kind."""
    rows = {name: [*PLAIN[name], *more.get(name, [])] for name in PLAIN}
    rows["findings"] = [row for row in rows["findings"] if row["kind"] != drop]
    frames = {n: pl.DataFrame(r, infer_schema_length=None) for n, r in rows.items() if r}
    care_log, refused = assemble(frames)
    assert not [bad for _, bad in refused if not bad.warning]
    return CareLog.of(care_log.table, zone)


def planned(
    care_log: CareLog, sites: tuple[Site, ...] = LEFT, at: Any = TODAY, **more: Any
) -> dict[str, Verdict]:
    return verdicts(plan_for(care_log, "hip", sites, default_pathway(), at, **more))


def needled(
    care_log: CareLog, *places: tuple[str, str], at: Any = TODAY, **more: Any
) -> dict[str, Verdict]:
    where = places or ((FAR, "left"),)
    return verdicts(needling_for(care_log, "hip", where, default_pathway(), at, **more))


def verdicts(plan: Checked) -> dict[str, Verdict]:
    return {check.id: check.verdict for check in plan.checks}


def bars(found: dict[str, Verdict]) -> set[str]:
    """What blocks, but for the gate, which this short record does not open."""
    return {id_ for id_, verdict in found.items() if verdict in ("blocked", "unknown")}


def weighed(found: dict[str, Verdict]) -> set[str]:
    decisions = {id_ for id_, verdict in found.items() if verdict is Verdict.DECISION}
    return {id_ for id_ in decisions if not id_.startswith(("gate-", "coverage-"))}


def test_nothing_stands_in_the_way_of_the_plain_person() -> None:
    for found in (planned(record()), needled(record())):
        assert not bars(found)
        assert not weighed(found)


# the wrong site


@pytest.mark.parametrize(
    ("muscle", "side", "exams", "told"),
    [
        (FAR, "right", [], f"site-not-examined-{FAR}-right"),
        (FAR, "left", [exam(2, tender_spot=False)], f"site-not-active-{FAR}-left"),
        (FAR, "left", [exam(2, recognised=None)], f"site-unclear-{FAR}-left"),
        (FAR, "left", [exam(2, side="both", recognised=False)], f"site-not-active-{FAR}-left"),
        (FAR, "right", [exam(28, side="both")], None),
        (FAR, "right", [exam(29, side="both")], f"site-not-examined-{FAR}-right"),
        (FAR, "right", [exam(3, side="right", episode="neck")], None),
        ("masseter", "left", [exam(3, "masseter")], "site-cannot-explain-masseter-left"),
        ("hamstrings", "left", [exam(3, "hamstrings")], None),
    ],
)
def test_each_site_is_held_against_its_latest_examination_and_the_complaint(
    muscle: str, side: str, exams: list[Row], told: str | None
) -> None:
    care_log = record(exams=exams)
    expected = set() if told is None else {told}
    assert weighed(planned(care_log, (Site(muscle, side, ONE_ML),))) == expected
    assert weighed(needled(care_log, (muscle, side))) == expected


@pytest.mark.parametrize(
    ("side", "told"),
    [("left", set()), ("both", set()), (None, set()), ("right", {f"site-other-side-{FAR}-left"})],
)
def test_the_side_of_the_complaint_is_the_side_of_the_needle(
    side: str | None, told: set[str]
) -> None:
    hip = {"episode": "side", "patient": "p", "region": "hip", "started_on": day(200)}
    consent = finding("consent", "injection", 3, episode="side")
    mine = record(episodes=[{**hip, "side": side}], findings=[consent])
    plan = plan_for(mine, "side", LEFT, default_pathway(), TODAY)
    assert weighed(verdicts(plan)) == told


def test_pain_that_crosses_and_further_regions_explain_a_site() -> None:
    belly = "rectus-abdominis-obliques"
    back = {"episode": "back", "patient": "p", "region": "low-back", "started_on": day(200)}
    jaw = {**back, "episode": "jaw", "region": "leg", "other_regions": "head jaw"}
    care_log = record(
        episodes=[{**back, "side": "right"}, jaw], exams=[exam(3, belly), exam(3, "masseter")]
    )
    for episode, muscle in (("back", belly), ("jaw", "masseter")):
        plan = plan_for(
            care_log, episode, (Site(muscle, "left", ONE_ML),), default_pathway(), TODAY
        )
        assert not {id_ for id_ in weighed(verdicts(plan)) if id_.startswith("site-")}


# a danger is the person's, and a place is a place


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("red-flag", "cauda-equina"),
        ("allergy", "lidocaine"),
        ("condition", "systemic-infection"),
        ("condition", "skin-infection-at-site"),
    ],
)
def test_a_danger_filed_under_another_complaint_blocks_as_well(kind: str, code: str) -> None:
    assert bars(planned(record(findings=[finding(kind, code, 9, episode="neck")]))) == {
        f"{kind}-{code}"
    }


def test_consent_to_another_complaint_is_none() -> None:
    elsewhere = [finding("consent", code, 1, episode="neck") for code in ("injection", "needling")]
    care_log = record(findings=elsewhere)
    plan = plan_for(care_log, "neck", LEFT, default_pathway(), TODAY)
    assert verdicts(plan)["consent"] is Verdict.FINE
    alone = record(drop="consent", findings=[])
    assert bars(planned(alone)) == {"consent"}
    assert bars(needled(alone)) == {"consent"}


@pytest.mark.parametrize(
    ("place", "muscle", "side", "verdict"),
    [
        ({"muscle": FAR, "side": "left"}, FAR, "left", Verdict.BLOCKED),
        ({"muscle": FAR, "side": "left"}, FAR, "right", Verdict.FINE),
        ({"muscle": FAR}, FAR, "right", Verdict.BLOCKED),
        ({"muscle": FAR, "side": "both"}, FAR, "right", Verdict.BLOCKED),
        ({"muscle": "piriformis", "side": "left"}, FAR, "left", Verdict.DECISION),
        ({"muscle": "masseter", "side": "left"}, FAR, "left", Verdict.FINE),
        ({"region": "hip", "side": "left"}, FAR, "left", Verdict.BLOCKED),
        ({"region": "hip", "side": "right"}, FAR, "left", Verdict.FINE),
        ({"region": "leg"}, FAR, "left", Verdict.FINE),
        ({"region": "leg"}, "piriformis", "left", Verdict.DECISION),
        ({"side": "left"}, FAR, "left", Verdict.BLOCKED),
        ({}, FAR, "left", Verdict.BLOCKED),
    ],
)
def test_what_is_found_at_a_place_blocks_there_and_not_elsewhere(
    place: Row, muscle: str, side: str, verdict: Verdict
) -> None:
    care_log = record(findings=[finding("condition", "skin-infection-at-site", 9, **place)])
    [found] = [
        verdict
        for id_, verdict in planned(care_log, (Site(muscle, side, ONE_ML),)).items()
        if id_.startswith("condition-skin-infection-at-site")
    ]
    assert found is verdict


# the other lung


TRAPEZIUS = (Site("upper-trapezius", "right", ONE_ML),)
NEEDLED = {"therapy": "dry-needling", "agent": None, "muscle": "upper-trapezius"}


@pytest.mark.parametrize("therapy", ["dry-needling", "electro-dry-needling", "injection"])
@pytest.mark.parametrize(
    ("at", "plan_at", "verdict"),
    [
        ("2026-03-31T08:00:00Z", datetime(2026, 3, 31, 17, tzinfo=UTC), Verdict.BLOCKED),
        ("2026-03-30T23:30:00Z", datetime(2026, 3, 31, 0, 30, tzinfo=UTC), Verdict.BLOCKED),
        ("2026-03-30T12:00:00Z", datetime(2026, 3, 31, 11, 59, tzinfo=UTC), Verdict.BLOCKED),
        ("2026-03-30T12:00:00Z", datetime(2026, 3, 31, 12, 1, tzinfo=UTC), Verdict.DECISION),
        ("2026-03-28T12:00:00Z", datetime(2026, 3, 31, 11, 59, tzinfo=UTC), Verdict.DECISION),
        ("2026-03-28T12:00:00Z", datetime(2026, 3, 31, 12, 1, tzinfo=UTC), None),
        ("2026-03-31", TODAY, Verdict.BLOCKED),
        ("2026-03-30", TODAY, Verdict.BLOCKED),  # it may have been just before midnight
        ("2026-03-29", TODAY, Verdict.DECISION),
        ("2026-03-28", TODAY, Verdict.DECISION),
        ("2026-03-27", TODAY, None),
    ],
)
def test_one_side_of_the_chest_a_day_and_signs_are_asked_about_for_three(
    therapy: str, at: str, plan_at: Any, verdict: Verdict | None
) -> None:
    left = injection(at, **{**NEEDLED, "therapy": therapy})
    care_log = record(treatments=[left])
    assert planned(care_log, TRAPEZIUS, plan_at).get("other-side-of-chest") is verdict
    found = needled(care_log, ("infraspinatus", "right"), at=plan_at)
    assert found.get("other-side-of-chest") is verdict
    assert "other-side-of-chest" not in needled(care_log, ("infraspinatus", "left"), at=plan_at)
    assert "other-side-of-chest" not in needled(care_log, (FAR, "right"), at=plan_at)


@pytest.mark.parametrize("place", [{"side": None}, {"side": "both"}, {"muscle": None}])
def test_a_needle_whose_place_is_unknown_may_have_been_at_the_other_lung(place: Row) -> None:
    today = injection(day(0), **{**NEEDLED, **place})
    found = planned(record(treatments=[today]), TRAPEZIUS)
    assert found["other-side-of-chest"] is Verdict.BLOCKED


@pytest.mark.parametrize("status", ["cancelled", "planned", "not-attended"])
def test_what_was_not_given_does_not_count(status: str) -> None:
    dose = {"agent": "lidocaine", "amount": 290, "unit": "mg", "status": status}
    care_log = record(treatments=[injection(day(0), muscle="upper-trapezius", **dose)])
    assert "other-side-of-chest" not in planned(care_log, TRAPEZIUS)
    assert not bars(planned(care_log))


# doses that still act


def dose(at: str, mg: float | None, agent: str | None = "lidocaine") -> Row:
    return injection(at, agent=agent, amount=mg, unit=None if mg is None else "mg")


def hundred(percent: float = 1.0, ml: float = 10.0) -> tuple[Site, ...]:
    return (Site(FAR, "left", (Portion("lidocaine", percent, "percent", ml),)),)


@pytest.mark.parametrize(
    ("zone", "first", "second"),
    [
        # 14:00 and 17:30 in Los Angeles are two days in UTC
        ("America/Los_Angeles", "2026-03-30T21:00:00Z", datetime(2026, 3, 31, 0, 30, tzinfo=UTC)),
        # 23:30 and 00:30 are two days at the clinic
        ("UTC", "2026-03-30T23:30:00Z", datetime(2026, 3, 31, 0, 30, tzinfo=UTC)),
        # the night in which clocks go forward
        ("Europe/Madrid", "2026-03-29T00:30:00Z", datetime(2026, 3, 29, 9, 30, tzinfo=UTC)),
    ],
)
def test_doses_hours_apart_add_up_whatever_the_clock_says(
    zone: str, first: str, second: datetime
) -> None:
    care_log = record(zone, treatments=[dose(first, 220)])
    assert bars(planned(care_log, hundred(), second)) == {"anaesthetic-share"}  # 320 of 300 mg
    assert not bars(planned(care_log, hundred(ml=8.0), second))  # 300 of 300 mg


@pytest.mark.parametrize(
    ("agent", "hours"),
    [("lidocaine", 10), ("bupivacaine", 24), ("ropivacaine", 26), ("mepivacaine", 16)],
)
def test_a_dose_counts_for_as_long_as_its_agent_acts(agent: str, hours: int) -> None:
    at = datetime(2026, 3, 29, 12, tzinfo=UTC)
    care_log = record(treatments=[dose(at.isoformat(), 1000, agent)])
    minute = timedelta(minutes=1)
    before, after = at + timedelta(hours=hours) - minute, at + timedelta(hours=hours) + minute
    assert "anaesthetic-share" in bars(planned(care_log, at=before))
    assert not bars(planned(care_log, at=after))


@pytest.mark.parametrize(("ago", "counts"), [(0, True), (1, True), (2, False)])
def test_a_dose_without_a_time_counts_until_the_end_of_the_next_day(ago: int, counts: bool) -> None:
    care_log = record("America/Los_Angeles", treatments=[dose(day(ago), 295)])
    late = datetime(2026, 4, 1, 6, 59, tzinfo=UTC)  # 23:59 in Los Angeles
    assert bool(bars(planned(care_log, at=late))) is counts
    assert bool(bars(planned(care_log, at=TODAY))) is counts


@pytest.mark.parametrize(("mg", "blocks"), [(593, False), (594, True)])
def test_the_label_s_24_hours_hold_after_the_dose_has_worn_off(mg: float, blocks: bool) -> None:
    first, second = "2026-03-30T12:00:00Z", datetime(2026, 3, 31, 11, 0, tzinfo=UTC)
    care_log = record(
        treatments=[
            dose(first, 400, "mepivacaine"),
            dose("2026-03-30T13:00:00Z", mg, "mepivacaine"),
        ],
        findings=[finding("weight", "body-weight", 0, value=100, unit="kg")],
    )
    site = (Site(FAR, "left", (Portion("mepivacaine", 1, "percent", 0.7),)),)
    assert bars(planned(care_log, site, second)) == (
        {"anaesthetic-24-hours-mepivacaine"} if blocks else set()
    )
    assert not bars(planned(care_log, site, second + timedelta(hours=3)))


@pytest.mark.parametrize(
    ("row", "blocks"),
    [
        (dose(day(0), None), True),
        (dose(day(0), None, agent=None), True),
        (injection(day(0), therapy="nerve-block", agent=None), True),
        (injection(day(0), therapy="dry-needling", agent=None), False),
        (dose(day(0), None, agent="saline"), False),
        (dose(day(9), None, agent=None), False),
    ],
)
def test_what_may_be_an_anaesthetic_of_unknown_amount_blocks_while_it_may_act(
    row: Row, blocks: bool
) -> None:
    assert bars(planned(record(treatments=[row]))) == ({"earlier-anaesthetic"} if blocks else set())


# every episode and clinic of the person


def test_the_same_site_counts_whichever_complaint_and_clinic_it_was_for() -> None:
    for ago, verdict in ((41, Verdict.DECISION), (42, Verdict.FINE)):
        before = injection(day(ago), muscle=FAR, facility="another clinic")
        found = planned(record(treatments=[before]))
        assert found[f"same-site-interval-{FAR}-left"] is verdict


def test_nothing_of_another_person_counts() -> None:
    other = {"patient": "q", "birth_date": "1980-01-01"}
    theirs = {"episode": "theirs", "patient": "q", "region": "hip", "started_on": day(9)}
    care_log = record(
        patients=[other],
        episodes=[theirs],
        treatments=[dose(day(0), 295) | {"episode": "theirs"}],
        findings=[finding("red-flag", "cauda-equina", 1, patient="q")],
    )
    assert not bars(planned(care_log))


# nothing is believed for ever


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
    found, refused = assemble(tables)
    assert not [bad for _, bad in refused if not bad.warning]
    return CareLog.of(found.table, care_log.zone)


def test_what_was_never_asked_is_not_helped_by_nothing_new() -> None:
    care_log = record(drop="medicine")
    assert bars(planned(care_log, nothing_new=True)) == {"medicine-not-asked"}


def test_screening_of_before_this_complaint_is_asked_again() -> None:
    new = {"episode": "new", "patient": "p", "region": "hip", "started_on": day(2)}
    consent = finding("consent", "injection", 1, episode="new")
    care_log = record(episodes=[new], findings=[consent])
    plan = plan_for(care_log, "new", LEFT, default_pathway(), TODAY)
    assert bars(verdicts(plan)) == {"screening-is-old"}


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
            assemble({"patients": pl.DataFrame([woman])})[0].patients
            if name == "patients"
            else care_log.table(name)
        )
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


# the gate, by name


def test_each_open_criterion_is_weighed_by_its_name_and_those_of_one_cause_together() -> None:
    plan = plan_for(record(), "hip", LEFT, default_pathway(), TODAY)
    gates = [id_ for id_ in plan.open_decisions if id_.startswith("gate-")]
    assert "gate-scores-missing" in gates
    assert not {"gate-plateau", "gate-window", "gate-score-recent"} & set(gates)
    assert {"gate-education-given", "gate-dry-needling-trial"} <= set(gates)
    assert "gate" not in verdicts(plan)
    some = plan_for(
        record(), "hip", LEFT, default_pathway(), TODAY, acknowledged=["gate-scores-missing"]
    )
    assert some.result is Result.NEEDS_A_DECISION


@pytest.mark.parametrize(
    "gap", [{"absent": frozenset({"treatments"})}, {"incomplete": frozenset({"p"})}]
)
def test_what_could_not_be_read_may_bar_a_needle(gap: Any) -> None:
    silent = replace(record(), **gap)
    assert bars(planned(silent)) == bars(needled(silent)) - {"needling-course"}
    assert bars(planned(silent)) == {"record-incomplete"}
    assert not bars(planned(replace(record(), incomplete=frozenset({"q"}))))
