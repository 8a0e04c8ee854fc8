"""Whatever is done behind the chart's back is found."""

from __future__ import annotations

import itertools
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import VISITS, Kind
from reliefpath.store.chart import Chart, open_chart
from reliefpath.store.tables import AUDIT, HISTORIES, ROWS, SEALS
from reliefpath.store.verification.verify import verify
from reliefpath.store.writing import AuditEvent

from .conftest import KINDS, Databases
from .test_entering import as_tables

KEPT = {table.name: table for table in (AUDIT, SEALS, *ROWS.values())}
CELLS = [(name, column.name) for name, table in KEPT.items() for column in table.c]


AT = datetime(2026, 2, 3, 9, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def doings(care_log: CareLog) -> dict[str, pl.DataFrame]:
    """Rows of every history, each with something in every column at least once."""
    return {
        **as_tables(care_log),
        "visits": pl.DataFrame(
            [
                {"visit": "V1", "episode": "E1", "at": AT, "status": "attended", "note": "well"},
                {"visit": "V2", "episode": "E1", "at": AT, "status": "planned", "clinician": "Bo"},
                {
                    "visit": "V3",
                    "episode": "E1",
                    "at": AT,
                    "status": "planned",
                    "facility": "north",
                },
            ],
            VISITS.schema,
        ),
        "programmes": pl.DataFrame(
            [{"episode": "E1", "at": AT, "programme": text} for text in ("{}", "[]")],
            HISTORIES["programmes"].schema,
        ),
        "documents": pl.DataFrame([{"document": "d", "text": "a pathway"}]),
        "settings": pl.DataFrame({"setting": ["zone", "another"], "value": ["UTC", "1"]}),
        "terms": pl.DataFrame(
            {"kind": ["medicine"] * 2, "words": ["Coumadin", "Plavix"], "code": ["w", "c"]}
        ),
        "decisions": pl.DataFrame(
            [
                {
                    "episode": "E1",
                    "as_of": "2026-02-01",
                    "known": 1.0,
                    "decision": decision,
                    "advice": "{}",
                    "inputs": "i",
                    "pathway": "d",
                    "prior": None,
                    "software": "1",
                }
                for decision in ("agreed", "overridden")
            ],
            HISTORIES["decisions"].schema,
        ),
    }


def fill(chart: Chart, doings: dict[str, pl.DataFrame]) -> Chart:
    """Record three changes of rows, and between them one of none."""
    with chart.change(AuditEvent("Ada", "entered", "a reason", "P1")) as change:
        for name, frame in doings.items():
            change.add(name, frame)
    chart.correct("scores", 1, {"value": "7"}, AuditEvent("Bo", "corrected"))
    chart.note(AuditEvent("Bo", "looked", patient="P2"))
    chart.withdraw("episodes", 2, AuditEvent("Bo", "withdrew", "wrong person"))
    return chart


@pytest.fixture(scope="module", params=KINDS)
def unguarded(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    doings: dict[str, pl.DataFrame],
) -> Iterator[Chart]:
    """A filled chart whose database refuses nothing any more."""
    made: Databases | None = None
    if request.param == "sqlite":
        source = tmp_path_factory.mktemp("unguarded") / "clinic.chart"
        shutil.copy(request.getfixturevalue("chart_file"), source)
        chart = open_chart(str(source))
    else:
        made = Databases(request.getfixturevalue("server_url"))
        chart = open_chart(made.new(request.getfixturevalue("chart_template")))
    fill(chart, doings)
    with chart.engine.begin() as connection:
        for name, table in KEPT.items():
            if request.param == "sqlite":
                connection.exec_driver_sql(f"DROP TRIGGER {name}_no_update")
                connection.exec_driver_sql(f"DROP TRIGGER {name}_no_delete")
            else:
                connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")
                if "supersedes" in table.c:
                    drop = f"ALTER TABLE {name} DROP CONSTRAINT fk_{name}_supersedes"
                    connection.exec_driver_sql(drop)
        for table in ROWS.values():
            for index in table.indexes:
                if index.unique:
                    index.drop(connection)
    if request.param == "sqlite":
        sa.event.listen(chart.engine, "connect", lambda c, _: c.execute("pragma foreign_keys=off"))
        chart.engine.dispose()
    assert not chart.verify().wrong
    yield chart
    chart.close()
    if made is not None:
        made.drop_all()


@contextmanager
def behind_the_back(chart: Chart) -> Iterator[sa.Connection]:
    """A connection whose doings are undone in the end."""
    with chart.engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def found(connection: sa.Connection, head: str | None = None) -> tuple[str, ...]:
    return verify(connection, head).wrong


def altered(chart: Chart, column: sa.Column[Any], value: Any) -> Any:
    """Another value, near if it can be, and different from that of any other row."""
    kind = column.type.dialect_impl(chart.engine.dialect)
    match value:
        case bool():
            return not value
        case int() if column.key == "withdrawn" or column.key in FLAGS:
            return 1 - value
        case int():
            return value + 1000
        case float():
            return math.nextafter(value, math.inf)
        case str():
            return value[:-1] + chr(ord(value[-1]) + 1)
        case date():  # and datetime
            return (
                value + timedelta(microseconds=1)
                if isinstance(value, datetime)
                else (value + timedelta(days=1))
            )
    if isinstance(kind, sa.Date):
        return date(2026, 1, 1)
    if isinstance(kind, sa.Boolean):
        return False
    if column.key in FLAGS:
        return 0
    return "" if isinstance(kind, sa.Text) else 1000


FLAGS = {c.name for table in HISTORIES.values() for c in table.columns if c.kind is Kind.FLAG}


def rows_of(chart: Chart, table: sa.Table) -> list[tuple[sa.ColumnElement[bool], dict[str, Any]]]:
    """All rows of a table, each with what tells it from the others."""
    key = list(table.primary_key.columns)
    with chart.engine.connect() as connection:
        rows = connection.execute(sa.select(table)).mappings().all()
    assert rows
    return [(sa.and_(*(k == row[k.key] for k in key)), dict(row)) for row in rows]


@pytest.mark.parametrize(("name", "column"), CELLS)
def test_every_altered_cell_is_found(unguarded: Chart, name: str, column: str) -> None:
    table = KEPT[name]
    for this, row in rows_of(unguarded, table):
        others = [altered(unguarded, table.c[column], row[column])]
        if table.c[column].nullable and row[column] is not None:
            others.append(None)
        for value in others:
            with behind_the_back(unguarded) as connection:
                connection.execute(table.update().where(this).values({column: value}))
                assert found(connection), (row, value)


@pytest.mark.parametrize("name", KEPT)
def test_every_deleted_row_is_found(unguarded: Chart, name: str) -> None:
    rows = rows_of(unguarded, KEPT[name])
    if name == "audit":
        rows = rows[:-1]  # of the last only the head noted down can tell
    for this, row in rows:
        with behind_the_back(unguarded) as connection:
            connection.execute(KEPT[name].delete().where(this))
            assert found(connection), row


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("number", [-1, 0, 1000])
def test_every_inserted_row_is_found(unguarded: Chart, name: str, number: int) -> None:
    table = KEPT[name]
    free = {"id": number, "entry": number, "supersedes": number, "first": number}
    for _, row in rows_of(unguarded, table):
        new = {key: free.get(key, value) for key, value in row.items()}
        if "id" in new:
            new["entry"] = row["entry"]
        with behind_the_back(unguarded) as connection:
            connection.execute(table.insert().values(**new))
            assert found(connection), new


@pytest.mark.parametrize("entry", [-1, 0, 1, 3, 1000])
def test_an_inserted_seal_of_no_table_is_found(unguarded: Chart, entry: int) -> None:
    seal = {"entry": entry, "table_name": "x", "first": 1, "last": 1, "rows": 1, "digest": "x"}
    with behind_the_back(unguarded) as connection:
        connection.execute(SEALS.insert().values(**seal))
        assert found(connection)


@pytest.mark.parametrize("name", KEPT)
def test_rows_that_change_places_are_found(unguarded: Chart, name: str) -> None:
    table = KEPT[name]
    key = list(table.primary_key.columns)[-1]
    rows = rows_of(unguarded, table)
    for (one, row), (two, other) in itertools.combinations(rows, 2):
        if name == "seals" and row["table_name"] != other["table_name"]:
            continue
        with behind_the_back(unguarded) as connection:
            for this, number in ((one, -1), (two, row[key.key]), (key == -1, other[key.key])):
                connection.execute(table.update().where(this).values({key.key: number}))
            assert found(connection), (row, other)


@pytest.mark.parametrize("entry", [1, 2, 3, 4])
def test_a_tail_cut_off_is_found_with_the_head_noted_down(unguarded: Chart, entry: int) -> None:
    """The log, the seals and the rows all end early: nothing in the chart itself can tell."""
    head = str(unguarded.head())
    with behind_the_back(unguarded) as connection:
        for table in KEPT.values():
            connection.execute(table.delete().where(table.c.entry >= entry))
        assert not found(connection)
        (wrong,) = found(connection, head)
        assert "it was cut" in wrong


def test_a_log_written_anew_from_its_beginning_is_found_with_the_head(
    unguarded: Chart, new_chart: Callable[[], Chart], doings: dict[str, pl.DataFrame]
) -> None:
    forged = fill(new_chart(), doings)
    assert not forged.verify().wrong
    assert forged.verify(str(unguarded.head())).wrong


@pytest.mark.parametrize(
    ("name", "column"), [("patients", "birth_date"), ("scores", "at"), ("audit", "at")]
)
def test_times_without_end_are_found(
    postgres_chart: Chart, doings: dict[str, pl.DataFrame], name: str, column: str
) -> None:
    chart = fill(postgres_chart, doings)
    for this, row in rows_of(chart, KEPT[name]):
        for end in ("infinity", "-infinity"):
            with behind_the_back(chart) as connection:
                connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")
                kind = KEPT[name].c[column].type
                change = {column: sa.cast(sa.literal(end, sa.Text), kind)}
                connection.execute(KEPT[name].update().where(this).values(change))
                assert found(connection), row


def test_a_clean_chart_is_clean_with_every_head_noted_down(
    chart: Chart, doings: dict[str, pl.DataFrame]
) -> None:
    heads = [str(chart.head())]
    fill(chart, doings)
    heads.append(str(chart.head()))
    chart.note(AuditEvent("Bo", "looked"))
    assert [chart.verify(head).wrong for head in (None, *heads)] == [(), (), ()]
    assert chart.verify().rows == sum(frame.height for frame in doings.values()) + 5
    assert "is not in it" in chart.verify(f"9:{'0' * 64}").wrong[0]


def test_a_chart_has_the_same_hashes_on_either_database(
    sqlite_chart: Chart, postgres_chart: Chart, doings: dict[str, pl.DataFrame]
) -> None:
    clock = itertools.count()

    def ticking() -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=next(clock))

    heads = set()
    for chart in (sqlite_chart, postgres_chart):
        clock = itertools.count()
        heads.add(str(fill(Chart(chart.engine, ticking), doings).head()))
    assert len(heads) == 1
