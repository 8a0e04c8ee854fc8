"""Options and readings that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.knowledge import Knowledge
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


class FolderFormat(StrEnum):
    """How a care log is written."""

    CSV = "csv"
    PARQUET = "parquet"


Phone = Annotated[str | None, typer.Option(help="The clinic's number, as patients are told it.")]
Emergency = Annotated[
    str | None, typer.Option(help="The number of the emergency services, for patients.")
]
AccountsPlace = Annotated[
    str | None,
    typer.Option(
        "--accounts",
        metavar="PLACE",
        help="File or database URL of the accounts; by default beside the chart.",
    ),
]
Heads = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Note the end of the log down in this file, on another disk, and look first whether "
        "what was noted before is still there.",
    ),
]
Source = Annotated[
    str,
    typer.Argument(
        help="A folder with the care log as CSV or Parquet files, a chart's file, or a database "
        "URL such as postgresql://me@server/clinic."
    ),
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Of a chart, only what was on record by then: a date, or a time with its zone.",
    ),
]
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
IgnoreColumn = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore-column",
        metavar="TABLE.COLUMN",
        help="A column of no account, though its name could turn a row round; may be given again.",
    ),
]
Out = Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file.")]


@dataclass(frozen=True)
class ReadingOptions:
    """How a folder is read: the options of every command that answers from one."""

    skip_bad_rows: Annotated[
        bool,
        typer.Option("--skip-bad-rows", help="Leave bad rows out rather than refuse."),
    ] = False
    ignore_column: IgnoreColumn = None


WHOLE = ReadingOptions()
"""Refuse whatever is wrong."""


def taking(options: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Have a command take the fields of a dataclass as options, in the place of the parameter that
    has that type: several commands share them and each spells them once.
    """
    hints = get_type_hints(options, include_extras=True)
    shared = [
        Parameter(
            f.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if f.default is MISSING else f.default,
            annotation=hints[f.name],
        )
        for f in fields(options)
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = signature(command, eval_str=True).parameters.values()
        [name] = [p.name for p in own if p.annotation is options]
        taken = [q for p in own for q in (shared if p.name == name else [p])]
        taken = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in taken]

        @wraps(command)
        def run(**given: Any) -> None:
            mine = options(**{f.name: given.pop(f.name) for f in fields(options)})
            command(**{name: mine}, **given)

        told: Any = run
        told.__signature__ = Signature(taken)
        told.__annotations__ = {p.name: p.annotation for p in taken}
        return run

    return decorate


def place_of(chart: str, accounts: str | None) -> str:
    """Return where the accounts of a chart are."""
    if accounts is not None:
        return accounts
    if "://" in chart:
        raise UsageError("name the accounts of a chart in a database: --accounts FILE or URL")
    return f"{chart}.accounts"


def as_of_day(text: str | None, source: str) -> date | datetime:
    """Return the day or moment that was asked for, by default today where a source's clinic is."""
    if text is not None:
        return moment(text, "--as-of")
    from reliefpath.cli.records import zone_at
    from reliefpath.clock import today

    return today(zone_at(source))


def moment(text: str, option: str) -> date | datetime:
    """Return the date, or the time with its zone, that an option gives.

    Raises:
        UsageError: it is neither.
    """
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text!r}: expected a date, 2026-03-31, or a time with its zone"
        ) from None


_KNOWLEDGE: ContextVar[Knowledge | None] = ContextVar("knowledge", default=None)


def go_by(clinic: Path | None) -> None:
    """Go by a clinic's own file in the command that follows; None is the catalogues as shipped.

    Raises:
        UsageError: there is no such file.
        KnowledgeError: it has problems.
    """
    known = None
    if clinic is not None:
        from reliefpath.knowledge import Knowledge

        known = Knowledge.shipped().with_overrides(clinic)
    _KNOWLEDGE.set(known)


def knowledge() -> Knowledge:
    """Return the catalogues, with the clinic's own file if the command line names one."""
    from reliefpath.knowledge import SHIPPED

    return _KNOWLEDGE.get() or SHIPPED


def read_pathway(file: Path | None) -> Pathway:
    """Return the pathway of a file, or the one shipped, by the catalogues of the command."""
    from reliefpath.pathway.model import load_pathway

    return load_pathway(file, knowledge())


def read_prior(file: Path | None) -> Priors:
    """Return the priors of a file, or of the literature."""
    from reliefpath.recovery import Priors
    from reliefpath.recovery.learned import read_priors

    return Priors() if file is None else read_priors(file)
