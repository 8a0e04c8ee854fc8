"""What a careful clinician would object to, read off one patient's rows: slow, and obvious.

It knows neither the pathway nor the facts, and states its numbers anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from statistics import mean
from typing import Any

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import Restriction, finding_kinds

Rows = list[dict[str, Any]]
NRS_ERROR = 2
ASKED = ("red-flag", "allergy", "condition")
"""What could bar an injection; medicines call for care alone."""


def objections(record: dict[str, Rows], episode: str, on: date) -> set[str]:
    """The reasons against an injection in an episode on a day, given the person's whole record."""
    mine = next(row for row in record["episodes"] if row["episode"] == episode)
    past = {
        name: [row for row in record[name] if row["at"].date() <= on]
        for name in ("scores", "treatments", "exams", "findings")
    }
    person = record["patients"][0]
    return {
        *_ended(mine, person, on),
        *_course([r for r in past["scores"] if r["episode"] == episode], on),
        *_done([r for r in past["treatments"] if r["episode"] == episode], mine, on),
        *_examined([r for r in past["exams"] if r["episode"] == episode], mine),
        *_injected(past["treatments"], on),
        *_known(past, mine, on),
    }


def _ended(mine: dict[str, Any], person: dict[str, Any], on: date) -> Iterator[str]:
    if mine["ended_on"] is not None and mine["ended_on"] < on:
        yield "ended"
    if person["died_on"] is not None and person["died_on"] <= on:
        yield "died"


def _course(scores: Rows, on: date) -> Iterator[str]:
    days: dict[str, dict[date, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(scores, key=lambda row: row["at"]):
        days[row["measure"]][row["at"].date()].append(row["value"])
    said = {m: [mean(values) for values in by_day.values()] for m, by_day in days.items()}
    nrs = said.get("nrs", [])
    if len(nrs) < 3:
        yield "too few scores"
        return
    if nrs[-1] - nrs[-2] >= NRS_ERROR:
        yield "flare"
    before = [mean(pair) for pair in pairwise(nrs[:-2])]
    if before and min(nrs[-2:]) - min(before) >= NRS_ERROR:
        yield "worse twice"
    if max(nrs[-2:]) <= 0.1 * nrs[0]:
        yield "recovered"
    if nrs[-1] > 0.5 * nrs[0]:
        yield "less than half better"
    if on - max(days["nrs"]) > timedelta(weeks=2):
        yield "old score"
    for measure, low, high in (("pgic", 1, 2), ("groc", 3, 7), ("sane", 40, 95)):
        lately = days[measure] and on - max(days[measure]) <= timedelta(weeks=6)
        if lately and not low <= said[measure][-1] <= high:
            yield f"the patient disagrees: {measure}"
    for one, two in pairwise(r["value"] for r in scores if r["measure"] == "vas"):
        if one > 10 >= two and one / two >= 7:
            yield "another scale"


def _done(given: Rows, mine: dict[str, Any], on: date) -> Iterator[str]:
    exercise = sorted((r["at"].date(), r["adherence"]) for r in given if r["therapy"] == "exercise")
    done = [day for day, adherence in exercise if adherence > 0]
    longest, start = timedelta(0), done[0] if done else on
    for one, two in pairwise(done):
        start = two if two - one > timedelta(weeks=6) else start
        longest = max(longest, two - start)
    if longest < timedelta(weeks=6):
        yield "no course of exercise"
    if not done or on - done[-1] > timedelta(weeks=6):
        yield "exercise stopped"
    if exercise:
        lately = [a for day, a in exercise if exercise[-1][0] - day <= timedelta(weeks=4)]
        if min(mean(lately), mean(a for _, a in exercise)) < 0.75:
            yield "exercise not done"
    sessions, last = 0, date.min
    for row in sorted(given, key=lambda row: row["at"]):
        reaches = row["muscle"] is None or _explains(row, mine)
        apart = row["at"].date() - last >= timedelta(days=3)
        if row["therapy"] == "dry-needling" and reaches and apart:
            sessions, last = sessions + 1, row["at"].date()
    if sessions < 4:
        yield "no course of dry needling"


def _explains(row: dict[str, Any], mine: dict[str, Any]) -> bool:
    """Whether a muscle may cause the complaint, on its side or known to refer across."""
    sides = {row.get("side") or "both", mine.get("side") or "both"}
    muscle = muscles(SHIPPED)[row["muscle"]]
    reached = muscle.crosses if sides == {"left", "right"} else muscle.reaches
    return mine["region"] in reached


def _examined(exams: Rows, mine: dict[str, Any]) -> Iterator[str]:
    latest = max((row["at"].date() for row in exams), default=None)
    if not any(row["at"].date() == latest and _explains(row, mine) for row in exams):
        yield "nothing found that explains it"


def _injected(given: Rows, on: date) -> Iterator[str]:
    days = {row["at"].date() for row in given if row["therapy"] == "injection"}
    if any(on - day < timedelta(weeks=6) for day in days):
        yield "injected lately"
    if len([day for day in days if on - day < timedelta(days=365)]) >= 3:
        yield "three injections"


def _known(past: dict[str, Rows], mine: dict[str, Any], on: date) -> Iterator[str]:
    holding = [r for r in past["findings"] if r["until"] is None or r["until"] >= on]
    own = [r for r in holding if r["episode"] in (None, mine["episode"])]
    asked = {
        r["kind"] for r in own if r["code"] == "screened" and r["at"].date() >= mine["started_on"]
    }
    if not asked.issuperset(ASKED):
        yield "not asked"
    for row in holding:
        bars = finding_kinds(SHIPPED)[row["kind"]].codes[row["code"]].bars
        if {Restriction.RED_FLAG, Restriction.CONTRAINDICATION} & set(bars):
            yield "danger"
    agreed = [r for r in own if r["code"] in ("injection", "injection-refused")]
    latest = max(agreed, key=lambda row: row["at"], default=None)
    if latest is None or latest["code"] == "injection-refused":
        yield "no consent"
    elif on - latest["at"].date() > timedelta(days=182):
        yield "old consent"
    else:
        for row in past["treatments"]:
            same = latest["episode"] is None or row["episode"] == latest["episode"]
            if row["therapy"] == "injection" and same and row["at"].date() >= latest["at"].date():
                yield "consent used up"
