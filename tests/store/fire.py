"""Writers that are killed: `python -m tests.store.fire`, told on standard input what to do.

Each line is a job as JSON: the chart, what is done to it, the seed, the file of acknowledgements
and the seconds until the kill, or null. A child is forked for each, so that imports are paid once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import sqlalchemy as sa

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import CareLogError, ChartError, UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.measures import measures
from reliefpath.store import loading, migrations, tables
from reliefpath.store.chart import Chart, open_chart
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import ROWS
from reliefpath.store.writing import AuditEvent

PATIENTS = 6
ITEMS = 3
"""Rows of one check-in, which are there all together or not at all."""
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def clinic(patients: range) -> CareLog:
    """Patients with an episode and two exams each."""
    rows: dict[str, list[dict[str, Any]]] = {
        "patients": [{"patient": f"P{n}"} for n in patients],
        "episodes": [
            {"episode": f"E{n}", "patient": f"P{n}", "region": "neck", "started_on": DAY.date()}
            for n in patients
        ],
        "exams": [
            {"episode": f"E{n}", "at": DAY, "muscle": "upper-trapezius", "side": side}
            for n in patients
            for side in ("left", "right")
        ],
    }
    return CareLog.of(lambda name: pl.DataFrame(rows.get(name, []), TABLES[name].schema), SHIPPED)


def check_in(chart: Chart, name: str, episode: str) -> dict[str, Any]:
    """Enter one check-in: `ITEMS` things said, each named after the check-in."""
    said = [
        {"episode": episode, "at": DAY, "therapy": "education", "technique": f"{name}/{n}"}
        for n in range(ITEMS)
    ]
    frame = pl.DataFrame(said, TABLES["treatments"].schema)
    return {
        "entered": name,
        "entry": chart.insert({"treatments": frame}, AuditEvent(name, "entered")),
    }


def load(chart: Chart, name: str, first: int) -> dict[str, Any]:
    """Load four patients of one's own, in many small batches."""
    loading.BATCH = 2  # type: ignore[attr-defined]
    chart.load(clinic(range(first, first + 4)), name, AuditEvent(name, "loaded"))
    return {"loaded": first}


def correct(chart: Chart, name: str, chance: random.Random) -> dict[str, Any]:
    """Correct what somebody said of an exam to one's own name; who comes second tries again."""
    while True:
        row = chance.choice(holding(chart, "exams"))
        try:
            value = chance.randrange(1, 2**40)
            entry = chart.correct(
                "exams", row, {"pressure_kpa": str(value)}, AuditEvent(name, "corrected")
            )
        except (UsageError, CareLogError):  # its patient may have been withdrawn meanwhile
            continue
        return {"corrected": row, "value": value, "entry": entry}


def withdraw(chart: Chart, name: str, chance: random.Random) -> dict[str, Any]:
    """Withdraw an exam or a whole patient of those loaded, if there is any."""
    table = chance.choice(["patients", "exams"])
    rows = holding(chart, table)[PATIENTS if table == "patients" else 2 * PATIENTS :]
    if not rows:
        return {}
    try:
        row = chance.choice(rows)
        chart.withdraw(table, row, AuditEvent(name, "withdrew"))
    except UsageError:
        return {}
    return {"withdrawn": row, "table": table}


def holding(chart: Chart, name: str) -> list[int]:
    """The numbers of the rows that hold."""
    with read_transaction(chart.engine) as connection:
        rows = ROWS[name]
        query = sa.select(rows.c.id).where(tables.holding(rows)).order_by(rows.c.id)
        return list(connection.scalars(query))


def deeds(chart: Chart, seed: int) -> Iterator[dict[str, Any]]:
    """Do things by chance, for ever, and yield what each acknowledged."""
    chance, n = random.Random(seed), 0
    while True:
        name = f"{seed}-{n}"
        match chance.choice(["enter", "enter", "load", "correct", "withdraw"]):
            case "enter":
                yield check_in(chart, name, f"E{chance.randrange(PATIENTS)}")
            case "load":
                yield load(chart, name, 1000 * seed + 10 * n + PATIENTS)
            case "correct":
                yield correct(chart, name, chance)
            case "withdraw":
                yield withdraw(chart, name, chance)
        n += 1


def work(job: dict[str, Any], ready: int) -> None:
    """Do what a job says, and note each deed down once its call returned."""
    chart = open_chart(job["chart"])
    os.write(ready, b"!")
    with Path(job["notes"]).open("a") as notes:
        notes.write("\n")  # the line before may end in the middle
        notes.flush()
        try:
            for n, deed in enumerate(deeds(chart, job["seed"]), 1):
                notes.write(json.dumps(deed) + "\n")
                notes.flush()
                if n == job.get("deeds"):
                    break
        except ChartError:
            if job["kill"] is None:  # the server was killed, and that is told
                return
            raise


def main() -> None:
    measures(SHIPPED)  # read the catalogue and the migrations once
    migrations.newest()
    assert psycopg.pq.version()  # is imported, and no child has to
    for line in sys.stdin:
        jobs = json.loads(line)
        children = []
        wait, ready = os.pipe()
        for job in jobs:
            child = os.fork()
            if child == 0:
                work(job, ready)
                os._exit(0)
            children.append(child)
            os.read(wait, 1)
        os.close(wait)
        os.close(ready)
        for child, job in zip(children, jobs, strict=True):
            if job["kill"] is not None:
                time.sleep(job["kill"])
                os.kill(child, signal.SIGKILL)
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        sys.stdout.write(json.dumps(ends) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
