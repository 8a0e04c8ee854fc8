"""Full disks, read-only media, servers that are away: told in plain words, and files stay sound."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from care_log.test_round_trip import assert_same
from reliefpath.care_log.log import CareLog
from reliefpath.errors import ChartError, UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.store import database
from reliefpath.store.backup import back_up
from reliefpath.store.chart import Chart, create_chart, open_chart
from reliefpath.store.database import write_transaction
from reliefpath.store.writing import AuditEvent

from .conftest import Databases
from .test_entering import as_tables, in_order

ENTERED = AuditEvent("Ada", "entered")


def many(care_log: CareLog, count: int) -> dict[str, pl.DataFrame]:
    return {"exams": pl.concat([care_log.exams] * count)}


def assert_sound(chart: Chart, care_log: CareLog) -> None:
    """The file holds what was there before, and takes more."""
    assert_same(in_order(chart.care_log()), in_order(care_log))
    with chart.engine.connect() as connection:
        assert connection.exec_driver_sql("pragma integrity_check").scalar() == "ok"
    assert not chart.verify().wrong


def test_a_file_that_may_not_grow_is_told_and_stays_sound(
    sqlite_chart: Chart, care_log: CareLog
) -> None:
    chart = sqlite_chart
    chart.insert(as_tables(care_log), ENTERED)
    with chart.engine.connect() as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar()

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"pragma max_page_count = {pages}")

    chart.engine.dispose()
    sa.event.listen(chart.engine, "connect", limit)
    with pytest.raises(ChartError, match="the disk is full: make room and try again; nothing was"):
        chart.insert(many(care_log, 2000), ENTERED)
    with pytest.raises(ChartError, match="the disk is full"):
        chart.load(
            CareLog.of(lambda n: (as_tables(care_log) | many(care_log, 2000))[n], SHIPPED),
            "a",
            ENTERED,
        )
    sa.event.remove(chart.engine, "connect", limit)
    chart.engine.dispose()
    assert_sound(chart, care_log)
    chart.insert(many(care_log, 2), ENTERED)
    assert not chart.verify().wrong


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_and_the_file_stays_sound(
    small_disk: Path, chart_file: Path, care_log: CareLog
) -> None:
    shutil.copy(chart_file, small_disk / "clinic.chart")
    chart = open_chart(str(small_disk / "clinic.chart"))
    chart.insert(as_tables(care_log), ENTERED)
    filler = small_disk / "filler"
    free = os.statvfs(small_disk)
    filler.write_bytes(b"x" * free.f_bavail * free.f_frsize)
    with pytest.raises(ChartError, match="the disk is full"):
        chart.insert(many(care_log, 2000), ENTERED)
    filler.unlink()
    assert_sound(chart, care_log)
    chart.insert(many(care_log, 2), ENTERED)
    chart.close()


def test_a_backup_that_does_not_fit_leaves_nothing(
    small_disk: Path, sqlite_chart: Chart, care_log: CareLog
) -> None:
    sqlite_chart.insert(as_tables(care_log), ENTERED)
    sqlite_chart.insert(many(care_log, 10_000), ENTERED)
    with pytest.raises(ChartError, match="the disk is full"):
        back_up(sqlite_chart, small_disk, "ada")
    assert not list(small_disk.iterdir())


def test_a_disk_too_small_for_a_chart_gets_none(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * 1_000_000)
    with pytest.raises(ChartError, match="the disk is full"):
        create_chart(str(small_disk / "clinic.chart"))
    assert [file.name for file in small_disk.iterdir()] == ["filler"]


def as_nobody(folder: Path, deed: Callable[[], None]) -> None:
    """Do something as somebody who may look into a folder and not write there."""

    def child() -> None:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
        deed()

    for path in (folder, *folder.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        process.join()
        assert process.exitcode == 0
    finally:
        folder.chmod(0o755)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("left", [True, False], ids=["closed", "in use"])
def test_where_one_may_not_write_that_is_told(
    chart_file: Path, care_log: CareLog, left: bool
) -> None:
    folder = Path("/tmp") / f"clinic-{os.getpid()}-{left}"
    folder.mkdir()
    try:
        shutil.copy(chart_file, folder / "clinic.chart")
        chart = open_chart(str(folder / "clinic.chart"))
        chart.insert(as_tables(care_log), ENTERED)
        if left:
            chart.close()

        def write() -> None:
            with pytest.raises(ChartError, match=r"read-only.*; nothing was written"):
                open_chart(str(folder / "clinic.chart")).note(ENTERED)

        as_nobody(folder, write)
        assert_sound(chart, care_log)
        chart.close()
    finally:
        shutil.rmtree(folder)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_folder_that_one_may_not_write_gets_no_chart(tmp_path: Path) -> None:
    folder = Path("/tmp") / f"clinic-{os.getpid()}"
    folder.mkdir()

    def make() -> None:
        with pytest.raises(ChartError, match="cannot be opened; check the path"):
            create_chart(str(folder / "clinic.chart"))

    try:
        as_nobody(folder, make)
    finally:
        shutil.rmtree(folder)


def test_a_writer_who_waits_in_vain_is_told(
    new_chart: Callable[[], Chart], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 1)
    chart = new_chart()
    with (
        write_transaction(chart.engine),
        pytest.raises(ChartError, match=r"kept it locked .*; nothing was"),
    ):
        chart.note(ENTERED)
    chart.note(ENTERED)
    assert chart.head().entry == 1


def test_readers_do_not_wait_for_a_writer(chart: Chart, care_log: CareLog) -> None:
    with chart.change(ENTERED) as change:
        change.add("patients", care_log.patients)
        assert chart.care_log().patients.is_empty()
        assert chart.verify().rows == 0
    assert chart.care_log().patients.height == 2


def test_a_file_that_is_no_chart_or_is_damaged_is_told(
    tmp_path: Path, chart_file: Path, care_log: CareLog
) -> None:
    other = tmp_path / "other"
    other.write_text("not a database, but long enough to look like one " * 100)
    with pytest.raises(ChartError, match="is not an SQLite file"):
        open_chart(str(other))
    damaged = tmp_path / "damaged"
    raw = bytearray(chart_file.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    damaged.write_bytes(raw)
    with pytest.raises(ChartError, match="is damaged; restore a backup"):
        open_chart(str(damaged))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("oracle://x/y", "`oracle` is not a known database; expected a file, or postgresql://"),
        ("://", "is not a database URL; expected a file"),
        ("nowhere.chart", "there is no chart `nowhere.chart`; make one: reliefpath chart init"),
    ],
)
def test_what_names_no_database_is_wrong_use(source: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_chart(source)


def test_a_server_that_is_away_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://ada@127.0.0.1:{taken.getsockname()[1]}/clinic"
        with pytest.raises(ChartError, match=r"cannot be reached: .*; check that the server runs"):
            open_chart(url)


def test_a_database_that_the_server_does_not_know_is_told_without_the_password(
    server_url: str,
) -> None:
    url = sa.make_url(server_url).set(database="no_such_clinic", password="secret")
    with pytest.raises(ChartError, match=r"cannot be reached: .*no_such_clinic") as told:
        open_chart(url.render_as_string(hide_password=False))
    assert "secret" not in str(told.value)


def test_a_server_with_another_encoding_keeps_what_it_can_and_tells_what_not(
    databases: Databases,
) -> None:
    chart = create_chart(databases.new(more="ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"))
    chart.insert({"patients": pl.DataFrame({"patient": ["Zoë"]})}, ENTERED)
    assert chart.care_log().patients["patient"].to_list() == ["Zoë"]
    assert chart.care_log_of("Zoë").patients.height == 1
    assert not chart.verify().wrong
    with pytest.raises(ChartError, match=r"LATIN1.*; nothing was written"):
        chart.insert({"patients": pl.DataFrame({"patient": ["Łukasz"]})}, ENTERED)
    assert chart.head().entry == 1
    chart.close()


def test_what_sqlite_is_asked_for_survives_a_power_cut(sqlite_chart: Chart) -> None:
    with sqlite_chart.engine.connect() as connection:
        asked = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert asked == ["wal", 2, 1]
