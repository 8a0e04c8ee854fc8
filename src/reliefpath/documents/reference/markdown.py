"""Markdown for the generated pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reliefpath.knowledge.catalogue import Source


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; a bar or a line break inside a cell cannot break it."""
    header = tuple(header)
    lines = (header, ("---",) * len(header), *rows)
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return one_line(text).replace("|", r"\|")


def one_line(text: str) -> str:
    """Return `text` without line breaks."""
    return " ".join(text.split())


def cited(names: Iterable[str], sources: Mapping[str, Source]) -> str:
    """Return source ids, each with how sure it is, for a table's cell."""
    return ", ".join(f"{name} ({sources[name].certainty})" for name in names)


def source_table(sources: Mapping[str, Source]) -> str:
    """Return a Markdown table of the sources that `cited` names."""
    return table(
        ("source", "what it is", "certainty"),
        (
            (key, f"[{s.cite}]({s.url})" if s.url else s.cite, s.certainty)
            for key, s in sources.items()
        ),
    )
