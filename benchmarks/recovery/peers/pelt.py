"""Segments of constant mean, by the package ruptures."""

from __future__ import annotations

import numpy as np
from scipy import special

from ..histories import Answers, Floats, Histories, Ints
from .parts import both_at_once, first_score, nothing_left, rounding, window_ends

LEAST_SEGMENT = 2
LEVEL_WEEKS = 3.0
LEVEL_VISITS = 3
BELOW_HALF = 0.49
TO_SPREAD = 1.4826
"""Times the median distance from the median gives the spread of a normal distribution."""


def pelt(histories: Histories) -> Answers:
    """Cut the scores by PELT (Killick, Fearnhead and Eckley, JASA 2012) with squared error.

    A cut must lower the squared error by 2 sigma^2 log n, sigma told by the differences between
    neighbouring scores. The longer the last segment lasts the likelier the patient is level: the
    score is w / (w + 3) for w weeks, so it reaches one half at 3 weeks, and stays below one half
    with fewer than three visits. It is 1 if the latest score is below what matters, since no such
    gain is left. Inside is the normal probability that the segment's mean lies in
    the window, the first score taken as exact. Both is the product. They rank histories and are no
    probabilities; there is no forecast.
    """
    size, mean, weeks, sigma = (np.zeros(len(histories)) for _ in range(4))
    for i in range(len(histories)):
        week, burden = histories.visits(i)
        sigma[i] = spread(burden, float(histories.step[i]))
        last = last_segment(burden, sigma[i])
        size[i], mean[i], weeks[i] = last.size, burden[last].mean(), week[-1] - week[last[0]]
    level = weeks / (weeks + LEVEL_WEEKS)
    level = np.where(size >= LEVEL_VISITS, level, np.minimum(level, BELOW_HALF))
    level = np.where(nothing_left(histories), 1.0, level)
    best, worst = window_ends(first_score(histories))
    error = sigma / np.sqrt(size)
    inside = special.ndtr((worst - mean) / error) - special.ndtr((best - mean) / error)
    return both_at_once(level, inside, None, probabilities=False)


def spread(burden: Floats, step: float) -> float:
    """Return the noise of single scores, told by the differences between neighbours.

    Most differences may be 0 where scores are coarse; then it's their root mean square.
    """
    differences = np.diff(burden)
    robust = TO_SPREAD * float(np.median(np.abs(differences)))
    plain = float(np.sqrt(np.mean(differences**2)))
    least = float(np.sqrt(rounding(np.array(step))))
    return float(max((robust or plain) / np.sqrt(2), least))


def last_segment(burden: Floats, sigma: float) -> Ints:
    """Return the places of the visits of the last segment."""
    # here, so that the other methods do without it
    import ruptures

    if burden.size < 2 * LEAST_SEGMENT:
        return np.arange(burden.size)
    search = ruptures.Pelt(model="l2", min_size=LEAST_SEGMENT, jump=1).fit(burden)
    ends = search.predict(pen=2 * sigma**2 * np.log(burden.size))
    return np.arange(ends[-2] if len(ends) > 1 else 0, burden.size)
