"""A planned injection as its page shows it: the dose first, then what is left, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from reliefpath.care.planning.person import WEIGHT
from reliefpath.care.planning.proposal import Proposal
from reliefpath.care.planning.recording import Recording
from reliefpath.care_log.log import CareLog
from reliefpath.documents.printing import day_text
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import agents
from reliefpath.reference.therapies.injectables import AgentKind
from reliefpath.reference.therapies.injection import (
    AnaestheticDose,
    Check,
    Place,
    Plan,
    Portion,
    Verdict,
)

LONGEST = 110
"""Characters of a thing that is left to settle; the whole stands with its check."""
Fields = Mapping[str, str]


@dataclass(frozen=True)
class Headline:
    """The whole dose of a plan against the most that may be given."""

    doses: str
    """Such as `20 mg of lidocaine`."""
    share: float | None
    """Of the maximum of local anaesthetic; None where none is planned or it is not known."""
    says: str
    """The share in words, or what is missing to tell it."""
    is_too_much: bool = False


@dataclass(frozen=True)
class Left:
    """One thing that is left to settle, and where on the page that is done."""

    place: str
    says: str
    blocks: bool


@dataclass(frozen=True)
class SiteView:
    """A row of the form for one agent at one site."""

    row: Fields
    is_planned: bool
    """Whether something stands in the row."""
    dose: str | None
    before: tuple[str, ...]
    """What was injected at the place last."""


@dataclass(frozen=True)
class FormView:
    """What the form shows beside what was typed into it."""

    headline: Headline | None
    left: list[Left]
    sites: list[SiteView]
    vials: list[tuple[str, Fields]]
    """The name of each agent, with what was read off its vials."""
    problems: Mapping[str, str]
    """What is wrong or missing, by the id of its field."""
    steroids: frozenset[str]
    last_weight: str | None
    last_day: date | None
    """The day of the last injection."""
    before: tuple[str, ...]
    """What was injected on that day."""


def form_view(
    plan: Plan | None,
    recording: Recording | None,
    rows: Sequence[Fields],
    vials: Sequence[Fields],
    wrong: Mapping[str, str],
    care_log: CareLog,
    proposal: Proposal,
    today: date,
    *,
    is_sent: bool,
) -> FormView:
    """Return what the form shows.

    Args:
        plan: what was made of the form; None where nothing could be.
        recording: the plan on its way into the chart; None where it is there, or cannot be.
        rows: the rows of sites.
        vials: the rows of vials.
        wrong: what is wrong in fields, by their ids.
        care_log: the patient's record.
        proposal: what the plan began with.
        today: the day at the clinic.
        is_sent: whether what is not told of the vials is marked, as nobody was asked before.
    """
    knowledge = care_log.knowledge
    known = agents(knowledge)
    kind = AgentKind.CORTICOSTEROID
    steroids = frozenset(agent for agent, row in known.items() if row.kind is kind)
    vial_checks = () if recording is None else recording.vial_checks
    checks = [*vial_checks, *(() if plan is None else plan.checks)]
    acknowledged = () if plan is None else plan.acknowledged
    mended = _fields_of(rows, vials, steroids)
    open_ = [check for check in checks if _is_left(check, acknowledged)]
    left = [
        Left(
            mended.get(check.id, f"check-{check.id}"),
            _short(check),
            check.verdict is not Verdict.DECISION,
        )
        for check in open_
    ]
    twice = () if recording is None else recording.twice
    left += [Left("sites", says, blocks=True) for says in twice]
    left += [Left(field, says, blocks=True) for field, says in wrong.items()]
    marked = open_ if is_sent else [check for check in open_ if check not in vial_checks]
    beside = {mended[check.id]: _short(check) for check in marked if check.id in mended}
    last = [*proposal.before]
    return FormView(
        headline=None if plan is None else headline(plan, knowledge),
        left=sorted(left, key=lambda each: not each.blocks),
        sites=list(_sites(plan, rows, last, knowledge)),
        vials=[(known[v["vial_agent"]].name, v) for v in vials if v["vial_agent"] in known],
        problems={**beside, **wrong},
        steroids=steroids,
        last_weight=_last_weight(care_log, today),
        last_day=last[0]["day"] if last else None,
        before=tuple(_before(row, knowledge) for row in last),
    )


def headline(plan: Plan, knowledge: Knowledge) -> Headline:
    """Return the dose of a plan in one line."""
    doses = _told(", ".join(_doses(plan, knowledge)))
    dose = plan.dose
    if dose is None:
        return Headline(doses, None, "no local anaesthetic", is_too_much=False)
    if dose.weight_kg is None:
        return Headline(doses, None, "of a maximum that the weight tells", is_too_much=False)
    if dose.share is None:
        says = "and what acts from before is not known"
        return Headline(doses, None, says, is_too_much=False)
    together = "together " if len(dose.mg) > 1 else ""
    says = f"{together}{percent(dose.share)} of the maximum for {dose.weight_kg:g} kg"
    if dose.earlier:
        says += ", with what was given before and may still act"
    if dose.allowed < 1:
        says += f"; at most {percent(dose.allowed)} here"
    return Headline(doses, dose.share, says, dose.share > dose.allowed)


def percent(share: float) -> str:
    """Return a share of a maximum, rounded up, so that none beyond it is told as within.

    >>> percent(20 / 300), percent(1.0), percent(1.001)
    ('7 %', '100 %', '101 %')
    """
    return f"{ceil(round(100 * share, 6))} %"


def _sites(
    plan: Plan | None,
    rows: Sequence[Fields],
    last: Sequence[Mapping[str, Any]],
    knowledge: Knowledge,
) -> Iterator[SiteView]:
    planned: dict[Place, list[Portion]] = {}
    for site in () if plan is None else plan.sites:
        planned[site.muscle, site.side] = list(site.portions)
    for row in rows:
        place = row["muscle"], row["side"]
        portions = planned.get(place)
        dose = None
        if plan is not None and portions:
            dose = _dose(portions.pop(0), plan.dose, knowledge)
        here = (each for each in last if (each["muscle"], each["side"]) == place)
        before = tuple(_amount(each, knowledge) for each in here)
        yield SiteView(row, any(row.values()), dose, before)


def _dose(portion: Portion, dose: AnaestheticDose | None, knowledge: Knowledge) -> str:
    """The dose of one agent at one site."""
    if portion.kind(knowledge) is AgentKind.OTHER:
        return f"{portion.volume_ml:g} mL"
    most = None if dose is None else dose.most_mg.get(portion.agent)
    part = "" if most is None else f", {percent(portion.mg / most)} of the maximum"
    return f"{portion.mg:.4g} mg{part}"


def _fields_of(
    rows: Sequence[Fields], vials: Sequence[Fields], steroids: frozenset[str]
) -> dict[str, str]:
    """The ids of the fields that mend checks, by the id of the check."""
    found = dict.fromkeys(("weight", "plausible-weight", "weight-change"), "weight")
    for number, row in enumerate(rows, start=1):
        found.setdefault(f"strength-{row['agent']}", f"strength-{number}")
        found.setdefault(f"muscle-{row['muscle']}", f"muscle-{number}")
        if row["agent"] in steroids:
            found.setdefault("steroid-reason", f"steroid_reason-{number}")
    for number, vial in enumerate(vials, start=1):
        field = "expires" if vial["lot"] else "lot"
        found[f"vial-{vial['vial_agent']}"] = f"{field}-{number}"
    return found


def _last_weight(care_log: CareLog, today: date) -> str | None:
    """The last weight on record, with its day."""
    rows = care_log.moment(today).before(care_log.findings.filter(kind=WEIGHT))
    rows = rows.drop_nulls(["value", "unit"]).sort("at")
    if rows.is_empty():
        return None
    last = rows.row(-1, named=True)
    return f"{last['value']:g} {last['unit']} on {day_text(last['at'].date())}"


def _before(row: Mapping[str, Any], knowledge: Knowledge) -> str:
    muscle = row["muscle"]
    where = muscles(knowledge)[muscle].name if muscle else "muscle not on record"
    side = f", {row['side']}" if row["side"] else ""
    return f"{where}{side}: {_amount(row, knowledge)}"


def _amount(row: Mapping[str, Any], knowledge: Knowledge) -> str:
    agent = agents(knowledge)[row["agent"]].name if row["agent"] else "agent not on record"
    if row["amount"] is not None:
        return f"{agent} {row['amount']:g} {row['unit']}"
    volume = row["volume_ml"]
    return f"{agent}, {'dose not on record' if volume is None else f'{volume:g} mL'}"


def _doses(plan: Plan, knowledge: Knowledge) -> Iterator[str]:
    portions = [portion for site in plan.sites for portion in site.portions]
    for agent in dict.fromkeys(portion.agent for portion in portions):
        mine = [portion for portion in portions if portion.agent == agent]
        row = agents(knowledge)[agent]
        if row.kind is AgentKind.OTHER:
            yield f"{sum(p.volume_ml for p in mine):.4g} mL of {row.name.lower()}"
        else:
            yield f"{sum(p.mg for p in mine):.4g} mg of {row.name.lower()}"


def _told(listed: str) -> str:
    first, comma, last = listed.rpartition(", ")
    return f"{first} and {last}" if comma else last


def _is_left(check: Check, acknowledged: Sequence[str]) -> bool:
    if check.verdict is Verdict.DECISION:
        return check.id not in acknowledged
    return check.verdict in (Verdict.BLOCKED, Verdict.UNKNOWN)


def _short(check: Check) -> str:
    says = check.says.removeprefix("The gate is closed. ").removeprefix("The gate is unknown. ")
    first = says.split(". ")[0].rstrip(".")
    return first if len(first) <= LONGEST else f"{first[:LONGEST].rsplit(' ', 1)[0]} …"
