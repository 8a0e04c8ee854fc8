"""The arena's report: a page of the documentation, with plots beside it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np

from reliefpath.documents.reference.markdown import table

from . import coverage, nuts, plots, training
from .arena import SAMPLE_SEED, SLOW, Results
from .baseline import NAME as BASELINE
from .gate import CRITERIA
from .ours import SHIPPED
from .plain import SURE
from .speed import ONE, TWO, working_set
from .standings import answering
from .tables import data_section, decided, delays, foretold, lost, outside, over_all, world_section
from .targets import COVERAGE, Scored, Target, nuts_per_million, scored, targets
from .worlds import JUDGED

PAGE = "recovery-arena.md"
FOLDER = Path(__file__).parents[2] / "docs" / "generated"


def write(results: Results, minutes: float, folder: Path = FOLDER) -> Path:
    """Write the page and its plots into `folder`; return the page."""
    folder.mkdir(parents=True, exist_ok=True)
    all_scores = scored(results, answering())
    plots.draw(results, all_scores, folder)
    page = folder / PAGE
    page.write_text(text(results, all_scores, minutes), "utf-8")
    return page


def text(results: Results, all_scores: Scored, minutes: float) -> str:
    """Return the page."""
    found = list(targets(results, all_scores))
    worlds = "\n".join(world_section(world, all_scores) for world in results.worlds)
    real = "\n".join(data_section(data, all_scores) for data in results.real)
    better = "\n".join(lost(results, all_scores))
    summary = "\n".join(over_all(results, all_scores))
    real = real or "There were no real data where this was run.\n"
    return f"""# The arena

How the [recovery model](../recovery.md) does beside other methods, on simulated worlds whose truth
is known and on real patients. `make bench` writes this page. Of each history up to a visit it is
asked whether the patient is level now, that is, gains less than what matters over the next 6 weeks
(a), whether the improvement lies in the window of 75 to 90 % (b), and whether both hold (c).

{_conditions(results, minutes)}

## Targets

{_summary(found)}

## Where others are better

By more than the standard error of the difference, on the histories that both answered, with
episodes (patients) as the unit. Of as many comparisons as there are here some are lost by chance:
about one in six where two methods are equally good. A star marks what answered a sample only.
Methods without probabilities of their own are given in Brier those that their scores stand for,
calibrated on the truth of half of the episodes for the other half; `{BASELINE}` is made like that
too, from the numbers that the rule looks at. Ours have never been told what was true.

{better}
## Over all worlds

Averages over the {len(results.worlds)} worlds. The way to the oracle is the share of the Brier
score between `{BASELINE}` and the oracle, of all worlds together. Precision and recall are of as
many alarms as the clinical rule raises; their ratio to the rule's is the same for both.

{summary}
### Forecasts

On a scale from 0 to 10.

{foretold(results, all_scores)}
![What was said against what was so]({plots.file_of("reliability")})

## Weeks to the call

Median weeks from the true onset of being level to the first call, where 5 % of the histories that
are not level are called so too; in brackets the share of episodes that got a call at all. `never`
is fewer than half.

{delays(results, all_scores)}
![Weeks from onset to call]({plots.file_of("delay")})

## Decisions

Who would be treated now: whom the part of the pathway's gate that looks at the curve lets through
({", ".join(f"`{name}`" for name in CRITERIA)}, with the limits as shipped), and who is level and in
the window by the clinical rule. Right is who gains less than what matters over the next 6 weeks and
is in the window. The gate asks for more than that: level means 13 weeks ahead, and behind too. In
brackets is the precision of the oracle if it picks as many.

{decided(results, all_scores)}
## Coverage

What 90 % intervals cover of {results.sizes.covering:,} other episodes of each world (seed
{coverage.SEED}), by measure, visits so far and weeks ahead, all worlds of a measure together. A
whole number is taken by the randomised probability integral transform. These cells are outside
{COVERAGE[0]:.0%} to {COVERAGE[1]:.0%}:

{outside(all_scores)}
## Plain cases

The share of episodes that are called level: ours with a probability of a level course of at least
{SURE}.

{_plain(results)}
## Beside NUTS

{_nuts(results)}
## Speed

{_speed(results)}
![Seconds for a million episodes]({plots.file_of("speed")})

## Each world

{worlds}
## Real patients

Forecasts of all later visits of each patient. Nobody knows whether these patients were level. The
absolute error is of the median, on whole-number scales rounded to a score that can be given, for
all methods alike. A score stands for its cell, spread evenly over its part of the forecast, where
coverage is told; plainly, the ends of the interval are inside.

{real}"""


def _conditions(results: Results, minutes: float) -> str:
    sizes = results.sizes
    seeds = f"{JUDGED[0].seed} to {JUDGED[-1].seed}"
    return f"""Run on {machine()}. It took {minutes:.1f} minutes. Simulated were {sizes.episodes}
episodes of each of {len(results.worlds)} worlds (seeds {seeds}), none of which was used for tuning.
Learning methods are shown the scores of {sizes.training:,} other whole episodes of the same world
(seed {training.SEED}), on real data those of four fifths of the patients at a time. The method
{", ".join(SLOW)} answers {sizes.sample} histories of each world drawn at
random (seed {SAMPLE_SEED}). The oracle knows the world and weighs {sizes.particles:,} simulated
patients; where deviations wander it leaves out rounding and the ends of the scale."""


def machine() -> str:
    """Return the cores, the processor and the Python it runs on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = models[0].split(":", 1)[1].strip() if models else name
    return f"{os.cpu_count()} cores, {name}, Python {platform.python_version()}"


def _summary(found: list[Target]) -> str:
    held = sum(target.holds for target in found)
    rows = ((t.what, t.found, "yes" if t.holds else "**no**") for t in found)
    return f"{held} of {len(found)} hold.\n\n{table(('target', 'found', 'holds'), rows)}"


def _plain(results: Results) -> str:
    return table(
        ("episodes", "noise", SHIPPED, "clinical rule"),
        (
            (case.kind, f"{case.noise_sd}", f"{case.ours:.1%}", f"{case.rule:.1%}")
            for case in results.plain
        ),
    )


def _nuts(results: Results) -> str:
    found = results.nuts
    apart = np.abs(found.nuts - found.recover)
    rows = (
        (
            f"`{name}`",
            f"{apart[:, k].max():.4f}",
            f"{apart[:, k].mean():.4f}",
            f"{found.error[:, k].max():.4f}",
        )
        for k, name in enumerate(nuts.ASKED)
    )
    columns = ("probability", "largest difference", "mean", "largest Monte Carlo error of NUTS")
    return f"""The same model and prior, without approximation, by PyMC's NUTS: {len(apart)}
histories of all worlds without scores at an end of the scale, {nuts.CHAINS} chains of
{results.sizes.draws:,} draws after {nuts.TUNE:,} to tune. It takes
{found.seconds.mean():.1f} seconds a history, compilation left out.

{table(columns, rows)}"""


def three_digits(value: float) -> str:
    """Return a number of any size to three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _speed(results: Results) -> str:
    took = {speed.method: (speed.episodes, speed.per_million) for speed in results.speeds}
    took["NUTS"] = (len(results.nuts.seconds), nuts_per_million(results))
    ours = took[ONE][1], took[TWO][1]
    rows = (
        (
            name,
            f"{episodes:,}",
            *map(three_digits, (seconds, 1e6 / seconds, seconds / ours[0], seconds / ours[1])),
        )
        for name, (episodes, seconds) in sorted(took.items(), key=lambda item: item[1][1])
    )
    columns = (
        "method",
        "timed on",
        "seconds a million",
        "episodes a second",
        "times ours with 1 thread",
        "times ours with 2 threads",
    )
    shared, own = working_set()
    return f"""Episodes with 10 visits in the median; peers use one thread, in linear algebra too.
Ours answers all of its questions at once. Its working set is {own / 1024:.0f} KiB a thread, for
episodes of up to 16 visits, and {shared / 1024:.0f} KiB of prior that all threads share; neither
grows with the number of episodes.

{table(columns, rows)}"""
