"""A progress bar that appears only when there is something to wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from reliefpath.pathway.facts import Progress as Report

PATIENCE = 1.0
"""Seconds of silence before the bar appears."""


@contextmanager
def stages(console: Console, total: int) -> Iterator[Report]:
    """Yield a function that is told each stage as it begins; the bar goes away at the end."""
    bar = Progress(
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=total)
    timer = Timer(PATIENCE, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda stage: bar.update(task, description=stage, advance=1)
    finally:
        timer.cancel()
        bar.stop()


@contextmanager
def counted(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that is told what is being written, how much is and how much there is."""
    with Progress(
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("")
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )
