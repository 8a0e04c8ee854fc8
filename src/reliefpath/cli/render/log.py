"""The audit log in characters."""

from __future__ import annotations

import polars as pl
from rich.console import Console
from rich.table import Table

SHOWN = ("entry", "at", "by", "action", "patient", "reason", "detail")


def print_log(console: Console, log: pl.DataFrame) -> None:
    """Print entries of an audit log, one a line."""
    grid = Table(*SHOWN, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in log.select(SHOWN).iter_rows():
        grid.add_row(*("" if value is None else str(value) for value in row))
    console.print(grid)
