"""What the commands about a chart share: which one, who does it, and how that is told."""

from __future__ import annotations

from typing import Annotated

import typer

from reliefpath.cli.records import USER

ChartArgument = Annotated[
    str, typer.Argument(metavar="CHART", help="A chart's file, or a database URL.")
]
By = Annotated[
    str | None,
    typer.Option(envvar=USER, metavar="NAME", help="Who does it.  [default: the computer's user]"),
]
