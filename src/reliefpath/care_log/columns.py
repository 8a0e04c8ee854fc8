"""Turn raw columns into the schema's types; every value that does not fit becomes a problem."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from reliefpath.care_log.reading_rules import reading_rules
from reliefpath.care_log.schema import Column, Kind, Table
from reliefpath.clock import MIDNIGHT, TICK
from reliefpath.errors import Problem, nearest, nearest_of
from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.catalogue import folded

TIMES = (
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M%#z",
)
"""How times are written: ISO 8601, pandas and PostgreSQL, and both without seconds."""
KEYS = ("patient", "episode")
HIDDEN = r"[\p{Cc}\p{Co}\p{Zl}\p{Zp}\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2069\ufeff]"
"""Control characters, line ends, and what changes the direction of text or has no width."""
NO_HIDDEN = "must not contain control characters, or such as change the direction of text"


@dataclass(frozen=True)
class Bad:
    """A value that is refused, by its row, counted from 0; `row` is None for a whole column."""

    row: int | None
    column: str | None
    value: str | None
    expected: str
    warning: bool = False
    again: bool = False
    """Whether the row says again what another says, so that it is not counted."""

    def at(self, file: str, line: int | None) -> Problem:
        """Return the problem, once its place is known."""
        return Problem(file, line, self.column, self.value, self.expected, self.warning)


def convert(
    table: Table, raw: pl.DataFrame, knowledge: Knowledge, ignored: Collection[str] = ()
) -> tuple[pl.DataFrame, list[Bad]]:
    """Return `raw` in the schema's columns and types, refused values null, and the refusals.

    `knowledge` has the codes; `ignored` names columns, such as `treatments.cancelled`, that are
    known to be of no account.
    """
    bad = list(_unknown_columns(table, raw, ignored))
    columns = []
    nothing: dict[Kind, pl.Series] = {}  # columns in which nothing is said share it
    for column in table.columns:
        said = raw.get_column(column.name, default=None)
        if said is None or (said.null_count() == said.len() and not column.required):
            if column.kind not in nothing:
                dtype = column.kind.dtype
                nothing[column.kind] = pl.repeat(None, raw.height, dtype=dtype, eager=True)
            columns.append(nothing[column.kind].alias(column.name))
        else:
            series, refusals = _convert(table, column, said, knowledge)
            columns.append(series)
            bad += refusals
    return pl.DataFrame(columns), bad


def unusable_columns(table: Table, raw: pl.DataFrame, ignored: Collection[str] = ()) -> list[Bad]:
    """Return why `raw` cannot be read at all: columns that it lacks, times without a zone."""
    bad: list[Bad] = []
    for column in table.columns:
        if column.name not in raw.columns:
            if column.required:
                bad.append(Bad(None, column.name, None, "required column is missing"))
        elif column.kind is Kind.INSTANT and _naive(raw.schema[column.name]):
            expected = "times have no zone; expected times with a zone, or dates"
            bad.append(Bad(None, column.name, None, expected))
    return [*bad, *_unknown_columns(table, raw, ignored)] if bad else []


def _naive(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is None


def _unknown_columns(table: Table, raw: pl.DataFrame, ignored: Collection[str]) -> Iterator[Bad]:
    """Columns that the schema lacks: told, and a problem where leaving them out could harm."""
    known = set(table.schema)
    for name in raw.columns:
        if name in known:
            continue
        if f"{table.name}.{name}" in ignored or raw[name].null_count() == raw.height:
            yield Bad(None, name, None, "unknown column, left out", warning=True)
            continue
        left = known - set(raw.columns)
        near = nearest_of(name, left)
        hint = nearest(name, left) or nearest(name, known)
        if reading_rules().turning.turns(name):
            say = (
                "unknown column that could turn a row round; if it is of no account: "
                f"--ignore-column {table.name}.{name}"
            )
            yield Bad(None, name, None, f"{say}{hint}")
        elif near is not None and table[near].absent:
            say = f"unknown column; is it `{near}`? If not: --ignore-column {table.name}.{name}"
            yield Bad(None, name, None, say)
        else:
            yield Bad(None, name, None, f"unknown column, left out{hint}", warning=True)


def _convert(
    table: Table, column: Column, raw: pl.Series, knowledge: Knowledge
) -> tuple[pl.Series, list[Bad]]:
    series, bad = _parse(column.kind, raw), []
    # counting is far cheaper than looking, and most columns have nothing to be found
    if series.null_count() > raw.null_count():
        bad += refused(column.name, raw, raw.is_not_null() & series.is_null(), column.kind.value)
    if column.kind in (Kind.DATE, Kind.INSTANT):
        series, far = _four_digit_years(column, raw, series)
        bad += far
    if column.kind is Kind.TEXT:
        bad += list(_odd_text(table, column, raw, series))
    if column.required and raw.null_count():
        bad += refused(column.name, raw, raw.is_null(), "must not be empty")
    if column.codes:
        series, unknown = _known_codes(table, column, series, knowledge)
        bad += unknown
    if column.low is not None:
        outside = series < column.low
        expected = f"expected at least {column.low:g}"
        if column.high is not None:
            outside |= series > column.high
            expected = f"expected {column.low:g} to {column.high:g}"
        if outside.any():
            outside = outside.fill_null(False)
            bad += refused(column.name, raw, outside, expected)
            series = series.set(outside, None)
    return series, bad


def _four_digit_years(
    column: Column, raw: pl.Series, series: pl.Series
) -> tuple[pl.Series, list[Bad]]:
    """Typed dates can lie outside the years 1 to 9999, which have no written form."""
    near = series.is_between(*_YEARS[column.kind])
    if near.all():
        return series, []
    far = ~near.fill_null(True)
    series = series.set(far, None)
    rows = far.arg_true()
    return series, [Bad(row, column.name, None, column.kind.value) for row in rows]


_YEARS = {
    Kind.DATE: (date(1, 1, 1), date(9999, 12, 31)),
    Kind.INSTANT: (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
}


def refused(column: str, raw: pl.Series, mask: pl.Series, expected: str) -> list[Bad]:
    """Return a refusal for every row where `mask` is true."""
    if not mask.any():  # which costs a tenth of looking for the rows
        return []
    rows = mask.arg_true()
    values = raw.gather(rows)
    try:
        shown = [None if value is None else _text(value) for value in values]
    except (OverflowError, ValueError):  # a time that Python cannot tell
        shown = [None] * len(rows)
    return [Bad(row, column, value, expected) for row, value in zip(rows, shown, strict=True)]


def _text(value: object) -> str:
    """A value as a file would say it."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == MIDNIGHT else value.isoformat()
    return str(value)


def _odd_text(table: Table, column: Column, raw: pl.Series, series: pl.Series) -> Iterator[Bad]:
    """Characters that do not belong into a text, and names that could not be told apart."""
    if column is table.columns[0] and table.unique:
        yield from refused(column.name, raw, series.str.contains(HIDDEN), NO_HIDDEN)
        yield from refused(column.name, raw, series.is_in([".", ".."]), "must be a name")
        blank = series.str.contains(r"^\s|\s$")
        yield from refused(column.name, raw, blank, "must not begin or end with a blank")
    elif column.prose:
        nul = series.str.contains("\x00", literal=True)
        yield from refused(column.name, raw, nul, "must not contain the character NUL")
    elif column.name not in KEYS:  # a key that is odd has no parent
        broken = series.str.contains("[\x00\n\r]")
        yield from refused(column.name, raw, broken, "must be one line, without NUL")


def _known_codes(
    table: Table, column: Column, series: pl.Series, knowledge: Knowledge
) -> tuple[pl.Series, list[Bad]]:
    codes = column.codes_in(knowledge)
    known = series.is_in(codes)
    if known.all():
        return series, []
    if words := reading_rules().words.get(f"{table.name}.{column.name}"):
        said = series.str.strip_chars().str.to_lowercase().str.replace_all("[ _-]+", "-")
        series = said.replace(words.code_of).zip_with(said.is_in([*words.code_of]), series)
        known = series.is_in(codes)
    names = None if column.names is None else column.names(knowledge)
    if names is not None and column.takes_names:
        series = _by_name(names, series, ~known.fill_null(True))
        known = series.is_in(codes)
    unknown = ~known.fill_null(True)
    bad = [
        Bad(row, column.name, value, f"unknown {column.name}{_meant(value, codes, names)}")
        for row, value in zip(unknown.arg_true(), series.filter(unknown), strict=True)
    ]
    return series.set(unknown, None), bad


def _by_name(names: Mapping[str, str], series: pl.Series, unknown: pl.Series) -> pl.Series:
    """The codes of what is called by one of their names."""
    place = unknown.arg_true()
    return series.scatter(place, [names.get(folded(v), v) for v in series.gather(place)])


def _meant(value: str, codes: Collection[str], names: Mapping[str, str] | None) -> str:
    """Which code may be meant: what is near by spelling may be another substance or limb."""
    if names is None:
        return nearest(value, codes)
    code = names.get(folded(value))
    return f": one of {', '.join(codes)}" if code is None else f" (did you mean `{code}`?)"


def _parse(kind: Kind, raw: pl.Series) -> pl.Series:
    if raw.dtype in (pl.Categorical, pl.Enum):
        raw = raw.cast(pl.String)
    if raw.dtype == pl.String:
        return _parse_text(kind, raw)
    if not _fits(kind, raw.dtype):
        return pl.Series(raw.name, [None] * raw.len(), kind.dtype)
    if kind is Kind.INSTANT and raw.dtype == pl.Date:
        return raw.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    series = raw.cast(kind.dtype, strict=False)
    return _finite(series) if kind is Kind.NUMBER else series


def _fits(kind: Kind, dtype: pl.DataType) -> bool:
    """Whether values of a type other than text can be meant; nothing is guessed."""
    day = isinstance(dtype, pl.Date | pl.Datetime)
    match kind:
        case _ if dtype == pl.Null:
            return True
        case Kind.FLAG:
            return dtype == pl.Boolean
        case Kind.DATE | Kind.INSTANT:
            return day
        case Kind.NUMBER:
            return dtype.is_numeric()
        case Kind.TEXT | Kind.CODE:
            return day or dtype.is_numeric() or dtype == pl.Boolean


def _parse_text(kind: Kind, raw: pl.Series) -> pl.Series:
    match kind:
        case Kind.TEXT | Kind.CODE:
            empty = raw == ""
            return raw.set(empty, None) if empty.any() else raw
        case Kind.NUMBER:
            return _finite(raw.cast(pl.Float64, strict=False))
        case Kind.FLAG:
            text = raw.str.to_lowercase()
            flag = text == "true"
            return flag.set((text != "true") & (text != "false"), None)
        case Kind.DATE:
            return _dates(raw)
        case Kind.INSTANT:
            midnight = _dates(raw).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
            if midnight.null_count() == raw.null_count():
                return midnight
            zoned = _times(raw, midnight.is_not_null() | raw.is_null())
            at_midnight = zoned.dt.time() == MIDNIGHT
            if at_midnight.any():  # a time that was said is no date alone
                zoned = (zoned + TICK).zip_with(at_midnight, zoned)
            return midnight.zip_with(midnight.is_not_null(), zoned)


def _times(raw: pl.Series, settled: pl.Series) -> pl.Series:
    """Times with a zone, as any of `TIMES` writes them; where a row is settled it may be null."""
    zoned = pl.Series(raw.name, [None], Kind.INSTANT.dtype).new_from_index(0, raw.len())
    for written in TIMES:
        if settled.all():
            break
        found = raw.str.to_datetime(written, time_unit="us", time_zone="UTC", strict=False)
        zoned = zoned.zip_with(zoned.is_not_null(), found)
        settled |= zoned.is_not_null()
    return zoned


def _dates(raw: pl.Series) -> pl.Series:
    whole = raw.set(raw.str.len_bytes() != 10, None)
    return whole.str.to_date("%Y-%m-%d", strict=False)


def _finite(series: pl.Series) -> pl.Series:
    finite = series.is_finite()
    return series if finite.all() else series.set(~finite.fill_null(True), None)
