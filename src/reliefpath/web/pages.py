"""Pages from templates: one layout, everything escaped, nothing that is missing passes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from reliefpath.care.audit import detail_in_words
from reliefpath.documents.printing import day_text, moment_text
from reliefpath.identity.roles import pages_of
from reliefpath.web.last_worklist import last_worklist
from reliefpath.web.segments import segment


@cache
def _environment() -> jinja2.Environment:
    folder = str(files("reliefpath.web") / "templates")
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(folder),
    )
    environment.filters["day"] = day_text
    environment.filters["moment"] = moment_text
    environment.filters["detail"] = detail_in_words
    environment.filters["segment"] = segment
    environment.filters["tel"] = _dialled
    environment.globals["pages_of"] = pages_of
    environment.filters["percent"] = lambda share: "–" if share is None else f"{100 * share:.0f} %"
    environment.filters["sure"] = _sure
    return environment


def page(request: Request, name: str, status: int = 200, **known: Any) -> HTMLResponse:
    """Return the page of the template `name`.html.jinja, which extends `base.html.jinja`.

    Every template knows `request`, `worker` (the account signed in, or None), `csrf` (what a form
    must send back), `demo`, `worklist`, the way back to it as they left it, and `zone`, the
    clinic's time zone, where somebody is signed in.
    """
    worker = getattr(request.state, "worker", None)
    told = {
        "request": request,
        "worker": worker,
        "zone": request.app.state.care.chart.zone if worker else None,
        "csrf": getattr(request.state, "csrf", ""),
        "demo": request.app.state.settings.demo,
        "worklist": last_worklist(request),
        **known,
    }
    return HTMLResponse(fragment(name, **told), status)


def fragment(name: str, **known: Any) -> Markup:
    """Return what the template `name`.html.jinja makes of what it is given, and of nothing else."""
    html = _environment().get_template(f"{name}.html.jinja").render(known)
    return Markup(html)  # noqa: S704 - the template escapes what it is given


def _dialled(number: str) -> str:
    """What a phone dials of a number that is written for people."""
    return "".join(c for c in number if c.isdecimal() or c in "+*#")


def _sure(probability: float | None) -> str:
    """How sure something is; nothing is certain."""
    if probability is None:
        return "not known how sure it is"
    if not 0.01 <= probability <= 0.99:
        return "over 99 % sure" if probability > 0.5 else "under 1 % sure"
    return f"{100 * probability:.0f} % sure"
