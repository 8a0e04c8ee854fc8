"""How good answers are: ranking, calibration, timeliness and forecasts.

All functions are of plain arrays with one entry a history, unless they say otherwise. A score rises
with what it is a score of. What can't be told, such as a ranking of one class, is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .histories import LEVELS, Flags, Floats, Ints

BINS = 10
FEWEST_IN_BIN = 20
FALSE_CALLS = 0.05
TIES_SEED = 20_240
LOW, MIDDLE, HIGH = (int(np.abs(LEVELS - q).argmin()) for q in (0.05, 0.5, 0.95))


def auc(score: Floats, truth: Flags) -> float:
    """Return the probability that a true one scores above a false one, a tie counting half.

    AUC = (R - p (p + 1) / 2) / (p q), R the sum of the ranks of the p true ones, tied scores
    sharing their mean rank, q the number of false ones. It is NaN if p or q is 0 or a score is NaN.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives or np.isnan(score).any():
        return float("nan")
    total = float(mean_ranks(score)[truth].sum())
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


def mean_ranks(values: Floats) -> Floats:
    """Return ranks from 1 on; equal values share their mean rank."""
    _, which, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[which]


def brier(probability: Floats, truth: Flags) -> float:
    """Return the mean of (p - y)^2: 0 is perfect, 0.25 is always saying one half."""
    return float(np.mean((probability - truth) ** 2)) if truth.size else float("nan")


@dataclass(frozen=True, eq=False)
class Reliability:
    """The points of a reliability plot: a bin an entry, in ascending order.

    Attributes:
        said: Mean probability.
        seen: Share that was true.
        count: How many histories.
    """

    said: Floats
    seen: Floats
    count: Ints


def reliability(probability: Floats, truth: Flags, bins: int = BINS) -> Reliability:
    """Return what was said and what was seen in bins of about equal count.

    Equal probabilities stay together. With few histories there are fewer bins, of 20 or more.
    """
    n = truth.size
    wanted = max(1, min(bins, n // FEWEST_IN_BIN))
    place = np.floor((mean_ranks(probability) - 0.5) / max(n, 1) * wanted)
    _, which, count = np.unique(place, return_inverse=True, return_counts=True)
    said, seen = (np.bincount(which, x, count.size) / count for x in (probability, truth))
    return Reliability(said, seen, count.astype(np.int64))


def calibration_error(probability: Floats, truth: Flags, bins: int = BINS) -> float:
    """Return the expected calibration error: sum over bins of count / n |said - seen|."""
    if not truth.size:
        return float("nan")
    points = reliability(probability, truth, bins)
    return float(np.sum(points.count * np.abs(points.said - points.seen)) / truth.size)


PRIOR_SD = 10.0
"""Spread of both logistic coefficients beforehand; it keeps a perfect ranking finite."""
NEWTON_STEPS = 30
LONGEST_STEP = 3.0


def logistic(score: Floats, truth: Flags) -> Floats:
    """Return a, b of P(true) = 1 / (1 + exp(-a - b score)), by Newton's method.

    Each step solves (X'WX + I / 100) d = X'(y - p) - (a, b) / 100, cut to a length of 3. With a
    column for each of several scores there is a coefficient b for each.
    """
    terms = np.column_stack([np.ones(len(score)), score])
    pull = np.eye(terms.shape[1]) / PRIOR_SD**2
    at = np.zeros(terms.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = inverse_logit(terms @ at)
        weight = chance * (1 - chance)
        curvature = (terms * weight[:, None]).T @ terms + pull
        step = np.linalg.solve(curvature, terms.T @ (truth - chance) - pull @ at)
        at = at + step * min(1.0, LONGEST_STEP / max(float(np.linalg.norm(step)), 1e-12))
    return at


def inverse_logit(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow."""
    return 0.5 * (1 + np.tanh(x / 2))


def recalibrated(score: Floats, truth: Flags, episode: Ints) -> Floats:
    """Return the probabilities that a score stands for, each told by the other half's truth.

    Episodes are split at random, with a fixed seed, into two halves; the logistic curve of each
    half answers for the other, so that no patient helps to calibrate his own answer. Several scores
    together are a column each.
    """
    columns = score.reshape(truth.size, -1)
    if not truth.size:
        return np.empty(0)
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1)
    names, which = np.unique(episode, return_inverse=True)
    half = (np.random.default_rng(TIES_SEED).permutation(names.size) % 2)[which]
    answer = np.full(truth.size, np.nan)
    for mine in (0, 1):
        at = logistic(scaled[half != mine], truth[half != mine])
        answer[half == mine] = inverse_logit(at[0] + scaled[half == mine] @ at[1:])
    return answer


def order(score: Floats) -> Ints:
    """Return each one's place from 0 (lowest) on, ties broken at random with a fixed seed."""
    chance = np.random.default_rng(TIES_SEED).random(score.size)
    place = np.empty(score.size, np.int64)
    place[np.lexsort((chance, score))] = np.arange(score.size)
    return place


def alarms(score: Floats, truth: Flags, share: float) -> tuple[float, float]:
    """Return precision and recall if the top `share` of histories raise an alarm.

    The number of alarms is share * n, rounded; ties are broken at random with a fixed seed.
    """
    count = round(share * truth.size)
    raised = order(score) >= truth.size - count
    hits, all_true = int((raised & truth).sum()), int(truth.sum())
    precision = hits / count if count else float("nan")
    return precision, hits / all_true if all_true else float("nan")


@dataclass(frozen=True, eq=False)
class Delay:
    """How late the first call came.

    Attributes:
        episode: Episodes that have a visit at or after their true onset.
        weeks: From the onset to the first call at or after it; inf if there was none.
        called: Share of those episodes that got a call.
        median: Median of `weeks`; inf if fewer than half got a call.
    """

    episode: Ints
    weeks: Floats
    called: float
    median: float


def called(score: Floats, level: Flags, false_calls: float = FALSE_CALLS) -> Flags:
    """Return who is called level where this share of those who are not level are called too.

    The threshold is the highest rank that lets round(false_calls * q) of the q who are not level
    pass. Ties are broken at random with a fixed seed: a yes-or-no score that errs too often is
    believed in as many cases as keep the share.
    """
    place = order(score)
    wrong = np.sort(place[~level])[::-1]
    allowed = round(false_calls * wrong.size)
    bar = wrong[allowed] if allowed < wrong.size else -1
    return place > bar


def delay(
    score: Floats,
    level: Flags,
    onset: Floats,
    now: Floats,
    episode: Ints,
    false_calls: float = FALSE_CALLS,
) -> Delay:
    """Return the weeks from the true onset of being level to the first call, an episode at a time.

    Args:
        score: Of being level.
        level: Whether each history is.
        onset: The week from which its episode stays level.
        now: The week of its latest visit.
        episode: The episode it is of.
        false_calls: Share of the histories that are not level which may be called level.
    """
    after = now >= onset
    late = np.where(called(score, level, false_calls) & after, now - onset, np.inf)
    names, which = np.unique(episode[after], return_inverse=True)
    weeks = np.full(names.size, np.inf)
    np.minimum.at(weeks, which, late[after])
    if not names.size:
        return Delay(names, weeks, float("nan"), float("nan"))
    return Delay(names, weeks, float(np.isfinite(weeks).mean()), middle_of(weeks))


def middle_of(values: Floats) -> float:
    """Return the median; of two middle ones the lower if the upper is infinite."""
    ranked = np.sort(values)
    low, high = ranked[(ranked.size - 1) // 2], ranked[ranked.size // 2]
    return float(low) if np.isinf(high) else float((low + high) / 2)


def crps(forecast: Floats, observed: Floats) -> Floats:
    """Return twice the mean pinball loss over `LEVELS`, in the units of the score.

    The loss of the quantile x at level q is (q - [y < x]) (y - x). Twice its mean over levels
    approaches the continuous ranked probability score; of a sure forecast it is |y - x|.

    Args:
        forecast: Quantiles along the last axis.
        observed: The scores, of the shape of the other axes; NaN gives NaN.
    """
    off = observed[..., None] - forecast
    loss = np.where(off >= 0, LEVELS * off, (LEVELS - 1) * off)
    return np.asarray(2 * loss.mean(axis=-1))


def covered(forecast: Floats, observed: Floats) -> Floats:
    """Return 1 where the score lies from the 5 % to the 95 % quantile, else 0.

    The ends count as inside: scores are whole steps, and an end may be the end of the scale. The
    share to expect is then 90 % or more. Shapes as in `crps`.
    """
    inside = (observed >= forecast[..., LOW]) & (observed <= forecast[..., HIGH])
    known = np.isfinite(observed) & np.isfinite(forecast[..., LOW])
    return np.where(known, inside.astype(float), np.nan)


def covered_in_part(
    forecast: Floats, observed: Floats, scale_range: Floats, step: Floats
) -> Floats:
    """Return how much of the score lies between the 5 % and the 95 % quantile, from 0 to 1.

    A score y stands for a cell, all values from y - step / 2 to y + step / 2, or for all beyond
    that at an end of the scale. The cell takes up the part F(y - step / 2) to F(y + step / 2) of
    the forecast, and what is returned is the share of that part that lies within 0.05 to 0.95
    (the probability integral transform without chance of Czado, Gneiting and Held, Biometrics
    2009). So a right forecast covers 90 % on average, however coarse the scores and however many
    are 0. F joins the quantiles by straight lines, and its first and last one go on to 0 and 1.

    Args:
        forecast: As in `crps`: a row a history, a column a visit ahead.
        observed: The same, without the last axis.
        scale_range: One a history.
        step: One a history.
    """
    from_, to = _part(forecast, observed, scale_range, step)
    inside = np.clip(to, LEVELS[LOW], LEVELS[HIGH]) - np.clip(from_, LEVELS[LOW], LEVELS[HIGH])
    mid = (from_ >= LEVELS[LOW]) & (from_ <= LEVELS[HIGH])
    part = np.where(to - from_ > 1e-9, inside / np.maximum(to - from_, 1e-9), mid)
    known = np.isfinite(observed) & np.isfinite(forecast[..., LOW])
    return np.where(known, part, np.nan)


def transformed(
    forecast: Floats,
    observed: Floats,
    scale_range: Floats,
    step: Floats,
    random: np.random.Generator,
) -> Floats:
    """Return the randomised probability integral transform of scores: even from 0 to 1 if right.

    It is drawn evenly from the part of the forecast that the score's cell takes up. Arguments are
    those of `covered_in_part`, and what that returns is its chance to lie within 0.05 to 0.95.
    """
    from_, to = _part(forecast, observed, scale_range, step)
    return np.asarray(from_ + random.random(observed.shape) * (to - from_))


def _part(
    forecast: Floats, observed: Floats, scale_range: Floats, step: Floats
) -> tuple[Floats, Floats]:
    """Return where the part of the forecast that a score's cell takes up begins and ends."""
    first = 2 * forecast[..., :1] - forecast[..., 1:2]
    last = 2 * forecast[..., -1:] - forecast[..., -2:-1]
    ends = np.concatenate([first, forecast, last], axis=-1)
    half, hair = step[:, None] / 2, 1e-6 * step[:, None]
    low, high = observed - half, observed + half
    from_ = np.where(observed <= hair, 0, _distribution(ends, low))
    to = np.where(observed >= scale_range[:, None] - hair, 1, _distribution(ends, high))
    unknown = np.where(np.isfinite(observed) & np.isfinite(forecast[..., LOW]), 0, np.nan)
    return from_ + unknown, to + unknown


def _distribution(quantiles: Floats, x: Floats) -> Floats:
    """Return the probability below x, of quantiles at 0, `LEVELS` and 1."""
    levels = np.concatenate([[0.0], LEVELS, [1.0]])
    place = np.sum(quantiles <= x[..., None], axis=-1)
    upper = np.clip(place, 1, levels.size - 1)
    ends = [np.take_along_axis(quantiles, k[..., None], -1)[..., 0] for k in (upper - 1, upper)]
    width = np.maximum(ends[1] - ends[0], 1e-12)
    share = np.clip((x - ends[0]) / width, 0, 1)
    return np.asarray(levels[upper - 1] + share * (levels[upper] - levels[upper - 1]))


def median_error(forecast: Floats, observed: Floats, step: Floats | None = None) -> Floats:
    """Return the distance of the score from the median forecast. Shapes as in `crps`.

    With `step`, one a history, the forecast is rounded to a score that can be given.
    """
    median = forecast[..., MIDDLE]
    if step is not None:
        median = np.rint(median / step[:, None]) * step[:, None]
    return np.abs(observed - median)
