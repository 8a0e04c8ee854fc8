"""The strategy: the whole pathway as a picture and as text, and the clinic's own rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reliefpath.care.clinic_chart import Care
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import CARE, Role
from reliefpath.knowledge.catalogue import Source
from reliefpath.pathway.model import Criterion, Pathway
from reliefpath.pathway.parameters import Rule
from reliefpath.web.pages import page
from reliefpath.web.security import require_role
from reliefpath.web.views.staircase import staircase

router = APIRouter()


@dataclass(frozen=True)
class Shown:
    """A rule as the page shows it."""

    id: str
    name: str
    asks: str | None
    says: tuple[tuple[str, str], ...]
    because: str
    sources: tuple[Source, ...]
    needs_signature: bool
    about: str = ""


@dataclass(frozen=True)
class Chapter:
    """Rules of one kind."""

    id: str
    name: str
    why: Shown | None
    rules: tuple[Shown, ...]


@router.get("/strategy")
def strategy(
    request: Request, worker: Annotated[Account, Depends(require_role(*CARE))]
) -> Response:
    """Show the pathway in force."""
    care: Care = request.app.state.care
    told = chapters(care.pathway)
    return page(
        request,
        "strategy",
        pathway=care.pathway,
        picture=staircase(care.pathway),
        chapters=told,
        unsigned=[
            rule for c in told for rule in (c.why, *c.rules) if rule and rule.needs_signature
        ],
        clinic=care.knowledge.clinic,
        changes=tuple(care.knowledge.changes.values()),
        may_try=worker.role is Role.DIRECTOR,
    )


def chapters(pathway: Pathway) -> list[Chapter]:
    """Return every rule of a pathway, in the order of its file."""
    p = pathway
    steps = [
        Chapter(
            f"step-{id_}",
            f"Step {n}: {s.name}",
            _why(p, f"step-{id_}", s.name, s),
            _asked(p, s.criteria),
        )
        for n, (id_, s) in enumerate(p.steps.items(), 1)
    ]
    follow_up = _why(p, "follow-up", p.follow_up.name, p.follow_up)
    return [
        Chapter("recovery", "Recovery", _why(p, "recovery-settings", "Recovery", p.recovery), ()),
        *_trial(p),
        *_parameters(p),
        Chapter("statuses", "Statuses", None, tuple(_statuses(p))),
        *steps,
        Chapter("follow-up-criteria", p.follow_up.name, follow_up, _asked(p, p.follow_up.criteria)),
        Chapter("notes", "Notes", None, tuple(_notes(p))),
    ]


def _trial(p: Pathway) -> Iterator[Chapter]:
    if p.trial is not None:
        name = "Trial of conservative care"
        yield Chapter("trial", name, _why(p, "trial-settings", name, p.trial), ())


def _parameters(p: Pathway) -> Iterator[Chapter]:
    rules = tuple(
        _shown(
            *(p, f"parameters.{name}", p.values[name].label, row, p.values[name].told(None)),
            ("Rules and texts call it", name),
        )
        for name, row in p.parameters.items()
    )
    if rules:
        yield Chapter("parameters", "Parameters", None, rules)


def _shown(
    p: Pathway,
    id_: str,
    name: str,
    rule: Rule,
    asks: str | None,
    *says: tuple[str, str],
    about: str = "",
) -> Shown:
    sources = tuple(p.sources[source] for source in rule.source)
    return Shown(id_, name, asks, says, rule.because, sources, p.needs_signature(rule), about)


def _why(p: Pathway, id_: str, name: str, rule: Rule) -> Shown:
    return _shown(p, id_, name, rule, None)


def _statuses(p: Pathway) -> list[Shown]:
    return [
        _shown(
            *(p, f"statuses.{name}", str(name), s, s.when),
            *(("Next step", s.next), ("Asks about", ", ".join(s.asks) or "nothing")),
            about=f"urgency {s.urgency}",
        )
        for name, s in p.statuses.items()
    ]


def _asked(p: Pathway, criteria: dict[str, Criterion]) -> tuple[Shown, ...]:
    return tuple(
        _shown(p, id_, id_, c, c.require, ("If no", c.if_no), ("If unknown", c.if_unknown))
        for id_, c in criteria.items()
    )


def _notes(p: Pathway) -> list[Shown]:
    return [
        _shown(
            *(p, f"notes.{name}", name, n, n.when),
            *(("Says", n.say), ("For", ", ".join(n.statuses) or "every status")),
        )
        for name, n in p.notes.items()
    ]
