"""A paper as one HTML page that needs nothing else."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from reliefpath.papers.parts import Paper

if TYPE_CHECKING:
    import jinja2


def paper_html(paper: Paper) -> str:
    """Return a paper as one HTML page; each source is numbered and stands at its end."""
    sources = paper.sources()
    numbers = {source: number for number, source in enumerate(sources, start=1)}
    return _template().render(paper=paper, sources=sources, numbers=numbers)


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string((files(__package__) / "paper.html.jinja").read_text("utf-8"))
