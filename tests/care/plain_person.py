"""The record of a person on whom nothing stands in the way, and what a planner makes of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.injection import Checked, Portion, Site, Verdict

from .asking import needling_of, plan_of

TODAY = date(2026, 3, 31)


FAR = "gluteus-medius"


ONE_ML = (Portion("lidocaine", 1, "percent", 1.0),)


LEFT = (Site(FAR, "left", ONE_ML),)


ACTIVE = dict.fromkeys(("taut_band", "tender_spot", "referred_pain", "recognised"), True)


Row = dict[str, Any]


def day(ago: int) -> str:
    return (TODAY - timedelta(days=ago)).isoformat()


def finding(kind: str, code: str, ago: int, **more: Any) -> Row:
    return {"patient": "p", "at": day(ago), "kind": kind, "code": code, **more}


def exam(ago: int, muscle: str = FAR, side: str = "left", **more: Any) -> Row:
    row = {"episode": "hip", "at": day(ago), "muscle": muscle, "side": side}
    return {**row, **ACTIVE, **more}


def injection(at: str, **more: Any) -> Row:
    row = {"episode": "neck", "at": at, "therapy": "injection", "muscle": "masseter"}
    return {**row, "side": "left", "agent": "saline", **more}


SCREENED = [finding(kind, "screened", 3) for kind in ("red-flag", "allergy", "medicine")]


PLAIN: dict[str, list[Row]] = {
    "patients": [{"patient": "p", "birth_date": "1980-01-01", "sex": "male"}],
    "episodes": [
        {"episode": "hip", "patient": "p", "region": "hip", "started_on": day(200)},
        {"episode": "neck", "patient": "p", "region": "neck", "started_on": day(200)},
    ],
    "exams": [exam(7)],
    "findings": [
        *SCREENED,
        finding("condition", "screened", 3),
        finding("weight", "body-weight", 3, value=70, unit="kg"),
        finding("consent", "injection", 3, episode="hip"),
        finding("consent", "needling", 3, episode="hip"),
    ],
    "treatments": [],
}


def record(zone: str = "UTC", drop: str | None = None, **more: list[Row]) -> CareLog:
    """The plain record with more in some tables, and without the findings of a kind."""
    rows = {name: [*PLAIN[name], *more.get(name, [])] for name in PLAIN}
    rows["findings"] = [row for row in rows["findings"] if row["kind"] != drop]
    frames = {n: pl.DataFrame(r, infer_schema_length=None) for n, r in rows.items() if r}
    care_log, refused = assemble(frames, SHIPPED)
    assert not [bad for _, bad in refused if not bad.warning]
    return CareLog.of(care_log.table, SHIPPED, zone)


def planned(
    care_log: CareLog, sites: tuple[Site, ...] = LEFT, at: Any = TODAY, **more: Any
) -> dict[str, Verdict]:
    return verdicts(plan_of(care_log, "hip", sites, at, **more))


def needled(
    care_log: CareLog, *places: tuple[str, str], at: Any = TODAY, **more: Any
) -> dict[str, Verdict]:
    where = places or ((FAR, "left"),)
    return verdicts(needling_of(care_log, "hip", where, at, **more))


def verdicts(plan: Checked) -> dict[str, Verdict]:
    return {check.id: check.verdict for check in plan.checks}


def bars(found: dict[str, Verdict]) -> set[str]:
    """What blocks, but for the gate, which this short record does not open."""
    return {id_ for id_, verdict in found.items() if verdict in ("blocked", "unknown")}


def weighed(found: dict[str, Verdict]) -> set[str]:
    decisions = {id_ for id_, verdict in found.items() if verdict is Verdict.DECISION}
    return {id_ for id_ in decisions if not id_.startswith(("gate-", "coverage-"))}


def dose(at: str, mg: float | None, agent: str | None = "lidocaine") -> Row:
    return injection(at, agent=agent, amount=mg, unit=None if mg is None else "mg")
