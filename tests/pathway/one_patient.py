"""One patient's record, small enough to check its facts by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.pathway.cases.reading import DAY_ONE
from reliefpath.pathway.facts import facts

from .strategies import Rows, care_log

START = DAY_ONE.date()


SCREENINGS = ("red-flag", "allergy", "condition", "medicine")


def on(day: float) -> datetime:
    return DAY_ONE + timedelta(days=day)


def log(**tables: Rows) -> CareLog:
    """One patient's neck and, where rows name it, the same patient's hip."""
    rows: dict[str, Rows] = {
        "patients": [{"patient": "p"}, {"patient": "q"}],
        "episodes": [
            {"episode": "neck", "patient": "p", "region": "neck", "started_on": START},
            {"episode": "hip", "patient": "p", "region": "hip", "started_on": START},
            {"episode": "other", "patient": "q", "region": "neck", "started_on": START},
        ],
    }
    for name, given in tables.items():
        owner = {"patient": "p"} if name == "findings" else {"episode": "neck"}
        rows[name] = [owner | row for row in given]
    return care_log(rows)


def of(care: CareLog, as_of: date | datetime = START, episode: str = "neck") -> dict[str, Any]:
    return facts(care, as_of).row(by_predicate=pl.col("episode") == episode, named=True)


def after(days: int) -> date:
    return START + timedelta(days=days)


def nrs(series: Mapping[int, float] | Mapping[float, float]) -> Rows:
    return [{"at": on(day), "measure": "nrs", "value": value} for day, value in series.items()]


def treated(therapy: str, *days: int, **columns: object) -> Rows:
    return [{"at": on(day), "therapy": therapy, **columns} for day in days]


def found(kind: str, code: str, day: float, **columns: object) -> dict[str, Any]:
    return {"at": on(day), "kind": kind, "code": code, **columns}
