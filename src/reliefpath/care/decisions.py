"""Advice that a clinician acted on: kept with all that it rests on, and given again to the byte.

A clinic's own file, if there is one, is kept in one document with the pathway.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from reliefpath import __version__
from reliefpath.care_log.checks import check_codes
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import ReliefPathError, UsageError, is_reason
from reliefpath.knowledge import Knowledge
from reliefpath.pathway.advice import Advice, assess_episode
from reliefpath.pathway.model import Pathway, load_pathway
from reliefpath.recovery import Priors
from reliefpath.recovery.learned import read_priors
from reliefpath.store.chart import Chart
from reliefpath.store.reading import fingerprint
from reliefpath.store.writing import AuditEvent, Change

AGREED, OVERRIDDEN = "agreed", "overridden"
CLINIC, PATHWAY = "clinic", "pathway"


@dataclass(frozen=True)
class Basis:
    """What advice rests on besides the records: the texts of a pathway, of a learned prior and of
    the clinic's own file, which `decide` takes from the chart.
    """

    pathway: str
    prior: str | None = None
    clinic: str | None = None

    @property
    def document(self) -> str:
        """The text that is kept of the pathway, and with it the clinic's file."""
        if self.clinic is None:
            return self.pathway
        return json.dumps({CLINIC: self.clinic, PATHWAY: self.pathway})

    @classmethod
    def of(cls, document: str, prior: str | None) -> Basis:
        """Return what was kept; no pathway begins like one with a clinic's file."""
        if not document.startswith(f'{{"{CLINIC}":'):
            return cls(document, prior)
        both = json.loads(document)
        return cls(both[PATHWAY], prior, both[CLINIC])


@dataclass(frozen=True)
class Replay:
    """What a decision's advice is today, from the records as they were known then."""

    episode: str
    decided_at: str
    decision: str
    software: str
    """The version that gave the advice."""
    differences: tuple[str, ...]
    """Each says what was, and what is; empty where the advice is the same to the byte."""


def decide(
    chart: Chart,
    episode: str,
    decision: str,
    basis: Basis,
    as_of: date | datetime,
    by: str,
    reason: str | None = None,
) -> Advice:
    """Keep that a clinician agreed with, or overrode, the advice on an episode; return the advice.

    Raises:
        UsageError: there is no such episode, or an override has no reason.
    """
    if decision == OVERRIDDEN and not is_reason(reason):
        raise UsageError("an override needs its reason in words, for whoever reads it later")
    patient = chart.patient_of(episode)
    if patient is None:
        raise UsageError(f"no episode `{episode}` in `{chart.name}`")
    clinic = chart.knowledge.clinic
    basis = replace(basis, clinic=None if clinic is None else clinic.text)
    known = chart.head().entry
    care_log = chart.care_log_of(patient, known)
    advice = _advice(care_log, episode, *_read(basis), as_of)
    with chart.change(AuditEvent(by, "decide", reason, patient)) as change:
        row = {
            "episode": episode,
            "as_of": as_of.isoformat(),
            "known": float(known),
            "decision": decision,
            "advice": _text(advice),
            "inputs": fingerprint(care_log),
            "pathway": _keep(change, basis.document),
            "prior": None if basis.prior is None else _keep(change, basis.prior),
            "software": __version__,
        }
        change.add("decisions", pl.DataFrame([row], schema_overrides={"prior": pl.String}))
    return advice


def replay(chart: Chart, episode: str | None = None) -> Iterator[Replay]:
    """Give every advice that was acted on again, and tell every difference."""
    for row in chart.decisions(episode):
        yield Replay(
            row["episode"],
            row["recorded_at"],
            row["decision"],
            row["software"],
            tuple(_differences(chart, row)),
        )


def _differences(chart: Chart, row: dict[str, Any]) -> Iterator[str]:
    patient = chart.patient_of(row["episode"], int(row["known"]))
    if patient is None:
        yield f"episode: was on record at entry {row['known']:.0f}, is not now"
        return
    prior = None if row["prior"] is None else chart.document(row["prior"])
    text = row["as_of"]
    as_of = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    try:
        pathway, priors = _read(Basis.of(chart.document(row["pathway"]), prior))
        then = replace(chart, knowledge=pathway.knowledge)
        care_log = then.care_log_of(patient, int(row["known"]))
        if fingerprint(care_log) != row["inputs"]:
            yield "records: not those that the advice was given on; see `reliefpath chart verify`"
        again = _advice(care_log, row["episode"], pathway, priors, as_of)
    except ReliefPathError as e:
        yield f"advice: cannot be given today: {e}"
        return
    if _text(again) != row["advice"]:
        yield from _unlike("", json.loads(row["advice"]), json.loads(_text(again)))


def _unlike(place: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            inside = f"{place}.{key}" if place else key
            yield from _unlike(inside, before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (a, b) in enumerate(zip(before, after, strict=True)):
            yield from _unlike(f"{place}[{i}]", a, b)
    elif before != after:
        yield f"{place}: was {before!r}, is {after!r}"


def _advice(
    care_log: CareLog, episode: str, pathway: Pathway, priors: Priors, as_of: date | datetime
) -> Advice:
    check_codes({name: care_log.table(name) for name in TABLES}, care_log.knowledge)
    return assess_episode(care_log, episode, pathway, as_of, priors)


@lru_cache(maxsize=8)  # a replay asks the same few texts of every decision
def _read(basis: Basis) -> tuple[Pathway, Priors]:
    """The pathway and the prior, read and checked."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "pathway.yaml"
        file.write_text(basis.pathway, "utf-8")
        pathway = load_pathway(file, Knowledge.of_text(basis.clinic))
        if basis.prior is None:
            return pathway, Priors()
        file = Path(folder) / "prior.yaml"
        file.write_text(basis.prior, "utf-8")
        return pathway, read_priors(file)


def _text(advice: Advice) -> str:
    return json.dumps(advice.model_dump(), ensure_ascii=False, sort_keys=True)


def _keep(change: Change, text: str) -> str:
    """Keep a text, once, and return what it is called."""
    name = sha256(text.encode()).hexdigest()
    if not change.has("documents", "document", name):
        change.add("documents", pl.DataFrame({"document": [name], "text": [text]}))
    return name
