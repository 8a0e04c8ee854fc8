"""A bit that flips below the rows is found, or every read is as before."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.store.chart import Chart, create_chart, open_chart
from reliefpath.store.verification.heads import KeptHeads
from reliefpath.store.writing import AuditEvent

from .server import Server
from .test_entering import as_tables

FLIPS = int(os.environ.get("RELIEFPATH_FLIPS", "60"))
ADA = AuditEvent("Ada", "entered", "a reason", "P1")


@pytest.fixture(scope="module")
def recorded(
    chart_file: Path, care_log: CareLog, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, bytes, str]:
    """A chart's file, what its write-ahead log holds beyond it, and where the log ends."""
    file = tmp_path_factory.mktemp("recorded") / "clinic.chart"
    file.write_bytes(chart_file.read_bytes())
    chart = open_chart(str(file))
    tables = as_tables(care_log)
    tables["exams"] = pl.concat([care_log.exams] * 150)
    chart.load(
        CareLog.of(tables.__getitem__, SHIPPED), "once", ADA
    )  # what was staged leaves free pages
    chart.correct("scores", 1, {"value": "7"}, AuditEvent("Bo", "corrected"))
    chart.close()
    chart = open_chart(str(file))
    exams = pl.concat([care_log.exams] * 40)
    chart.insert({"exams": exams}, ADA)
    chart.withdraw("episodes", 2, AuditEvent("Bo", "withdrew", "wrong person"))
    both = file.read_bytes(), Path(f"{file}-wal").read_bytes()
    head = str(chart.head())
    chart.close()
    assert both[1]
    return *both, head


@pytest.fixture(scope="module")
def closed(recorded: tuple[bytes, bytes, str], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The chart's file with all of it."""
    file = tmp_path_factory.mktemp("closed") / "clinic.chart"
    file.write_bytes(recorded[0])
    Path(f"{file}-wal").write_bytes(recorded[1])
    open_chart(str(file)).close()
    assert not Path(f"{file}-wal").exists()
    return file.read_bytes()


def reads(chart: Chart, care_log: CareLog) -> list[Any]:
    """What the pages ask: of everybody, of each patient by the indexes, of the log."""
    logs = [chart.care_log(), *map(chart.care_log_of, care_log.patients["patient"])]
    return [
        *(sorted(map(str, log.table(name).rows())) for log in logs for name in TABLES),
        *map(chart.patient_of, care_log.episodes["episode"]),
        chart.log("P1").rows(),
        chart.log().rows(),
        chart.last_decision(),
        chart.head(),
    ]


def flipped(content: bytes, positions: list[int], draw: random.Random) -> bytes:
    changed = bytearray(content)
    changed[draw.choice(positions)] ^= 1 << draw.randrange(8)
    return bytes(changed)


def is_found(chart: Chart, head: str | None = None) -> bool:
    try:
        return bool(chart.verify(head).wrong)
    except ReliefPathError:
        return True


def try_one(file: Path, head: str | None, before: list[Any], care_log: CareLog) -> str:
    try:
        chart = open_chart(str(file))
    except ReliefPathError:
        return "refused"
    try:
        if is_found(chart, head):
            return "found"
        assert reads(chart, care_log) == before
        return "harmless"
    finally:
        chart.close()


PAGE = 4096
"""Bytes of a page; each begins with what kind it is, but for the first."""
KINDS = {2: "index", 10: "index", 5: "table", 13: "table"}


def kind_of(content: bytes, page: int) -> str:
    if page == 0:
        return "schema"
    return KINDS.get(content[page * PAGE], "free")


@pytest.mark.parametrize("kind", ["schema", "table", "index", "free"])
def test_a_flipped_bit_of_a_page_is_found_or_harmless(
    kind: str, closed: bytes, care_log: CareLog, tmp_path: Path
) -> None:
    pages = [n for n in range(len(closed) // PAGE) if kind_of(closed, n) == kind]
    positions = [
        place
        for page in pages
        for place in range(page * PAGE, (page + 1) * PAGE)
        if closed[place] or place % PAGE < 12  # elsewhere a page is mostly empty
    ]
    draw, ends = random.Random(kind), []
    file = tmp_path / "clinic.chart"
    file.write_bytes(closed)
    sound = open_chart(str(file))
    before = reads(sound, care_log)
    sound.close()
    for n in range(FLIPS if kind != "free" else FLIPS // 4):
        file = tmp_path / f"{n}.chart"
        file.write_bytes(flipped(closed, positions, draw))
        ends.append(try_one(file, None, before, care_log))
        file.unlink()
    if kind in ("table", "index"):
        assert ends.count("harmless") < FLIPS / 2
    assert set(ends) != {"refused"}


def test_a_flipped_bit_of_the_write_ahead_log_is_found_by_a_head_kept_elsewhere(
    recorded: tuple[bytes, bytes, str], care_log: CareLog, tmp_path: Path
) -> None:
    """SQLite drops what does not have its checksum, and all after it, without a word."""
    content, ahead, head = recorded
    file, draw, ends = tmp_path / "clinic.chart", random.Random("wal"), []
    positions = [place for place, byte in enumerate(ahead) if byte or place % (PAGE + 24) < 56]
    file.write_bytes(content)
    Path(f"{file}-wal").write_bytes(ahead)
    sound = open_chart(str(file))
    before = reads(sound, care_log)
    assert str(sound.head()) == head
    sound.close()
    silent = 0
    for n in range(FLIPS):
        file = tmp_path / f"{n}.chart"
        file.write_bytes(content)
        Path(f"{file}-wal").write_bytes(flipped(ahead, positions, draw))
        ends.append(try_one(file, head, before, care_log))
        chart = open_chart(str(file))
        silent += ends[-1] == "found" and not is_found(chart)
        chart.close()
        file.unlink()
    assert silent > FLIPS / 2  # no look at the chart alone could have told


def index_leaf(content: bytes, key: bytes, root: int) -> int:
    """Where a key is in the page of an index that begins at a root."""
    return content.index(key, root * PAGE, (root + 1) * PAGE)


def test_a_damaged_index_is_told_and_a_copy_is_whole(
    closed: bytes, care_log: CareLog, tmp_path: Path
) -> None:
    """Rows that an index lost are on record, and the page of a patient shows none of them."""
    from reliefpath.store.backup import proven_copy

    file = tmp_path / "clinic.chart"
    file.write_bytes(closed)
    with closing(sqlite3.connect(file)) as connection:
        [root] = connection.execute(
            "select rootpage - 1 from sqlite_master where name = 'ix_scores_episode_at'"
        ).fetchone()
    content = bytearray(closed)
    content[index_leaf(closed, b"E1", root) + 1] ^= 1
    chart = open_chart(str(file))
    before = reads(chart, care_log)
    chart.close()
    file.write_bytes(content)
    chart = open_chart(str(file))
    assert reads(chart, care_log) != before
    found = chart.verify()
    assert found.damage_alone
    assert "ix_scores_episode_at" in found.wrong[0]
    proven = proven_copy(chart, str(tmp_path / "copy.chart"))
    assert proven.source.wrong == found.wrong
    copy = open_chart(str(tmp_path / "copy.chart"))
    copied = reads(copy, care_log)
    assert copied == before
    assert not copy.verify().wrong
    chart.close()
    copy.close()


def test_an_end_noted_down_is_missed_when_an_older_file_takes_the_place(
    chart: Chart, care_log: CareLog, tmp_path: Path
) -> None:
    kept = KeptHeads(tmp_path / "ends")
    chart.insert(as_tables(care_log), ADA)
    first = kept.keep(chart.engine, chart.clock())
    kept.keep(chart.engine, chart.clock())
    assert kept.file.read_text().splitlines()[0].endswith(f" chart {first}")
    assert len(kept.all()) == 1
    chart.note(ADA)
    kept.keep(chart.engine, chart.clock())
    assert len(kept.all()) == 2
    assert not kept.lost(chart.engine)
    kept.file.write_text(kept.file.read_text() + f"2026-01-01T00:00:00Z chart 9:{'0' * 64}\n")
    assert "entry 9, noted down in" in kept.lost(chart.engine)[0]
    kept.file.write_text(f"2026-01-01T00:00:00Z chart 1:{'0' * 64}\n")
    assert "which ends with entry 2" in kept.lost(chart.engine)[0]
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        KeptHeads(tmp_path / "nowhere" / "ends").keep(chart.engine, chart.clock())
    kept.file.write_text("2026-01-01T00:00:00Z chart 1:0")
    with pytest.raises(UsageError, match="ends:1: expected TIME LOG ENTRY:HASH"):
        kept.lost(chart.engine)


def test_postgresql_tells_what_it_may_not_check(postgres_chart: Chart) -> None:
    found = postgres_chart.verify()
    assert not found.wrong
    assert any("create extension amcheck" in said for said in found.unchecked)
    assert any("checksums" in said for said in found.unchecked)


@pytest.fixture
def guarded(server: Server) -> str:
    """A database on a server with checksums and with what checks indexes."""
    server.kill()
    server.start()  # a server that was killed is not stopped in good order
    server.halt()
    if subprocess.run(
        [server.binaries / "pg_checksums", "--enable", "-D", server.folder / "data"],
        capture_output=True,
        check=False,
        cwd=server.folder,
        **server.user,
    ).returncode:
        pytest.skip("no pg_checksums")
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create role clinic login")
        connection.execute("create database clinic owner clinic")
    with psycopg.connect(server.url("clinic"), autocommit=True) as connection:
        try:
            connection.execute("create extension amcheck")
        except psycopg.Error:
            pytest.skip("no amcheck")
    return server.url("clinic").replace("reliefpath@", "clinic@")


def test_postgresql_finds_a_flipped_bit_where_it_may_look(
    guarded: str, server: Server, care_log: CareLog
) -> None:
    chart = create_chart(guarded)
    chart.insert(as_tables(care_log), ADA)
    [refused] = chart.verify().unchecked
    assert "grant execute on function public.bt_index_check(regclass, boolean) to clinic" in refused
    with psycopg.connect(server.url("clinic"), autocommit=True) as connection:
        connection.execute("grant execute on function bt_index_check(regclass, boolean) to clinic")
        [path] = connection.execute(
            "select pg_relation_filepath('ix_scores_episode_at')"
        ).fetchone() or ("",)
    found = chart.verify()
    assert (found.wrong, found.unchecked) == ((), ())
    chart.close()
    server.halt()
    file = server.folder / "data" / path
    content = bytearray(file.read_bytes())
    content[content.rindex(b"E1")] ^= 1
    file.write_bytes(content)
    server.start()
    chart = open_chart(guarded)
    assert any("ix_scores_episode_at" in said for said in chart.verify().wrong)
    chart.close()


def test_damage_of_an_index_is_found_without_checksums_too(
    server: Server, care_log: CareLog
) -> None:
    chart = create_chart(server.url("postgres"))
    with chart.engine.begin() as connection:
        try:
            connection.exec_driver_sql("create extension amcheck")
        except sa.exc.DBAPIError:
            pytest.skip("no amcheck")
    chart.insert(as_tables(care_log), ADA)
    with chart.engine.connect() as connection:
        path = connection.scalar(sa.text("select pg_relation_filepath('ix_scores_episode_at')"))
    chart.close()
    server.halt()
    file = server.folder / "data" / str(path)
    content = bytearray(file.read_bytes())
    content[content.rindex(b"E1") + 1] ^= 1
    file.write_bytes(content)
    server.start()
    chart = open_chart(server.url("postgres"))
    found = chart.verify()
    assert found.damage_alone
    assert "ix_scores_episode_at" in found.wrong[0]
    chart.close()
