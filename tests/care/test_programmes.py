"""A programme is signed into the chart, version upon version, and only what may be is signed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from reliefpath.care.planning.exercise import Situation, situation_of
from reliefpath.care.programmes import (
    PROPOSAL,
    PrescribedExercise,
    ProgrammeRequest,
    exercises_in_force,
    offers,
    programme_for_patient,
    programme_to_print,
    sign_programme,
    signed_programme,
    versions_of,
    weigh_programme,
    withdraw_programme,
)
from reliefpath.care.undoing import latest_save, undo_save
from reliefpath.care_log.log import CareLog
from reliefpath.errors import CareLogError, UsageError
from reliefpath.store.chart import Chart, create_chart
from reliefpath.store.writing import AuditEvent

DAY = date(2026, 3, 3)
AT = datetime(2026, 3, 3, 10, tzinfo=UTC)
ROLLS = PrescribedExercise(
    exercise="shoulder-rolls", side="both", sets=1, repetitions=6, per_week=2
)
WALK = PrescribedExercise(exercise="walking", side="both", minutes=5, per_week=2)
SHRUG = PrescribedExercise(exercise="shrug", side="both", sets=2, repetitions=8, per_week=2)


@pytest.fixture
def chart(tmp_path: Path) -> Chart:
    """Ana, with a complaint of the neck and another of the hip, asked about red flags."""
    made = create_chart(str(tmp_path / "clinic.chart"))
    began = {"patient": "P1", "started_on": "2026-03-01"}
    exam = {"episode": "E1", "at": "2026-03-02", "muscle": "upper-trapezius", "side": "left"}
    signs = dict.fromkeys(("taut_band", "tender_spot", "recognised"), "true")
    made.insert(
        {
            "patients": pl.DataFrame([{"patient": "P1", "name": "Ana"}]),
            "episodes": pl.DataFrame(
                [
                    {"episode": "E1", **began, "region": "neck"},
                    {"episode": "E2", **began, "region": "hip"},
                ]
            ),
            "exams": pl.DataFrame([exam | signs]),
            "findings": pl.DataFrame([finding("red-flag", "screened", "2026-03-02")]),
        },
        AuditEvent("Ada", "enter"),
    )
    return made


def finding(kind: str, code: str, at: str, **more: str) -> dict[str, str]:
    return {"patient": "P1", "kind": kind, "code": code, "at": at, **more}


def record(chart: Chart, **tables: dict[str, Any]) -> None:
    frames = {name: pl.DataFrame([row]) for name, row in tables.items()}
    chart.insert(frames, AuditEvent("Ada", "enter", None, "P1"))


def log_of(chart: Chart) -> CareLog:
    return chart.care_log_of("P1")


def here(chart: Chart, episode: str = "E1", on: date = DAY) -> Situation:
    return situation_of(log_of(chart), episode, on)


def request(*rows: PrescribedExercise, version: int = PROPOSAL, **more: Any) -> ProgrammeRequest:
    asked = {"episode": "E1", "equipment": frozenset({"dumbbell"}), **more}
    return ProgrammeRequest(exercises=rows, version=version, **asked)


def sign(chart: Chart, asked: ProgrammeRequest, at: datetime = AT) -> int:
    seen = chart.head().entry
    return sign_programme(chart, log_of(chart), asked, at, "Ada", seen, page="exercise")


def version(chart: Chart, episode: str = "E1") -> int:
    found = signed_programme(chart, here(chart, episode))
    return PROPOSAL if found is None else found.row


def ids(chart: Chart, **more: Any) -> list[str]:
    found, _ = programme_to_print(chart, here(chart), **more)
    return [item.exercise for item in found.items]


def test_what_is_signed_is_what_the_patient_gets_until_another_is_signed(chart: Chart) -> None:
    assert programme_to_print(chart, here(chart))[1] is None
    sign(chart, request(WALK, ROLLS))
    assert ids(chart) == ["walking", "shoulder-rolls"]
    assert exercises_in_force(chart, "E1") == ("walking", "shoulder-rolls")
    first = version(chart)
    sign(chart, request(ROLLS, version=first))
    assert ids(chart) == ["shoulder-rolls"]
    assert ids(chart, row=first) == ["walking", "shoulder-rolls"]
    second, kept = versions_of(chart, here(chart))
    assert (second.number, second.changed) == (2, ("Walking taken out",))
    assert (kept.number, kept.by, kept.day, kept.withdrawn) == (1, "Ada", DAY, None)
    assert not chart.verify().wrong


def test_a_programme_is_of_its_episode_alone(chart: Chart) -> None:
    sign(chart, request(ROLLS))
    assert exercises_in_force(chart, "E2") == ()
    assert signed_programme(chart, here(chart, "E2")) is None
    with pytest.raises(UsageError, match="ever signed"):
        programme_to_print(chart, here(chart, "E2"), version(chart))
    with pytest.raises(UsageError, match="ever signed"):
        withdraw_programme(chart, here(chart, "E2"), version(chart), "Ada", "wrong patient")
    assert version(chart)


def test_a_version_signed_in_error_is_withdrawn_and_the_one_before_is_in_force(
    chart: Chart,
) -> None:
    sign(chart, request(ROLLS))
    first = version(chart)
    sign(chart, request(WALK, version=first))
    with pytest.raises(UsageError, match="say why"):
        withdraw_programme(chart, here(chart), version(chart), "Bo", "")
    withdraw_programme(chart, here(chart), version(chart), "Bo", "wrong patient")
    assert version(chart) == first
    assert ids(chart) == ["shoulder-rolls"]
    gone, _ = versions_of(chart, here(chart))
    assert gone.withdrawn == ("Bo", "wrong patient")
    with pytest.raises(UsageError, match="does not hold"):
        withdraw_programme(chart, here(chart), gone.row, "Bo", "wrong patient")
    assert not chart.verify().wrong


def test_it_is_undone_right_after(chart: Chart) -> None:
    sign(chart, request(ROLLS))
    save = latest_save(chart, "P1", "Ada")
    assert save is not None
    assert save.words == "an exercise programme, 1 row"
    undo_save(chart, "P1", save.entry, "Ada")
    assert version(chart) == PROPOSAL


def test_it_goes_with_its_episode_and_with_a_copy_of_the_chart(
    chart: Chart, tmp_path: Path
) -> None:
    sign(chart, request(ROLLS))
    copy = create_chart(str(tmp_path / "copy.chart"))
    chart.copy_to(copy)
    assert exercises_in_force(copy, "E1") == ("shoulder-rolls",)
    assert not copy.verify().wrong
    assert chart.withdraw("episodes", 1, AuditEvent("Ada", "withdraw"))["programmes"] == 1
    assert exercises_in_force(chart, "E1") == ()


@pytest.mark.parametrize("code", ["suspected-fracture", "cauda-equina"])
def test_nothing_is_signed_printed_or_shown_while_a_red_flag_is_active(
    chart: Chart, code: str
) -> None:
    sign(chart, request(ROLLS))
    record(chart, findings=finding("red-flag", code, "2026-03-03"))
    with pytest.raises(UsageError, match="red flag is active"):
        sign(chart, request(ROLLS, WALK, version=version(chart)))
    with pytest.raises(UsageError, match="red flag is active"):
        programme_to_print(chart, here(chart))
    assert programme_for_patient(chart, here(chart)) is None
    assert len(versions_of(chart, here(chart))) == 1


def test_nothing_is_signed_or_shown_before_red_flags_were_asked_about(chart: Chart) -> None:
    sign(chart, request(ROLLS))
    chart.withdraw("findings", 1, AuditEvent("Ada", "withdraw"))
    with pytest.raises(UsageError, match="have not been asked about"):
        sign(chart, request(ROLLS, WALK, version=version(chart)))
    assert programme_for_patient(chart, here(chart)) is None


def test_what_is_barred_is_signed_only_once_each_danger_is_weighed(chart: Chart) -> None:
    barred = request(SHRUG, ROLLS, equipment=frozenset(), irritability="high")
    plan = weigh_programme(chart, log_of(chart), barred, DAY)
    assert plan.open_decisions == ("high-irritability-shrug", "equipment-shrug")
    for known in ((), plan.open_decisions[:1], ("something-else",)):
        with pytest.raises(UsageError, match="nothing was signed"):
            sign(chart, barred.model_copy(update={"acknowledged": known}))
    sign(chart, barred.model_copy(update={"acknowledged": plan.open_decisions}))
    [signed] = versions_of(chart, here(chart))
    assert signed.acknowledged == plan.open_decisions


def test_an_episode_that_has_ended_is_told(chart: Chart) -> None:
    chart.correct("episodes", 1, {"ended_on": "2026-03-02"}, AuditEvent("Ada", "correct"))
    plan = weigh_programme(chart, log_of(chart), request(ROLLS), DAY)
    assert plan.open_decisions == ("care-has-ended",)


def test_whoever_signs_has_seen_the_version_in_force_and_the_record_as_it_is(
    chart: Chart,
) -> None:
    sign(chart, request(ROLLS))
    with pytest.raises(UsageError, match="another version was signed"):
        sign(chart, request(WALK))
    seen, care_log = chart.head().entry, log_of(chart)
    record(chart, findings=finding("red-flag", "suspected-fracture", "2026-03-03"))
    asked = request(WALK, version=version(chart))
    with pytest.raises(UsageError, match="recorded meanwhile"):
        sign_programme(chart, care_log, asked, AT, "Ada", seen)
    assert exercises_in_force(chart, "E1") == ("shoulder-rolls",)


def treated(day: int, **more: Any) -> dict[str, Any]:
    return {"episode": "E1", "at": f"2026-03-{day:02}", "therapy": "exercise", **more}


def test_what_was_done_since_it_was_signed_is_offered_more_of_and_changes_nothing(
    chart: Chart,
) -> None:
    record(chart, scores={"episode": "E1", "at": "2026-03-02", "measure": "nrs", "value": 5})
    sign(chart, request(ROLLS, WALK))
    each = {"adherence": 0.5, "exercises": "shoulder-rolls=1 walking=0"}
    record(
        chart,
        treatments=treated(10, **each),
        scores={"episode": "E1", "at": "2026-03-10", "measure": "nrs", "value": 4},
    )
    later = here(chart, on=date(2026, 3, 10))
    signed = signed_programme(chart, later)
    assert signed is not None
    more = {c.exercise: c.to for c in offers(later, signed) if c.did == "more of it"}
    assert list(more) == ["shoulder-rolls"]
    assert ids(chart) == ["shoulder-rolls", "walking"]
    # what is said of another complaint, withdrawn, or was not given, says nothing of this one
    row = chart.care_log_of("P1").treatments.height
    chart.withdraw("treatments", row, AuditEvent("Ada", "withdraw"))
    record(chart, treatments={**treated(10, **each), "episode": "E2"})
    record(chart, treatments={**treated(11, **each), "status": "cancelled"})
    assert not offers(here(chart, on=date(2026, 3, 11)), signed)


@pytest.mark.parametrize("code", ["soreness", "faintness"])
def test_an_effect_of_exercise_that_the_patient_reports_holds_everything_back(
    chart: Chart, code: str
) -> None:
    sign(chart, request(ROLLS))
    each = {"adherence": 1, "exercises": "shoulder-rolls=1"}
    effect = finding("after-effect", code, "2026-03-10", episode="E1")
    record(chart, treatments=treated(10, **each), findings=effect)
    later = here(chart, on=date(2026, 3, 10))
    signed = signed_programme(chart, later)
    assert signed is not None
    assert [change.rule for change in offers(later, signed)] == ["something-went-wrong"]
    harder = ROLLS.model_copy(update={"sets": 2})
    plan = weigh_programme(
        chart, log_of(chart), request(harder, version=signed.row), date(2026, 3, 10)
    )
    assert plan.open_decisions == ("something-went-wrong-shoulder-rolls-2-6-2",)


def test_what_was_reported_before_it_was_signed_is_not_of_it(chart: Chart) -> None:
    record(chart, treatments=treated(3, adherence=0.2))
    sign(chart, request(ROLLS))
    signed = signed_programme(chart, here(chart))
    assert signed is not None
    assert not offers(here(chart, on=DAY + timedelta(days=1)), signed)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"adherence": 1, "exercises": "shoulder-rolls=1 walking=0"}, "the mean of `exercises`"),
        ({"adherence": 1, "exercises": "shoulder-rulls=1"}, "did you mean `shoulder-rolls`"),
        ({"adherence": 1, "exercises": "shoulder-rolls"}, "EXERCISE=SHARE"),
        ({"exercises": "shoulder-rolls=1"}, "the mean of `exercises`"),
    ],
)
def test_what_was_done_of_each_that_cannot_be_so_is_refused(
    chart: Chart, row: dict[str, Any], says: str
) -> None:
    with pytest.raises(CareLogError, match=says):
        record(chart, treatments=treated(10, **row))


def test_a_programme_with_an_exercise_that_the_catalogue_lost_is_told_and_not_printed_in_part(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(chart, request(ROLLS, WALK))
    from reliefpath.store import programmes as store

    rows = store.programmes_of(chart, "E1")
    lost = [{**row, "programme": row["programme"].replace("walking", "hopping")} for row in rows]
    monkeypatch.setattr("reliefpath.care.programmes.programmes_of", lambda *_: lost)
    [signed] = versions_of(chart, here(chart))
    assert signed.programme is None
    assert "hopping" in (signed.unreadable or "")
    with pytest.raises(UsageError, match="sign a new one"):
        programme_to_print(chart, here(chart))
    assert programme_for_patient(chart, here(chart)) is None
