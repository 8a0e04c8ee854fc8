"""What the commands about a chart share: which one, who does it, and how that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.records import USER, whoami

if TYPE_CHECKING:
    from reliefpath.store.writing import AuditEvent

ChartArgument = Annotated[
    str, typer.Argument(metavar="CHART", help="A chart's file, or a database URL.")
]
By = Annotated[
    str | None,
    typer.Option(envvar=USER, metavar="NAME", help="Who does it.  [default: the computer's user]"),
]


def act_of(
    action: str, by: str | None = None, reason: str | None = None, patient: str | None = None
) -> AuditEvent:
    """Return what the audit log is told of an act, by default of whoever is at work."""
    from reliefpath.store.writing import AuditEvent

    return AuditEvent(by or whoami(), action, reason, patient)
