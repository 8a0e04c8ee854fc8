"""From a patient's record to the planner: who it is, what was given, what a payer asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from reliefpath.chart.care_log import CareLog
from reliefpath.clock import Moment, day_of
from reliefpath.pathway.assessment import assess_episode
from reliefpath.pathway.claim import coverage_of
from reliefpath.pathway.facts.findings import ANSWERS
from reliefpath.pathway.model import Pathway
from reliefpath.recovery import Priors
from reliefpath.therapies import SCREENED, agents, therapies, units
from reliefpath.therapies.injection import Given, Person, Plan, Site, Standing, plan_injection
from reliefpath.therapies.injection.intervals import INJECTION

WEIGHT = "weight"
QUESTION = {
    **{code: question for question, (_, codes) in ANSWERS.items() for code in codes},
    "needling": "needling",
    "needling-refused": "needling",
}
"""What a code answers; of a question the latest answer alone counts."""


def plan_for(
    care_log: CareLog,
    episode: str,
    sites: Sequence[Site],
    pathway: Pathway,
    as_of: date | datetime,
    *,
    priors: Priors | None = None,
    weight_kg: float | None = None,
    height_cm: float | None = None,
    payer: str | None = None,
    steroid_reason: str | None = None,
    acknowledged: Iterable[str] = (),
) -> Plan:
    """Plan an injection for the patient of an episode.

    Args:
        care_log: what concerns the patient, every episode of theirs.
        episode: the complaint that is injected.
        sites: what is to be injected where.
        pathway: whose gate is asked.
        as_of: the day of the injection; what had happened before counts.
        priors: what recovery is expected to look like.
        weight_kg: measured now; by default the last one on record.
        height_cm: for the body mass index, where it is known.
        payer: a policy of `coverage.yaml`; by default the episode's payer, or every policy.
        steroid_reason: why a corticosteroid, if one is planned.
        acknowledged: ids of decisions that a clinician has weighed.

    Raises:
        UsageError: the episode is not there or has not begun, or the plan makes no sense.
    """
    row = assess_episode(care_log, episode, pathway, as_of, priors).row(0, named=True)
    person = person_on(care_log, row, care_log.moment(as_of), weight_kg, height_cm)
    return plan_injection(
        sites,
        person,
        coverage=coverage_of(care_log, row, person, sites, payer),
        steroid_reason=steroid_reason,
        acknowledged=acknowledged,
    )


def person_on(
    care_log: CareLog,
    advice: dict[str, Any],
    moment: Moment,
    weight_kg: float | None = None,
    height_cm: float | None = None,
) -> Person:
    """Return what is known on a day of the person that a row of the advice table is about."""
    who = care_log.patients.row(by_predicate=pl.col("patient") == advice["patient"], named=True)
    begun = care_log.episodes.row(by_predicate=pl.col("episode") == advice["episode"], named=True)
    findings = _findings(care_log, advice, moment)
    since = findings.filter(moment.day_of() >= begun["started_on"], code=SCREENED)
    weights = [*_weights(care_log, advice["patient"], moment)]
    if weight_kg is not None:
        weights.append(weight_kg)
    return Person(
        on=moment.day,
        birth_date=who["birth_date"],
        weight_kg=weights[-1] if weights else None,
        weight_before_kg=weights[-2] if len(weights) > 1 else None,
        height_cm=height_cm,
        sex=who["sex"],
        findings=tuple(_standing(findings)),
        screened=frozenset(since["kind"]),
        history=tuple(_history(care_log, moment)),
        gate=advice["gate"],
        would_open=tuple(advice["would_change"]),
    )


def _findings(care_log: CareLog, advice: dict[str, Any], moment: Moment) -> pl.DataFrame:
    """What holds on the day of the person, or of this episode."""
    holds = pl.col("until").is_null() | (pl.col("until") >= moment.day)
    mine = care_log.findings_about(advice["episode"], advice["patient"])
    return mine.filter(moment.had_happened, holds).sort("at", "kind", "code")


def _standing(findings: pl.DataFrame) -> list[Standing]:
    rows = findings.filter(pl.col("code") != SCREENED, pl.col("kind") != WEIGHT)
    question = pl.col("code").replace_strict(QUESTION, default=None, return_dtype=pl.String)
    latest = pl.col("at") == pl.col("at").max().over("kind", question)
    stands = rows.filter(question.is_null() | latest)
    return [Standing(*row) for row in stands["kind", "code"].iter_rows()]


def _weights(care_log: CareLog, patient: str, moment: Moment) -> Iterable[float]:
    """Every weight on record in kilograms, the oldest first."""
    rows = care_log.findings.filter(
        moment.had_happened, pl.col("value").is_not_null(), patient=patient, kind=WEIGHT
    )
    for value, unit in rows.sort("at")["value", "unit"].iter_rows():
        if units()[unit].dimension == "mass":
            yield value * units()[unit].factor / units()["kg"].factor


def _history(care_log: CareLog, moment: Moment) -> Iterable[Given]:
    """Everything injected before in any episode of the patient."""
    least = therapies()[INJECTION].invasiveness
    invasive = [name for name, row in therapies().items() if row.invasiveness >= least]
    injected = pl.col("therapy").is_in(invasive) | pl.col("agent").is_in(list(agents()))
    rows = care_log.given.filter(moment.had_happened, injected).sort("at")
    for row in rows.iter_rows(named=True):
        unit = units().get(row["unit"] or "")
        is_mass = unit is not None and unit.dimension == "mass" and row["amount"] is not None
        mg = row["amount"] * unit.factor if unit is not None and is_mass else None
        place = row["therapy"], row["muscle"], row["side"], row["agent"]
        yield Given(day_of(row["at"], moment.zone), *place, mg)
