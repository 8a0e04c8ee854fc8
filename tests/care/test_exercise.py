"""From a patient's record to an exercise programme."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from reliefpath.care.planning.exercise import programme_for
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import UsageError
from reliefpath.pathway.facts import facts
from reliefpath.reference.therapies.exercise import Goal, Programme
from reliefpath.simulation import demo_clinic

AS_OF = date(2026, 3, 31)
CLINIC = demo_clinic(20, 1, AS_OF)
EPISODE = "demo-0005"
HOME = ("chair", "wall", "towel")
ACTIVE = {"taut_band": True, "tender_spot": True, "recognised": True}
ROWS = {"exams", "scores", "treatments"}


def moment(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


def log(**tables: list[dict[str, Any]]) -> CareLog:
    """One episode's record with these rows and no other exam, score or treatment."""
    mine = CLINIC.only(EPISODE)
    findings = mine.findings.filter(kind="red-flag", code="screened")
    rows: dict[str, Any] = {
        name: pl.DataFrame(
            [{"episode": EPISODE, **row} for row in tables.get(name, [])], TABLES[name].schema
        )
        for name in ROWS
    }
    return replace(mine, findings=findings, **rows)


def exam(day: int, muscle: str, side: str = "left", **signs: bool) -> dict[str, Any]:
    return {"at": moment(day), "muscle": muscle, "side": side, **ACTIVE, **signs}


def pain(day: int, value: float) -> dict[str, Any]:
    return {"at": moment(day), "measure": "nrs", "value": value}


def done(day: int, share: float | None, therapy: str = "stretching", **more: str) -> dict[str, Any]:
    return {"at": moment(day), "therapy": therapy, "adherence": share, **more}


def made(care_log: CareLog, **more: Any) -> Programme:
    return programme_for(care_log, EPISODE, AS_OF, **{"equipment": HOME, "minutes": 40, **more})


def served(programme: Programme) -> set[str]:
    return {muscle for item in programme.items for muscle in item.serves}


def rules(programme: Programme) -> set[str]:
    return {change.rule for change in programme.changes}


def test_the_latest_exam_says_which_muscles_and_sides() -> None:
    found = made(
        log(
            exams=[
                exam(1, "masseter"),
                exam(10, "piriformis", "right"),
                exam(10, "rhomboids", recognised=False),
            ]
        )
    )
    assert served(found) == {"piriformis"}
    assert found.items[0].sides == "right"


def test_what_happens_after_the_day_does_not_count() -> None:
    care_log = log(exams=[exam(1, "masseter"), exam(10, "piriformis")])
    earlier = programme_for(care_log, EPISODE, date(2026, 3, 9), equipment=HOME)
    assert served(earlier) == {"masseter"}


def test_what_is_reported_after_the_day_does_not_count() -> None:
    care_log = log(
        exams=[exam(1, "masseter")], treatments=[done(20, 0.2)], scores=[pain(1, 3), pain(20, 9)]
    )
    assert made(care_log).changes
    earlier = programme_for(care_log, EPISODE, date(2026, 3, 19), equipment=HOME)
    assert not earlier.changes


def test_a_sign_that_was_not_looked_for_makes_no_muscle_active() -> None:
    found = made(log(exams=[exam(10, "masseter", recognised=None)]))  # type: ignore[arg-type]
    assert not served(found)
    assert "no active trigger point" in found.notes[0]


def test_without_an_exam_the_programme_is_for_the_region_and_says_so() -> None:
    found = made(log())
    assert len(found.items) == 2
    assert "No exam is on record" in found.notes[0]


def test_done_with_no_more_pain_asks_for_more() -> None:
    found = made(
        log(
            exams=[exam(1, "masseter")],
            scores=[pain(1, 5), pain(20, 4)],
            treatments=[done(20, 0.9)],
        )
    )
    assert rules(found) == {"ready-for-more"}


def test_what_was_reported_before_the_exam_does_not_change_the_programme() -> None:
    found = made(
        log(
            exams=[exam(25, "masseter")],
            scores=[pain(1, 5), pain(20, 4)],
            treatments=[done(20, 0.9)],
        )
    )
    assert not found.changes


def test_pain_that_rose_since_the_exam_makes_it_easier() -> None:
    found = made(
        log(
            exams=[exam(5, "masseter")],
            scores=[pain(1, 3), pain(20, 6)],
            treatments=[done(20, 1.0)],
        )
    )
    assert rules(found) == {"pain-is-worse"}


def test_too_little_done_is_asked_about_whichever_exercise_it_was() -> None:
    found = made(log(exams=[exam(1, "masseter")], treatments=[done(20, 0.2, "strength-training")]))
    assert rules(found) == {"too-little-done"}


def test_needling_is_no_exercise_that_was_done() -> None:
    found = made(log(exams=[exam(1, "masseter")], treatments=[done(20, 0.2, "dry-needling")]))
    assert not found.changes


def test_heavy_load_waits_after_a_needle_and_what_is_light_does_not() -> None:
    care_log = log(
        exams=[exam(1, "upper-trapezius")],
        treatments=[{"at": moment(30), "therapy": "dry-needling", "muscle": "masseter"}],
    )
    heavy = made(care_log, equipment=(*HOME, "dumbbell"), goal=Goal.STRENGTH)
    waits = {change.exercise: change for change in heavy.changes}
    assert set(waits) == {"shrug"}
    assert waits["shrug"].did == "not before 2026-04-02"
    assert "[unverified]" in waits["shrug"].source[0]
    assert heavy.rest is not None
    assert heavy.rest.begins == (date(2026, 3, 31), date(2026, 4, 1))

    [told] = made(care_log).changes
    assert told.exercise is None
    assert told.did == "nothing in it is heavy; no heavy load until 2026-04-01"


@pytest.mark.parametrize(
    ("needled", "waits"), [(28, False), (29, True), (31, True)], ids=["3 days", "2 days", "today"]
)
def test_a_needle_counts_for_two_days_and_that_of_any_episode(needled: int, waits: bool) -> None:
    care_log = log(exams=[exam(1, "masseter")])
    other = care_log.episodes.with_columns(episode=pl.lit("other"))
    given = {"episode": "other", "at": moment(needled), "therapy": "injection"}
    found = made(
        replace(
            care_log,
            episodes=pl.concat([care_log.episodes, other]),
            treatments=pl.DataFrame([given], TABLES["treatments"].schema),
        )
    )
    assert (rules(found) == {"after-needle"}) is waits
    assert (found.rest is not None) is waits


def test_an_adverse_effect_keeps_it_from_getting_harder() -> None:
    found = made(
        log(
            exams=[exam(1, "masseter")],
            scores=[pain(1, 5), pain(20, 4)],
            treatments=[done(20, 0.9, adverse_effect="dizzy")],
        )
    )
    assert rules(found) == {"something-went-wrong"}


def test_an_active_red_flag_leaves_no_programme() -> None:
    care_log = log(exams=[exam(1, "masseter")])
    patient = care_log.patients["patient"][0]
    flag = {"patient": patient, "at": moment(20), "kind": "red-flag", "code": "foot-drop"}
    flagged = pl.concat([care_log.findings, pl.DataFrame([flag], TABLES["findings"].schema)])
    with pytest.raises(UsageError, match="while a red flag is active: foot-drop"):
        made(replace(care_log, findings=flagged))


def test_red_flags_that_nobody_asked_about_are_told() -> None:
    unasked = replace(log(exams=[exam(1, "masseter")]), findings=CLINIC.findings.clear())
    assert "Red flags have not been asked about" in made(unasked).notes[0]
    assert not made(log(exams=[exam(1, "masseter")])).notes


def test_an_episode_that_is_not_on_record_is_refused() -> None:
    with pytest.raises(UsageError, match="is not on record, or had not begun"):
        programme_for(log(), "nobody", AS_OF)


def test_the_order_of_the_rows_changes_nothing() -> None:
    care_log = CLINIC.only(EPISODE)
    turned = replace(care_log, **{name: getattr(care_log, name).reverse() for name in ROWS})
    assert made(care_log) == made(turned)


def test_every_patient_of_a_clinic_gets_a_programme_or_a_red_flag() -> None:
    known = facts(CLINIC, AS_OF)
    flagged = dict(known["episode", "red_flag"].iter_rows())
    for episode in CLINIC.episodes["episode"]:
        if flagged[episode]:
            with pytest.raises(UsageError, match="red flag"):
                programme_for(CLINIC, episode, AS_OF)
        else:
            found = programme_for(CLINIC, episode, AS_OF, equipment=HOME)
            assert found.items
            assert found.minutes <= 20
