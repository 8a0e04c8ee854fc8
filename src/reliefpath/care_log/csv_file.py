"""Read a table's CSV as text, and account for every line of it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv

from reliefpath.care_log.schema import Kind, Table
from reliefpath.errors import Problem

CHUNK = 1 << 22
LINE_FEED = ord("\n")
DATE = re.compile(r"\s*\d{4}-\d\d-\d\d")
FORMULA = r"'*[=+\-@\t\r\n]"
"""How text begins that a spreadsheet would take for a formula, or would but for apostrophes."""
LONG = 200
"""Characters of a row that a problem shows."""


@dataclass
class Held:
    """What a file held."""

    frame: pl.DataFrame | None
    """The rows with the header's number of fields; None if they cannot be read at all."""
    problems: list[Problem] = field(default_factory=list)
    rows: int | None = None
    """The rows of the file, those that were refused included; None if nobody can know."""
    strays: list[str | None] = field(default_factory=list)
    """The first field of each row with too few or too many, where the key stands first."""
    even: bool = False
    """Whether each line is a row, so that their places need not be looked for."""


def read_csv(file: Path, table: Table) -> Held:
    """Read all columns as text; rows with too many or too few fields are refused."""
    try:
        return _read(file, table)
    except UnicodeDecodeError:
        return Held(None, [_not_utf8(file)])
    except csv.Error as e:
        return Held(None, [_whole(file, f"not a readable CSV: {e}")])
    except OSError as e:
        return Held(None, [_whole(file, f"cannot be read: {e.strerror}")])


def lines_of(file: Path) -> list[int]:
    """Return the lines on which the rows with the header's number of fields start."""
    records = _records(file)
    width = len(next(records).fields)
    return [record.line for record in records if len(record.fields) == width]


def _read(file: Path, table: Table) -> Held:
    first = next(_records(file), None)
    if first is None:
        return Held(None, [_whole(file, "is empty; expected a header line")])
    header = first.fields
    if first.swallowed or not first.closed:
        say = "a quote of the header does not close in its line; close it"
        return Held(None, [Problem(file.name, first.line, None, None, say)])
    if len(header) == 1 and (separator := next((s for s in ";\t|" if s in header[0]), None)):
        expected = f"columns seem to be separated by {separator!r}; expected commas"
        return Held(None, [Problem(file.name, 1, None, None, expected)])
    if twice := [h for h in dict.fromkeys(header) if header.count(h) > 1]:
        expected = "column stands more than once"
        return Held(None, [Problem(file.name, 1, h, None, expected) for h in twice])
    ragged = 0

    def skip(_: arrow_csv.InvalidRow) -> Literal["skip"]:
        nonlocal ragged
        ragged += 1
        return "skip"

    content, why = None, ""
    try:
        content = arrow_csv.read_csv(
            file,
            # a thread for each file is less work than several that share one
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=arrow_csv.ConvertOptions(
                column_types={h: pa.string() for h in header},
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as e:
        if "UTF8" in str(e):
            return Held(None, [_not_utf8(file)])
        why = str(e)
    counted = _count(file)
    rows = None if content is None else content.num_rows + ragged
    plain = not ragged and counted.quotes % 2 == 0
    if content is not None and plain and counted.lines == content.num_rows + 1:
        return Held(
            _frame(content, counted), [], rows, even=True
        )  # each line is a row: no quote hides any
    seen = _look_closely(file, table, header)
    if seen.lost or content is None:
        return Held(None, seen.lost or [_whole(file, f"not a readable CSV: {why}")], seen.rows)
    if seen.rows != rows:
        say = f"{rows} rows or {seen.rows}, as quotes are read; look for quotes within fields"
        return Held(None, [_whole(file, say)], seen.rows)
    return Held(_frame(content, counted), seen.told, rows, seen.strays)


def _frame(content: pa.Table, counted: _Counted) -> pl.DataFrame:
    """The rows, without the apostrophe that keeps a spreadsheet from taking text for a formula."""
    for place, (name, column) in enumerate(zip(content.column_names, content.columns, strict=True)):
        if column.null_count == content.num_rows:  # which as text would take 16 bytes a row
            content = content.set_column(place, name, pa.nulls(content.num_rows))
    frame = cast(pl.DataFrame, pl.from_arrow(content, rechunk=False))
    if not counted.apostrophes:
        return frame
    texts = frame.select(pl.col(pl.String))
    apart = [c.name for c in texts if c.str.starts_with("'").any()]
    return frame.with_columns(pl.col(apart).str.replace(f"^'({FORMULA})", "${1}"))


def guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    `read_csv` takes it away again, and one only: text that begins with apostrophes gets one, too.
    """
    return frame.with_columns(pl.col(pl.String).str.replace(f"^({FORMULA})", "'${1}"))


@dataclass
class _Counted:
    """What counting bytes tells of a file, which costs little beside reading it."""

    lines: int = 0
    """However they end."""
    quotes: int = 0
    apostrophes: bool = False
    """Whether there are any."""


def _count(file: Path) -> _Counted:
    counted = _Counted()
    last = b""
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            # looking for what is rare is ten times as fast as counting it
            counted.lines += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == LINE_FEED))
            if b"\r" in chunk or last[-1:] == b"\r":
                joined = last[-1:] + chunk  # a line end may lie across two chunks
                counted.lines += chunk.count(b"\r") - joined.count(b"\r\n")
            if b'"' in chunk:
                counted.quotes += chunk.count(b'"')
            counted.apostrophes = counted.apostrophes or b"'" in chunk
            last = chunk
    counted.lines += last[-1:] not in (b"\n", b"\r", b"")
    return counted


@dataclass
class _Record:
    """A row of a CSV as it stands."""

    line: int
    fields: list[str]
    swallowed: list[str]
    """The further lines that lie in its quotes."""
    closed: bool = True
    """Whether its last quote closes."""


def _records(file: Path) -> Iterator[_Record]:
    """Each row of a CSV, the header included; blank lines are none."""
    lines: list[str] = []
    ended = False

    def kept(text: Iterable[str]) -> Iterator[str]:
        nonlocal ended
        for line in text:
            lines.append(line)
            yield line
        ended = True
        yield "\n"  # which only a quote that is still open swallows

    with file.open(newline="", encoding="utf-8-sig") as text:
        reader = csv.reader(kept(text))
        start = 1
        while True:
            lines.clear()
            try:
                fields = next(reader, None)
            except csv.Error:  # a field longer than any that was meant: its quote does not close
                yield _Record(start, [], [*lines[1:], *text], closed=False)
                return
            if fields is None:
                return
            if fields:
                yield _Record(start, fields, lines[1:], closed=not ended)
            start = reader.line_num + 1


@dataclass
class _Seen:
    """What a close look at every row and line found."""

    rows: int = 0
    lost: list[Problem] = field(default_factory=list)
    """Why the rows cannot be told apart."""
    told: list[Problem] = field(default_factory=list)
    strays: list[str | None] = field(default_factory=list)


def _look_closely(file: Path, table: Table, header: list[str]) -> _Seen:
    """Count rows against lines: name rows of another width, and quotes that swallow lines."""
    seen = _Seen()
    broken: dict[str, list[int]] = {}
    key = header[0] in ("patient", "episode")
    for record in islice(_records(file), 1, None):
        seen.rows += 1
        rows_within = [line for line in record.swallowed if _is_row(line, table, header)]
        if not record.closed or rows_within:
            seen.rows += sum(1 for line in record.swallowed if line.strip())
            if not seen.lost:
                seen.lost.append(_swallowing(file, header, record))
            continue
        if len(record.fields) != len(header):
            say = f"{len(record.fields)} fields; expected {len(header)}"
            value = ",".join(record.fields)
            value = value if len(value) <= LONG else f"{value[:LONG]}..."
            seen.told.append(Problem(file.name, record.line, None, value, say))
            seen.strays.append(record.fields[0] if key else None)
        elif record.swallowed:
            for name, value in zip(header, record.fields, strict=True):
                if _has_line_break(value) and table.has_lines(name):
                    broken.setdefault(name, []).append(record.line)
    for name, at in broken.items():
        many = f", as do {len(at) - 1} more" if len(at) > 1 else ""
        say = f"text goes on over several lines{many}: read as one value"
        seen.told.append(Problem(file.name, at[0], name, None, say, warning=True))
    return seen


def _swallowing(file: Path, header: list[str], record: _Record) -> Problem:
    columns = [
        name for name, text in zip(header, record.fields, strict=False) if _has_line_break(text)
    ]
    last = record.line + len(record.swallowed)
    how = f"closes only in line {last}" if record.closed else "never closes"
    say = (
        f"a quote opens in this row and {how}, so that rows are hidden in it and none of the file "
        "is read; close it, or write a quote that is meant as two"
    )
    return Problem(file.name, record.line, columns[0] if columns else None, None, say)


def _is_row(line: str, table: Table, header: list[str]) -> bool:
    """Whether a line that lies in quotes is a row of the table by itself."""
    try:
        fields = next(csv.reader([line]), [])
    except csv.Error:
        return False
    given = dict(zip(header, fields, strict=False))
    needed = [c for c in table.columns if c.required]
    dated = [c.name for c in needed if c.kind in (Kind.DATE, Kind.INSTANT)]
    if dated and all(DATE.match(given.get(name, "")) for name in dated):
        return True
    return 1 < len(fields) == len(header) and all(given.get(c.name, "").strip() for c in needed)


def _has_line_break(text: str) -> bool:
    return "\n" in text or "\r" in text


def _not_utf8(file: Path) -> Problem:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as e:
                byte = f"byte 0x{line[e.start : e.end].hex()}"
                return Problem(file.name, number, None, byte, "not UTF-8; save it as UTF-8")
    return _whole(file, "not UTF-8; save it as UTF-8")


def _whole(file: Path, say: str) -> Problem:
    return Problem(file.name, None, None, None, say)
