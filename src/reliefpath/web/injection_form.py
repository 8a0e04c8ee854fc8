"""The form of an injection: what was typed, as a request, with what is wrong beside its field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from reliefpath.care.planning.injection import InjectionRequest
from reliefpath.care.planning.proposal import Proposal
from reliefpath.care.planning.vials import Vial, last_day
from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies import agents, units
from reliefpath.reference.therapies.injectables import Agent, AgentKind
from reliefpath.reference.therapies.injection import Place, Portion, Site
from reliefpath.web.forms import FLAGS, Said, day_of, number_of, rows_of, text_of
from reliefpath.web.views.checks import nothing_new

SITE = ("muscle", "side", "agent", "strength", "unit", "volume_ml", "twitch", "steroid_reason")
VIAL = ("vial_agent", "lot", "expires", "unknown_because", "opened_mg")
PERCENT = "percent"
FURTHER = 1
"""Rows for sites that are not filled in yet."""
Fields = dict[str, str]


class FieldError(UsageError):
    """Fields of the form that are missing or wrong, each by its id with what to do."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(" ".join(dict.fromkeys(fields.values())))
        self.fields = fields


def filled_in(proposal: Proposal) -> Said:
    """Return the form as it opens: what is proposed, and no dose of last time."""
    usual = proposal.usual
    site = {
        "agent": proposal.agent or "",
        "strength": "" if usual is None else f"{usual.strength:g}",
        "unit": "" if usual is None else usual.unit,
        "volume_ml": "" if usual is None else f"{usual.volume_ml:g}",
        "twitch": "",
        "steroid_reason": "",
    }
    rows = [{"muscle": muscle, "side": side, **site} for muscle, side in proposal.places]
    return Said([(name, row[name]) for row in rows for name in SITE])


def site_rows(said: Said) -> list[Fields]:
    """Return the rows of sites in which something is said, and an empty one."""
    return _filled(said) + [dict.fromkeys(SITE, "") for _ in range(FURTHER)]


def vial_rows(said: Said) -> list[Fields]:
    """Return a row for the vials of each agent that the sites name, as far as it is filled in."""
    told = {row["vial_agent"]: row for row in rows_of(said, VIAL)}
    named = dict.fromkeys(row["agent"] for row in _filled(said) if row["agent"])
    return [told.get(agent, {**dict.fromkeys(VIAL, ""), "vial_agent": agent}) for agent in named]


def request_of(said: Said, episode: str, today: date, knowledge: Knowledge) -> InjectionRequest:
    """Return what is asked of the planner.

    Raises:
        FieldError: a field of a site is missing or wrong.
        UsageError: nothing is planned, or another field makes no sense.
    """
    rows = _filled(said)
    if not rows:
        raise UsageError("nothing is planned: choose at least one muscle, side and agent")
    problems = {
        field: says
        for number, row in enumerate(rows, start=1)
        for field, says in _problems(row, number, knowledge)
    }
    if problems:
        raise FieldError(problems)
    return InjectionRequest(
        episode=episode,
        sites=tuple(_sites(rows)),
        at=day_of(said, today),
        weight_kg=_weight(said),
        height_cm=number_of(said, "height_cm"),
        payer=text_of(said, "payer"),
        steroid_reason=_steroid_reason(rows, knowledge),
        agrees=said.get("agrees") == "yes",
        nothing_new=nothing_new(said),
    )


def vials_of(said: Said) -> list[Vial]:
    """Return what was read off the vials.

    Raises:
        FieldError: an expiry is neither a month nor a day.
    """
    vials, problems = [], {}
    for number, row in enumerate(vial_rows(said), start=1):
        expires = None
        try:
            expires = last_day(row["expires"]) if row["expires"] else None
        except UsageError as error:
            problems[f"expires-{number}"] = str(error)
        told = {"lot": row["lot"] or None, "unknown_because": row["unknown_because"] or None}
        vials.append(Vial(agent=row["vial_agent"], expires=expires, **told))
    if problems:
        raise FieldError(problems)
    return vials


def lots_of(said: Said) -> dict[str, str]:
    """Return the lot of each agent."""
    return {row["vial_agent"]: row["lot"] for row in vial_rows(said) if row["lot"]}


def opened_mg(said: Said) -> dict[str, float]:
    """Return what the single-dose vials held that were opened, by agent."""
    told = ((row["vial_agent"], number_of(row, "opened_mg")) for row in vial_rows(said))
    return {agent: mg for agent, mg in told if mg is not None}


def twitches(said: Said) -> list[Place] | None:
    """Return where a local twitch was seen; None where nobody looked."""
    told = {(row["muscle"], row["side"]): FLAGS.get(row["twitch"]) for row in _filled(said)}
    looked = {place: flag for place, flag in told.items() if flag is not None}
    return [place for place, flag in looked.items() if flag] if looked else None


def _filled(said: Said) -> list[Fields]:
    return [row for row in rows_of(said, SITE) if any(row[name] for name in SITE if name != "unit")]


def _problems(row: Fields, number: int, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """What is missing or wrong in a row, by the id of its field."""
    for name in ("muscle", "side", "agent"):
        if not row[name]:
            yield f"{name}-{number}", f"Choose the {name}."
    known = agents(knowledge).get(row["agent"])
    if known is None or known.kind is not AgentKind.OTHER:
        yield from _number(row, "strength", number, _strength_hint(known))
    yield from _number(row, "volume_ml", number, "Type the volume in mL.")


def _number(row: Fields, name: str, number: int, missing: str) -> Iterator[tuple[str, str]]:
    try:
        if number_of(row, name) is None:
            yield f"{name}-{number}", missing
    except UsageError as error:
        yield f"{name}-{number}", str(error)


def _strength_hint(agent: Agent | None) -> str:
    if agent is None or not agent.concentrations_percent:
        return "Type the strength."
    sold = ", ".join(f"{percent:g}" for percent in agent.concentrations_percent)
    return f"Type the strength; {agent.name} is sold as {sold} %."


def _sites(rows: list[Fields]) -> list[Site]:
    """Rows of the same muscle and side are one site with several agents."""
    sites: dict[Place, list[Portion]] = {}
    for row in rows:
        sites.setdefault((row["muscle"], row["side"]), []).append(_portion(row))
    return [Site(muscle, side, tuple(portions)) for (muscle, side), portions in sites.items()]


def _portion(row: Fields) -> Portion:
    unit: Any = row["unit"] or PERCENT
    strength, volume = number_of(row, "strength"), number_of(row, "volume_ml")
    return Portion(row["agent"], strength or 0.0, unit, volume or 0.0)


def _steroid_reason(rows: list[Fields], knowledge: Knowledge) -> str | None:
    """What is told at the sites where a steroid is planned, and nowhere else."""
    known = agents(knowledge)
    told = (
        row["steroid_reason"]
        for row in rows
        if row["agent"] in known and known[row["agent"]].kind is AgentKind.CORTICOSTEROID
    )
    return "; ".join(dict.fromkeys(filter(None, told))) or None


def _weight(said: Said) -> float | None:
    weight, unit = number_of(said, "weight"), str(said.get("weight_unit") or "kg")
    if weight is None:
        return None
    if unit not in ("kg", "lb"):
        raise UsageError(f"weight: unknown unit `{unit}`, expected kg or lb")
    return weight * units()[unit].factor / units()["kg"].factor
