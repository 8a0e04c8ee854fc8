"""What the commands about injections share: the options that describe a plan, and the plan."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reliefpath.cli.options import PathwayFile, PriorFile, knowledge, read_pathway, read_prior
from reliefpath.cli.records import Records
from reliefpath.cli.render.output import open_console, output
from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from polars import DataFrame
    from rich.console import Console

    from reliefpath.care.planning.injection import InjectionRequest
    from reliefpath.care.planning.vials import Vial
    from reliefpath.care_log.log import CareLog
    from reliefpath.pathway.model import Pathway
    from reliefpath.recovery import Priors
    from reliefpath.reference.therapies.injection import Checked, Plan, Portion, Site

NUMBER = r"(\d+(?:\.\d+)?)"
PORTION = re.compile(
    rf"^([a-z0-9-]+)\s+(?:{NUMBER}\s*(%|percent|mg/ml)\s+)?{NUMBER}\s*ml(?:\s*=\s*{NUMBER}\s*mg)?$",
    re.IGNORECASE,
)
WEIGHT = re.compile(rf"^{NUMBER}\s*(kg|lb)$", re.IGNORECASE)
HEIGHT = re.compile(rf"^{NUMBER}\s*cm$", re.IGNORECASE)
EXAMPLE = "`infraspinatus left: lidocaine 1% 1 mL`"


class PlanFormat(StrEnum):
    """How a plan is written."""

    TEXT = "text"
    JSON = "json"


Format = Annotated[PlanFormat, typer.Option("--format", help="How to write it.")]
Episode = Annotated[str, typer.Argument(help="Which episode.")]
Sites = Annotated[
    list[str],
    typer.Option(
        "--site",
        metavar="SITE",
        help="`MUSCLE SIDE: AGENT STRENGTH VOLUME`, more agents after a `+`; repeatable.",
    ),
]
Weight = Annotated[
    str | None,
    typer.Option(
        metavar="WEIGHT",
        help="Measured now, with its unit; recorded with the injection.  [default: the last on "
        "record]",
    ),
]
Height = Annotated[str | None, typer.Option(metavar="HEIGHT", help="With its unit, as in 170cm.")]
Payer = Annotated[
    str | None, typer.Option(help="Whose policy is asked.  [default: the episode's, or all]")
]
SteroidReason = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Why a corticosteroid, if one is planned.")
]
Lots = Annotated[
    list[str] | None,
    typer.Option(metavar="AGENT=LOT", help="The lot of an agent; may be given again."),
]
Expires = Annotated[
    list[str] | None,
    typer.Option(
        metavar="AGENT=DATE",
        help="When the vial of an agent expires, 04/2027 or 2027-04-30; may be given again.",
    ),
]
VialUnknown = Annotated[
    list[str] | None,
    typer.Option(
        metavar="AGENT=REASON", help="Why lot or expiry of an agent is not known; may be repeated."
    ),
]
Agrees = Annotated[
    bool,
    typer.Option(
        "--agrees",
        help="The patient was informed and agrees to this injection; recorded with it.",
    ),
]
NothingNew = Annotated[
    bool,
    typer.Option(
        "--nothing-new",
        help="Warning signs, allergies, conditions, medicines and pregnancy that were asked about "
        "before were asked about again now, and nothing is new.",
    ),
]
Acknowledge = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="A decision that was weighed; may be given again."),
]


@dataclass(frozen=True)
class Asked:
    """The options that describe a planned injection."""

    site: Sites
    weight: Weight = None
    height: Height = None
    payer: Payer = None
    steroid_reason: SteroidReason = None
    agrees: Agrees = False
    nothing_new: NothingNew = False
    acknowledge: Acknowledge = None
    pathway: PathwayFile = None
    prior: PriorFile = None

    def request(self, episode: str, day: date | datetime) -> InjectionRequest:
        """Return what is asked of the planner."""
        from reliefpath.care.planning.injection import InjectionRequest

        return InjectionRequest(
            episode=episode,
            sites=tuple(_site(text) for text in self.site),
            at=day,
            weight_kg=None if self.weight is None else _weight(self.weight),
            height_cm=None if self.height is None else _height(self.height),
            payer=self.payer,
            steroid_reason=self.steroid_reason,
            agrees=self.agrees,
            nothing_new=self.nothing_new,
            acknowledged=tuple(self.acknowledge or ()),
        )


@dataclass(frozen=True)
class Planned:
    """A plan, and what it was made from."""

    plan: Plan
    care_log: CareLog
    pathway: Pathway
    priors: Priors
    day: date | datetime
    given: DataFrame
    """The rows of the planned session itself, where it is on record and was left out of account."""


def planned(
    records: Records,
    episode: str,
    asked: Asked,
    day: date | datetime,
    *,
    but_itself: bool = False,
) -> Planned:
    """Return the plan that a command's options describe.

    Where the session is on record exactly as it is planned, the plan is made `but_itself`: as it
    was before the session, which would count as another one otherwise.
    """
    chosen, priors = read_pathway(asked.pathway), read_prior(asked.prior)
    from reliefpath.care.planning.injection import PlannedInjection, plan_again, plan_for

    request = asked.request(episode, day)
    care_log = records.of(episode)
    if but_itself:
        found = plan_again(care_log, request, chosen, priors)
    else:
        plan = plan_for(care_log, request, chosen, priors)
        found = PlannedInjection(plan, care_log, care_log.treatments.clear())
    return Planned(found.plan, found.care_log, chosen, priors, day, found.given)


def write_plan(
    plan: Checked,
    data: dict[str, Any],
    show: Callable[[Console], None],
    file_format: PlanFormat,
    out: Path | None,
) -> None:
    """Write a plan as text or data, and exit with 1 unless it is ready."""
    from reliefpath.reference.therapies.injection import Result

    if file_format is PlanFormat.JSON:
        text = json.dumps({"result": plan.result, **data}, ensure_ascii=False, indent=2)
        with output(out) as stream:
            stream.write(text.encode() + b"\n")
    else:
        with open_console(out) as console:
            show(console)
    if plan.result is not Result.READY:
        raise typer.Exit(1)


def days_of(plan: Checked) -> dict[str, str]:
    """Return what was asked again, with the day since which nothing is new, as data."""
    return {kind: day.isoformat() for kind, day in plan.renewed.items()}


def _site(text: str) -> Site:
    from reliefpath.reference.therapies.injection import Site

    place, colon, what = text.partition(":")
    words = place.split()
    if not colon or len(words) != 2:
        raise UsageError(f"--site {text!r}: expected a muscle, a side and agents, as {EXAMPLE}")
    return Site(words[0], words[1], tuple(_portion(part.strip()) for part in what.split("+")))


def _portion(text: str) -> Portion:
    from reliefpath.reference.therapies.injection import Portion
    from reliefpath.reference.therapies.terms import agent_of

    found = PORTION.match(text)
    if found is None:
        raise UsageError(
            f"{text!r}: expected an agent, its strength in % or mg/mL, and a volume in mL, as in "
            f"{EXAMPLE}"
        )
    agent, strength, unit, volume, stated = found.groups()
    return Portion(
        agent_of(knowledge(), agent) or agent,
        float(strength or 0),
        "mg/ml" if (unit or "").lower() == "mg/ml" else "percent",
        float(volume),
        None if stated is None else float(stated),
    )


def _weight(text: str) -> float:
    from reliefpath.reference.therapies import units

    found = WEIGHT.match(text.strip())
    if found is None:
        raise UsageError(f"--weight {text!r}: expected a number with its unit, 70kg or 154lb")
    return float(found[1]) * units()[found[2].lower()].factor / units()["kg"].factor


def _height(text: str) -> float:
    found = HEIGHT.match(text.strip())
    if found is None:
        raise UsageError(f"--height {text!r}: expected centimetres, as in 170cm")
    return float(found[1])


def lots_of(texts: list[str] | None) -> dict[str, str]:
    """Return the lot of each agent."""
    return _of_agents("--lot", "its lot, as `lidocaine=A123`", texts)


def vials_of(
    lots: list[str] | None, expires: list[str] | None, unknown: list[str] | None
) -> list[Vial]:
    """Return what was read off the vials, by agent."""
    from reliefpath.care.planning.vials import Vial, last_day

    lot = lots_of(lots)
    until = _of_agents("--expires", "its expiry, as `lidocaine=04/2027`", expires)
    because = _of_agents("--vial-unknown", "why, as `lidocaine=the vial was thrown away`", unknown)
    return [
        Vial(
            agent=agent,
            lot=lot.get(agent),
            expires=last_day(until[agent]) if agent in until else None,
            unknown_because=because.get(agent),
        )
        for agent in {**lot, **until, **because}
    ]


def _of_agents(option: str, what: str, texts: list[str] | None) -> dict[str, str]:
    return dict(_of_agent(option, what, text) for text in texts or ())


def _of_agent(option: str, what: str, text: str) -> tuple[str, str]:
    from reliefpath.reference.therapies.terms import agent_of

    agent, equals, value = (part.strip() for part in text.partition("="))
    if not (agent and equals and value):
        raise UsageError(f"{option} {text!r}: expected an agent and {what}")
    return agent_of(knowledge(), agent) or agent, value
