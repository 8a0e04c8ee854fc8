"""The commands about a chart."""

from __future__ import annotations

import typer

from reliefpath.cli.commands.chart import course, proving, rows, store

app = typer.Typer(
    help="Keep the care log in a chart that never loses and never forgets.", no_args_is_help=True
)
app.add_typer(store.app)
app.add_typer(proving.app)
app.add_typer(rows.app)
app.add_typer(course.app)
