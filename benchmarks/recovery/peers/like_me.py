"""Person like me: the later courses of the earlier patients who were most alike.

After curve matching (van Buuren, Predicting child growth by matching, 2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..histories import HORIZON, LEVELS, Answers, Floats, Histories, Ints
from .parts import HAIR, Method, in_window

ALIKE = 40
"""Earlier patients whose later course is the forecast; of 20 to 120 the best in tuning."""
FORGOTTEN = 4.0
"""Weeks after which a difference counts 1 / e in the match."""
UNFOLLOWED = 1e6
"""A week that is lacking outweighs every difference of scores."""


@dataclass(frozen=True, eq=False)
class Earlier:
    """Earlier patients day by day: a row a patient, a column a day from `first` on.

    Attributes:
        first: The day of the first column.
        joined: Scores, as shares of the range, with straight lines between them.
        given: The score nearest in time, as it was given.
        last: The day of each patient's last score.
    """

    first: int
    joined: Floats
    given: Floats
    last: Ints

    @classmethod
    def of(cls, training: Histories) -> Earlier:
        """Return the patients whose whole episodes these are."""
        day = _days(training.weeks)
        first, until = int(day.min(initial=0)), int(day.max(initial=0)) + 1
        grid = np.arange(first, until)
        joined, given = np.zeros((2, len(training), grid.size))
        for i in range(len(training)):
            mine = slice(training.offsets[i], training.offsets[i + 1])
            score = training.burden[mine] / training.scale_range[i]
            joined[i] = np.interp(grid, day[mine], score)
            between = (day[mine][1:] + day[mine][:-1]) / 2
            given[i] = score[np.searchsorted(between, grid)]
        return cls(first, joined, given, day[training.offsets[1:] - 1])

    def at(self, table: Floats, day: Ints) -> Floats:
        """Return a column of `table` for each day; beyond its ends the first or the last."""
        return table[:, np.clip(day - self.first, 0, table.shape[1] - 1)]

    def alike(self, difference: Floats, until: int) -> Ints:
        """Return the patients least different among those followed up to a day.

        Where they are too few, those come next who were followed almost so long.
        """
        lacking = np.maximum(until - self.last, 0)
        return np.argsort(difference + UNFOLLOWED * lacking, kind="stable")[:ALIKE]


def _days(weeks: Floats) -> Ints:
    return np.rint(weeks * 7).astype(np.int64)


def person_like_me(training: Histories) -> Method:
    """Return the method that answers with the 40 most alike of the patients of `training`.

    Alike are those whose scores, joined by straight lines, differ least in mean square from the
    scores so far on their days, the latest counting most. For each visit ahead they are chosen
    among those followed so long, and their scores nearest in time to it are the forecast. Level is
    the share that gained less than what matters within the horizon, inside the share whose
    percentage was in the window. They hold the scatter of single scores, and so rank histories and
    are no probabilities.
    """
    earlier = Earlier.of(training)

    def method(histories: Histories) -> Answers:
        level, inside, both = np.zeros((3, len(histories)))
        told = np.full((*histories.ahead.shape, LEVELS.size), np.nan)
        for i in range(len(histories)):
            week, burden = histories.visits(i)
            scale_range, day = histories.scale_range[i], _days(week)
            weight = np.exp((week - week[-1]) / FORGOTTEN)
            off = earlier.at(earlier.joined, day) - burden / scale_range
            difference = off**2 @ (weight / weight.sum())
            for k in np.flatnonzero(np.isfinite(histories.ahead[i])):
                until = int(_days(histories.ahead[i, k]))
                like = earlier.alike(difference, until)
                found = earlier.at(earlier.given, np.array([until]))[like]
                told[i, k] = scale_range * np.quantile(found, LEVELS)
            asked = np.array([day[0], day[-1], day[-1] + round(7 * HORIZON)])
            like = earlier.alike(difference, int(asked[-1]))
            start, now, then = earlier.at(earlier.joined, asked)[like].T
            flat = now - then < histories.mcid[i] / scale_range - HAIR
            window = in_window((start - now) / np.where(start > 0, start, np.nan))
            level[i], inside[i], both[i] = flat.mean(), window.mean(), (flat & window).mean()
        return Answers(level, inside, both, told, probabilities=False)

    return method
