"""A patient of the demo clinic, planned for an injection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from care.asking import plan_of
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import EXAMS, FINDINGS, TREATMENTS
from reliefpath.documents.papers import Case, Paper, Told, case_of
from reliefpath.documents.papers.parts import Said, Table
from reliefpath.pathway.model import load_pathway
from reliefpath.reference.therapies.injection import Portion, Site
from reliefpath.simulation import demo_clinic

AS_OF = date(2026, 3, 31)
CLINIC = demo_clinic(60, 1, AS_OF)
EPISODE = "demo-0015"
RECORD = CLINIC.only(EPISODE)
LIDOCAINE = Portion("lidocaine", 1, "percent", 1.0)
LATER = datetime(2026, 3, 31, 8, tzinfo=UTC)
"""On the day of the plan."""
JE = "medicare-noridian-je"
REASON = "two injections without it brought no lasting relief"
FAR = ("gluteus-medius", "piriformis", "quadratus-lumborum", "gluteus-maximus")


def sites(muscles: int, *portions: Portion) -> tuple[Site, ...]:
    """Sites in so many muscles, the last with further portions."""
    plain = [Site(muscle, "left", (LIDOCAINE,)) for muscle in FAR[: muscles - 1]]
    return (*plain, Site(FAR[muscles - 1], "left", (LIDOCAINE, *portions)))


def steroid(agent: str = "triamcinolone", strength: float = 10, volume: float = 2) -> Portion:
    return Portion(agent, strength, "mg/ml", volume)


def case(
    where: tuple[Site, ...] | None = None,
    care_log: CareLog = RECORD,
    *,
    told: Told | None = None,
    weighed: bool = True,
    given: pl.DataFrame | None = None,
    **more: Any,
) -> Case:
    """The case of a plan with every decision weighed, or none."""
    more.setdefault("payer", JE)
    more.setdefault("nothing_new", True)
    ask = (care_log, EPISODE, where or sites(1), AS_OF)
    plan = plan_of(*ask, **more)
    if weighed:
        plan = plan_of(*ask, **more, acknowledged=plan.open_decisions)
    return case_of(care_log, EPISODE, plan, load_pathway(), AS_OF, told=told, given=given)


def without(kind: str) -> CareLog:
    """The record without findings of a kind."""
    return replace(RECORD, findings=RECORD.findings.filter(pl.col("kind") != kind))


def with_injection(**row: Any) -> CareLog:
    """The record with an injection on 2 March 2026."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    done = {"episode": EPISODE, "therapy": "injection", "at": at, **row}
    rows = pl.concat([RECORD.treatments, pl.DataFrame([done], TREATMENTS.schema)])
    return replace(RECORD, treatments=rows)


def with_finding(*more: dict[str, Any], **row: Any) -> CareLog:
    """The record with findings, of 30 March 2026 where it is not said."""
    at = datetime(2026, 3, 30, tzinfo=UTC)
    told = [each for each in (*more, row) if each]
    found = [{"patient": RECORD.patients["patient"][0], "at": at, **each} for each in told]
    rows = pl.concat([RECORD.findings, pl.DataFrame(found, FINDINGS.schema)])
    return replace(RECORD, findings=rows)


def with_exams(*exams: dict[str, Any]) -> CareLog:
    """The record with further muscles examined."""
    seen = [{"episode": EPISODE, **exam} for exam in exams]
    return replace(RECORD, exams=pl.concat([RECORD.exams, pl.DataFrame(seen, EXAMS.schema)]))


def rows(paper: Paper, caption: str) -> list[list[str]]:
    """The rows of the table with this caption, in words, the origin last."""
    [table] = [
        block
        for section in paper.sections
        for block in section.blocks
        if isinstance(block, Table) and block.caption == caption
    ]
    return [[_cell(said) for said in row] for row in table.rows]


def _cell(said: Said) -> str:
    return said.text or said.origin


def text(paper: Paper) -> str:
    """Everything that a paper says."""
    return "\n".join(said.text for said in paper.said())
