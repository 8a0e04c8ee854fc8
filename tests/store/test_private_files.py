"""What is written of patients is its owner's alone, and nothing half-written stays."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from care_log.clinic import write
from reliefpath import private_files
from reliefpath.care.custody import Custody
from reliefpath.care_log.folder import read_folder, write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.cli.render.output import output
from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.copies import back_up_accounts
from reliefpath.identity.roles import Role
from reliefpath.private_files import make_folder, part_of, remove_stale
from reliefpath.store.backup import back_up, proven_copy
from reliefpath.store.chart import create_chart, open_chart
from reliefpath.store.writing import AuditEvent

ADA = AuditEvent("Ada", "entered")


@pytest.fixture(params=[0, 0o022, 0o277], ids=["open", "usual", "strict"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def care_log(tmp_path: Path) -> CareLog:
    make_folder(tmp_path / "from")
    return read_folder(write(tmp_path / "from")).care_log


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if "from" not in path.parts
    }


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_charts_accounts_backups_and_exports_are_private_whatever_the_umask(
    care_log: CareLog, tmp_path: Path, umask: None
) -> None:
    chart = create_chart(str(tmp_path / "clinic.chart"))
    chart.load(care_log, "once", ADA)
    accounts = Accounts(str(tmp_path / "clinic.chart.accounts"))
    accounts.add("ada", "Ada", Role.AUDITOR, "conservative-first")
    make_folder(tmp_path / "backups" / "of" / "today")
    file = back_up(chart, tmp_path / "backups" / "of" / "today", "ada").place
    back_up_accounts(accounts, Path(file))
    write_folder(care_log, tmp_path / "export")
    write_folder(care_log, tmp_path / "columns", "parquet")
    with output(tmp_path / "record.html") as stream:
        stream.write(b"Ana")
    found = modes(tmp_path)
    assert {"clinic.chart-wal", "clinic.chart-shm", "clinic.chart.accounts-wal"} <= set(found)
    assert len(found) == 6 + 3 + 2 + 2 + 12 + 1
    assert {mode for name, mode in found.items() if (tmp_path / name).is_dir()} == {0o700}
    assert {mode for name, mode in found.items() if (tmp_path / name).is_file()} == {0o600}
    assert Custody(chart, accounts).open_to_others() == []
    assert read_folder(tmp_path / "export").care_log.scores.equals(care_log.scores)


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_file_is_private_before_anything_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "record.html").write_text("an older one that everybody may read")
    (tmp_path / "record.html").chmod(0o644)
    with output(tmp_path / "record.html") as stream:
        assert modes(tmp_path)[".record.html.part"] == 0o600
        stream.write(b"Ana")
    assert modes(tmp_path) == {"record.html": 0o600}


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_file_that_others_may_read_is_told(tmp_path: Path) -> None:
    chart = create_chart(str(tmp_path / "clinic.chart"))
    chart.note(ADA)
    (tmp_path / "clinic.chart-wal").chmod(0o640)
    [told] = Custody(chart).open_to_others()
    assert "clinic.chart-wal` is open to others on this computer (mode 640): chmod 600" in told


def test_a_copy_that_fails_leaves_nothing(care_log: CareLog, tmp_path: Path) -> None:
    chart = create_chart(str(tmp_path / "clinic.chart"))
    chart.load(care_log, "once", ADA)
    with chart.engine.begin() as connection:
        connection.exec_driver_sql("drop trigger scores_no_update")
        connection.exec_driver_sql("update scores set value = 0 where id = 1")
    make_folder(tmp_path / "backups")
    with pytest.raises(UsageError, match="not as it was recorded"):
        back_up(chart, tmp_path / "backups", "ada")
    with pytest.raises(UsageError, match="not as it was recorded"):
        proven_copy(chart, str(tmp_path / "backups" / "mine.chart"))
    assert not list((tmp_path / "backups").iterdir())
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        proven_copy(chart, str(tmp_path / "nowhere" / "mine.chart"))
    (tmp_path / "mine.chart").touch()
    with pytest.raises(UsageError, match="already exists"):
        proven_copy(chart, str(tmp_path / "mine.chart"))


def test_a_disk_without_modes_or_locks_takes_a_backup_that_is_told_to_be_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick, or a folder of another computer."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchmod", refuse)
    monkeypatch.setattr(private_files, "flock", refuse)
    chart = create_chart(str(tmp_path / "clinic.chart"))
    make_folder(tmp_path / "stick")
    stale = tmp_path / "stick" / "2026-01-30T120000.000000Z.chart.part"
    stale.touch()
    file = Path(back_up(chart, tmp_path / "stick", "ada").place)
    assert sorted((tmp_path / "stick").iterdir()) == [stale, file]  # who writes it can't be told
    assert not open_chart(str(file)).verify().wrong


WRITING = """
import sys
from pathlib import Path
from reliefpath.store import backup
from reliefpath.store.chart import open_chart

def copied(*_):
    print("writing", flush=True)
    sys.stdin.read()

source = open_chart(sys.argv[1])
object.__setattr__(source, "copy_to", copied)
backup.back_up(source, Path(sys.argv[2]), "ada")
"""


def test_a_backup_that_is_killed_leaves_nothing_once_the_next_one_is_made(
    care_log: CareLog, tmp_path: Path
) -> None:
    chart = create_chart(str(tmp_path / "clinic.chart"))
    chart.load(care_log, "once", ADA)
    folder = tmp_path / "backups"
    make_folder(folder)
    command = [sys.executable, "-c", WRITING, str(tmp_path / "clinic.chart"), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        [part] = folder.glob("*.part")
        assert set(modes(folder).values()) == {0o600}
        first = Path(back_up(chart, folder, "ada").place)
        assert part.exists()  # it is still being written
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert part.exists()
    second = Path(back_up(chart, folder, "ada").place)
    assert sorted(folder.iterdir()) == [first, second]
    assert not open_chart(str(second)).verify().wrong


def test_two_programs_do_not_write_one_file(tmp_path: Path) -> None:
    with part_of(tmp_path / "a.chart") as part:
        remove_stale([part])
        with (
            pytest.raises(UsageError, match="another program is writing"),
            part_of(tmp_path / "a.chart"),
        ):
            pass
        part.write_text("whole")
    assert [file.name for file in tmp_path.iterdir()] == ["a.chart"]
