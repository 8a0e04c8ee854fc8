"""Read and write a care log as a folder of CSV or Parquet files, one a table."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import polars as pl

from reliefpath.care_log.columns import Bad
from reliefpath.care_log.csv_file import Held, guarded, lines_of, read_csv
from reliefpath.care_log.log import CareLog, assemble, problem
from reliefpath.care_log.schema import TABLES
from reliefpath.clock import Moment, machine_zone, today
from reliefpath.errors import CareLogError, CareLogWarning, Problem, UsageError, nearest_of
from reliefpath.knowledge import SHIPPED, Knowledge
from reliefpath.private_files import make_folder, write_file

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "parquet")
OnRecord = Callable[[Mapping[str, pl.DataFrame]], Mapping[str, pl.DataFrame]]
"""Tells of raw tables which patients and episodes that they may refer to are known already."""
NEEDED = ("patients", "episodes", "scores")
TOLD = 20
"""How many problems a warning lists."""


@dataclass(frozen=True)
class Count:
    """What became of the rows of a file: the three add up to all of its rows."""

    good: int
    refused: int
    again: int
    """Rows that say the same as one before, and are not counted."""


@dataclass
class Reading:
    """What a folder held: the good rows, and every problem found on the way."""

    care_log: CareLog
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    """The file of each table."""
    counts: dict[str, Count] = field(default_factory=dict)
    """What became of the rows of each table's file, where they can be counted."""
    left_out: dict[str, set[int]] = field(default_factory=dict)
    """The rows of each table that are not in the care log, counted from 0."""

    def place(self, bad: list[tuple[str, Bad]]) -> list[Problem]:
        """Return what is wrong with rows of the care log, by table, as problems of its files."""
        return list(_place([(name, self._in_file(name, b)) for name, b in bad], self.files, ()))

    def _in_file(self, name: str, bad: Bad) -> Bad:
        row, left_out = bad.row, sorted(self.left_out.get(name, ()))
        if row is not None:
            for other in left_out:
                row += other <= row
        return replace(bad, row=row)

    @property
    def errors(self) -> list[Problem]:
        """The problems that are more than a warning."""
        return [p for p in self.problems if not p.warning]

    def summary(self) -> str:
        """Return how many rows of each table are good, refused and said twice, in one line."""
        rows = {name: self.care_log.table(name).height for name in TABLES}
        good = [f"{n:,} {name}" for name, n in rows.items() if n or not TABLES[name].optional]
        refused = [f"{c.refused:,} {name}" for name, c in self.counts.items() if c.refused]
        again = [f"{c.again:,} {name}" for name, c in self.counts.items() if c.again]
        unread = [f.name for name, f in self.files.items() if name not in self.counts]
        return "; ".join(
            f"{what}: {', '.join(told) or 'none'}"
            for what, told in (
                ("good rows", good),
                ("refused", refused),
                ("said twice", again),
                ("not read", unread),
            )
            if told or what == "refused"
        )


def read_folder(
    folder: Path,
    *,
    skip_bad_rows: bool = False,
    ignored: Collection[str] = (),
    today: Moment | None = None,
    knowledge: Knowledge = SHIPPED,
) -> Reading:
    """Read a folder holding `patients`, `episodes`, `scores` and, if any, the other tables.

    Args:
        folder: where the CSV or Parquet files are.
        skip_bad_rows: keep the good rows where others are bad, rather than refuse them all.
        ignored: columns that are known to be of no account, such as `treatments.cancelled`.
        today: the day at the clinic, with its zone; dates after it are warned of.
        knowledge: the catalogues that the codes are of.

    Raises:
        UsageError: there is no such folder, or no care log in it.
        CareLogError: the files have problems; it lists every one of them.
    """
    reading = inspect_folder(folder, ignored=ignored, today=today, knowledge=knowledge)
    if reading.errors and not skip_bad_rows:
        raise CareLogError(reading.problems)
    return reading


def read_care_log(
    folder: str | Path,
    *,
    skip_bad_rows: bool = False,
    ignored: Collection[str] = (),
    zone: str | None = None,
    knowledge: Knowledge = SHIPPED,
) -> CareLog:
    """Return the care log of a folder that holds a CSV or Parquet file of each table.

    What is wrong is refused, all of it at once. What is only in doubt, such as dates after today,
    is warned of once, as a `CareLogWarning` that lists it.

    Args:
        folder: Where the files are: `patients`, `episodes`, `scores` and, if there are any,
            `treatments`, `exams`, `findings` and `visits`.
        skip_bad_rows: Leave bad rows out, which closes their patients' gates, and warn of them
            rather than refuse them.
        ignored: Columns that are known to be of no account, such as `treatments.cancelled`.
        zone: The clinic's time zone, such as `Europe/Madrid`; this machine's unless it is given.
        knowledge: The catalogues that the codes are of.

    Raises:
        UsageError: There is no such folder, no care log in it, or no such time zone.
        CareLogError: The files have problems; it lists every one of them, with file and line.
    """
    zone = machine_zone() if zone is None else zone
    reading = read_folder(
        Path(folder),
        skip_bad_rows=skip_bad_rows,
        ignored=ignored,
        today=Moment.of(today(zone), zone),
        knowledge=knowledge,
    )
    if reading.problems:
        told = [str(problem) for problem in reading.problems[:TOLD]]
        if more := len(reading.problems) - len(told):
            told.append(f"... and {more:,} more; `reliefpath check {folder}` lists them all")
        warnings.warn("\n".join([f"in `{folder}`:", *told]), CareLogWarning, stacklevel=2)
    return reading.care_log


def inspect_folder(
    folder: Path,
    on_record: OnRecord | None = None,
    *,
    ignored: Collection[str] = (),
    today: Moment | None = None,
    knowledge: Knowledge = SHIPPED,
) -> Reading:
    """Read a folder and return its good rows together with all its problems.

    Given what is `on_record` already, no table has to be there, and rows may refer to what is;
    `folder` may then be one table's file. The rest is as for `read_folder`.
    """
    _check_ignored(ignored)
    files, problems = _find(folder, alone=on_record is None)
    raw: dict[str, pl.DataFrame] = {}
    with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
        held = dict(zip(files, threads.map(_read, files, files.values()), strict=True))
    for content in held.values():
        problems += content.problems
    astray = any(not p.warning and p.line is None for p in problems)
    astray |= any(content.frame is None or content.strays for content in held.values())
    for name, content in held.items():
        if content.frame is not None:
            raw[name], content.frame = content.frame, None  # once typed it is to be gone
    known = None if on_record is None else on_record(raw)
    care_log, bad = assemble(raw, knowledge, known, ignored=ignored, today=today)
    if astray:
        care_log = care_log.wholly_incomplete()
    problems += _place(bad, files, [name for name, h in held.items() if h.even])
    problems.sort(key=lambda p: (p.file, p.line or 0, p.column or ""))
    left_out = {
        name: {b.row for table, b in bad if table == name and b.row is not None if _leaves_out(b)}
        for name in files
    }
    counts = {
        name: _counted(content, name, care_log, bad)
        for name, content in held.items()
        if content.rows is not None
    }
    return Reading(care_log, problems, files, counts, left_out)


def _leaves_out(bad: Bad) -> bool:
    return bad.again or not bad.warning


def _counted(content: Held, name: str, care_log: CareLog, bad: list[tuple[str, Bad]]) -> Count:
    refused = {b.row for table, b in bad if table == name and not b.warning}
    again = {b.row for table, b in bad if table == name and b.again} - refused
    good = care_log.table(name).height
    return Count(good, (content.rows or 0) - good - len(again), len(again))


def write_folder(care_log: CareLog, folder: Path, file_format: Format = "csv") -> None:
    """Write the tables into `folder`, made if it does not exist; an absent table stays absent."""
    make_folder(folder)
    for name, table in TABLES.items():
        frame = care_log.table(name)
        if name in care_log.absent or (table.optional and frame.is_empty()):
            continue
        file = folder / f"{name}.{file_format}"
        write_file(file, b"")  # private before anything is in it
        if file_format == "parquet":
            frame.write_parquet(file)
        else:
            instants = [c for c, dtype in frame.schema.items() if dtype == pl.Datetime]
            text = guarded(frame).with_columns(_instant_text(c) for c in instants)
            text.write_csv(file)


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


def _check_ignored(ignored: Collection[str]) -> None:
    for name in ignored:
        table, _, column = name.partition(".")
        if table not in TABLES or not column:
            raise UsageError(
                f"`{name}` names no column to ignore; expected a table and a column of it, such as "
                "treatments.cancelled"
            )
        if column in TABLES[table].schema:
            raise UsageError(f"`{name}` is part of the care log and cannot be ignored")


def _find(folder: Path, *, alone: bool) -> tuple[dict[str, Path], list[Problem]]:
    """The file of each table, and what is odd about a folder that stands alone or does not."""
    if not alone and folder.is_file() and (table := _table_of(folder)):
        return {table: folder}, []
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UsageError(
            f"`{folder}` {what}; expected a folder with patients.csv, episodes.csv, scores.csv "
            "and, if any, treatments.csv, exams.csv, findings.csv, visits.csv (or the same as "
            ".parquet), or a chart that `reliefpath chart init` made"
        )
    files: dict[str, Path] = {}
    problems: list[Problem] = []
    for path in sorted(folder.iterdir(), key=lambda path: (path.name.swapcase(), path.name)):
        table = _table_of(path)
        if table is None:
            problems += _left_out(path)
        elif table in files:
            problems.append(problem(path.name, f"keep one of it and {files[table].name}"))
        else:
            files[table] = path
    if not files:
        raise UsageError(
            f"no care log in `{folder}`; expected patients.csv, episodes.csv, scores.csv "
            "(or the same as .parquet); `reliefpath demo DIR` writes an example"
        )
    for name in TABLES.keys() - files.keys() if alone else ():
        if TABLES[name].optional:
            continue
        needed = name in NEEDED
        say = "is missing" if needed else f"is missing: whether there are {name} is unknown"
        problems.append(problem(f"{name}.csv", say, warning=not needed))
    return files, problems


def _table_of(path: Path) -> str | None:
    """The table that a file is by its name, in whatever case."""
    stem, suffix = path.stem.lower(), path.suffix.lower().removeprefix(".")
    return stem if stem in TABLES and suffix in FORMATS and path.is_file() else None


def _left_out(path: Path) -> Iterator[Problem]:
    """What is no table: a problem where its name says that it may hold rows of one."""
    words = re.split(r"[^a-z]+", path.name.lower())
    stem = path.name.lower().partition(".")[0]
    near = next((name for name in TABLES if name in words or name[:-1] in words), None)
    if near is None and path.suffix.lower().removeprefix(".") in FORMATS:
        near = nearest_of(stem, TABLES)
    if near is not None:
        say = f"not read; is it {near}? Save it as {near}.csv, or move it out of the folder"
        yield problem(path.name, say)
    elif not path.name.startswith("."):
        yield problem(path.name, "no table of a care log, left out", warning=True)


def _read(name: str, file: Path) -> Held:
    if file.suffix.lower() == ".csv":
        return read_csv(file, TABLES[name])
    try:
        frame = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as e:
        return Held(None, [problem(file.name, f"not a readable Parquet file: {e}")])
    return Held(frame, [], frame.height)


def _place(
    bad: list[tuple[str, Bad]], files: dict[str, Path], even: Collection[str]
) -> Iterator[Problem]:
    """Give each refusal its file and line; a CSV that is not even is read again for that."""
    lines: dict[str, list[int]] = {}
    for name, refusal in bad:
        file = files.get(name)
        if file is None:
            continue  # that the table is missing has been said
        line = None if refusal.row is None else refusal.row + 1
        if line is not None and name in even:
            line += 1
        elif line is not None and file.suffix.lower() == ".csv":
            if name not in lines:
                lines[name] = lines_of(file)
            line = lines[name][line - 1]
        yield refusal.at(file.name, line)
