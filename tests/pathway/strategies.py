"""Arbitrary facts tables and care logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.care_log.schema import TABLES
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.cases import Vignette
from reliefpath.pathway.cases.reading import DAY_ONE
from reliefpath.pathway.facts import KEYS, schema
from reliefpath.reference.anatomy import REGIONS
from reliefpath.reference.measures import measures
from reliefpath.reference.therapies import agents, finding_kinds, therapies

from .vignettes import chapters

AS_OF = (DAY_ONE + timedelta(weeks=16)).date()
READY = [v for c in chapters() for v in c.vignettes if v.day == AS_OF]
"""Golden patients of the day that arbitrary care logs are about; many are near an open gate."""
FRACTIONS = [0.0, 0.4, 0.5, 0.74, 0.75, 0.8, 0.9, 0.91, 1.0]
COUNTS = [0, 1, 2, 3, 4, 5]
WEEKS = [0.0, 0.2, 0.4, 1.9, 2.0, 4.0, 4.2, 6.0, 8.0, 13.0, 26.0, 52.0, 60.0, 104.0]
Rows = list[dict[str, Any]]


def _values(name: str, dtype: pl.DataType) -> st.SearchStrategy[Any]:
    if dtype == pl.Boolean:
        return st.none() | st.booleans()
    if dtype == pl.String:
        return st.none() | st.sampled_from(["neck", "foot-drop"])
    if dtype == pl.Int64:
        return st.none() | st.sampled_from(COUNTS)
    return st.none() | st.sampled_from(WEEKS if "weeks" in name else FRACTIONS)


FACTS = st.fixed_dictionaries({name: _values(name, dtype) for name, dtype in schema().items()})
"""The facts of one episode: the pathway's own limits, values beside them, and nulls."""


def facts_table(rows: Rows) -> pl.DataFrame:
    """A facts table of these rows."""
    keyed = [{"episode": f"e{i:03}", "patient": "p", **row} for i, row in enumerate(rows)]
    return pl.DataFrame(keyed, schema={**KEYS, **schema()})


MEASURES = ["nrs", "psfs", "ndi", "sane", "groc", "ppt", "promis-pi-6a"]
FINDINGS = [(kind, code) for kind, row in finding_kinds(SHIPPED).items() for code in row.codes]
FLAGS = st.none() | st.booleans()
days = st.integers(0, 130).map(lambda day: DAY_ONE + timedelta(days=day))


@st.composite
def _scores(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(MEASURES))
    low, high = measures(SHIPPED)[name].low, measures(SHIPPED)[name].high or 500
    value = draw(st.integers(0, 10)) / 10 * (high - low) + low
    step = measures(SHIPPED)[name].step or 0.1
    value = low + round((value - low) / step) * step
    return {"at": draw(days), "measure": name, "value": round(min(value, high), 4)}


_treatments = st.fixed_dictionaries(
    {
        "at": days,
        "therapy": st.sampled_from(list(therapies(SHIPPED))),
        "agent": st.none() | st.sampled_from(list(agents(SHIPPED))),
        "adherence": st.none() | st.sampled_from(FRACTIONS),
        "response": st.none() | st.sampled_from(FRACTIONS),
        "unit": st.sampled_from(["mg", "mcg", "g"]),
        "amount": st.none() | st.sampled_from([0.5, 1.0, 4.0, 40.0]),
    }
)
_exams = st.fixed_dictionaries(
    {
        "at": days,
        "muscle": st.sampled_from(["upper-trapezius", "tibialis-anterior", "quadratus-lumborum"]),
        "side": st.sampled_from(["left", "right"]),
        **dict.fromkeys(("taut_band", "tender_spot", "referred_pain", "recognised"), FLAGS),
    }
)
_findings = st.builds(
    lambda at, finding, lasts: {
        "at": at,
        "kind": finding[0],
        "code": finding[1],
        "until": None if lasts is None else at.date() + timedelta(days=lasts),
    },
    days | st.just(DAY_ONE - timedelta(days=30)),
    st.sampled_from(FINDINGS),
    st.none() | st.integers(0, 150),
)
_ROWS = {"scores": _scores(), "treatments": _treatments, "exams": _exams, "findings": _findings}


@st.composite
def patients(draw: st.DrawFn, name: str) -> CareLog:
    """One person with one or two episodes and anything or nothing on record."""
    rows: dict[str, Rows] = {table: [] for table in TABLES}
    rows["patients"] = [{"patient": name}]
    for number in range(draw(st.integers(1, 2))):
        episode = f"{name}-{number}"
        rows["episodes"].append(
            {
                "episode": episode,
                "patient": name,
                "region": draw(st.sampled_from(REGIONS)),
                "started_on": DAY_ONE.date(),
                "ended_on": draw(st.none() | st.just(date(2024, 3, 1))),
                "primary_measure": draw(st.none() | st.sampled_from(MEASURES)),
            }
        )
        for table, row in _ROWS.items():
            owner = {"patient": name} if table == "findings" else {"episode": episode}
            rows[table] += [row_ | owner for row_ in draw(st.lists(row, max_size=8))]
    seen = {(r["episode"], r["at"], r["measure"]): r for r in rows["scores"]}
    return care_log({**rows, "scores": list(seen.values())})


def care_log(rows: dict[str, Rows]) -> CareLog:
    """The care log of these rows, which must all be good; a table without rows is empty."""
    frames = {name: pl.DataFrame(r, infer_schema_length=None) for name, r in rows.items() if r}
    log, refused = assemble(frames, SHIPPED)
    assert all(bad.warning for _, bad in refused), refused
    return replace(log, absent=frozenset())


def merged(*logs: CareLog) -> CareLog:
    """One care log of several that share no patient."""
    return CareLog(
        knowledge=SHIPPED,
        **{name: pl.concat(log.table(name) for log in logs) for name in TABLES},  # type: ignore[arg-type]
    )


def changed(log: CareLog, **changes: Callable[[pl.DataFrame], pl.DataFrame]) -> CareLog:
    """The care log with some of its tables changed."""
    kept = {name: log.table(name) for name in TABLES}
    return CareLog(
        knowledge=SHIPPED,
        **{**kept, **{name: change(kept[name]) for name, change in changes.items()}},  # type: ignore[arg-type]
    )


def added(log: CareLog, table: str, rows: Rows) -> CareLog:
    """The care log with rows added to one of its tables."""
    full = [{name: row.get(name) for name in TABLES[table].schema} for row in rows]
    extra = pl.DataFrame(full, schema=TABLES[table].schema)
    return changed(log, **{table: lambda frame: pl.concat([frame, extra])})


@st.composite
def care_logs(draw: st.DrawFn) -> CareLog:
    """A clinic: some golden patients and two arbitrary ones."""
    golden: list[Vignette] = draw(
        st.lists(st.sampled_from(READY), min_size=1, max_size=4, unique_by=lambda v: v.title)
    )
    return merged(*(v.care_log(SHIPPED) for v in golden), draw(patients("a")), draw(patients("b")))


def shuffled(log: CareLog, seed: int) -> CareLog:
    """The care log with the rows of every table in another order."""
    order = {name: log.table(name).sample(fraction=1, shuffle=True, seed=seed) for name in TABLES}
    return CareLog(knowledge=SHIPPED, **order)  # type: ignore[arg-type]


def moment(day: date) -> datetime:
    """The start of a day, as the care log holds it."""
    return DAY_ONE + (day - DAY_ONE.date())
