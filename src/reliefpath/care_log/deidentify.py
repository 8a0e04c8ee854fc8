"""A care log without its people: no name, no real date, no free text, nobody in a small group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random, SystemRandom

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import REPORTERS, TABLES, Kind, Table
from reliefpath.care_log.sharing import sharing_catalogue
from reliefpath.care_log.small_groups import UNKNOWN_SEX, guard_findings, guard_people
from reliefpath.errors import UsageError
from reliefpath.reference.measures import measures

LAST_YEAR = 9999
"""The last that a date can be in."""
SHOWN_CODES = (
    ("episodes", "primary_measure"),
    ("scores", "measure"),
    ("treatments", "therapy"),
    ("treatments", "agent"),
    ("treatments", "muscle"),
    ("exams", "muscle"),
)
"""Codes that stay however few patients have them, since advice rests on them."""


@dataclass(frozen=True)
class Report:
    """What was hidden and left out, in exact numbers, which are not for the reader: see `text`."""

    fewest: int
    """How many patients share whatever is shown of one."""
    patients: int
    sex_hidden: int
    age_hidden: int
    left_out: int
    findings_left_out: tuple[str, ...]
    """As `kind/code`."""
    rare: tuple[str, ...]
    """As `table.column code`: what fewer than `fewest` patients have and was kept, for whoever
    decides whether the care log may be shared."""

    def text(self) -> str:
        """Return what the reader must know, with no small number in it."""
        return "\n\n".join([*self._numbers(), *_notes()]) + "\n"

    def _numbers(self) -> Iterator[str]:
        yield f"A care log of {self._count(self.patients)}, without names and real dates."
        yield (
            f"At least {self.fewest} patients share what is shown of one. For that the sex of "
            f"{self._count(self.sex_hidden)} and the age of {self._count(self.age_hidden)} are "
            f"hidden, and {self._count(self.left_out)} are left out."
        )
        if self.findings_left_out:
            yield f"Findings left out: {', '.join(self.findings_left_out)}."

    def _count(self, number: int) -> str:
        if 0 < number < self.fewest:
            return f"fewer than {self.fewest} patients"
        return f"{number or 'no'} patients"


def _notes() -> Iterator[str]:
    catalogue = sharing_catalogue()
    for note in catalogue.notes.values():
        cites = "; ".join(str(catalogue.sources[name]) for name in note.source)
        yield f"{' '.join(note.say.split())} ({cites})"


def deidentify(
    care_log: CareLog, fewest: int | None = None, random: Random | None = None
) -> tuple[CareLog, Report]:
    """Return a care log that names nobody, and what its reader must know.

    Identifiers are drawn anew, and rows sorted by them. Names and free text go. All dates of a
    patient move by one random number of days, clock times go, and age becomes a band. Patients whom
    fewer than `fewest` are like in sex, age and regions lose sex, age or both, or are left out, and
    so are findings of fewer than that. Nothing is kept that leads back.

    Args:
        care_log: the clinic's records.
        fewest: by default what `sharing.yaml` says.
        random: by default the operating system's, the only one fit for real patients.

    Raises:
        UsageError: `fewest` is less than 2, which would guard nobody.
    """
    fewest = sharing_catalogue().limits.fewest_alike.value if fewest is None else fewest
    if fewest < 2:
        raise UsageError(f"expected 2 or more patients alike, not {fewest}: one guards nobody")
    guarded = guard_people(_people(care_log), fewest)
    shown = guarded.people
    findings, left_out = guard_findings(
        care_log.findings.join(shown, on="patient", how="semi"), fewest, care_log.knowledge
    )
    safe = _Disguise(care_log, shown, findings, random or SystemRandom()).care_log()
    report = Report(
        fewest,
        shown.height,
        guarded.sex_hidden,
        guarded.age_hidden,
        guarded.left_out,
        tuple(left_out),
        tuple(_rare(safe, fewest)),
    )
    return safe, report


def _people(care_log: CareLog) -> pl.DataFrame:
    """Each patient with sex, band of age, regions, and the day on which the first episode began."""
    limits = sharing_catalogue().limits
    band, oldest = limits.age_band_years.value, limits.oldest_age.value
    owned = care_log.episodes.select("episode", "patient")
    begun = care_log.episodes.group_by("patient").agg(
        pl.col("region").sort().str.join(" "), first=pl.col("started_on").min()
    )
    rows = pl.concat(
        _days(care_log, name, owned) for name in TABLES if name not in ("patients", "visits")
    )
    days = rows.group_by("patient").agg(earliest=pl.col("day").min(), last=pl.col("day").max())
    people = care_log.patients.join(begun, on="patient", how="left")
    people = people.join(days, on="patient", how="left")
    people = people.with_columns(first=pl.coalesce("first", "earliest"))
    at_first, at_last = (_years(pl.col("birth_date"), pl.col(day)) for day in ("first", "last"))
    return people.select(
        "patient",
        pl.col("sex").fill_null(UNKNOWN_SEX),
        pl.when(at_last >= oldest).then(oldest).otherwise(at_first // band * band).alias("age"),
        pl.col("region").fill_null("").alias("regions"),
        "first",
    )


def _days(care_log: CareLog, name: str, owned: pl.DataFrame) -> pl.DataFrame:
    """The patient and every day of the rows of a table."""
    rows = _with_patient(care_log.table(name), owned)
    dates = [c for c in rows.columns if c in ("started_on", "ended_on")]
    days = [*map(pl.col, dates), *([care_log.day_of()] if "at" in rows.columns else [])]
    return rows.select("patient", pl.concat_list(days).alias("day")).explode("day")


def _with_patient(rows: pl.DataFrame, owned: pl.DataFrame) -> pl.DataFrame:
    if "patient" in rows.columns:
        return rows
    return rows.join(owned, on="episode", how="left", maintain_order="left")


def _years(born: pl.Expr, on: pl.Expr) -> pl.Expr:
    """Whole years from a birth date to a day."""
    had = (on.dt.month() * 100 + on.dt.day()) >= (born.dt.month() * 100 + born.dt.day())
    return on.dt.year() - born.dt.year() - (~had).cast(pl.Int32)


class _Disguise:
    """New identifiers and moved days, which nobody sees but the rows made with them."""

    def __init__(
        self, care_log: CareLog, shown: pl.DataFrame, findings: pl.DataFrame, random: Random
    ) -> None:
        people = shown.sort("patient")
        year = date(sharing_catalogue().limits.first_year.value, 1, 1)
        begin = [year + timedelta(days=random.randrange(365)) for _ in range(people.height)]
        self._people = people.with_columns(
            new_patient=_identifiers(people.height, random),
            moved=pl.Series(begin, dtype=pl.Date) - pl.col("first"),
        )
        self._tables = {name: care_log.table(name) for name in TABLES} | {
            "findings": findings,
            "visits": care_log.visits.clear(),  # nothing is worked out from them
        }
        owned = care_log.episodes.select("episode", "patient").sort("episode")
        self._episodes = owned.with_columns(new_episode=_identifiers(owned.height, random))
        self._shown = care_log
        self._day = care_log.day_of()
        self._instants = self._new_instants()
        self._random = random

    def care_log(self) -> CareLog:
        gaps = self._people.filter(pl.col("patient").is_in(list(self._shown.incomplete)))
        tables = {name: self._table(table) for name, table in TABLES.items()}
        incomplete, absent = frozenset(gaps["new_patient"]), self._shown.absent
        hidden = CareLog.of(tables.__getitem__, self._shown.knowledge)
        return replace(hidden, incomplete=incomplete, absent=absent)

    def _table(self, table: Table) -> pl.DataFrame:
        rows = _with_patient(self._tables[table.name], self._episodes.drop("new_episode"))
        if table.name == "scores":
            rows = self._with_numbered_items(rows)
        rows = rows.join(self._people, on="patient", suffix="_shown")
        if "episode" in rows.columns:
            named = self._episodes.select("episode", "new_episode")
            rows = rows.join(named, on="episode", how="left")
        if table.name == "scores":  # what else it says may name somebody
            by = pl.col("reported_by")
            rows = rows.with_columns(new_reported_by=pl.when(by.is_in(REPORTERS)).then(by))
        if "at" in rows.columns:
            rows = rows.join(self._instants, on=["patient", "at"])
        if table.name == "patients":
            begin = (pl.col("first") + pl.col("moved")).dt.year()
            born = pl.date(begin - pl.col("age"), 1, 1)
            rows = rows.with_columns(new_birth_date=born, new_sex="sex_shown")
        return rows.select(
            _shown_value(c.name, c.kind, rows).cast(c.kind.dtype).alias(c.name)
            for c in table.columns
        ).sort(*table.schema)

    def _new_instants(self) -> pl.DataFrame:
        """Of each patient every instant, in seconds that tell its place among those of its day."""
        owned = self._episodes.drop("new_episode")
        seen = pl.concat(
            _with_patient(rows, owned).select("patient", "at")
            for rows in self._tables.values()
            if "at" in rows.columns
        ).unique()
        day = self._day
        place = pl.col("at").rank("dense").over("patient", day) - 1
        moved = (day + pl.col("moved")).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        seen = seen.join(self._people.select("patient", "moved"), on="patient")
        return seen.select("patient", "at", new_at=moved + pl.duration(seconds=place))

    def _with_numbered_items(self, scores: pl.DataFrame) -> pl.DataFrame:
        """Number the items that patients name, in random order, the same at every visit."""
        free = [
            name
            for name, measure in measures(self._shown.knowledge).items()
            if measure.item_ids is None
        ]
        key = ["patient", "measure", "item"]
        named = scores.filter(pl.col("measure").is_in(free) & pl.col("item").is_not_null())
        items = named.select(key).unique().sort(key)
        drawn = pl.Series([self._random.random() for _ in range(items.height)], dtype=pl.Float64)
        place = pl.col("drawn").rank("ordinal").over("patient", "measure")
        items = items.with_columns(drawn=drawn).select(*key, new_item=pl.format("item-{}", place))
        scores = scores.join(items, on=key, how="left")
        coded = pl.when(~pl.col("measure").is_in(free)).then("item")
        return scores.with_columns(new_item=pl.coalesce("new_item", coded))


def _shown_value(name: str, kind: Kind, rows: pl.DataFrame) -> pl.Expr:
    """What is shown of a column; free text only where something was made for its place."""
    if f"new_{name}" in rows.columns:
        return pl.col(f"new_{name}")
    match kind:
        case Kind.TEXT:
            return pl.lit(None)
        case Kind.DATE:
            days = pl.col(name).cast(pl.Int32) + pl.col("moved").dt.total_days()
            last = (date(LAST_YEAR, 12, 31) - date(1970, 1, 1)).days
            return pl.when(days <= last).then(days).cast(pl.Int32).cast(pl.Date)
    return pl.col(name)


def _identifiers(count: int, random: Random) -> pl.Series:
    return pl.Series([f"{random.getrandbits(64):016x}" for _ in range(count)], dtype=pl.String)


def _rare(care_log: CareLog, fewest: int) -> Iterator[str]:
    owned = care_log.episodes.select("episode", "patient")
    for name, column in SHOWN_CODES:
        rows = _with_patient(care_log.table(name), owned).drop_nulls(column)
        patients = rows.group_by(column).agg(pl.col("patient").n_unique())
        few = patients.filter(pl.col("patient") < fewest)
        yield from (f"{name}.{column} {code}" for code in few[column].sort())
