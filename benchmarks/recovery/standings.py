"""Where each method stands in each world: ranking, probabilities, alarms, delay, forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import scoring
from .arena import METHODS, ORACLE, SLOW, Round
from .baseline import NAME as BASELINE
from .histories import Answers, Flags, Floats, Histories, Ints, Truth
from .ours import OURS
from .peers import LEARNING, ONLY_FORECASTING, PEERS
from .peers.parts import last_week
from .uncertainty import pull_of_mean, pull_on_auc, standard_error

QUESTIONS = {"level": "(a) level", "inside": "(b) in the window", "both": "(c) both at once"}
RULE = "clinical rule"
RIVALS = (*PEERS, *(name for name in LEARNING if name not in ONLY_FORECASTING), BASELINE)
"""Whom the three questions are compared with."""
WHOLE = 1.0
"""Steps from which on scores are whole numbers, and so are forecasts rounded."""


def truth_of(truth: Truth, question: str) -> Flags:
    """Return what was so."""
    return {"level": truth.level, "inside": truth.inside, "both": truth.level & truth.inside}[
        question
    ]


def score_of(answers: Answers, question: str) -> Floats:
    """Return what a method says, which rises with the probability."""
    said: Floats = getattr(answers, question)
    return said


def probability(played: Round, method: str, question: str, rows: Ints) -> Floats:
    """Return the probabilities of a method; where it has none, those its score stands for."""
    told = played.told[method]
    if told.answers.probabilities:
        return score_of(told.of(rows), question)
    truth = played.truth.take(told.rows)
    score = score_of(told.answers, question)
    made = scoring.recalibrated(score, truth_of(truth, question), truth.episode)
    return made[np.searchsorted(told.rows, rows)]


@dataclass(frozen=True)
class Standing:
    """How well a method answers one question in one world.

    Attributes:
        auc: Area under the curve.
        brier: Mean squared distance of the probabilities.
        calibration: Expected calibration error.
        way: Share of the way in Brier from the calibrated rule to the oracle.
        precision: Of as many alarms as the clinical rule raises.
        recall: Of the same.
        ratio: Of precision, and so of recall, to the rule's own.
    """

    auc: float
    brier: float
    calibration: float
    way: float
    precision: float
    recall: float
    ratio: float


def standing(played: Round, method: str, question: str) -> Standing:
    """Return the scores of a method on the histories it answered."""
    rows = played.told[method].rows
    truth = truth_of(played.truth.take(rows), question)
    score = score_of(played.told[method].of(rows), question)
    said, start, best = (
        probability(played, each, question, rows) for each in (method, BASELINE, ORACLE)
    )
    brier, worst, least = (scoring.brier(p, truth) for p in (said, start, best))
    raised = score_of(played.told[RULE].of(rows), question) > 0
    precision, recall = scoring.alarms(score, truth, float(raised.mean()))
    of_rule = float((raised & truth).sum() / max(raised.sum(), 1))
    return Standing(
        scoring.auc(score, truth),
        brier,
        scoring.calibration_error(said, truth),
        share(worst - brier, worst - least),
        precision,
        recall,
        share(precision, of_rule),
    )


def share(part: float, whole: float) -> float:
    """Return part / whole; NaN of nothing."""
    return part / whole if whole else float("nan")


def answering() -> Iterator[str]:
    """Yield the methods that answer the three questions."""
    yield from (method for method in METHODS if method not in ONLY_FORECASTING)


@dataclass(frozen=True)
class Comparison:
    """One of our methods against another, on the histories that both answered.

    Attributes:
        world: Where.
        question: A key of `QUESTIONS`.
        measure: `AUC` or `Brier`.
        ours: Our method.
        rival: The other.
        ahead: By how much ours is better; below 0 it is worse.
        error: Standard error of that, with episodes as the unit.
    """

    world: str
    question: str
    measure: str
    ours: str
    rival: str
    ahead: float
    error: float

    @property
    def lost(self) -> bool:
        """Whether ours is worse by more than the standard error."""
        return self.ahead < -self.error


def comparisons(played: Round) -> Iterator[Comparison]:
    """Yield every comparison in one world."""
    for question in QUESTIONS:
        for rival in RIVALS:
            for ours in OURS:
                rows = played.common(ours, rival)
                truth = played.truth.take(rows)
                so, episode = truth_of(truth, question), truth.episode
                scores = [score_of(played.told[m].of(rows), question) for m in (ours, rival)]
                ahead = scoring.auc(scores[0], so) - scoring.auc(scores[1], so)
                pull = pull_on_auc(scores[0], so) - pull_on_auc(scores[1], so)
                error = standard_error(pull, episode)
                yield Comparison(played.name, question, "AUC", ours, rival, ahead, error)
                losses = [(probability(played, m, question, rows) - so) ** 2 for m in (ours, rival)]
                ahead = float(np.mean(losses[1] - losses[0]))
                error = standard_error(pull_of_mean(losses[1] - losses[0]), episode)
                yield Comparison(played.name, question, "Brier", ours, rival, ahead, error)


def delay_of(played: Round, method: str) -> scoring.Delay:
    """Return how late a method calls level."""
    rows = played.told[method].rows
    truth = played.truth.take(rows)
    now = last_week(played.histories.take(rows))
    score = played.told[method].of(rows).level
    return scoring.delay(score, truth.level, truth.onset, now, truth.episode)


@dataclass(frozen=True)
class Forecasts:
    """How good a method's forecasts are, on average over all visits ahead.

    Attributes:
        crps: Continuous ranked probability score, in the scale's units.
        error: Distance of the score from the median, in the same.
        covered: Share of the scores in the 90 % interval, with the score's cell told in part.
        plainly: The same with the ends of the interval inside and scores as they are.
    """

    crps: float
    error: float
    covered: float
    plainly: float


def forecasting(played: Round) -> Iterator[str]:
    """Yield the methods that forecast."""
    for method in METHODS:
        told = played.told.get(method)
        if told and told.answers.forecast is not None:
            yield method


def forecasts(played: Round, method: str) -> Forecasts:
    """Return how good the forecasts of a method are on the histories it answered."""
    rows = played.told[method].rows
    table = _losses(played, method, rows)
    return Forecasts(*(float(np.nanmean(values)) for values in table))


def _losses(played: Round, method: str, rows: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    h: Histories = played.histories.take(rows)
    observed = played.truth.take(rows).observed
    told = played.told[method].of(rows).forecast
    assert told is not None
    rounded = h.step if (h.step >= WHOLE).all() else None
    return (
        scoring.crps(told, observed),
        scoring.median_error(told, observed, rounded),
        scoring.covered_in_part(told, observed, h.scale_range, h.step),
        scoring.covered(told, observed),
    )


def forecast_comparisons(played: Round, rivals: tuple[str, ...]) -> Iterator[Comparison]:
    """Yield how far ours are ahead of others in forecasts."""
    for ours in OURS:
        for rival in rivals:
            rows = played.common(ours, rival)
            mine, other = (_losses(played, method, rows) for method in (ours, rival))
            episode = np.repeat(played.truth.episode[rows], mine[0].shape[1])
            for measure, a, b in (("CRPS", mine[0], other[0]), ("error", mine[1], other[1])):
                ahead = (b - a).ravel()
                known = np.isfinite(ahead)
                error = standard_error(pull_of_mean(ahead[known]), episode[known])
                mean = float(ahead[known].mean())
                yield Comparison(played.name, "forecast", measure, ours, rival, mean, error)


def on_sample(method: str) -> bool:
    """Return whether a method answered a sample only."""
    return method in SLOW
