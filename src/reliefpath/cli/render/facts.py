"""Facts in characters: more columns than a line has room for, so one fact a line."""

from __future__ import annotations

import polars as pl
from rich.console import Console
from rich.text import Text

from reliefpath.cli.render.table import grid


def print_facts(console: Console, facts: pl.DataFrame) -> None:
    """Print what is known of each episode, and then the names of what is not."""
    for row in facts.iter_rows(named=True):
        console.print(Text(row["episode"], "bold"))
        known = grid("fact", "value", heads=False)
        for name, value in row.items():
            if value is not None and name != "episode":
                known.add_row(f"  {name}", Text(str(value)))
        console.print(known)
        unknown = [name for name, value in row.items() if value is None]
        if unknown:
            console.print(Text(f"  not known: {', '.join(unknown)}", "dim"))
