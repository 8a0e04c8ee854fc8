"""What was planned is given and recorded, and what is recorded counts the next time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from care.asking import needling_of
from cli.commands import reliefpath
from html_page import Page
from reliefpath.care.planning.given import Session, needling_rows
from reliefpath.care.planning.recording import Recording
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import UsageError
from reliefpath.pathway.facts import facts
from reliefpath.simulation import demo_clinic
from reliefpath.store.chart import Chart
from reliefpath.store.writing import AuditEvent

from .test_entering import as_tables

DAY = date(2026, 3, 31)
EPISODE = "demo-0015"
CLINIC = demo_clinic(60, 1, DAY)
LIDOCAINE = "gluteus-medius left: lidocaine 1% 1 mL"
BOTH = f"{LIDOCAINE} + triamcinolone 10 mg/mL 1 mL"
WHY = ("--steroid-reason", "two injections without it brought no lasting relief")
PAYER = ("--payer", "medicare", "--nothing-new")
SESSION = Session(EPISODE, DAY)


@pytest.fixture
def filled(chart: Chart) -> Chart:
    """A chart of one patient, who could be injected."""
    chart.insert(as_tables(CLINIC.only(EPISODE)), AuditEvent("Ada", "enter"))
    return chart


def source(chart: Chart) -> str:
    return chart.engine.url.render_as_string(hide_password=False).removeprefix("sqlite:///")


def run(chart: Chart, command: str, *options: str | Path, code: int = 0) -> Any:
    """Run `inject record` and its like on the episode."""
    return reliefpath(*command.split(), source(chart), EPISODE, *options, code=code)


def weighed(chart: Chart, command: str, *options: str) -> list[str]:
    """The options that acknowledge all that a plan leaves open."""
    plan = json.loads(run(chart, command, *options, "--format", "json", code=1).stdout)
    ids = [c["id"] for c in plan["checks"] if c["verdict"] == "decision"]
    return [part for id_ in ids for part in ("--acknowledge", id_)]


def known(chart: Chart, day: date) -> dict[str, Any]:
    return facts(chart.care_log(), day).row(by_predicate=pl.col("episode") == EPISODE, named=True)


def given(chart: Chart, therapy: str) -> list[dict[str, Any]]:
    rows = chart.care_log().treatments.filter(episode=EPISODE, therapy=therapy)
    return rows.filter(pl.col("at").dt.date() >= DAY).sort("at", "agent").to_dicts()


def last_entry(chart: Chart) -> dict[str, Any]:
    entry = chart.log().row(-1, named=True)
    return {**entry, "detail": json.loads(entry["detail"])}


def test_a_blocked_injection_is_corrected_recorded_and_counts_for_the_next_one(
    filled: Chart, tmp_path: Path
) -> None:
    at = ("--at", DAY.isoformat(), *PAYER)
    slip = run(filled, "inject record", "--site", LIDOCAINE.replace("1%", "10%"), *at, code=1)
    assert "blocked by strength-lidocaine" in slip.stderr
    assert "--given-anyway REASON" in slip.stderr
    ask = ("--site", BOTH, *WHY)
    unweighed = run(filled, "inject record", *ask, *at, code=1)
    assert "nobody has weighed condition-diabetes: " in unweighed.stderr
    assert "--acknowledge ID" in unweighed.stderr
    assert not given(filled, "injection")
    assert known(filled, DAY)["injection_sessions_365d"] == 0

    yes = weighed(filled, "inject plan", *ask, *PAYER, "--as-of", DAY.isoformat())
    told = ("--lot", "lidocaine=LA-77", "--lot", "triamcinolone=TR-88", "--needle", "25 G x 38 mm")
    old = ("--expires", "lidocaine=02/2026", "--vial-unknown", "triamcinolone=the label is torn")
    expired = run(filled, "inject record", *ask, *at, *yes, *told, *old, code=1)
    assert "blocked by vial-lidocaine: Lidocaine, lot LA-77: expired on 2026-02-28" in (
        expired.stderr
    )
    told = (*told, "--expires", "lidocaine=03/2026", *old[2:])  # type: ignore[assignment]
    came = ("--twitch", "all", "--response", "0.6", "--adverse-effect", "a bruise")
    done = run(filled, "inject record", *ask, *at, *yes, *told, *came, "--by", "Dr. Ito")
    assert done.stdout.startswith("Recorded 2 rows, as entry ")
    place = {"muscle": "gluteus-medius", "side": "left", "needle": "25 G x 38 mm", "unit": "mg"}
    same = place | {"volume_ml": 1.0, "amount": 10.0, "response": 0.6, "twitch_response": True}
    expected = [
        same | {"agent": "lidocaine", "lot": "LA-77", "adverse_effect": "a bruise"},
        same | {"agent": "triamcinolone", "lot": "TR-88", "adverse_effect": None},
    ]
    assert [{name: row[name] for name in expected[0]} for row in given(filled, "injection")] == (  # type: ignore[attr-defined]
        expected
    )

    entry = last_entry(filled)
    assert (entry["by"], entry["action"], entry["reason"]) == ("Dr. Ito", "enter", None)
    assert entry["detail"]["command"] == "inject record"
    assert entry["detail"]["acknowledged"] == yes[1::2]
    assert entry["detail"]["rows"] == {"treatments": 2, "findings": 3}
    assert not {"open", "blocking"} & set(entry["detail"])
    assert entry["detail"]["vials"] == {
        "lidocaine": {"expires": "2026-03-31"},
        "triamcinolone": {"unknown_because": "the label is torn"},
    }
    asked = filled.care_log().findings.filter(pl.col("episode").is_null(), code="screened")
    assert asked["at"].dt.date().to_list() == [DAY] * 3
    assert not filled.verify().wrong
    row = known(filled, DAY)
    assert (row["injection_sessions_365d"], row["steroid_mg_365d"]) == (1, 10.0)
    assert row["injection_relief"] == pytest.approx(0.6)

    papers = tmp_path / "papers"
    run(filled, "inject papers", *ask, *PAYER, *yes, "--as-of", DAY.isoformat(), "--out", papers)
    note = Page((papers / "procedure-note.html").read_text("utf-8")).text()
    shown = ("LA-77", "TR-88", "25 G x 38 mm", "60 % of the pain relieved", "a bruise")
    assert [said for said in shown if said not in note] == []

    week = (DAY + timedelta(7)).isoformat()
    again = run(filled, "inject record", *ask, "--at", week, *PAYER, *yes, code=1)
    assert "nobody has weighed steroid-interval: " in again.stderr
    assert len(given(filled, "injection")) == 2


def test_what_was_given_although_it_is_blocked_is_recorded_with_its_reason(filled: Chart) -> None:
    slip = ("--site", LIDOCAINE.replace("1%", "10%"), "--at", DAY.isoformat())
    run(filled, "inject record", *slip, "--given-anyway", "found out after it was given")
    entry = last_entry(filled)
    assert entry["reason"] == "found out after it was given"
    assert "strength-lidocaine" in entry["detail"]["blocking"]
    assert entry["detail"]["plan"] == "blocked"
    assert [row["amount"] for row in given(filled, "injection")] == [100.0]
    for blank in (" ", "x", "--"):
        again = run(filled, "inject record", *slip, f"--given-anyway={blank}", code=2)
        assert "expected the reason" in again.stderr


def test_a_session_is_not_recorded_twice_in_a_day(filled: Chart) -> None:
    ask = ("--site", "gluteus-medius left", "--given-anyway", "an emergency")
    at = DAY.isoformat()
    run(filled, "needle record", *ask, "--at", f"{at}T09:00:00Z", "--twitch", "none")
    again = run(filled, "needle record", *ask[:2], "--at", f"{at}T09:05:00Z", code=1)
    assert f"on record of {at} already: dry-needling gluteus-medius left" in again.stderr
    [row] = given(filled, "dry-needling")
    assert (row["at"], row["twitch_response"]) == (datetime(2026, 3, 31, 9, tzinfo=UTC), False)


def test_a_needling_session_is_recorded_place_by_place(filled: Chart) -> None:
    ask = ("--site", "gluteus-medius left", "--site", "piriformis left")
    before = known(filled, DAY)["dry_needling_sessions"]
    run(
        *(filled, "needle record", *ask, "--at", DAY.isoformat(), "--needle", "0.30 x 40 mm"),
        *("--twitch", "piriformis left", "--response", "0.3", "--given-anyway", "no consent yet"),
    )
    rows = {row["muscle"]: row for row in given(filled, "dry-needling")}
    assert {muscle: row["twitch_response"] for muscle, row in rows.items()} == {
        "gluteus-medius": False,
        "piriformis": True,
    }
    assert {row["needle"] for row in rows.values()} == {"0.30 x 40 mm"}
    # neither muscle reaches the neck, so that it is no session of its trial
    assert known(filled, DAY)["dry_needling_sessions"] == before


def test_exercise_is_reported_once_a_day_and_counts(filled: Chart) -> None:
    ask = ("exercise record", "--adherence", "0.8", "--at", DAY.isoformat())
    run(filled, *ask)
    assert [row["adherence"] for row in given(filled, "exercise")][-1] == 0.8
    assert "already: exercise" in run(filled, *ask, code=1).stderr
    assert "expected 0 to 1" in run(filled, "exercise record", "--adherence", "8", code=1).stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--at", "2999-01-01"), "has not happened yet"),
        (("--at", "2026-03-31T09:00:00"), "has no zone"),
        (("--lot", "lidocain=A1"), "did you mean `lidocaine`"),
        (("--expires", "lidocaine=soon"), "expected a month"),
        (("--expires", "lidocaine"), "expected an agent and its expiry"),
        (("--twitch", "piriformis left"), "where no needle was"),
        (("--twitch", "everywhere"), "expected a muscle and a side"),
        (("--needle", "\udcff"), "not UTF-8 text"),
        (("--lot", "lidocaine=\udcff"), "not UTF-8 text"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    sqlite_chart: Chart, options: tuple[str, ...], told: str
) -> None:
    sqlite_chart.insert(as_tables(CLINIC.only(EPISODE)), AuditEvent("Ada", "enter"))
    ask = ("--site", LIDOCAINE, "--given-anyway", "it was", *options)
    assert told in run(sqlite_chart, "inject record", *ask, code=2).stderr
    assert not given(sqlite_chart, "injection")


def test_a_folder_takes_no_record(tmp_path: Path) -> None:
    reliefpath("demo", tmp_path / "clinic", "--patients", "1")
    ask = ("exercise", "record", tmp_path / "clinic", "demo-0001", "--adherence", "1")
    assert "chart init" in reliefpath(*ask, code=2).stderr


def test_without_a_command_nothing_is_recorded_either_that_is_refused(sqlite_chart: Chart) -> None:
    sqlite_chart.insert(as_tables(CLINIC.only(EPISODE)), AuditEvent("Ada", "enter"))
    seen, rows = sqlite_chart.head().entry, needling_rows([("deltoid", "left")], SESSION)
    care_log = sqlite_chart.care_log()
    plan = needling_of(care_log, EPISODE, [("deltoid", "left")], DAY, nothing_new=True)
    recording = Recording(rows, care_log, seen, plan)
    with pytest.raises(UsageError, match="nothing was recorded: blocked by consent"):
        recording.enter(sqlite_chart, "Ada", " ")
    recording.enter(sqlite_chart, "Ada", "it was given", desk=3)
    entry = last_entry(sqlite_chart)
    assert (entry["patient"], entry["detail"]["desk"]) == (care_log.patients["patient"][0], 3)


def test_what_was_recorded_of_the_patient_meanwhile_must_be_looked_at_first(
    new_chart: Callable[[], Chart],
) -> None:
    chart = new_chart()
    chart.insert({n: CLINIC.table(n) for n in TABLES}, AuditEvent("Ada", "enter"))
    seen = chart.head().entry
    other = CLINIC.episodes.filter(pl.col("patient") != "P0001").row(0, named=True)
    mine = CLINIC.episodes.filter(patient="P0001").row(0, named=True)

    def row(episode: dict[str, Any]) -> dict[str, pl.DataFrame]:
        done = {"episode": episode["episode"], "at": "2026-03-31", "therapy": "education"}
        return {"treatments": pl.DataFrame([done])}

    chart.note(AuditEvent("Bo", "view", None, "P0001"))
    chart.insert(row(other), AuditEvent("Bo", "enter", None, other["patient"]))
    entry = chart.insert(
        row(mine), AuditEvent("Ada", "enter", None, "P0001"), expected_version=seen
    )
    with pytest.raises(UsageError, match="recorded meanwhile"):
        chart.insert(
            row(mine), AuditEvent("Cy", "enter", None, "P0001"), expected_version=entry - 1
        )
    assert chart.head().entry == entry
    chart.insert(row(mine), AuditEvent("Cy", "enter", None, "P0001"), expected_version=entry)
