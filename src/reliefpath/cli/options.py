"""Options and readings that several commands share."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.chart.care_log import CareLog
    from reliefpath.pathway.model import Pathway
    from reliefpath.recovery import Priors

SHOWN_PROBLEMS = 20
"""How many problems stop an assessment before it points to `reliefpath check`."""


class AssessFormat(StrEnum):
    """How advice is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


Source = Annotated[Path, typer.Argument(help="Folder with the care log as CSV or Parquet files.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="What had happened by then counts: a date, or a time with its zone.  [default: today]",
    ),
]
PathwayFile = Annotated[
    Path | None,
    typer.Option("--pathway", metavar="FILE", help="Pathway to use.  [default: relief-plus]"),
]
PriorFile = Annotated[
    Path | None,
    typer.Option(
        "--prior",
        metavar="FILE",
        help="What `reliefpath recovery learn` wrote.  [default: from the literature]",
    ),
]
SkipBadRows = Annotated[
    bool,
    typer.Option("--skip-bad-rows", help="Leave bad rows out rather than refuse."),
]
Out = Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file.")]


def as_of_day(text: str | None) -> date | datetime:
    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--as-of {text!r}: expected a date, 2026-03-31, or a time with its zone"
        ) from None


def read_pathway(file: Path | None) -> Pathway:
    from reliefpath.pathway.model import default_pathway, load_pathway

    return default_pathway() if file is None else load_pathway(file)


def read_prior(file: Path | None) -> Priors:
    """Return the priors of a file, or of the literature."""
    from reliefpath.recovery import Priors
    from reliefpath.recovery.learned import read_priors

    return Priors() if file is None else read_priors(file)


def read_care_log(source: Path, skip_bad_rows: bool) -> CareLog:
    from reliefpath.chart.folder import read_folder

    # loading the compiled curve takes as long as reading 10,000 episodes: do both at once
    Thread(target=_load_curve).start()
    _give_memory_back()
    reading = read_folder(source, skip_bad_rows=skip_bad_rows)
    for problem in reading.problems[:SHOWN_PROBLEMS]:
        typer.echo(problem, err=True)
    if len(reading.problems) > SHOWN_PROBLEMS:
        typer.echo("... `reliefpath check` lists them all", err=True)
    return reading.care_log


def _give_memory_back() -> None:
    """Let Arrow use the allocator that holds least of a large clinic, where there is one."""
    import pyarrow as pa

    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())


def _load_curve() -> None:
    from reliefpath.recovery import recover, weeks_until_clear

    recover([0], [], [], [], [])
    weeks_until_clear([0], [], [], [], [])
