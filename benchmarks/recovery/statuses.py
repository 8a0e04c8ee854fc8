"""How often statuses are wrong, however often a patient scores, and how soon they see a loss.

Every patient is looked at with every score from the third on, as a clinic would. False alarms are
told of a quarter of a year. A lasting loss of one MCID is looked for beside two detectors that are
told more, at the same rate of false alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.documents.reference.markdown import table
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.assessment import STATUS, plan_of
from reliefpath.pathway.facts import facts
from reliefpath.pathway.model import Pathway, StatusName, load_pathway
from reliefpath.recovery import Priors

from .detectors import MCID, knowing, learning
from .histories import Flags, Floats, Ints

Random = np.random.Generator
Names = NDArray[np.object_]

TODAY = date(2026, 3, 2)
QUARTER = 12.0
"""Weeks that patients are watched."""
COUNTS = (4, 7, 13, 25, 84, 200)
"""Scores in these weeks: from one in four weeks to more than two a day."""
NOISES = (0.6, 1.0, 1.8)
"""Standard deviations of a score from 0 to 10."""
FIRST_LOOK = 3
KINDS = {
    "flat": lambda week: np.full_like(week, 5.0),
    "level": lambda week: 6 - 4 * np.minimum(week / 4, 1),
    "improving": lambda week: 8.5 - 0.4 * week,
    "recovered": lambda week: 6 * np.maximum(1 - week / 3, 0.05),
}
"""True courses, by the week of care."""
WITHIN = 3.0
"""Weeks within which a loss is to be seen."""


@dataclass(frozen=True)
class Watched:
    """Patients with every look at them, a row a look.

    Attributes:
        patient: Whose look it is, counted from 0.
        week: When, in weeks of care.
        status: What the pathway called the patient.
    """

    patient: Ints
    week: Floats
    status: Names

    def ever(self, patients: int, *statuses: StatusName) -> NDArray[np.bool_]:
        """Return whether each patient was ever called one of these."""
        found = np.zeros(patients, np.bool_)
        found[self.patient[np.isin(self.status, [s.value for s in statuses])]] = True
        return found


def scored(
    kind: str, noise: float, count: int, patients: int, random: Random, loss: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return weeks and whole scores, a row a patient; a loss of an MCID may come in a week."""
    apart = 7 * QUARTER / (count - 1)
    day = np.arange(count) * apart + random.uniform(-0.4, 0.4, (patients, count)) * apart
    week = np.sort(np.clip(day, 0, None), axis=1) / 7
    true = KINDS[kind](week)
    if loss is not None:
        true = true + MCID * (week >= loss[:, None])
    return week, np.clip(np.rint(true + random.normal(0, noise, week.shape)), 0, 10)


def watch(weeks: Floats, scores: Floats, pathway: Pathway, priors: Priors | None = None) -> Watched:
    """Return what the pathway calls each patient at each of their scores."""
    patients, count = weeks.shape
    looks = [(p, upto) for p in range(patients) for upto in range(FIRST_LOOK, count + 1)]
    log = _care_log(weeks, scores, looks)
    known = facts(log, TODAY, pathway.targets, priors, pathway.recovery.combine)
    told = known.lazy().with_columns(plan_of(pathway).status).select("episode", STATUS).collect()
    by_episode = dict(told.iter_rows())
    return Watched(
        np.array([p for p, _ in looks]),
        np.array([weeks[p, upto - 1] for p, upto in looks]),
        np.array([by_episode[_name(i)] for i in range(len(looks))], object),
    )


def _name(look: int) -> str:
    return f"look-{look:07}"


def _care_log(weeks: Floats, scores: Floats, looks: list[tuple[int, int]]) -> CareLog:
    """Return every look as an episode of its own, whose latest score is of today."""
    names = [_name(i) for i in range(len(looks))]
    latest = np.array([weeks[p, upto - 1] for p, upto in looks])
    days = np.floor(latest * 7 + 1e-9).astype(int).tolist()
    owner = np.repeat(np.arange(len(looks)), [upto for _, upto in looks])
    when = np.concatenate([weeks[p, :upto] for p, upto in looks])
    value = np.concatenate([scores[p, :upto] for p, upto in looks])
    begun = [TODAY - timedelta(days=day) for day in days]
    noon = np.array([datetime.combine(day, datetime.min.time()) for day in begun], "datetime64[us]")
    at = noon[owner] + (when * 7 * 86_400e6).astype("timedelta64[us]")
    name = pl.Series(names)
    tables = {
        "patients": pl.DataFrame({"patient": name}),
        "episodes": pl.DataFrame(
            {"episode": name, "patient": name, "region": "neck", "started_on": begun}
        ),
        "scores": pl.DataFrame(
            {
                "episode": name.gather(owner),
                "at": pl.Series(at).dt.replace_time_zone("UTC"),
                "measure": "nrs",
                "value": value,
            }
        ),
    }
    log, refused = assemble(tables, SHIPPED)
    assert not refused, refused[0]
    return log


@dataclass(frozen=True)
class FalseAlarms:
    """Shares of patients that were ever called something that they were not."""

    kind: str
    noise: float
    count: int
    worsening: float
    recurred: float
    recovered: float
    level: float


def false_alarms(patients: int, seed: int = 5) -> Iterator[FalseAlarms]:
    """Yield how often each kind of patient is called what they are not, by noise and scores."""
    pathway, random = load_pathway(), np.random.default_rng(seed)
    for kind in KINDS:
        for noise in NOISES:
            for count in COUNTS:
                few = max(patients * 13 // max(count, 13), patients // 4)
                week, score = scored(kind, noise, count, few, random)
                seen = watch(week, score, pathway)
                yield FalseAlarms(
                    kind,
                    noise,
                    count,
                    float(seen.ever(few, StatusName.WORSENING).mean()),
                    float(seen.ever(few, StatusName.RECURRED).mean()),
                    float(seen.ever(few, StatusName.RECOVERED).mean()),
                    float(seen.ever(few, StatusName.PLATEAUED, StatusName.STALLED).mean()),
                )


@dataclass(frozen=True)
class Detection:
    """Shares of patients whose loss was seen in time."""

    kind: str
    noise: float
    count: int
    alarms: float
    ours: float
    knowing: float
    learning: float


def detections(patients: int, seed: int = 9) -> Iterator[Detection]:
    """Yield how often a lasting loss of one MCID is seen within three weeks."""
    pathway, random = load_pathway(), np.random.default_rng(seed)
    worse = StatusName.WORSENING, StatusName.RECURRED
    for kind, level, begins in (("flat", 5.0, 0.0), ("level", 2.0, 5.0)):
        for count in (13, 25):
            for noise in (0.7, 1.0, 1.4):
                quiet = scored(kind, noise, count, patients, random)
                alarms = watch(*quiet, pathway).ever(patients, *worse)
                at = random.uniform(6, 9, patients)
                lost = scored(kind, noise, count, patients, random, at)
                seen = watch(*lost, pathway)
                yield Detection(
                    kind,
                    noise,
                    count,
                    float(alarms.mean()),
                    _in_time(seen.patient, seen.week, np.isin(seen.status, worse), at),
                    *(
                        _seen_alike(detector, quiet, lost, alarms.mean(), at)
                        for detector in (
                            partial(knowing, level=level, noise=noise, begins=begins),
                            partial(learning, begins=begins, within=WITHIN),
                        )
                    ),
                )


def _in_time(patient: Ints, week: Floats, alarm: Flags, at: Floats) -> float:
    """The share of patients with an alarm within `WITHIN` weeks after their loss."""
    soon = alarm & (week >= at[patient]) & (week <= at[patient] + WITHIN)
    return float(np.isin(np.arange(at.size), patient[soon]).mean())


def _seen_alike(
    detector: Callable[[Floats, Floats], Floats],
    quiet: tuple[Floats, Floats],
    lost: tuple[Floats, Floats],
    alarms: float,
    at: Floats,
) -> float:
    """The share of losses that a detector sees in time, at a share of false alarms."""
    limit = np.quantile(detector(*quiet).max(axis=1), 1 - alarms)
    week = lost[0]
    patient = np.repeat(np.arange(at.size), week.shape[1])
    return _in_time(patient, week.ravel(), (detector(*lost) > limit).ravel(), at)


def report(patients: int = 200) -> str:
    """Return both tables as Markdown."""
    told = (_row(a, a.worsening, a.recurred, a.recovered, a.level) for a in false_alarms(patients))
    seen = (_row(d, d.alarms, d.ours, d.knowing, d.learning) for d in detections(patients))
    first = ("patients", "noise", "scores", "worsening", "recurred", "recovered", "level")
    second = (
        "patients",
        "noise",
        "scores",
        "false alarms",
        "seen",
        "by who knows",
        "by who learns",
    )
    return f"{table(first, told)}\n{table(second, seen)}"


def _row(of: FalseAlarms | Detection, *shares: float) -> tuple[str, ...]:
    return of.kind, f"{of.noise}", f"{of.count}", *(f"{share:.1%}" for share in shares)


if __name__ == "__main__":
    print(report(400))
