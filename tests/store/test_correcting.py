"""What becomes of single rows: their history, and the undo of the save that recorded them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reliefpath.care.correcting import correct_row, withdraw_row
from reliefpath.care.undoing import latest_save, undo_save
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import UsageError
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.history import history_of, rows_of
from reliefpath.store.reading import fingerprint
from reliefpath.store.writing import AuditEvent

Rows = list[dict[str, Any]]
AT = datetime(2026, 1, 10, tzinfo=UTC)
MUSCLES = ("infraspinatus", "upper-trapezius", "masseter")
EXAMS = st.builds(
    lambda muscle, side: {"episode": "E1", "at": AT, "muscle": muscle, "side": side},
    st.sampled_from(MUSCLES),
    st.sampled_from(("left", "right")),
)
FINDINGS = st.builds(
    lambda code, episode: {
        "patient": "P1",
        "at": AT,
        "kind": "medicine",
        "code": code,
        "episode": episode,
    },
    st.sampled_from(("warfarin", "screened", "aspirin")),
    st.sampled_from(("E1", None)),
)
SAVES = st.tuples(
    st.sampled_from(("Ada", "Ben")), st.lists(EXAMS, max_size=3), st.lists(FINDINGS, min_size=1)
)


@pytest.fixture
def clinic(chart: Chart, care_log: CareLog) -> Chart:
    """A chart in which P1 has a complaint E1."""
    chart.load(care_log, "clinic", AuditEvent("import", "import"))
    return chart


def save(chart: Chart, by: str, exams: Rows, findings: Rows) -> int:
    tables = {"exams": exams, "findings": findings}
    frames = {name: pl.DataFrame(rows, TABLES[name].schema) for name, rows in tables.items()}
    return chart.insert(frames, AuditEvent(by, "enter", None, "P1"), page="visit")


def held(chart: Chart) -> str:
    return fingerprint(chart.care_log())


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(saves=st.lists(SAVES, min_size=1, max_size=4))
def test_an_undo_leaves_what_held_before_the_save_and_nothing_else(
    clinic: Chart, saves: list[tuple[str, Rows, Rows]]
) -> None:
    states, entries = [held(clinic)], []
    for by, exams, findings in saves:
        entries.append((by, save(clinic, by, exams, findings)))
        states.append(held(clinic))
    for by, entry in reversed(entries):
        assert states.pop() == held(clinic)
        for other in {"Ada", "Ben"} - {by}:
            with pytest.raises(UsageError, match="by who saved it"):
                undo_save(clinic, "P1", entry, other)
        undo_save(clinic, "P1", entry, by)
        last = clinic.head()
        undo_save(clinic, "P1", entry, by)
        assert clinic.head() == last
        assert held(clinic) == states[-1]
    assert not clinic.verify().wrong


def test_what_was_recorded_since_and_belongs_to_it_is_not_taken_along(clinic: Chart) -> None:
    episode = {"episode": "E9", "patient": "P1", "region": "neck", "started_on": AT.date()}
    frame = pl.DataFrame([episode], TABLES["episodes"].schema)
    opened = clinic.insert({"episodes": frame}, AuditEvent("Ada", "enter", None, "P1"), page="new")
    found = latest_save(clinic, "P1", "Ada")
    assert found is not None
    assert (found.entry, found.words) == (opened, "new, 1 row")
    exam = {"episode": "E9", "at": AT, "muscle": "masseter", "side": "left"}
    save(clinic, "Ben", [exam], [])
    with pytest.raises(UsageError, match="something was recorded since that belongs to it"):
        undo_save(clinic, "P1", opened, "Ada")
    assert clinic.patient_of("E9") == "P1"


def test_a_row_is_told_with_all_that_was_said_in_its_place(clinic: Chart) -> None:
    with read_transaction(clinic.engine) as connection:
        (first, *_) = rows_of(connection, "patients", "P1")
    correct_row(clinic, "patients", first.row, {"name": "Anna"}, "Ada", "misspelt it")
    with read_transaction(clinic.engine) as connection:
        (second, *_) = rows_of(connection, "patients", "P1")
    withdraw_row(clinic, "patients", second.row, "Ben", "entered twice")
    with read_transaction(clinic.engine) as connection:
        told = [history_of(connection, "patients", row.row) for row in (first, second)]
        assert rows_of(connection, "patients", "P1") == []
        assert history_of(connection, "patients", 999) == ()
    assert told[0] == told[1]
    assert [(v.by, v.reason, v.withdrawn) for v in told[0]] == [
        ("import", None, False),
        ("Ada", "misspelt it", False),
        ("Ben", "entered twice", True),
    ]
    assert [v.values["name"] for v in told[0]][1:] == ["Anna", "Anna"]


@pytest.mark.parametrize("why", ["", "x", "...."])
def test_a_correction_and_a_withdrawal_say_why_in_words(clinic: Chart, why: str) -> None:
    before = clinic.head()
    for act in (
        lambda: correct_row(clinic, "patients", 1, {"name": "Anna"}, "Ada", why),
        lambda: withdraw_row(clinic, "patients", 1, "Ada", why),
    ):
        with pytest.raises(UsageError, match="say why in words"):
            act()
    assert clinic.head() == before
