"""The commands about injections."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reliefpath.cli.options import (
    AsOf,
    Out,
    PathwayFile,
    PriorFile,
    Source,
    as_of_day,
    read_pathway,
    read_prior,
)
from reliefpath.cli.records import Records
from reliefpath.errors import UsageError
from reliefpath.terminal.output import open_console, output

if TYPE_CHECKING:
    from reliefpath.therapies.injection import Plan, Portion, Site

app = typer.Typer(help="Plan an injection, the last resort.", no_args_is_help=True)

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


@app.command()
def plan(
    source: Source,
    episode: Annotated[str, typer.Argument(help="Which episode.")],
    site: Annotated[
        list[str],
        typer.Option(
            metavar="SITE",
            help="`MUSCLE SIDE: AGENT STRENGTH VOLUME`, more agents after a `+`; repeatable.",
        ),
    ],
    as_of: AsOf = None,
    weight: Annotated[
        str | None,
        typer.Option(
            metavar="WEIGHT", help="Measured now, with its unit.  [default: the last on record]"
        ),
    ] = None,
    height: Annotated[
        str | None, typer.Option(metavar="HEIGHT", help="With its unit, as in 170cm.")
    ] = None,
    payer: Annotated[
        str | None, typer.Option(help="Whose policy is asked.  [default: the episode's, or all]")
    ] = None,
    steroid_reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why a corticosteroid, if one is planned.")
    ] = None,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A decision that was weighed; may be given again."),
    ] = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
    file_format: Annotated[
        PlanFormat, typer.Option("--format", help="How to write it.")
    ] = PlanFormat.TEXT,
    out: Out = None,
) -> None:
    """Check a planned injection: ready, needs a decision, or blocked, with all arithmetic shown.

    Exits with 1 unless it is ready.

    **Examples**

    - `reliefpath inject plan clinic/ demo-0001 --site "infraspinatus left: lidocaine 1% 1 mL"`
    - `reliefpath inject plan clinic/ demo-0001 --weight 154lb
      --site "gluteus-medius left: lidocaine 1% 1 mL = 10 mg + triamcinolone 10 mg/mL 1 mL"
      --steroid-reason "two injections without it brought no relief"`
    """
    sites = [_site(text) for text in site]
    day, chosen, priors = as_of_day(as_of), read_pathway(pathway), read_prior(prior)
    from reliefpath.pathway.injection import plan_for

    found = plan_for(
        Records(source, "inject plan").of(episode),
        episode,
        sites,
        chosen,
        day,
        priors=priors,
        weight_kg=None if weight is None else _weight(weight),
        height_cm=None if height is None else _height(height),
        payer=payer,
        steroid_reason=steroid_reason,
        acknowledged=acknowledge or (),
    )
    if file_format is PlanFormat.JSON:
        with output(out) as stream:
            stream.write(json.dumps(_as_data(found), ensure_ascii=False, indent=2).encode() + b"\n")
    else:
        from reliefpath.terminal.injection import print_plan

        with open_console(out) as console:
            print_plan(console, found)
    from reliefpath.therapies.injection import Result

    if found.result is not Result.READY:
        raise typer.Exit(1)


def _site(text: str) -> Site:
    from reliefpath.therapies.injection import Site

    place, colon, what = text.partition(":")
    words = place.split()
    if not colon or len(words) != 2:
        raise UsageError(f"--site {text!r}: expected a muscle, a side and agents, as {EXAMPLE}")
    return Site(words[0], words[1], tuple(_portion(part.strip()) for part in what.split("+")))


def _portion(text: str) -> Portion:
    from reliefpath.therapies.injection import Portion

    found = PORTION.match(text)
    if found is None:
        raise UsageError(
            f"{text!r}: expected an agent, its strength in % or mg/mL, and a volume in mL, as in "
            f"{EXAMPLE}"
        )
    agent, strength, unit, volume, stated = found.groups()
    return Portion(
        agent,
        float(strength or 0),
        "mg/ml" if (unit or "").lower() == "mg/ml" else "percent",
        float(volume),
        None if stated is None else float(stated),
    )


def _weight(text: str) -> float:
    from reliefpath.therapies import units

    found = WEIGHT.match(text.strip())
    if found is None:
        raise UsageError(f"--weight {text!r}: expected a number with its unit, 70kg or 154lb")
    return float(found[1]) * units()[found[2].lower()].factor / units()["kg"].factor


def _height(text: str) -> float:
    found = HEIGHT.match(text.strip())
    if found is None:
        raise UsageError(f"--height {text!r}: expected centimetres, as in 170cm")
    return float(found[1])


def _as_data(plan: Plan) -> dict[str, Any]:
    data = asdict(plan)
    data["on"] = plan.on.isoformat()
    return {"result": plan.result, "open_decisions": plan.open_decisions, **data}
