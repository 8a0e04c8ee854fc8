"""Turn raw columns into the schema's types; every value that does not fit becomes a problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from reliefpath.chart.schema import Column, Kind, Table
from reliefpath.clock import MIDNIGHT, TICK
from reliefpath.errors import Problem, nearest


@dataclass(frozen=True)
class Bad:
    """A value that is refused, by its row, counted from 0; `row` is None for a whole column."""

    row: int | None
    column: str | None
    value: str | None
    expected: str
    warning: bool = False

    def at(self, file: str, line: int | None) -> Problem:
        """Return the problem, once its place is known."""
        return Problem(file, line, self.column, self.value, self.expected, self.warning)


def convert(table: Table, raw: pl.DataFrame) -> tuple[pl.DataFrame, list[Bad]]:
    """Return `raw` in the schema's columns and types, refused values null, and the refusals."""
    bad = list(_unknown_columns(table, raw.columns))
    columns = []
    for column in table.columns:
        if column.name in raw.columns:
            series, refused = _convert(column, raw[column.name])
            bad += refused
        else:
            series = pl.Series(column.name, [None] * raw.height, column.kind.dtype)
        columns.append(series)
    return pl.DataFrame(columns), bad


def unusable_columns(table: Table, raw: pl.DataFrame) -> list[Bad]:
    """Return why `raw` cannot be read at all: columns that it lacks, times without a zone."""
    bad: list[Bad] = []
    for column in table.columns:
        if column.name not in raw.columns:
            if column.required:
                bad.append(Bad(None, column.name, None, "required column is missing"))
        elif column.kind is Kind.INSTANT and _naive(raw.schema[column.name]):
            expected = "times have no zone; expected times with a zone, or dates"
            bad.append(Bad(None, column.name, None, expected))
    return [*bad, *_unknown_columns(table, raw.columns)] if bad else []


def _naive(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is None


def _unknown_columns(table: Table, found: list[str]) -> Iterator[Bad]:
    known = set(table.schema)
    for name in found:
        if name not in known:
            hint = nearest(name, known - set(found)) or nearest(name, known)
            yield Bad(None, name, None, f"unknown column, left out{hint}", warning=True)


def _convert(column: Column, raw: pl.Series) -> tuple[pl.Series, list[Bad]]:
    if raw.null_count() == raw.len() and not column.required:
        return pl.Series(column.name, [None] * raw.len(), column.kind.dtype), []
    series, bad = _parse(column.kind, raw), []
    # counting is far cheaper than looking, and most columns have nothing to be found
    if series.null_count() > raw.null_count():
        bad += refused(column.name, raw, raw.is_not_null() & series.is_null(), column.kind.value)
    if column.kind in (Kind.DATE, Kind.INSTANT):
        series, far = _four_digit_years(column, raw, series)
        bad += far
    if column.kind in (Kind.TEXT, Kind.CODE):
        nul = series.str.contains("\x00", literal=True)
        bad += refused(column.name, raw, nul, "must not contain the character NUL")
    if column.required and raw.null_count():
        bad += refused(column.name, raw, raw.is_null(), "must not be empty")
    if column.codes:
        series, unknown = _known_codes(column, series)
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
    return [
        Bad(row, column, None if value is None else _text(value), expected)
        for row, value in zip(rows, raw.gather(rows), strict=True)
    ]


def _text(value: object) -> str:
    """A value as a file would say it."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == MIDNIGHT else value.isoformat()
    return str(value)


def _known_codes(column: Column, series: pl.Series) -> tuple[pl.Series, list[Bad]]:
    known = series.is_in(column.codes)
    if known.all():
        return series, []
    unknown = ~known.fill_null(True)
    bad = [
        Bad(row, column.name, value, f"unknown {column.name}{nearest(value, column.codes)}")
        for row, value in zip(unknown.arg_true(), series.filter(unknown), strict=True)
    ]
    return series.set(unknown, None), bad


def _parse(kind: Kind, raw: pl.Series) -> pl.Series:
    if raw.dtype in (pl.Categorical, pl.Enum):
        raw = raw.cast(pl.String)
    if raw.dtype == pl.String:
        return _parse_text(kind, raw)
    if kind is Kind.FLAG and raw.dtype != pl.Boolean:
        return pl.Series(raw.name, [None] * raw.len(), kind.dtype)
    if kind in (Kind.DATE, Kind.INSTANT) and not raw.dtype.is_temporal() and raw.dtype != pl.Null:
        return pl.Series(raw.name, [None] * raw.len(), kind.dtype)
    if kind is Kind.INSTANT and raw.dtype == pl.Date:
        return raw.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    series = raw.cast(kind.dtype, strict=False)
    return _finite(series) if kind is Kind.NUMBER else series


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
            zoned = raw.str.to_datetime(
                "%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False
            )
            # a time that is midnight in UTC is no date alone
            at_midnight = zoned.dt.time() == MIDNIGHT
            if at_midnight.any():  # a time that was said is no date alone
                zoned = (zoned + TICK).zip_with(at_midnight, zoned)
            return midnight.zip_with(midnight.is_not_null(), zoned)


def _dates(raw: pl.Series) -> pl.Series:
    whole = raw.set(raw.str.len_bytes() != 10, None)
    return whole.str.to_date("%Y-%m-%d", strict=False)


def _finite(series: pl.Series) -> pl.Series:
    finite = series.is_finite()
    return series if finite.all() else series.set(~finite.fill_null(True), None)
