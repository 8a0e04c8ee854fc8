"""The commands about the recovery model."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.options import AsOf, ReadingOptions, Source, as_of_day, taking
from reliefpath.cli.records import Records, shown
from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.pathway.own_episodes import HeldOut
    from reliefpath.recovery.learned import Group

app = typer.Typer(help="Learn what recovery looks like in your clinic.", no_args_is_help=True)


@app.command()
@taking(ReadingOptions)
def learn(
    source: Source,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write what was learned.")],
    as_of: AsOf = None,
    fewest: Annotated[
        int,
        typer.Option(
            min=1, help="Episodes that a measure and region need for a prior of their own."
        ),
    ] = 200,
    *,
    reading: ReadingOptions,
) -> None:
    """Learn from a clinic's own scores what recovery looks like there, for `assess --prior`.

    Scores are all it takes. A measure and region with few episodes share the prior of all.

    **Example**

    - `reliefpath recovery learn clinic/ --out prior.yaml`, then
      `reliefpath assess clinic/ --prior prior.yaml`
    """
    if out.exists():
        raise UsageError(f"`{out}` already exists")
    day = as_of_day(as_of, source)
    care_log = Records(source, "recovery learn", reading).whole()
    from reliefpath.pathway.own_episodes import learn_priors
    from reliefpath.recovery.learned import priors_text

    learned = learn_priors(care_log, day, fewest)
    total = learned.counts[None]
    if not total:
        raise UsageError(
            f"no episode in `{shown(source)}` has scores that a curve can follow by {day}"
        )
    text = priors_text(learned.priors, learned.counts, f"{total:,} series of scores up to {day}")
    out.write_text(text, "utf-8")
    for group, held_out in learned.held_out.items():
        typer.echo(_told(group, held_out, total))
    start, noise = learned.priors.overall.start, learned.priors.overall.noise
    typer.echo(
        f"On a scale of 0 to 10 patients start at {start[0]:.1f} (SD {start[1]:.1f}), and single "
        f"scores stray by {noise[1]:.1f}. Next: reliefpath assess {shown(source)} --prior {out}"
    )


def _told(group: Group | None, held_out: HeldOut, total: int) -> str:
    """How a prior did on scores that it was not learned from, in a sentence."""
    from reliefpath.pathway.own_episodes import FEWEST

    whose, than = f"All {total:,} series of scores", "the prior as shipped"
    if group is not None:
        whose, than = f"{group[0]} in {group[1]}", "the prior of all"
    elif total < FEWEST:
        return f"{whose}: fewer than {FEWEST}, so {than} is kept."
    if isnan(held_out.learned):
        return f"{whose}: none with three scores, so {than} is kept."
    change = 100 * (1 - held_out.learned / held_out.before)
    if held_out.is_better:
        return f"{whose}: scores held out are foretold {change:.1f} % better than by {than}."
    return f"{whose}: scores held out are foretold {-change:.1f} % worse, so {than} is kept."
