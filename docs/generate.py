"""Write the reference pages that are generated from the code into `docs/generated`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from rich.text import Text
from typer.testing import CliRunner

from reliefpath.care_log.schema import TABLES, Column, Kind
from reliefpath.cli import app
from reliefpath.documents.reference.exercises import exercises_markdown
from reliefpath.documents.reference.markdown import table
from reliefpath.documents.reference.measures import measures_markdown
from reliefpath.documents.reference.muscles import muscles_markdown
from reliefpath.documents.reference.papers import papers_markdown
from reliefpath.documents.reference.pathway import facts_markdown, pathway_markdown
from reliefpath.documents.reference.therapies import therapies_markdown
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.model import load_pathway

DOCS = Path(__file__).parent
TESTS = DOCS.parent / "tests"
WIDTH = 96
"""Characters a line of the commands' help."""
CODES_ELSEWHERE = {
    "primary_measure": "[measures](measures.md)",
    "measure": "[measures](measures.md)",
    "therapy": "[therapies](therapies.md)",
    "muscle": "[muscles](muscles.md)",
    "kind": "[findings](therapies.md#findings)",
    "code": "[findings](therapies.md#findings)",
}
"""Where the codes of a column are listed that are too many for a table's cell."""

ARENA = "recovery-arena"
"""The page that `make bench` writes."""
ARENA_TO_COME = """# The arena

How the [recovery model](../recovery.md) does beside other methods, on simulated worlds and on real
patients. The report takes some minutes to make: run `make bench`, then `make docs`.
"""


def write_pages(folder: Path) -> list[str]:
    """Write every page and their index into `folder`; return the names of the pages.

    The report of the arena, which takes minutes to make, is left as it is if it is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = dict(pages())
    for name, text in written.items():
        (folder / f"{name}.md").write_text(text, "utf-8")
    arena = folder / f"{ARENA}.md"
    if not arena.exists():
        arena.write_text(ARENA_TO_COME, "utf-8")
    names = [*written, ARENA]
    (folder / "index.md").write_text(index(names), "utf-8")
    return names


def pages() -> Iterator[tuple[str, str]]:
    """Yield each page's name and its Markdown."""
    yield "commands", commands_markdown()
    yield "care-log-tables", tables_markdown()
    yield "pathway-as-shipped", pathway_markdown(load_pathway())
    yield "facts", facts_markdown()
    yield "measures", measures_markdown()
    yield "therapies", therapies_markdown()
    yield "exercises", exercises_markdown()
    yield "muscles", muscles_markdown()
    yield "papers", papers_markdown()
    yield "decides", told_by_tests("pathway.vignettes", "vignettes_markdown")
    yield "entries", told_by_tests("web.jobs", "entries_markdown")


def index(names: list[str]) -> str:
    """Return the page that lists the others."""
    listed = "\n".join(names)
    return f"""# Reference

Written from the code and its data files, so that it cannot differ from them.

```{{toctree}}
{listed}
```
"""


def tables_markdown() -> str:
    """Return the care log's schema as a page."""
    sections = "\n".join(
        f"## `{t.name}`\n\nOne row is {t.meaning}.\n\n{_columns(t.columns)}"
        for t in TABLES.values()
    )
    return f"""# The care log's tables

The same columns in every format. An absent optional column is all empty, and what then is not
known stands beside it. How to hand them in:
[Hand in a care log](../care-log.md).

{sections}"""


def _columns(columns: tuple[Column, ...]) -> str:
    return table(
        ("column", "type", "required", "allowed", "meaning", "not known without it"),
        (
            (
                f"`{c.name}`",
                "text" if c.kind is Kind.TEXT else c.kind.value,
                "yes" if c.required else "",
                _allowed(c),
                c.meaning,
                "" if c.required else c.absent or "nothing changes",
            )
            for c in columns
        ),
    )


def _allowed(column: Column) -> str:
    if column.kind is Kind.CODE:
        codes = ", ".join(f"`{code}`" for code in column.codes_in(SHIPPED))
        return CODES_ELSEWHERE.get(column.name, codes)
    if column.low is None:
        return ""
    return f"{column.low:g} and up" if column.high is None else f"{column.low:g} to {column.high:g}"


def commands_markdown() -> str:
    """Return the help of every command as a page."""
    sections = "\n".join(
        f"## `{' '.join(('reliefpath', *path))}`\n\n```text\n{_help(path)}\n```\n"
        for path, _ in commands()
    )
    return f"""# Commands

Every command prints its help with `--help`. What is wrong goes to standard error. The exit code is
0 for done, 1 for problems in what was read, 2 for a command called wrongly.

{sections}"""


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and the parser of every command, groups before their commands."""

    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield path, command
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*path, name))

    yield from below(typer.main.get_command(app), ())


def _help(path: tuple[str, ...]) -> str:
    result = CliRunner().invoke(
        app, [*path, "--help"], prog_name="reliefpath", env={"COLUMNS": str(WIDTH)}
    )
    if result.exit_code != 0:
        raise RuntimeError(f"no help for {path}: {result.output}")
    lines = Text.from_ansi(result.output).plain.splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def told_by_tests(module: str, page: str) -> str:
    """Return a page that a module of the tests tells, such as their golden patients."""
    sys.path.insert(0, str(TESTS))
    try:
        markdown: str = getattr(importlib.import_module(module), page)()
    finally:
        sys.path.remove(str(TESTS))
    return markdown


if __name__ == "__main__":
    write_pages(DOCS / "generated")
