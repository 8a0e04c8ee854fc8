"""Where commands write: standard output, or a file that appears only once it is whole."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from rich.console import Console

from reliefpath.private_files import opener

if TYPE_CHECKING:
    import polars as pl

PIPED_COLUMNS = 100
"""The width of tables that no terminal shows; sentences are not broken there."""


@contextmanager
def open_console(out: Path | None = None) -> Iterator[Console]:
    """Yield a console on standard output or on a file; only a terminal has a width and colours."""
    with output(out) as stream:
        text = TextIOWrapper(stream, encoding="utf-8", write_through=True)
        terminal = out is None and sys.stdout.isatty()
        yield console_on(sys.stdout if terminal else text)
        text.detach()


def console_on(stream: Any) -> Console:
    """Return a console that writes to `stream`; tables in a pipe or a file are 100 columns wide."""
    width = None if stream.isatty() else PIPED_COLUMNS
    return Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())


@contextmanager
def output(out: Path | None) -> Iterator[BinaryIO]:
    """Yield where to write: standard output, or a file that appears only once it is whole."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    part = out.with_name(f".{out.name}.part")
    try:
        with open(part, "wb", opener=opener) as stream:
            yield stream
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def write_json(objects: Iterable[dict[str, Any]], out: Path | None) -> None:
    """Write a list, an object a line."""
    with output(out) as stream:
        stream.write(b"[")
        for i, each in enumerate(objects):
            stream.write(b",\n" if i else b"\n")
            stream.write(json.dumps(each, ensure_ascii=False).encode())
        stream.write(b"\n]\n")


def write_table(table: pl.DataFrame, file_format: str, out: Path | None) -> None:
    """Write a table as `csv` or `parquet`."""
    whole = BytesIO()
    if file_format == "parquet":
        table.write_parquet(whole)
    else:
        from reliefpath.care_log.csv_file import guarded

        guarded(table).write_csv(whole)
    with output(out) as stream:
        stream.write(whole.getbuffer())
