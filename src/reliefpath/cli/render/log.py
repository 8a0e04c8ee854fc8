"""The audit log in characters."""

from __future__ import annotations

import polars as pl
from rich.console import Console
from rich.text import Text

from reliefpath.care.audit import detail_in_words
from reliefpath.cli.render.table import grid

SHOWN = ("entry", "at", "by", "action", "patient", "reason", "detail")


def print_log(console: Console, log: pl.DataFrame) -> None:
    """Print entries of an audit log, one a line."""
    entries = grid(*SHOWN, numbers=("entry",))
    for *told, detail in log.select(SHOWN).iter_rows():
        words = detail_in_words(detail)
        entries.add_row(*(Text("" if value is None else str(value)) for value in (*told, words)))
    console.print(entries)
