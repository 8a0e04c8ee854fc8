"""Who got a lot: everybody on record, whatever became of their row, and nobody unseen."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.commands import reliefpath
from reliefpath.care.lots import LotSearch, folded_lot, search_lot
from reliefpath.errors import UsageError
from reliefpath.store.chart import Chart
from reliefpath.store.writing import AuditEvent

PEOPLE = [
    {"patient": "P1", "name": "Ana Ortega", "birth_date": "1980-05-17"},
    {"patient": "P2", "name": "Bo Lind"},
    {"patient": "P3", "name": "Cy Marsh"},
]
EPISODES = [
    {"episode": "E1", "patient": "P1", "region": "neck", "started_on": "2026-01-02"},
    {"episode": "E2", "patient": "P2", "region": "hip", "started_on": "2025-01-02"}
    | {"ended_on": "2025-12-01", "end_reason": "referral", "clinician": "Dr. Ito"},
    {"episode": "E3", "patient": "P3", "region": "hip", "started_on": "2026-01-02"},
]


def injection(episode: str, lot: str | None, at: str = "2026-03-03", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"episode": episode, "at": at, "therapy": "injection"}
    row |= {"muscle": "piriformis"}
    row |= {"side": "left", "agent": "lidocaine", "amount": 10.0, "unit": "mg", "lot": lot}
    return {**row, **more}


def fill(chart: Chart, *rows: dict[str, Any]) -> None:
    people = {"patients": pl.DataFrame(PEOPLE), "episodes": pl.DataFrame(EPISODES)}
    chart.insert(people, AuditEvent("Ada", "enter"))
    for row in rows:
        chart.insert({"treatments": pl.DataFrame([row])}, AuditEvent("Ada", "enter"))


def numbers(chart: Chart) -> list[int]:
    with chart.engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT id FROM treatments ORDER BY id").scalars())


def ask(chart: Chart, lot: str = "A-123") -> LotSearch:
    return search_lot(chart, lot, "Dr. Ito", page="lots")


def patients(found: LotSearch) -> list[str]:
    return [each.patient for each in found.recipients]


@given(st.text("aB1–- \t", min_size=1), st.randoms(use_true_random=False))
def test_case_spaces_and_dashes_are_not_told_apart(lot: str, chance: Any) -> None:
    apart = "".join(
        chance.choice((c.upper(), c.lower())) + chance.choice(("", " ", "-", "‑")) for c in lot
    )
    assert folded_lot(apart) == folded_lot(lot)


def test_whoever_got_it_is_found_as_it_was_written(chart: Chart) -> None:
    fill(
        *(chart, injection("E1", "a 123"), injection("E2", "A–123", "2025-06-01")),
        *(injection("E3", "A124"), injection("E3", None)),
    )
    found = ask(chart)
    assert [(each.patient, each.name, each.lot) for each in found.recipients] == [
        ("P1", "Ana Ortega", "a 123"),
        ("P2", "Bo Lind", "A–123"),
    ]
    first = found.recipients[0]
    assert (first.day.isoformat(), first.muscle, first.side) == ("2026-03-03", "piriformis", "left")
    assert (first.agent, first.amount, first.unit, first.by) == ("lidocaine", 10.0, "mg", "Ada")
    assert all(each.became is None for each in found.recipients)
    assert found.similar == ("A124",)
    assert found.without_lot == 1


@pytest.mark.parametrize("written", ["B7, A-123", "A123/B7", "B7 and a-123", "b7+A 123"])
def test_one_of_several_lots_in_a_field_is_found(sqlite_chart: Chart, written: str) -> None:
    fill(sqlite_chart, injection("E1", written))
    assert patients(ask(sqlite_chart)) == ["P1"]


def test_what_was_withdrawn_or_corrected_since_is_told_as_such(chart: Chart) -> None:
    fill(chart, *(injection(episode, "A123") for episode in ("E1", "E2", "E3")))
    first, second, third = numbers(chart)
    chart.withdraw("treatments", first, AuditEvent("Bo", "withdraw", "another patient"))
    chart.correct("treatments", second, {"lot": "B7"}, AuditEvent("Bo", "correct", "misread"))
    chart.correct("treatments", third, {"amount": "20"}, AuditEvent("Bo", "correct", "two mL"))
    found = {each.patient: each for each in ask(chart).recipients}
    assert found["P1"].became == "entered in error: another patient"
    assert found["P2"].became == "corrected since to lot B7: misread"
    assert (found["P3"].became, found["P3"].amount) == (None, 20.0)
    assert patients(ask(chart, "B7")) == ["P2"]


def test_a_withdrawn_patient_is_found(sqlite_chart: Chart) -> None:
    fill(sqlite_chart, injection("E1", "A123"))
    sqlite_chart.withdraw("patients", 1, AuditEvent("Bo", "withdraw", "a double"))
    [only] = ask(sqlite_chart).recipients
    assert (only.name, only.became) == ("Ana Ortega", "entered in error: a double")


def test_what_was_planned_or_cancelled_is_not_said_to_be_given(sqlite_chart: Chart) -> None:
    fill(sqlite_chart, injection("E1", "A123", status="cancelled"), injection("E2", "A123"))
    found = {each.patient: each.became for each in ask(sqlite_chart).recipients}
    assert found == {"P1": "cancelled, not given", "P2": None}


def test_a_record_that_moved_to_another_patient_is_found_with_them(sqlite_chart: Chart) -> None:
    fill(sqlite_chart, injection("E1", "A123"))
    moved = AuditEvent("Bo", "correct", "one person with two records")
    sqlite_chart.correct("episodes", 1, {"patient": "P3"}, moved)
    assert patients(ask(sqlite_chart)) == ["P3"]


def test_who_asked_and_whom_it_showed_is_in_the_audit_log(chart: Chart) -> None:
    fill(chart, injection("E1", "A123"), injection("E2", "A123"))
    ask(chart)
    entry = chart.log().row(-1, named=True)
    assert (entry["by"], entry["action"]) == ("Dr. Ito", "view")
    told = {"lot": "A-123", "shown": ["P1", "P2"], "page": "lots"}
    assert json.loads(entry["detail"]) == told
    assert entry["entry"] in chart.log("P1")["entry"]
    assert entry["entry"] not in chart.log("P3")["entry"]
    ask(chart, "nobody's")
    last = chart.log().row(-1, named=True)
    assert json.loads(last["detail"])["shown"] == []
    assert last["entry"] not in chart.log("P1")["entry"]


def test_nothing_is_no_lot(sqlite_chart: Chart) -> None:
    with pytest.raises(UsageError, match="name the lot"):
        ask(sqlite_chart, " – ")


def test_the_command_tells_it_and_says_what_it_cannot_know(sqlite_chart: Chart) -> None:
    fill(sqlite_chart, injection("E1", "a-123"), injection("E2", None))
    file = str(sqlite_chart.engine.url.database)
    done = reliefpath("lots", file, "A123", "--by", "Dr. Ito")
    assert done.stdout == (
        "2026-03-03 P1 Ana Ortega, born 1980-05-17, E1: lidocaine 10 mg, piriformis left, "
        "lot a-123, recorded by Ada\n"
    )
    assert "Of 1 injected on record no lot is told" in done.stderr
    nobody = reliefpath("lots", file, "B99", code=1)
    assert nobody.stdout == "No injection of lot B99 is on record.\n"
