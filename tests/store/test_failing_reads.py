"""A chart that is damaged, or fails at any of its queries, refuses: it never reads fewer rows."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from care_log.test_damage import DANGERS, advised, clinic, more_permissive, patients
from reliefpath.care_log.schema import TABLES
from reliefpath.cli.records import Records
from reliefpath.errors import ReliefPathError
from reliefpath.store.chart import create_chart
from reliefpath.store.tables import ROWS
from reliefpath.store.writing import AuditEvent

DAMAGES = int(os.environ.get("RELIEFPATH_DAMAGES", "80"))
PAGE, INDEX = 4096, (2, 10)
"""Bytes of a page, and how one of an index begins."""
KEYS = ("gate", "status", *DANGERS)
QUERIES = 60
"""About how many an answer takes."""

Damage = Callable[[Path, Random], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart of the patients."""
    file = tmp_path_factory.mktemp("whole") / "clinic.chart"
    chart = create_chart(str(file))
    chart.load(patients(), "once", AuditEvent("Ada", "import"))
    chart.close()
    return file


def drop_a_table(file: Path, random: Random) -> None:
    with closing(sqlite3.connect(file)) as chart:
        chart.execute(f"drop table {random.choice([*ROWS, 'seals', 'audit'])}")


def lose_rows(file: Path, random: Random) -> None:
    name = random.choice([*TABLES])
    with closing(sqlite3.connect(file, isolation_level=None)) as chart:
        chart.execute("pragma foreign_keys=off")
        kept = "select name from sqlite_master where type = 'trigger' and tbl_name = ?"
        for (trigger,) in chart.execute(kept, (name,)).fetchall():
            chart.execute(f"drop trigger {trigger}")
        some = f"select id from {name} order by random() limit {random.choice([1, 5, 100])}"
        chart.execute(f"delete from {name} where id in ({some})")


def damage_an_index(file: Path, random: Random) -> None:
    """Change a byte of a key, so that what is asked for by it is not found."""
    content = bytearray(file.read_bytes())
    pages = [page for page in range(PAGE, len(content), PAGE) if content[page] in INDEX]
    keys = [at for page in pages for at in range(page, page + PAGE) if 47 < content[at] < 123]
    content[random.choice(keys)] ^= 1
    file.write_bytes(content)


def blank_a_page(file: Path, random: Random) -> None:
    content = bytearray(file.read_bytes())
    page = random.randrange(len(content) // PAGE) * PAGE
    content[page : page + PAGE] = bytes(PAGE)
    file.write_bytes(content)


def cut_the_file(file: Path, random: Random) -> None:
    os.truncate(file, random.randrange(file.stat().st_size))


DAMAGE_DONE: tuple[Damage, ...] = (
    drop_a_table,
    lose_rows,
    damage_an_index,
    blank_a_page,
    cut_the_file,
)


@contextmanager
def failing(nth: int) -> Iterator[None]:
    """Have a query fail, as where a disk does."""
    count = 0

    def fail(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == nth:
            raise sqlite3.OperationalError("disk I/O error")

    sa.event.listen(sa.Engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", fail)


def answers(file: Path, episode: str) -> Iterator[dict[str, dict[str, object]]]:
    for part in Records(str(file), "assess").parts():
        yield advised(part)
    yield advised(Records(str(file), "explain").of(episode))


@pytest.mark.parametrize("part", range(4))
def test_no_damage_of_a_chart_and_no_failing_query_makes_an_answer_more_permissive(
    part: int, whole: Path, tmp_path: Path
) -> None:
    before, refused = clinic()[1], 0
    for seed in range(part * DAMAGES // 4, (part + 1) * DAMAGES // 4):
        random, file = Random(seed), tmp_path / f"{seed}.chart"
        shutil.copy(whole, file)
        damage = random.choice([None, *DAMAGE_DONE])
        if damage is not None:
            damage(file, random)
        name = "fails" if damage is None else damage.__name__
        nth = 0 if damage is not None else random.randint(1, QUERIES)
        try:
            with failing(nth):
                for found in answers(file, random.choice([*before])):
                    assert not more_permissive(before, found), (seed, name)
        except ReliefPathError:
            refused += 1
            continue
        assert name in ("fails", "blank_a_page", "damage_an_index"), (seed, name)
    assert refused


def test_a_whole_chart_answers_as_the_folder_does(whole: Path) -> None:
    before = clinic()[1]
    for found in answers(whole, next(iter(before))):
        for episode, row in found.items():
            assert [row[k] for k in KEYS] == [before[episode][k] for k in KEYS]
