"""How long a chart takes to fill and to assess, against Parquet files and against an ORM.

The peers work on the same rows in the same run: `assess` on a folder of Parquet files, which are
made for nothing but reading, and SQLAlchemy's ORM, an object a row. Processes take turns, and the
best of each counts, since the machine may be shared.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import orm

from benchmarks.assess_clinic import AS_OF, run
from reliefpath.care_log.folder import read_folder, write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.facts import facts
from reliefpath.simulation import demo_clinic
from reliefpath.store.chart import Chart, create_chart, open_chart
from reliefpath.store.frames import to_typed
from reliefpath.store.tables import ROWS

HERE = "build/bench"
_STORED = {pl.Float64: pl.Float64(), pl.Boolean: pl.Int64()}
RELIEFPATH = [sys.executable, "-m", "reliefpath"]


def main() -> None:
    """Print a table of whole-process times for clinics of growing size, then what one row costs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--episodes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options.add_argument("--turns", type=int, default=2)
    options.add_argument("--folder", type=Path, default=Path(HERE))
    options.add_argument(
        "--url", help="an empty PostgreSQL database to measure as well, with the smallest clinic"
    )
    given = options.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    print(
        "episodes       rows  import  rows/s  verify       assess (peak)      parquet (peak)  ratio"
    )
    for episodes in given.episodes:
        one_size(parquet(given.folder, episodes), episodes, given.turns)
    clinic = parquet(given.folder, given.episodes[0])
    chart = open_chart(str(chart_file(clinic)))
    beside_the_orm(chart)
    one_episode(chart)
    chart.close()
    if given.url:
        create_chart(given.url)
        seconds, _ = run([*RELIEFPATH, "chart", "import", given.url, str(clinic)])
        print(f"\nPostgreSQL: {rows_of(clinic) / seconds:,.0f} rows a second imported")
        beside_the_orm(open_chart(given.url))
        one_episode(open_chart(given.url))


def one_size(clinic: Path, episodes: int, turns: int) -> None:
    """Print a line: fill a chart, verify it, and assess it beside the Parquet files."""
    file, rows = chart_file(clinic), rows_of(clinic)
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    run([*RELIEFPATH, "chart", "init", str(file)], quiet=True)
    filled, _ = run([*RELIEFPATH, "chart", "import", str(file), str(clinic)], quiet=True)
    verified, _ = run([*RELIEFPATH, "chart", "verify", str(file)], quiet=True)
    advice = ["--as-of", str(AS_OF), "--format", "parquet", "--out", str(clinic) + ".advice"]
    both = [
        [run([*RELIEFPATH, "assess", str(source), *advice]) for source in (file, clinic)]
        for _ in range(turns)
    ]
    (mine, memory), (theirs, their_memory) = (min(results) for results in zip(*both, strict=True))
    print(
        f"{episodes:8,} {rows:10,} {filled:6.1f}s {rows / filled:7,.0f} {verified:6.1f}s"
        f" {mine:12.2f}s {memory:5.0f} MB {theirs:7.2f}s {their_memory:5.0f} MB"
        f" {mine / theirs:5.2f}x",
        flush=True,
    )


def beside_the_orm(chart: Chart) -> None:
    """Print how long it takes to have all rows in memory, by columns and an object a row."""
    ours, theirs = timed(lambda: chart.care_log()), timed(lambda: read_by_orm(chart))
    mine, orm_log = chart.care_log(), read_by_orm(chart)
    for name in TABLES:
        a, b = mine.table(name), orm_log.table(name)
        assert a.sort(a.columns).equals(b.sort(b.columns))
    rows = sum(mine.table(name).height for name in TABLES)
    print(
        f"\nall {rows:,} rows read: by columns {ours * 1e3:.0f} ms,"
        f" by the ORM {theirs * 1e3:.0f} ms ({theirs / ours:.1f} times as long)"
    )


def read_by_orm(chart: Chart) -> CareLog:
    """Read the rows that hold as a programmer in a hurry would: objects, then columns of them."""
    registry = orm.registry()
    classes = {name: type(name, (), {}) for name in TABLES}
    for name, class_ in classes.items():
        registry.map_imperatively(class_, ROWS[name])
    frames = {}
    with orm.Session(chart.engine) as session:
        for name, class_ in classes.items():
            objects: list[Any] = list(session.query(class_))
            gone = {each.supersedes for each in objects}
            held = [each for each in objects if each.id not in gone and not each.withdrawn]
            table = TABLES[name]
            rows = [[getattr(each, column) for column in table.schema] for each in held]
            if chart.engine.dialect.name == "postgresql":
                frames[name] = pl.DataFrame(rows, table.schema, orient="row")
            else:
                stored = {key: _STORED.get(type(t), pl.String()) for key, t in table.schema.items()}
                frames[name] = to_typed(pl.DataFrame(rows, stored, orient="row"), table)
    registry.dispose()
    return CareLog.of(frames.__getitem__, SHIPPED)


def one_episode(chart: Chart) -> None:
    """Print how long the facts of one episode take from an open chart."""
    episode = chart.care_log().episodes["episode"][0]
    patient = chart.patient_of(episode) or ""
    read = timed(lambda: chart.care_log_of(patient), 50)
    care_log = chart.care_log_of(patient)
    asked = timed(lambda: facts(care_log, AS_OF), 50)
    print(
        f"one episode: read {read * 1e3:.1f} ms, its facts {asked * 1e3:.1f} ms,"
        f" together {(read + asked) * 1e3:.1f} ms"
    )


def parquet(folder: Path, episodes: int) -> Path:
    """Return a clinic's folder of Parquet files, written anew only when it is not there."""
    clinic = folder / f"parquet-{episodes}"
    if not clinic.is_dir():
        write_folder(demo_clinic(round(episodes / 1.06), 1, AS_OF), clinic, "parquet")
    return clinic


def chart_file(clinic: Path) -> Path:
    """Return where the chart of a clinic is."""
    return clinic.with_suffix(".chart")


def rows_of(clinic: Path) -> int:
    """Return how many rows a clinic has."""
    care_log = read_folder(clinic).care_log
    return sum(care_log.table(name).height for name in TABLES)


def timed(work: Callable[[], object], turns: int = 3) -> float:
    """Return the seconds of the fastest of some turns, after one to warm up."""
    work()
    found = []
    for _ in range(turns):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


if __name__ == "__main__":
    main()
