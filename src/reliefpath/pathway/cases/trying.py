"""What a pathway says of patients written down by hand, and of which of them it is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.pathway.advice import Advice, advice_of
from reliefpath.pathway.assessment import assess
from reliefpath.pathway.cases.reading import Chapter, Vignette, read_chapter
from reliefpath.pathway.model import Pathway
from reliefpath.pathway.wording import GATES

CHAPTERS = ("adversarial.yaml", "plain-candidates.yaml")


@dataclass(frozen=True)
class CaseResult:
    """What a pathway says of one patient, and whether a careful clinician would agree."""

    case: Vignette
    status: str
    gate: str
    open_criteria: tuple[str, ...]
    """Those of the gate that are not answered yes, with what to do about each."""

    @property
    def holds(self) -> bool:
        """Whether the gate is as the case expects."""
        expected = self.case.expect.gate
        return self.gate == expected or (expected == "not open" and self.gate != "open")

    @property
    def says(self) -> str:
        """The result in a sentence or two."""
        found = f"{self.case.title}: {self.status}, gate {self.gate}"
        if self.holds:
            return found
        told = f"{found}, expected {self.case.expect.gate}. {' '.join(self.case.story.split())}"
        return " ".join((told, *self.open_criteria))


@cache
def shipped_chapters() -> tuple[Chapter, ...]:
    """Return the patients who test any pathway: those to stop, and those not to."""
    return tuple(read_chapter(files(__package__) / name) for name in CHAPTERS)


def try_cases(pathway: Pathway) -> list[CaseResult]:
    """Return what a pathway says of every patient of `shipped_chapters`."""
    cases = [case for chapter in shipped_chapters() for case in chapter.vignettes]
    advice = advice_on(cases, pathway)
    return [_result_of(case, advice[case.title]) for case in cases]


def _result_of(case: Vignette, advice: Advice) -> CaseResult:
    stopping = () if case.expect.gate == "not open" else tuple(advice.would_change)
    return CaseResult(case, advice.status, GATES[advice.gate], stopping)


def advice_on(cases: Iterable[Vignette], pathway: Pathway) -> dict[str, Advice]:
    """Return the advice on each patient by title; those of one day are assessed together."""
    days: dict[Any, list[Vignette]] = {}
    for case in cases:
        days.setdefault((case.day, case.absent), []).append(case)
    found: dict[str, Advice] = {}
    for (day, absent), mine in days.items():
        logs = [case.care_log(pathway.knowledge) for case in mine]
        tables = {name: pl.concat(log.table(name) for log in logs) for name in TABLES}
        care_log = CareLog.of(tables.__getitem__, pathway.knowledge)
        care_log = replace(care_log, absent=frozenset(absent))
        for advice in advice_of(assess(care_log, pathway, day), pathway):
            found[advice.episode] = advice
    return found
