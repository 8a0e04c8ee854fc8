"""A patient's curve in the height of a line: the scores of the measure followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from reliefpath.knowledge import Knowledge
from reliefpath.reference.measures import Measure, measures

WIDTH, HEIGHT, EDGE = 104.0, 28.0, 3.0
Window = tuple[float, float]


def spark(
    measure: str | None,
    points: Sequence[Mapping[str, Any]] | None,
    window: Window,
    knowledge: Knowledge,
) -> str:
    """Return scores as a line in SVG, where down is better; a text where there are none.

    Args:
        measure: the measure followed.
        points: its scores, each with its `day` and `score`, in order.
        window: improvement at which an injection can help, drawn as a band.
        knowledge: the catalogues that have the measure.
    """
    if measure is None or not points:
        return "no scores"
    row = measures(knowledge)[measure]
    days: list[date] = [point["day"] for point in points]
    scores: list[float] = [point["score"] for point in points]
    weeks = (days[-1] - days[0]).days / 7
    said = f"{measure} {scores[0]:g} to {scores[-1]:g}: {_count(len(scores), 'score')}"
    if weeks:
        said += f" in {_count(round(weeks), 'week')}"
    return Markup(
        '<svg class="spark" role="img" aria-label="{}" viewBox="0 0 {:g} {:g}" width="{:g}" '
        'height="{:g}">{}</svg>'
    ).format(said, WIDTH, HEIGHT, WIDTH, HEIGHT, _drawn(row, days, scores, window))


def _drawn(measure: Measure, days: list[date], scores: list[float], window: Window) -> Markup:
    well = _well(measure)
    burdens = [abs(score - well) for score in scores]
    span, first = max(*burdens, 1e-9), burdens[0]

    def x(day: date) -> float:
        share = (day - days[0]).days / max((days[-1] - days[0]).days, 1)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    def y(burden: float) -> float:
        return round(HEIGHT - EDGE - burden / span * (HEIGHT - 2 * EDGE), 1)

    top, bottom = y(first * (1 - window[0])), y(first * (1 - window[1]))
    line = " ".join(f"{x(day)},{y(burden)}" for day, burden in zip(days, burdens, strict=True))
    return Markup(
        '<rect width="{:g}" y="{}" height="{:g}"/>'
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        '<circle cx="{}" cy="{}" r="2.5" fill="currentColor"/>'
    ).format(WIDTH, top, bottom - top, line, x(days[-1]), y(burdens[-1]))


def _well(measure: Measure) -> float:
    """What leaves nothing to improve, or the better end of a scale that does not say."""
    best = measure.low if measure.better == "lower" else measure.high
    return (best or 0.0) if measure.well is None else measure.well


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
