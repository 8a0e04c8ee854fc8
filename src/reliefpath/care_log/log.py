"""The care log in memory: seven typed tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from reliefpath.care_log.checks import check_rows
from reliefpath.care_log.columns import Bad, convert, unusable_columns
from reliefpath.care_log.schema import GIVEN, TABLES, VISITS, Table
from reliefpath.care_log.terms import understand
from reliefpath.clock import Moment, day
from reliefpath.errors import CareLogError, Problem, nearest_of
from reliefpath.knowledge import SHIPPED, Knowledge, derived
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import finding_kinds

if TYPE_CHECKING:
    import pyarrow as pa


FEW = 1_000
"""Rows that are checked sooner than threads begin."""
WAVES = (
    ("patients",),
    ("episodes",),
    ("scores", "treatments", "exams", "findings", "visits"),
)
"""The tables in the order of checking: each refers to the good rows of those in earlier waves."""


@dataclass(frozen=True, repr=False)
class CareLog:
    """Seven tables with exactly the columns and types of `reliefpath.care_log.schema`."""

    patients: pl.DataFrame
    episodes: pl.DataFrame
    scores: pl.DataFrame
    treatments: pl.DataFrame
    exams: pl.DataFrame
    findings: pl.DataFrame
    visits: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=VISITS.schema))
    incomplete: frozenset[str] = frozenset()
    """The patients of whom a row was refused: what is known of them may be less than what is so."""
    zone: str = "UTC"
    """The clinic's time zone, as an IANA name."""
    absent: frozenset[str] = frozenset()
    """The tables that were not there: empty, and yet silent. An empty table says that there is
    nothing; an absent one leaves what it would tell unknown, unless it is optional."""
    knowledge: Knowledge = field(kw_only=True)
    """The catalogues that its codes are of."""

    def __repr__(self) -> str:
        names = ("patients", "episodes", "scores")
        counts = ", ".join(_counted(self.table(name).height, name) for name in names)
        notes = f"; without {', '.join(sorted(self.absent))}" if self.absent else ""
        if self.incomplete:
            notes += f"; rows refused of {_counted(len(self.incomplete), 'patients')}"
        clinic = "" if self.knowledge.clinic is None else f"; {self.knowledge.clinic.edition}"
        return f"<CareLog: {counts}{notes}{clinic}>"

    @cached_property
    def in_doubt(self) -> frozenset[str]:
        """The patients of whom a row was refused, or says a finding that no catalogue knows."""
        unknown = ~(pl.col("kind") + " " + pl.col("code")).is_in(
            _findings(self.knowledge).implode()
        )
        return self.incomplete | set(self.findings.filter(unknown)["patient"])

    @cached_property
    def given(self) -> pl.DataFrame:
        """The treatments that were given: not what was cancelled, planned or not attended."""
        status = self.treatments["status"]
        if status.null_count() == status.len():
            return self.treatments
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
        """Return the seven tables as Arrow tables, by name."""
        return {name: self.table(name).to_arrow() for name in TABLES}

    @classmethod
    def from_arrow(
        cls,
        tables: Mapping[str, pa.Table],
        ignored: Collection[str] = (),
        knowledge: Knowledge = SHIPPED,
    ) -> CareLog:
        """Build a care log from Arrow tables by name; what an absent table would tell is unknown.

        Args:
            tables: by their names.
            ignored: columns such as `treatments.cancelled` that are known to be of no account.
            knowledge: the catalogues that the codes are of.

        Raises:
            CareLogError: at least one table, column or value is not what the schema expects.
        """
        frames = {name: _frame(name, table) for name, table in tables.items()}
        log, bad = assemble(frames, knowledge, ignored=ignored)
        problems = [b.at(name, None if b.row is None else b.row + 1) for name, b in bad]
        if any(not p.warning for p in problems):
            raise CareLogError(problems)
        return log

    @classmethod
    def of(
        cls, table: Callable[[str], pl.DataFrame], knowledge: Knowledge, zone: str = "UTC"
    ) -> CareLog:
        """Build a care log from what gives each table by its name."""
        return cls(
            table("patients"),
            table("episodes"),
            table("scores"),
            table("treatments"),
            table("exams"),
            table("findings"),
            table("visits"),
            zone=zone,
            knowledge=knowledge,
        )

    def wholly_incomplete(self) -> CareLog:
        """Return the same, known to lack something that may be of anybody."""
        people = pl.concat([self.patients["patient"], self.episodes["patient"]])
        return replace(self, incomplete=frozenset(people))

    def only(self, episode: str) -> CareLog:
        """Return what concerns one episode: its patient, and every episode of that patient.

        The patient's other episodes stay, since limits such as injections a year count them all.
        """
        return self.of_patients(self.episodes.filter(pl.col("episode") == episode)["patient"])

    def findings_about(self, episode: str, patient: str) -> pl.DataFrame:
        """Return what was found of a patient; of what belongs to an episode, such as a consent,
        what names this one or none.
        """
        limited = [kind for kind, row in finding_kinds(self.knowledge).items() if row.of_episode]
        mine = pl.col("episode").is_null() | (pl.col("episode") == episode)
        mine |= ~pl.col("kind").is_in(limited)
        return self.findings.filter(mine, patient=patient)

    def of_patients(self, patients: pl.Series) -> CareLog:
        """Return what concerns some patients, all of their episodes included."""
        person = pl.col("patient").is_in(patients.implode())
        episodes = self.episodes.filter(person)
        mine = pl.col("episode").is_in(episodes["episode"].implode())
        return replace(
            self,
            patients=self.patients.filter(person),
            episodes=episodes,
            scores=self.scores.filter(mine),
            treatments=self.treatments.filter(mine),
            exams=self.exams.filter(mine),
            findings=self.findings.filter(person),
            visits=self.visits.filter(mine),
            incomplete=self.incomplete & set(patients),
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number != 1 else f"1 {what.removesuffix('s')}"


def assemble(
    raw: dict[str, pl.DataFrame],
    knowledge: Knowledge,
    on_record: Mapping[str, pl.DataFrame] | None = None,
    *,
    ignored: Collection[str] = (),
    today: Moment | None = None,
) -> tuple[CareLog, list[tuple[str, Bad]]]:
    """Type and check raw tables; return the good rows and, by table, everything refused.

    A row is kept only when all of it is good, and when the rows it refers to are. An absent table
    is empty, and so is one that lacks a required column; rows that refer to it are not blamed.
    Each raw table is taken out of `raw` once it is typed, since a clinic's are large. `knowledge`
    has the codes; `on_record` holds patients and episodes that rows may refer to beside
    those in `raw`; `ignored` names columns that are known to be of no account; `today` is the day
    at the clinic, with its zone.
    """
    frames = dict(_empty_tables())
    absent = {name for name in TABLES.keys() - raw.keys() if not TABLES[name].optional}
    read = dict(on_record or {})
    bad: list[tuple[str, Bad]] = []
    for name in raw:
        bad += [(name, b) for b in unusable_columns(TABLES[name], raw[name], ignored)]
    unreadable = {name for name, _ in bad}
    spoiled: dict[str, pl.DataFrame] = {}
    with _mapping(sum(frame.height for frame in raw.values())) as mapped:
        for wave in WAVES:
            names = [name for name in wave if name in raw and name not in unreadable]
            checked = mapped(
                lambda name: _checked(TABLES[name], raw.pop(name), read, knowledge, ignored, today),
                names,
            )
            for name, (frame, refusals, refused_rows) in zip(names, list(checked), strict=True):
                frames[name] = frame
                read[name] = _with(frame, read.get(name))
                bad += [(name, b) for b in refusals]
                if not refused_rows.is_empty():
                    spoiled[name] = refused_rows
    log = CareLog.of(frames.__getitem__, knowledge, "UTC" if today is None else today.zone)
    log = replace(log, absent=frozenset(absent | unreadable))
    if any(b.row is None and not b.warning for _, b in bad) or _names_what_is_lost(bad, knowledge):
        return log.wholly_incomplete(), bad
    return _incomplete(log, spoiled, read), bad


def _names_what_is_lost(bad: Iterable[tuple[str, Bad]], knowledge: Knowledge) -> bool:
    """Whether rows name what a catalogue seems to have lost, and what bears on others, too.

    Who was not asked about a kind of finding, and which regions a muscle reaches, matters for
    everybody.
    """
    known: dict[str | None, list[str]] = {
        "kind": [*finding_kinds(knowledge)],
        "muscle": [*muscles(knowledge)],
    }
    named = {(b.column, b.value) for _, b in bad if b.column in known and b.value is not None}
    return any(nearest_of(str(value), known[column]) is None for column, value in named)


@derived
def _findings(knowledge: Knowledge) -> pl.Series:
    """Kind and code of every finding of the catalogue."""
    kinds = finding_kinds(knowledge).items()
    return pl.Series([f"{kind} {code}" for kind, row in kinds for code in row.codes])


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
    table: Table,
    raw: pl.DataFrame,
    read: Mapping[str, pl.DataFrame],
    knowledge: Knowledge,
    ignored: Collection[str],
    today: Moment | None,
) -> tuple[pl.DataFrame, list[Bad], pl.DataFrame]:
    """The good rows of a table, the refusals, and the rows that were refused."""
    frame, refusals = convert(table, raw, knowledge, ignored)
    if table.name == "findings":
        frame = understand(frame, knowledge)
    refusals += check_rows(table, frame, read, knowledge, today)
    spoiled = sorted({b.row for b in refusals if b.row is not None and not b.warning})
    left_out = {b.row for b in refusals if b.again}.union(spoiled)
    if not left_out:
        return frame, refusals, frame.clear()
    good = frame.with_row_index("row").filter(~pl.col("row").is_in(left_out)).drop("row")
    return good, refusals, frame[spoiled]


def _with(frame: pl.DataFrame, on_record: pl.DataFrame | None) -> pl.DataFrame:
    """The rows, and those on record that they do not say anew."""
    if on_record is None:
        return frame
    return pl.concat([frame, on_record.join(frame, on=frame.columns[0], how="anti")])


def _incomplete(
    log: CareLog, spoiled: Mapping[str, pl.DataFrame], read: Mapping[str, pl.DataFrame]
) -> CareLog:
    """The care log with the patients of whom a row was refused.

    A row that names nobody known may be of anybody, so that everybody's record is incomplete.
    """
    if not spoiled:
        return log

    def named(table: str, *keys: str) -> pl.DataFrame:
        """The keys of a table's good rows, of those on record and of those refused."""
        rows = [held[table].select(keys) for held in (read, spoiled) if table in held]
        empty = pl.DataFrame(schema=dict.fromkeys(keys, pl.String))
        return pl.concat([empty, *rows]).drop_nulls()

    episodes = named("episodes", "episode", "patient")
    people = named("patients", "patient")["patient"]
    if "patients" in log.absent:
        people = episodes["patient"]
    whose: set[str] = set()
    for rows in spoiled.values():
        row = rows.with_row_index("row")
        claims = []
        if "patient" in rows.columns:
            claims.append(row.select("row", "patient"))
        if "episode" in rows.columns:
            claims.append(row.select("row", "episode").join(episodes, on="episode").drop("episode"))
        claimed = pl.concat(claims).filter(pl.col("patient").is_in(people.implode()))
        if claimed["row"].n_unique() < rows.height:
            return log.wholly_incomplete()
        whose.update(claimed["patient"])
    return replace(log, incomplete=frozenset(whose))


def _frame(name: str, table: pa.Table) -> pl.DataFrame:
    """An Arrow table in Polars.

    Raises:
        CareLogError: it has a type that Polars does not know.
    """
    try:
        return pl.DataFrame(table)
    except Exception as e:  # Polars and Arrow raise many, and a panic is none of `Exception`
        raise CareLogError([problem(name, f"cannot be read: {e}")]) from None


def problem(file: str, expected: str, *, warning: bool = False) -> Problem:
    """Return a problem of a whole file."""
    return Problem(file, None, None, None, expected, warning)
