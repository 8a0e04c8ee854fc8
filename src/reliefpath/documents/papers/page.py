"""A paper as one HTML page that needs nothing else."""

from __future__ import annotations

from reliefpath.documents.papers.parts import Paper
from reliefpath.documents.printing import template


def paper_html(paper: Paper) -> str:
    """Return a paper as one HTML page; each source is numbered and stands at its end."""
    sources = paper.sources()
    numbers = {source: number for number, source in enumerate(sources, start=1)}
    return template(__package__, "paper.html.jinja").render(
        paper=paper, say=paper.say, sources=sources, numbers=numbers
    )
