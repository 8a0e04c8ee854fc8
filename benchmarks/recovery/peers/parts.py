"""What several methods share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..histories import WINDOW, Answers, Flags, Floats, Histories, Ints

Method = Callable[[Histories], Answers]
Learner = Callable[[Histories], Method]

FEWEST = 3
"""Visits that a method of recent visits looks at however long ago they were."""
HAIR = 1e-9
"""Weeks, or shares of a step, that are no difference."""


def first_score(histories: Histories) -> Floats:
    """Return the burden at each history's first visit."""
    return histories.burden[histories.offsets[:-1]]


def last_score(histories: Histories) -> Floats:
    """Return the burden at each history's latest visit."""
    return histories.burden[histories.offsets[1:] - 1]


def last_week(histories: Histories) -> Floats:
    """Return the week of each history's latest visit."""
    return histories.weeks[histories.offsets[1:] - 1]


def places_from_end(histories: Histories) -> Ints:
    """Return for each visit how many of its history follow it: 0 is the latest."""
    after = np.asarray(histories.offsets[1:])[histories.owner]
    return after - 1 - np.arange(histories.weeks.size)


def recent(histories: Histories, weeks: float) -> Flags:
    """Return which visits are of the last so many weeks, or among the last three."""
    since = last_week(histories)[histories.owner] - histories.weeks
    return (since <= weeks + HAIR) | (places_from_end(histories) < FEWEST)


def in_window(improvement: Floats) -> Flags:
    """Return which improvements lie in the window; an unknown one doesn't."""
    low, high = WINDOW
    return (improvement >= low - HAIR) & (improvement <= high + HAIR)


def raw_improvement(histories: Histories) -> Floats:
    """Return (first - last) / first; NaN where the first score is 0."""
    first = first_score(histories)
    away = np.where(first > 0, first, np.nan)
    return (first - last_score(histories)) / away


def window_ends(first: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and the highest burden inside the window, told by the first score."""
    low, high = WINDOW
    return first * (1 - high), first * (1 - low)


def nothing_left(histories: Histories) -> Flags:
    """Return whose latest score is nearer to well than what matters: too near for a gain."""
    return last_score(histories) < histories.mcid - HAIR * histories.step


def gain_or_nothing_left(small_gain: Floats, near_well: Floats) -> Floats:
    """Return the probability of being level, of a method that could forecast beyond well.

    Nobody gains more than what is left. So a patient is level if the gain as forecast is below what
    matters or if the burden now is; the two are taken as independent.
    """
    return 1 - (1 - small_gain) * (1 - near_well)


def given_on_scale(inside: Floats, on_scale: Floats) -> Floats:
    """Return the probability of a burden inside the window, given that it is on the scale."""
    return np.clip(inside / np.maximum(on_scale, HAIR), 0, 1)


def rounding(step: Floats) -> Floats:
    """Return the variance that whole steps alone give a score: step^2 / 12."""
    return step**2 / 12


def forecast(mean: Floats, sd: Floats, deviates: Floats, scale_range: Floats) -> Floats:
    """Return the quantiles mean + sd * deviate, cut to the range of the measure.

    Args:
        mean: Expected burden, a row a history and a column a visit ahead.
        sd: The spread of the burden, of the same shape.
        deviates: Standard deviates at `LEVELS`, one row or a row a history.
        scale_range: One a history.
    """
    quantiles = mean[:, :, None] + sd[:, :, None] * np.atleast_2d(deviates)[:, None, :]
    return np.clip(quantiles, 0, scale_range[:, None, None])


def both_at_once(
    level: Floats, inside: Floats, ahead: Floats | None, *, probabilities: bool = True
) -> Answers:
    """Return the answers of a method that takes level and inside as independent."""
    return Answers(level, inside, level * inside, ahead, probabilities)
