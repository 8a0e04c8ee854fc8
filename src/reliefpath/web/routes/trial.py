"""What a change of the pathway would have done to last year's patients, before it is made.

Nothing is saved: whoever runs the server puts the changed file in force.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response

from reliefpath.care.audit import note
from reliefpath.care.clinic_chart import Care
from reliefpath.errors import PathwayError, UsageError
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import Role
from reliefpath.knowledge.catalogue import Source
from reliefpath.outcomes.measured import few
from reliefpath.pathway.comparison import differences
from reliefpath.pathway.editing import Written, alike, edited, outdated, pathway_of, rule_at
from reliefpath.pathway.facts import facts
from reliefpath.pathway.model import Pathway
from reliefpath.pathway.what_if import Effect, month_ends
from reliefpath.web.pages import page
from reliefpath.web.security import require_role
from reliefpath.web.views.changes import Form

router = APIRouter()
Director = Annotated[Account, Depends(require_role(Role.DIRECTOR))]
SAMPLE = 2000
"""Patients at most: what is assessed at twelve month ends within five seconds."""
EXAMPLES = 20
KEPT = 3
"""Recovery settings of which the facts are kept."""


@dataclass
class Year:
    """The facts at the month ends of the last year, kept until the chart or the day changes."""

    care: Care
    patients: int = 0
    sampled: int = 0
    _advice: pl.DataFrame | None = None
    _facts: dict[object, dict[date, pl.DataFrame]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def facts(self, pathway: Pathway) -> dict[date, pl.DataFrame]:
        """Return the facts table at each month end, as a pathway's recovery settings have it."""
        with self._lock:
            advice = self.care.everybody()
            if advice is not self._advice:  # something was recorded, or it is another day
                self._advice = advice
                self._facts.clear()
            asked = pathway.targets, pathway.recovery.combine, pathway.counted_trial
            if asked not in self._facts:
                while len(self._facts) >= KEPT:
                    self._facts.pop(next(iter(self._facts)))
                self._facts[asked] = self._compute(pathway)
            return self._facts[asked]

    def _compute(self, pathway: Pathway) -> dict[date, pl.DataFrame]:
        assert self._advice is not None
        everybody = self._advice["patient"].unique().sort()
        each = max(1, -(-everybody.len() // SAMPLE))
        patients = everybody.gather_every(each)
        self.patients, self.sampled = everybody.len(), patients.len()
        days = month_ends(self.care.today)
        settings = pathway.recovery.combine, pathway.counted_trial
        asked = pathway.targets, self.care.priors, *settings
        parts: dict[date, list[pl.DataFrame]] = {day: [] for day in days}
        for care_log in self.care.chart.care_logs():
            mine = care_log.of_patients(patients)
            for day in days:
                parts[day].append(facts(mine, day, *asked))
        return {day: pl.concat(tables) for day, tables in parts.items()}


@dataclass(frozen=True)
class Changed:
    """A rule that was changed, and what to look at before the change is made."""

    place: str
    before: str
    after: str
    because: str
    sources: tuple[Source, ...]
    outdated: list[str]
    alike: list[str]


@router.get("/strategy/try")
def ask(request: Request, worker: Director) -> Response:
    """Show the numbers and rules of the pathway, to be changed."""
    care: Care = request.app.state.care
    return _page(request, Form.sent(care.pathway, {}))


async def sent(request: Request) -> dict[str, str]:
    """Return the texts of a form."""
    return {name: text for name, text in (await request.form()).items() if isinstance(text, str)}


Sent = Annotated[dict[str, str], Depends(sent)]


@router.post("/strategy/try")
def try_out(request: Request, worker: Director, sent: Sent) -> Response:
    """Show what the change would have done, or what is wrong with it."""
    care: Care = request.app.state.care
    form = Form.sent(care.pathway, sent)
    if form.wrong:
        return _page(request, form)
    if not form.changes:
        return _page(request, form, unchanged=True)
    try:
        _, after = edited(text_in_force(care), form.changes, care.pathway_file.name, care.knowledge)
    except PathwayError as e:
        return _page(request, form.refused(e.problems))
    note(care.chart, worker.username, page="strategy/try")
    year: Year = request.app.state.year
    before = care.pathway
    effect = Effect.of(before, year.facts(before), after, year.facts(after))
    return _page(
        *(request, form.afresh),
        effect=effect,
        days=month_ends(care.today),
        year=year,
        examples=effect.examples(EXAMPLES).to_dicts(),
        changed=_changed(before, form),
        differences=differences(before, after),
        changes=form.changes,
    )


@router.post("/strategy/download")
def download(request: Request, worker: Director, sent: Sent) -> Response:
    """Hand out the changed file under its new version."""
    care: Care = request.app.state.care
    form = Form.sent(care.pathway, sent)
    version = sent.get("version", "").strip()
    if form.wrong:
        raise UsageError("; ".join(f"{place}: {says}" for place, says in form.wrong.items()))
    if version == care.pathway.version:
        raise UsageError(f"{version} is the version in force: give the changed file a new one")
    text, after = edited(
        text_in_force(care),
        {**form.changes, "version": version},
        care.pathway_file.name,
        care.knowledge,
    )
    name = f"{after.pathway}-{after.version}.yaml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return PlainTextResponse(text, media_type="application/yaml", headers=headers)


def _page(request: Request, form: Form, **known: Any) -> Response:
    care: Care = request.app.state.care
    told = {"effect": None, "unchanged": False, "few": few(), "pathway": care.pathway, **known}
    told["parameters"] = {".".join(v.place): v for v in care.pathway.values.values()}
    return page(request, "trial", form=form, **told)


def text_in_force(care: Care) -> str:
    """Return the text of the pathway in force.

    Raises:
        UsageError: the file has changed since the server started.
    """
    file = care.pathway_file
    text = file.read_text("utf-8")
    if (
        pathway_of(text, care.pathway_file.name, care.knowledge).fingerprint
        != care.pathway.fingerprint
    ):
        raise UsageError(
            f"`{care.pathway_file.name}` has changed since the server started: start it again"
        )
    return text


def _changed(before: Pathway, form: Form) -> list[Changed]:
    same = alike(before, form.changes)
    return [
        _looked_at(before, form.lines[place].old, new, same[place])
        for place, new in form.changes.items()
    ]


def _looked_at(before: Pathway, old: Written, new: str, same: list[str]) -> Changed:
    rule = rule_at(before, old.place)
    sources = tuple(before.sources[name] for name in rule.source)
    return Changed(
        old.place, old.text, new, rule.because, sources, outdated(before, old, new), same
    )
