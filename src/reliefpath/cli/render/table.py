"""Tables in characters: every cell whole, folded where the line ends."""

from __future__ import annotations

from collections.abc import Collection

from rich.table import Table


def grid(*names: str, numbers: Collection[str] = (), heads: bool = True) -> Table:
    """Return a table without frames.

    Args:
        names: of its columns.
        numbers: those of them that are written flush right.
        heads: whether the names stand above.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=heads)
    for place, name in enumerate(names):
        # what is cut off would read as if it were all; the first is what a row is called
        table.add_column(
            name,
            justify="right" if name in numbers else "left",
            overflow="fold",
            no_wrap=place == 0,
        )
    return table
