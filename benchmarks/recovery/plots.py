"""The plots of the report, as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from . import scoring
from .arena import ORACLE, Results
from .baseline import NAME as BASELINE
from .ours import LEARNED, SHIPPED
from .standings import QUESTIONS, answering, probability, truth_of
from .targets import Scored, nuts_per_million

COLOURS = {SHIPPED: "#b5452c", LEARNED: "#2c6fb5", ORACLE: "#333333", BASELINE: "#8a8a8a"}
OTHERS = (
    *("#7a9e3a", "#c79a2b", "#7d5aa6", "#3a9e94"),
    *("#c25c9a", "#9c7b5a", "#b0b0b0", "#4a6a2a"),
)
PLOTS = ("reliability", "delay", "speed")


def file_of(plot: str) -> str:
    """Return the name of a plot's file, beside the report."""
    return f"recovery-arena-{plot}.svg"


def draw(results: Results, all_scores: Scored, folder: Path) -> None:
    """Write every plot into `folder`."""
    drawn = (
        _reliability(results),
        _delay(results, all_scores),
        _speed(results),
    )
    for plot, save in zip(PLOTS, drawn, strict=True):
        with save as figure:
            figure.savefig(folder / file_of(plot), bbox_inches="tight", metadata={"Date": None})


@contextmanager
def _figure(width: float, height: float, columns: int = 1) -> Iterator[tuple[Any, Any]]:
    """Yield a figure and its axes; nothing of matplotlib's own state is left changed."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "recovery-arena",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure, figure.subplots(1, columns, squeeze=False)[0]


@contextmanager
def _reliability(results: Results) -> Iterator[Any]:
    """What was said against what was so, the histories of all worlds together."""
    with _figure(8, 4, 2) as (figure, axes):
        for axis, question in zip(axes, ("level", "inside"), strict=True):
            axis.plot([0, 1], [0, 1], color="#dddddd", linewidth=1)
            for method in (SHIPPED, LEARNED, ORACLE, BASELINE):
                said, so = [], []
                for world in results.worlds:
                    rows = world.told[method].rows
                    said.append(probability(world, method, question, rows))
                    so.append(truth_of(world.truth.take(rows), question))
                points = scoring.reliability(np.concatenate(said), np.concatenate(so))
                axis.plot(
                    points.said,
                    points.seen,
                    marker="o",
                    markersize=3,
                    linewidth=1.2,
                    color=COLOURS[method],
                    label=method,
                )
            axis.set(title=QUESTIONS[question], xlabel="probability said", ylabel="share true")
            axis.set_aspect("equal")
        axes[0].legend(loc="upper left", fontsize=8)
        yield figure


@contextmanager
def _delay(results: Results, all_scores: Scored) -> Iterator[Any]:
    """Median weeks from the true onset to the call, world by world."""
    methods = list(answering())
    rest = iter(OTHERS)
    colours = {m: COLOURS.get(m) or next(rest) for m in methods}
    with _figure(8, 5) as (figure, (axis,)):
        worlds = [world.name for world in results.worlds]
        for k, method in enumerate(methods):
            weeks = [all_scores.delays[world, method].median for world in worlds]
            place = np.arange(len(worlds)) + (k - len(methods) / 2) * 0.06
            axis.scatter(weeks, place, s=18, color=colours[method], label=method)
        axis.set_yticks(range(len(worlds)), worlds)
        axis.invert_yaxis()
        axis.grid(axis="x", color="#eeeeee")
        axis.set(xlabel="median weeks from the true onset to the call, 5 % false calls")
        axis.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
        yield figure


@contextmanager
def _speed(results: Results) -> Iterator[Any]:
    """Seconds for a million episodes, on a logarithmic scale."""
    bars = [(speed.method, speed.per_million) for speed in results.speeds]
    bars.append(("NUTS", nuts_per_million(results)))
    bars.sort(key=lambda bar: bar[1])
    with _figure(8, 4) as (figure, (axis,)):
        names, seconds = zip(*bars, strict=True)
        colours = [COLOURS[SHIPPED] if "ReliefPath" in name else "#8a8a8a" for name in names]
        axis.barh(names, seconds, color=colours)
        axis.set_xscale("log")
        axis.invert_yaxis()
        axis.set(xlabel="seconds for a million episodes")
        yield figure
