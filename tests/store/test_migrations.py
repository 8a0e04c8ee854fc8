"""A chart comes to every version and back with its rows, and is then what the software expects."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from care_log.test_round_trip import assert_same
from cli.commands import reliefpath
from reliefpath.care_log.folder import read_folder
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TREATMENTS
from reliefpath.errors import ChartError, UsageError
from reliefpath.store import migrations
from reliefpath.store.chart import Chart, create_chart, open_chart
from reliefpath.store.database import engine_of, read_transaction, url_of, write_transaction
from reliefpath.store.frames import write_frame
from reliefpath.store.tables import METADATA, ROWS
from reliefpath.store.writing import AuditEvent

from .test_entering import as_tables, in_order

VERSIONS = ["0001", "0002", "0003", "0004", "0005"]
"""Every version there ever was. A new one is added here, and its test of what it does to rows."""
RELEASED = VERSIONS[:-1]


def test_every_version_is_known_and_has_a_test() -> None:
    scripts = ScriptDirectory("src/reliefpath/store/migrations").walk_revisions()
    assert [script.revision for script in scripts][::-1] == VERSIONS
    assert migrations.newest() == VERSIONS[-1]
    assert all(migrations.known(version) for version in VERSIONS)


def test_a_migrated_database_is_what_the_tables_say(chart: Chart) -> None:
    with read_transaction(chart.engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_partial_indexes_are_what_the_tables_say(chart: Chart) -> None:
    """Alembic does not look at which rows an index is of."""

    def of(inspector: sa.Inspector, name: str) -> set[tuple[object, ...]]:
        return {
            (index["name"], tuple(index["column_names"]), bool(index["unique"]), where(index))
            for index in inspector.get_indexes(name)
        }

    def where(index: object) -> str:
        options = index["dialect_options"]  # type: ignore[index]
        text = str(options.get(f"{chart.engine.dialect.name}_where", ""))
        return text.strip("()").lower()

    bare = sa.create_engine("sqlite://")
    METADATA.create_all(bare)
    declared, migrated = sa.inspect(bare), sa.inspect(chart.engine)
    for name in ROWS:
        expected = {
            (i.name, tuple(i.columns.keys()), bool(i.unique), partial(i))
            for i in ROWS[name].indexes
        }
        assert of(migrated, name) == expected
    assert set(declared.get_table_names()) == set(migrated.get_table_names()) - {"alembic_version"}


def partial(index: sa.Index) -> str:
    """The rows an index is of, as SQL."""
    where = index.dialect_options["sqlite"]["where"]
    return "" if where is None else str(where.compile()).split(".")[-1].lower()


def test_back_and_forth_loses_no_row(chart: Chart, care_log: CareLog) -> None:
    chart.insert(as_tables(care_log), AuditEvent("Ada", "entered"))
    for older, newer in itertools.pairwise(VERSIONS):
        migrations.downgrade(chart.engine, older)
        assert migrations.version_of(chart.engine) == older
        migrations.upgrade(chart.engine, newer)
    assert_same(in_order(chart.care_log()), in_order(care_log))
    migrations.upgrade(chart.engine)
    assert chart.head().entry == 1
    assert not chart.verify().wrong


@pytest.fixture(params=RELEASED)
def old_chart(request: pytest.FixtureRequest, database: str) -> str:
    """Where a chart lies with what that version's software wrote: `chart_VERSION.json`."""
    engine = engine_of(url_of(database))
    migrations.upgrade(engine, request.param)
    tables, file = sa.MetaData(), Path(__file__).with_name(f"chart_{request.param}.json")
    with write_transaction(engine) as connection:
        for name, rows in json.loads(file.read_text("utf-8")).items():
            table = sa.Table(name, tables, autoload_with=connection)
            write_frame(connection, table, pl.DataFrame(rows, infer_schema_length=None))
    engine.dispose()
    return database


def test_what_every_version_wrote_is_upgraded_with_its_seals(
    old_chart: str, care_log: CareLog, tmp_path: Path
) -> None:
    assert "older version" in reliefpath("chart", "verify", old_chart, code=2).stderr
    reliefpath("chart", "upgrade", old_chart)
    assert "All 5 entries and 17 rows are as" in reliefpath("chart", "verify", old_chart).stdout

    reliefpath("chart", "export", old_chart, tmp_path / "out")
    [education, _, injection] = care_log.treatments.sort("at").to_dicts()
    corrected = {**injection, "volume_ml": 2.0, "adverse_effect": "a bruise"}
    treatments = pl.DataFrame([education, corrected], TREATMENTS.schema)
    expected = replace(care_log, treatments=treatments)
    assert_same(in_order(read_folder(tmp_path / "out").care_log), in_order(expected))
    chart = open_chart(old_chart)
    assert_same(in_order(chart.care_log(known_at=1)), in_order(care_log))
    chart.close()


def test_an_upgraded_chart_is_as_closed_to_change_as_a_new_one_and_takes_new_columns(
    old_chart: str, new_chart: Callable[[], Chart]
) -> None:
    engine, chart = engine_of(url_of(old_chart)), new_chart()
    migrations.upgrade(engine)
    with pytest.raises(ChartError, match="kept for ever"), write_transaction(engine) as connection:
        connection.exec_driver_sql("UPDATE treatments SET lot = 'B2'")
    Chart(engine).copy_to(chart)
    engine.dispose()
    row = {"episode": "E1", "at": "2026-02-09", "therapy": "injection", "agent": "lidocaine"}
    more = {"needle": "25 G x 38 mm", "lot": "A1", "twitch_response": "true", "status": "given"}
    chart.insert({"treatments": pl.DataFrame([row | more])}, AuditEvent("Ada", "enter"))
    kept = chart.care_log().treatments.sort("at").row(-1, named=True)
    assert [kept[name] for name in more] == ["25 G x 38 mm", "A1", True, "given"]
    assert not chart.verify().wrong
    with pytest.raises(UsageError, match="version 0002 cannot hold"):
        migrations.downgrade(chart.engine, "0001")
    assert migrations.version_of(chart.engine) == migrations.newest()
    assert not chart.verify().wrong


def test_a_chart_can_be_taken_away_and_made_anew(chart: Chart, care_log: CareLog) -> None:
    chart.insert(as_tables(care_log), AuditEvent("Ada", "entered"))
    migrations.downgrade(chart.engine, "base")
    assert set(sa.inspect(chart.engine).get_table_names()) == {"alembic_version"}
    migrations.upgrade(chart.engine)
    chart.insert(as_tables(care_log), AuditEvent("Ada", "entered"))
    assert_same(in_order(chart.care_log()), in_order(care_log))


def test_a_migration_that_fails_leaves_no_trace(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the last table that the first version makes is there already."""
    engine = engine_of(url_of(database))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE staged_findings (load INTEGER)")
    with pytest.raises(ChartError, match="already exists"):
        create_chart(database) if "://" in database else migrations.upgrade(engine)
    assert sa.inspect(engine).get_table_names() == ["staged_findings"]
    engine.dispose()


def test_a_chart_is_made_once(database: str) -> None:
    create_chart(database).close()
    with pytest.raises(UsageError, match="already"):
        create_chart(database)
    chart = open_chart(database)
    assert (chart.head().entry, chart.verify().wrong) == (0, ())
    chart.close()


@pytest.mark.parametrize(
    ("version", "message"),
    [("9999", "newer version of ReliefPath; install that one")],
)
def test_a_chart_of_another_version_is_not_opened(chart: Chart, version: str, message: str) -> None:
    with write_transaction(chart.engine) as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    with pytest.raises(UsageError, match=message):
        open_chart(
            chart.engine.url.render_as_string(hide_password=False).removeprefix("sqlite:///")
        )


def test_a_chart_of_an_older_version_is_not_opened(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "newest", lambda: "9999")
    with pytest.raises(UsageError, match=r"older version of ReliefPath; make a backup .* upgrade"):
        open_chart(
            chart.engine.url.render_as_string(hide_password=False).removeprefix("sqlite:///")
        )


def test_where_there_is_no_chart_the_way_to_one_is_told(database: str) -> None:
    with pytest.raises(UsageError, match="reliefpath chart init"):
        open_chart(database)
    if "://" not in database:
        with closing(sqlite3.connect(database)) as other:
            other.executescript("CREATE TABLE other (x)")
        with pytest.raises(UsageError, match="reliefpath chart init"):
            open_chart(database)
