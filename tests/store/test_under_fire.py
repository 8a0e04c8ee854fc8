"""Writers are killed at any point: what was acknowledged is there, whole, and nothing by halves.

`RELIEFPATH_KILLS` sets how often, for each database.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from reliefpath.store.chart import Chart, create_chart, open_chart
from reliefpath.store.tables import AUDIT, ROWS
from reliefpath.store.writing import AuditEvent

from .fire import ITEMS, PATIENTS, clinic
from .server import Server

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("RELIEFPATH_KILLS", "200"))
ROOT = Path(__file__).parents[2]
Jobs = list[dict[str, Any]]


class Zygote:
    """A process that forks writers."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.fire"],
            cwd=ROOT,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def begin(self, jobs: Jobs) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(jobs) + "\n")
        self.process.stdin.flush()

    def end(self) -> list[int]:
        assert self.process.stdout
        ends: list[int] = json.loads(self.process.stdout.readline())
        return ends

    def run(self, jobs: Jobs) -> list[int]:
        self.begin(jobs)
        return self.end()


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    with made.process:
        yield made
        os.killpg(made.process.pid, signal.SIGKILL)  # writers too, if a test left any


def acknowledged(notes: Path) -> Jobs:
    """What was noted down; a line cut in the middle was not."""
    found = []
    for line in notes.read_text().splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def assert_all_there(chart: Chart, deeds: Jobs, known: str) -> None:
    """Every deed is on record, everything on record is whole, and the log goes on from `known`."""
    verified = chart.verify(known)
    assert not verified.wrong
    rows = {name: everything(chart, table) for name, table in ROWS.items()}
    said = rows["treatments"].with_columns(
        by=pl.col("technique").cast(pl.String).str.split("/").list.first()
    )
    whole = said.group_by("by", "entry").len()
    assert whole["by"].is_unique().all()
    assert (whole["len"] == ITEMS).all()
    entered = dict(whole.select("by", "entry").rows())
    later = {name: frame.drop_nulls("supersedes") for name, frame in rows.items()}
    patients = set(rows["patients"]["patient"])
    for deed in deeds:
        match deed:
            case {"entered": name, "entry": entry}:
                assert entered[name] == entry
            case {"loaded": first}:
                assert patients >= {f"P{first + n}" for n in range(4)}
            case {"corrected": row, "value": value, "entry": entry}:
                new = later["exams"].filter(pl.col("supersedes") == row)
                assert new.select("pressure_kpa", "entry", "withdrawn").rows() == [
                    (value, entry, 0)
                ]
            case {"withdrawn": row, "table": name}:
                new = later[name].filter(pl.col("supersedes") == row)
                assert new["withdrawn"].to_list() == [1]
    loads = rows["patients"].filter(pl.col("supersedes").is_null()).group_by("entry").len()
    assert set(loads["len"]) <= {4, PATIENTS}
    assert rows["exams"].filter(pl.col("supersedes").is_null()).height == 2 * loads["len"].sum()


def everything(chart: Chart, table: sa.Table) -> pl.DataFrame:
    with chart.engine.connect() as connection:
        rows = connection.execute(sa.select(table)).all()
    frame = pl.DataFrame(rows, schema=table.c.keys(), orient="row", infer_schema_length=None)
    return frame.with_columns(
        pl.col("withdrawn").cast(pl.Int64), pl.col("supersedes").cast(pl.Int64)
    )


def begun(chart: Chart) -> Chart:
    chart.load(clinic(range(PATIENTS)), "before", AuditEvent("Ada", "loaded"))
    return chart


def source(chart: Chart) -> str:
    url = chart.engine.url
    text = url.render_as_string(hide_password=False)
    return str(url.database) if url.get_backend_name() == "sqlite" else text


def test_killed_writers_lose_nothing_and_leave_no_halves(
    chart: Chart, zygote: Zygote, tmp_path: Path
) -> None:
    begun(chart)
    chance, notes, known = random.Random(20261124), tmp_path / "notes", str(chart.head())
    for kill in range(KILLS):
        job = {"chart": source(chart), "seed": kill + 1, "notes": str(notes)}
        zygote.run([{**job, "kill": chance.uniform(0, 0.25)}])
        if kill % 10 == 9 or kill == KILLS - 1:
            assert_all_there(chart, acknowledged(notes), known)
            known = str(chart.head())
    # a slow machine gets a writer to its rarer deeds only where it may live for longer
    seconds = 0.5
    while (missing := DEEDS - deeds_in(notes)) and seconds < 60:
        job = {"chart": source(chart), "seed": int(1_000 * seconds), "notes": str(notes)}
        zygote.run([{**job, "kill": seconds}])
        seconds *= 2
    assert not missing
    assert_all_there(chart, acknowledged(notes), known)


DEEDS = {"entered", "loaded", "corrected", "withdrawn"}


def deeds_in(notes: Path) -> set[str]:
    """What sorts of deed were acknowledged."""
    return {next(iter(deed)) for deed in acknowledged(notes) if deed}


def test_a_killed_server_comes_back_with_everything_acknowledged(
    server: Server, zygote: Zygote, tmp_path: Path
) -> None:
    chart = begun(create_chart(server.url("postgres")))
    chance, known = random.Random(20261124), str(chart.head())
    chart.close()
    for kill in range(4):
        jobs = [
            {
                "chart": server.url("postgres"),
                "seed": 2 * kill + n + 1,
                "notes": str(tmp_path / f"notes-{n}"),
                "kill": None,
            }
            for n in range(2)
        ]
        zygote.begin(jobs)
        time.sleep(chance.uniform(0.5, 1.5))
        server.kill()
        assert zygote.end() == [0, 0]
        server.start()
        chart = open_chart(server.url("postgres"))
        deeds = [deed for n in range(2) for deed in acknowledged(tmp_path / f"notes-{n}")]
        assert_all_there(chart, deeds, known)
        assert len(deeds) > kill
        known = str(chart.head())
        chart.close()


def test_writers_side_by_side_lose_no_update_and_leave_no_gap(
    chart: Chart, zygote: Zygote, tmp_path: Path
) -> None:
    begun(chart)
    known = str(chart.head())
    notes = [tmp_path / f"notes-{n}" for n in range(4)]
    jobs = [
        {"chart": source(chart), "seed": n + 1, "notes": str(path), "kill": None, "deeds": 15}
        for n, path in enumerate(notes)
    ]
    assert zygote.run(jobs) == [0, 0, 0, 0]
    deeds = [deed for path in notes for deed in acknowledged(path)]
    assert len(deeds) == 60
    assert_all_there(chart, deeds, known)
    corrected = [deed["corrected"] for deed in deeds if "corrected" in deed]
    assert len(corrected) == len(set(corrected))
    with chart.engine.connect() as connection:
        entries = connection.scalars(sa.select(AUDIT.c.entry).order_by(AUDIT.c.entry)).all()
    written = len([deed for deed in deeds if deed])
    assert list(entries) == list(range(1, written + 2))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_chart_that_was_in_use_may_be_used_after_a_fork(chart: Chart) -> None:
    begun(chart)
    child = os.fork()
    if child == 0:
        end = 1
        try:
            for _ in range(20):
                chart.note(AuditEvent("child", "looked"))
            end = 0
        finally:
            os._exit(end)
    for _ in range(20):
        chart.note(AuditEvent("parent", "looked"))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert chart.head().entry == 41
    assert not chart.verify().wrong
