"""The care log in memory: six typed tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from reliefpath.chart.checks import check_rows
from reliefpath.chart.columns import Bad, convert, unusable_columns
from reliefpath.chart.schema import GIVEN, TABLES, Table
from reliefpath.clock import Moment, day
from reliefpath.errors import CareLogError, Problem

if TYPE_CHECKING:
    import pyarrow as pa


FEW = 1_000
"""Rows that are checked sooner than threads begin."""
WAVES = (("patients",), ("episodes",), ("scores", "treatments", "exams", "findings"))
"""The tables in the order of checking: each refers to the good rows of those in earlier waves."""


@dataclass(frozen=True)
class CareLog:
    """Six tables with exactly the columns and types of `reliefpath.chart.schema`."""

    patients: pl.DataFrame
    episodes: pl.DataFrame
    scores: pl.DataFrame
    treatments: pl.DataFrame
    exams: pl.DataFrame
    findings: pl.DataFrame
    incomplete: frozenset[str] = frozenset()
    """The patients of whom a row was refused: what is known of them may be less than what is so."""
    zone: str = "UTC"
    """The clinic's time zone, as an IANA name."""
    absent: frozenset[str] = frozenset()
    """The tables that were not there: empty, and yet silent. An empty table says that there is
    nothing; an absent one leaves what it would tell unknown."""

    @cached_property
    def given(self) -> pl.DataFrame:
        """The treatments that were given: not what was cancelled, planned or not attended."""
        status = pl.col("status")
        return self.treatments.filter(status.is_null() | (status == GIVEN))

    def moment(self, as_of: date | datetime) -> Moment:
        """Return the end of a date at the clinic, or a moment with its zone.

        Raises:
            UsageError: a moment has no zone.
        """
        return Moment.of(as_of, self.zone)

    def day_of(self, column: str = "at") -> pl.Expr:
        """Return the day at the clinic of a column of instants."""
        return day(self.zone, column)

    def table(self, name: str) -> pl.DataFrame:
        """Return the table called `name`."""
        frame: pl.DataFrame = getattr(self, name)
        return frame

    def to_arrow(self) -> dict[str, pa.Table]:
        """Return the six tables as Arrow tables, by name."""
        return {name: self.table(name).to_arrow() for name in TABLES}

    @classmethod
    def from_arrow(cls, tables: Mapping[str, pa.Table]) -> CareLog:
        """Build a care log from Arrow tables by name; an absent table is empty.

        Raises:
            CareLogError: at least one table, column or value is not what the schema expects.
        """
        frames = {name: pl.DataFrame(table) for name, table in tables.items()}
        log, bad = assemble(frames)
        problems = [b.at(name, None if b.row is None else b.row + 1) for name, b in bad]
        if any(not p.warning for p in problems):
            raise CareLogError(problems)
        return log

    @classmethod
    def of(cls, table: Callable[[str], pl.DataFrame], zone: str = "UTC") -> CareLog:
        """Build a care log from what gives each table by its name."""
        return cls(
            table("patients"),
            table("episodes"),
            table("scores"),
            table("treatments"),
            table("exams"),
            table("findings"),
            zone=zone,
        )

    def only(self, episode: str) -> CareLog:
        """Return what concerns one episode: its patient, and every episode of that patient.

        The patient's other episodes stay, since limits such as injections a year count them all.
        """
        return self.of_patients(self.episodes.filter(pl.col("episode") == episode)["patient"])

    def findings_about(self, episode: str, patient: str) -> pl.DataFrame:
        """Return what was found of a patient in general, and of this episode of theirs."""
        mine = pl.col("episode").is_null() | (pl.col("episode") == episode)
        return self.findings.filter(mine, patient=patient)

    def of_patients(self, patients: pl.Series) -> CareLog:
        """Return what concerns some patients, all of their episodes included."""
        person = pl.col("patient").is_in(patients.implode())
        episodes = self.episodes.filter(person)
        mine = pl.col("episode").is_in(episodes["episode"].implode())
        return CareLog(
            self.patients.filter(person),
            episodes,
            self.scores.filter(mine),
            self.treatments.filter(mine),
            self.exams.filter(mine),
            self.findings.filter(person),
            self.incomplete & set(patients),
            self.zone,
            self.absent,
        )


def assemble(
    raw: Mapping[str, pl.DataFrame], on_record: Mapping[str, pl.DataFrame] | None = None
) -> tuple[CareLog, list[tuple[str, Bad]]]:
    """Type and check raw tables; return the good rows and, by table, everything refused.

    A row is kept only when all of it is good, and when the rows it refers to are. An absent table
    is empty, and so is one that lacks a required column; rows that refer to it are not blamed.
    `on_record` holds patients and episodes that rows may refer to besides those in `raw`.
    """
    frames = dict(_empty_tables())
    read = dict(on_record or {})
    bad: list[tuple[str, Bad]] = []
    incomplete: set[str] = set()
    for name in raw:
        bad += [(name, b) for b in unusable_columns(TABLES[name], raw[name])]
    unreadable = {name for name, _ in bad}
    with _mapping(sum(frame.height for frame in raw.values())) as mapped:
        for wave in WAVES:
            names = [name for name in wave if name in raw and name not in unreadable]
            checked = mapped(lambda name: _checked(TABLES[name], raw[name], read), names)
            for name, (frame, refusals, patients) in zip(names, list(checked), strict=True):
                frames[name] = frame
                read[name] = _with(frame, read.get(name))
                bad += [(name, b) for b in refusals]
                incomplete |= patients
    return replace(CareLog.of(frames.__getitem__), incomplete=frozenset(incomplete)), bad


@cache
def _empty_tables() -> Mapping[str, pl.DataFrame]:
    return {name: pl.DataFrame(schema=table.schema) for name, table in TABLES.items()}


@contextmanager
def _mapping(rows: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """Yield what does something for each table: side by side, where that is worth the threads."""
    if rows <= FEW:
        yield map
        return
    with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
        yield threads.map


def _checked(
    table: Table, raw: pl.DataFrame, read: Mapping[str, pl.DataFrame]
) -> tuple[pl.DataFrame, list[Bad], set[str]]:
    """The good rows of a table, the refusals, and the patients whose rows were refused."""
    frame, refusals = convert(table, raw)
    refusals += check_rows(table, frame, read)
    spoiled = [b.row for b in refusals if b.row is not None and not b.warning]
    if not spoiled:
        return frame, refusals, set()
    good = frame.with_row_index("row").filter(~pl.col("row").is_in(spoiled)).drop("row")
    return good, refusals, _patients_of(frame[spoiled], read)


def _with(frame: pl.DataFrame, on_record: pl.DataFrame | None) -> pl.DataFrame:
    """The rows, and those on record that they do not say anew."""
    if on_record is None:
        return frame
    return pl.concat([frame, on_record.join(frame, on=frame.columns[0], how="anti")])


def _patients_of(rows: pl.DataFrame, read: Mapping[str, pl.DataFrame]) -> set[str]:
    """The patients whom these rows, or the episodes that they name, belong to."""
    if "patient" not in rows.columns and "episodes" in read:
        rows = rows.select("episode").join(read["episodes"], on="episode")
    return set(rows["patient"].drop_nulls()) if "patient" in rows.columns else set()


def problem(file: str, expected: str, *, warning: bool = False) -> Problem:
    """Return a problem of a whole file."""
    return Problem(file, None, None, None, expected, warning)
