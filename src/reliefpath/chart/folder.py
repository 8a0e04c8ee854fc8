"""Read and write a care log as a folder of CSV or Parquet files, one a table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv

from reliefpath.chart.care_log import CareLog, assemble, problem
from reliefpath.chart.columns import Bad
from reliefpath.chart.schema import TABLES
from reliefpath.errors import CareLogError, Problem, UsageError, nearest
from reliefpath.private_files import make_folder, write_file

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "parquet")
OnRecord = Callable[[Mapping[str, pl.DataFrame]], Mapping[str, pl.DataFrame]]
"""Tells of raw tables which patients and episodes that they may refer to are known already."""
Read = tuple[pl.DataFrame | None, list[Problem]]
"""What a file holds, if it can be read at all, and its problems."""
NEEDED = ("patients", "episodes", "scores")


@dataclass
class Reading:
    """What a folder held: the good rows, and every problem found on the way."""

    care_log: CareLog
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    """The file of each table."""

    def place(self, bad: list[tuple[str, Bad]]) -> list[Problem]:
        """Return what is wrong with rows, by table, as problems of its files."""
        return list(_place(bad, self.files))

    @property
    def errors(self) -> list[Problem]:
        """The problems that are more than a warning."""
        return [p for p in self.problems if not p.warning]


def read_folder(folder: Path, *, skip_bad_rows: bool = False) -> Reading:
    """Read a folder holding `patients`, `episodes`, `scores` and, if any, the other tables.

    Args:
        folder: where the CSV or Parquet files are.
        skip_bad_rows: keep the good rows where others are bad, rather than refuse them all.

    Raises:
        UsageError: there is no such folder, or no care log in it.
        CareLogError: the files have problems; it lists every one of them.
    """
    reading = inspect_folder(folder)
    if reading.errors and not skip_bad_rows:
        raise CareLogError(reading.problems)
    return reading


def inspect_folder(folder: Path, on_record: OnRecord | None = None) -> Reading:
    """Read a folder and return its good rows together with all its problems.

    Given what is `on_record` already, no table has to be there, and rows may refer to what is;
    `folder` may then be one table's file.
    """
    files, problems = _find(folder, alone=on_record is None)
    raw: dict[str, pl.DataFrame] = {}
    with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
        for name, (frame, malformed) in zip(files, threads.map(_read, files.values()), strict=True):
            if frame is not None:
                raw[name] = frame
            problems += malformed
    care_log, bad = assemble(raw, None if on_record is None else on_record(raw))
    problems += _place(bad, files)
    problems.sort(key=lambda p: (p.file, p.line or 0, p.column or ""))
    return Reading(care_log, problems, files)


def write_folder(care_log: CareLog, folder: Path, file_format: Format = "csv") -> None:
    """Write the six tables into `folder`, which is made if it does not exist."""
    make_folder(folder)
    for name in TABLES:
        frame, file = care_log.table(name), folder / f"{name}.{file_format}"
        write_file(file, b"")  # private before anything is in it
        if file_format == "parquet":
            frame.write_parquet(file)
        else:
            instants = [c for c, dtype in frame.schema.items() if dtype == pl.Datetime]
            frame.with_columns(_instant_text(c) for c in instants).write_csv(file)


def _instant_text(column: str) -> pl.Expr:
    """A date where the instant is the start of a day, a time in UTC elsewhere."""
    at = pl.col(column)
    midnight = at.dt.time() == pl.time(0)
    return (
        pl.when(midnight)
        .then(at.dt.strftime("%Y-%m-%d"))
        .otherwise(at.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
        .alias(column)
    )


def _find(folder: Path, *, alone: bool) -> tuple[dict[str, Path], list[Problem]]:
    """The file of each table, and what is odd about a folder that stands alone or does not."""
    if not alone and folder.is_file() and folder.stem in TABLES:
        return {folder.stem: folder}, []
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UsageError(
            f"`{folder}` {what}; expected a folder with patients.csv, episodes.csv, scores.csv "
            "and, if any, treatments.csv, exams.csv, findings.csv (or the same as .parquet), or a "
            "chart that `reliefpath chart init` made"
        )
    present = [p for p in sorted(folder.iterdir()) if p.suffix.removeprefix(".") in FORMATS]
    files = {p.stem: p for p in present if p.stem in TABLES}
    if not files:
        raise UsageError(
            f"no care log in `{folder}`; expected patients.csv, episodes.csv, scores.csv "
            "(or the same as .parquet); `reliefpath demo DIR` writes an example"
        )
    problems = []
    for path in present:
        if path.stem not in TABLES:
            hint = nearest(path.stem, TABLES)
            problems.append(problem(path.name, f"unknown table, left out{hint}", warning=True))
        elif files[path.stem] != path:
            problems.append(problem(path.name, f"keep one of it and {files[path.stem].name}"))
    for name in TABLES.keys() - files.keys() if alone else ():
        needed = name in NEEDED
        say = "is missing" if needed else f"is missing: taken as no {name} on record"
        problems.append(problem(f"{name}.csv", say, warning=not needed))
    return files, problems


def _read(file: Path) -> Read:
    return _read_csv(file) if file.suffix == ".csv" else _read_parquet(file)


def _read_parquet(file: Path) -> Read:
    try:
        return pl.read_parquet(file), []
    except (pl.exceptions.PolarsError, OSError) as e:
        return None, [problem(file.name, f"not a readable Parquet file: {e}")]


def _read_csv(file: Path) -> Read:
    """All columns as text; rows with too many or too few fields are refused."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            header = next(csv.reader(text), [])
    except UnicodeDecodeError:
        return None, [_not_utf8(file)]
    if not header:
        return None, [problem(file.name, "is empty; expected a header line")]
    if len(header) == 1 and (separator := next((s for s in ";\t|" if s in header[0]), None)):
        expected = f"columns seem to be separated by {separator!r}; expected commas"
        return None, [Problem(file.name, 1, None, None, expected)]
    if twice := [h for h in dict.fromkeys(header) if header.count(h) > 1]:
        expected = "column stands more than once"
        return None, [Problem(file.name, 1, h, None, expected) for h in twice]
    ragged = False

    def skip(_: arrow_csv.InvalidRow) -> Literal["skip"]:
        nonlocal ragged
        ragged = True
        return "skip"

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
        return None, [_not_utf8(file) if "UTF8" in str(e) else problem(file.name, str(e))]
    frame = cast(pl.DataFrame, pl.from_arrow(content, rechunk=False))
    return frame, list(_ragged(file, len(header))) if ragged else []


def _not_utf8(file: Path) -> Problem:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as e:
                byte = f"byte 0x{line[e.start : e.end].hex()}"
                return Problem(file.name, number, None, byte, "not UTF-8; save it as UTF-8")
    return problem(file.name, "not UTF-8; save it as UTF-8")


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Each record of a CSV after the header, with the line on which it starts."""
    with file.open(newline="", encoding="utf-8-sig") as text:
        reader = csv.reader(text)
        next(reader)
        start = reader.line_num + 1
        for record in reader:
            if record:
                yield start, record
            start = reader.line_num + 1


def _ragged(file: Path, width: int) -> Iterator[Problem]:
    for line, record in _records(file):
        if len(record) != width:
            yield Problem(
                file.name, line, None, ",".join(record), f"{len(record)} fields; expected {width}"
            )


def _place(bad: list[tuple[str, Bad]], files: dict[str, Path]) -> Iterator[Problem]:
    """Give each refusal its file and line; a CSV is read again for that only when it has any."""
    lines: dict[str, list[int]] = {}
    for name, refusal in bad:
        file = files.get(name)
        if file is None:
            continue  # that the table is missing has been said
        line = None if refusal.row is None else refusal.row + 1
        if line is not None and file.suffix == ".csv":
            if name not in lines:
                lines[name] = _good_lines(file)
            line = lines[name][line - 1]
        yield refusal.at(file.name, line)


def _good_lines(file: Path) -> list[int]:
    """The lines on which the records with the header's number of fields start."""
    with file.open(newline="", encoding="utf-8-sig") as text:
        width = len(next(csv.reader(text)))
    return [line for line, record in _records(file) if len(record) == width]
