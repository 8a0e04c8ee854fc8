"""A person gets all that is on record of them, its history, who looked, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from reliefpath.care_log.folder import read_folder
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.documents.record.record import Record, record_json, record_of
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.store.chart import Chart, create_chart
from reliefpath.store.tables import ROWS
from reliefpath.store.writing import AuditEvent

from .clinic import FILES, write

OTHERS = {
    "patients": FILES["patients"] + "QQ7,Zoe Stranger,1971-03-04,female\n",
    "episodes": FILES["episodes"].replace("E2,P2", "E2,P1") + "EQ7,QQ7,jaw,2026-01-06,nrs\n",
    "scores": FILES["scores"] + "EQ7,2026-01-06,nrs,9,\n",
    "findings": FILES["findings"] + "QQ7,2026-01-06,medicine,aspirin,,,\n",
    "visits": "visit,episode,at,status,note\n"
    "V1,E1,2026-01-19,attended,slept well\nV2,EQ7,2026-01-19,cancelled,\n",
}
BEGIN = datetime(2026, 2, 1, 9, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs"


def ticking() -> Any:
    minutes = count()
    return lambda: BEGIN + timedelta(minutes=next(minutes))


@pytest.fixture
def care_log(tmp_path: Path) -> CareLog:
    return read_folder(write(tmp_path / "clinic", **OTHERS)).care_log


@pytest.fixture
def chart(tmp_path: Path, care_log: CareLog) -> Iterator[Chart]:
    made = create_chart(str(tmp_path / "clinic.chart"))
    chart = Chart(made.engine, ticking())
    chart.note(AuditEvent("Early Bird", "view"))
    chart.load(care_log, "first", AuditEvent("desk", "import"))
    yield chart
    chart.close()


def row_of(chart: Chart, table: str, **values: Any) -> int:
    """The last row with these values."""
    rows = ROWS[table]
    query = sa.select(sa.func.max(rows.c.id)).where(*(rows.c[c] == v for c, v in values.items()))
    with chart.engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def held(record: Record, table: str) -> list[dict[str, Any]]:
    return [line.values for line in record.tables[table] if line.values is not None]


def test_everything_that_holds_of_a_person_is_in_the_record(
    chart: Chart, care_log: CareLog
) -> None:
    record = record_of(chart, "P1")
    mine = care_log.only("E1")
    for name in TABLES:
        assert len(held(record, name)) == mine.table(name).height > 0
    assert held(record, "patients") == [
        {
            "name": "Ada",
            "birth_date": "1980-02-01",
            "sex": "female",
            "language": None,
            "died_on": None,
        }
    ]
    scores = [(s["episode"], s["at"], s["value"]) for s in held(record, "scores")]
    assert scores[:2] == [("E1", "2026-01-05", 6.0), ("E1", "2026-01-19T08:30:00Z", 4.0)]
    [exam] = held(record, "exams")
    assert (exam["taut_band"], exam["tender_spot"], exam["twitch_response"]) == (True, False, None)


def test_a_correction_keeps_what_held_before_and_tells_who_when_and_why(chart: Chart) -> None:
    row = row_of(chart, "scores", episode="E1", value=6)
    chart.correct("scores", row, {"value": "7"}, AuditEvent("Kim", "correct", "misread"))
    [line] = [line for line in record_of(chart, "P1").tables["scores"] if len(line.versions) > 1]
    before, after = line.versions
    assert (before.change, before.by, before.reason) == ("recorded", "desk", None)
    assert (after.change, after.by, after.reason) == ("corrected", "Kim", "misread")
    assert before.values is not None
    assert line.values == {**before.values, "value": 7.0}
    assert before.recorded_at < after.recorded_at == "2026-02-01T09:02:00.000000Z"


def test_a_row_withdrawn_is_in_the_record_and_does_not_hold(chart: Chart) -> None:
    row = row_of(chart, "treatments", therapy="injection")
    chart.withdraw("treatments", row, AuditEvent("Kim", "withdraw", "never happened"))
    lines = record_of(chart, "P1").tables["treatments"]
    [gone] = [line for line in lines if line.values is None]
    assert [v.change for v in gone.versions] == ["recorded", "withdrawn"]
    assert gone.versions[-1].reason == "never happened"
    assert gone.versions[-1].values is not None


def test_a_row_entered_again_after_it_was_withdrawn_is_one_history(
    chart: Chart, care_log: CareLog
) -> None:
    row = row_of(chart, "scores", episode="E1", value=6)
    chart.withdraw("scores", row, AuditEvent("Kim", "withdraw", "doubt"))
    better = care_log.scores.with_columns(value=pl.when(value=6).then(5.0).otherwise("value"))
    again = CareLog.of(lambda name: better if name == "scores" else care_log.table(name), SHIPPED)
    chart.load(again, "second", AuditEvent("desk", "import", "it was right"), corrections=True)
    [line] = [line for line in record_of(chart, "P1").tables["scores"] if len(line.versions) > 1]
    assert [v.change for v in line.versions] == ["recorded", "withdrawn", "recorded"]
    assert line.values is not None


def test_the_record_of_a_person_entered_in_error_is_still_theirs(chart: Chart) -> None:
    row = row_of(chart, "patients", patient="P1")
    chart.withdraw("patients", row, AuditEvent("Kim", "withdraw", "twice on record"))
    record = record_of(chart, "P1")
    assert not any(held(record, name) for name in record.tables)
    assert all(record.tables[name] for name in TABLES)


def test_the_access_report_tells_who_looked_at_the_person_or_at_everybody_since(
    chart: Chart,
) -> None:
    chart.note(AuditEvent("Dr. Ode", "view", "visit", "P1"))
    chart.note(AuditEvent("Dr. Ode", "view", "visit", "QQ7"))
    chart.note(AuditEvent("analyst", "export"))
    chart.note(AuditEvent("night job", "backup"))
    chart.note(AuditEvent("engineer", "upgrade"))
    row = row_of(chart, "patients", patient="QQ7")
    chart.correct("patients", row, {"name": "Zoë"}, AuditEvent("Kim", "correct", "Zoë of the jaw"))
    access = record_of(chart, "P1").access
    assert [(a.by, a.action, a.reason, a.everybody) for a in access] == [
        ("desk", "import", None, False),
        ("Dr. Ode", "view", "visit", False),
        ("analyst", "export", None, True),
        ("night job", "backup", None, True),
    ]


@pytest.fixture
def mixed_up(chart: Chart) -> Chart:
    """The stranger's episode stood in Ada's record for a while, and one of Ada's in theirs."""
    for episode, patient, why in (
        ("EQ7", "P1", "typo"),
        ("EQ7", "QQ7", "belongs to somebody else"),
        ("E2", "QQ7", "typo"),
        ("E2", "P1", "back again"),
    ):
        row = row_of(chart, "episodes", episode=episode)
        chart.correct("episodes", row, {"patient": patient}, AuditEvent("Kim", "correct", why))
    row = row_of(chart, "scores", episode="E1", value=6)
    chart.correct("scores", row, {"episode": "EQ7"}, AuditEvent("Kim", "correct", "wrong person"))
    return chart


def test_the_record_says_nothing_of_anybody_else(mixed_up: Chart) -> None:
    text = record_json(record_of(mixed_up, "P1"))
    assert not [word for word in ("QQ7", "Zoe", "jaw", "aspirin", "Bo") if f'"{word}' in text]
    other = record_json(record_of(mixed_up, "QQ7"))
    assert not [
        word for word in ("P1", "Ada", "neck", "low-back", "E1", "E2") if f'"{word}"' in other
    ]


def test_what_stood_in_the_wrong_record_is_told_without_its_values(mixed_up: Chart) -> None:
    record = record_of(mixed_up, "P1")
    histories = [
        [(v.change, v.values is not None) for v in line.versions]
        for line in record.tables["episodes"]
    ]
    assert [("recorded", True)] in histories  # the neck
    assert [("recorded", True), ("corrected", False), ("corrected", True)] in histories  # the back
    assert [("recorded", False), ("corrected", False), ("corrected", False)] in histories
    [moved] = [line for line in record.tables["scores"] if line.versions[-1].values is None]
    assert [v.reason for v in moved.versions] == [None, "wrong person"]


@pytest.mark.parametrize("patient", ["P9", "p1", "QQ", "", "E1"])
def test_an_unknown_person_is_refused_without_a_hint_at_others(chart: Chart, patient: str) -> None:
    with pytest.raises(UsageError) as refused:
        record_of(chart, patient)
    assert str(refused.value) == f"no patient `{patient}` was ever on record in `{chart.name}`"


def test_the_record_as_json_has_the_documented_shape(mixed_up: Chart) -> None:
    content = json.loads(record_json(record_of(mixed_up, "P1")))
    assert content["format"] == "reliefpath-patient-record"
    assert content["version"] == 1
    assert content["as_of"] == {"entry": 7, "at": "2026-02-01T09:06:00.000000Z"}
    line = content["tables"]["scores"][0]
    keys = {*content, *content["as_of"], *line, *line["versions"][0], *content["access"][0]}
    page = (DOCS / "rights.md").read_text("utf-8")
    assert not {key for key in keys if f"`{key}`" not in page}
    assert record_json(record_of(mixed_up, "P1")) == record_json(record_of(mixed_up, "P1"))
