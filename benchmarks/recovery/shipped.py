"""Does the prior as shipped foretell real patients as well as their last value does?

Run it by `python -m benchmarks.recovery.shipped`. The errors of the last value are fitted as a
function of the distance and the scale's range, never on the set that is judged: once on what the
shipped prior was made from, patients of the worlds for tuning, and once on the real sets of the
other files, which that prior has not seen. Coverage is the randomised probability integral
transform's, told by its expectation: see `covered_in_part`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reliefpath.documents.reference.markdown import table
from reliefpath.recovery import DEFAULT_PRIOR, Prior
from reliefpath.recovery.prior import RANGE

from .histories import Flags, Floats, Histories, Ints, Truth
from .ours import with_prior
from .peers import Method
from .peers.last_value import last_value
from .peers.parts import last_score
from .real import MCID, real_histories
from .scoring import covered_in_part, crps
from .training import joined, simulated_episodes, up_to_each_visit, whole_series
from .uncertainty import pull_of_mean, standard_error
from .worlds import TUNED

Data = tuple[str, Histories, Truth]
EPISODES = 150
"""Of each world for tuning."""
COVERAGE = (0.87, 0.93)
ERRORS = 2.0
"""Standard errors by which a forecast may seem worse without being so."""
RIVALS = ("the worlds for tuning", "the other real sets")
"""What the errors of the last value are fitted on."""


@dataclass(frozen=True)
class Behind:
    """By how much our CRPS is above that of the last value, from 0 to 10.

    Attributes:
        mean: Below 0 ours is better.
        error: Its standard error, with the forecasts of a patient taken together.
    """

    mean: float
    error: float

    @property
    def holds(self) -> bool:
        """Whether ours is at least as good."""
        return self.mean <= ERRORS * self.error


@dataclass(frozen=True)
class Judged:
    """How well some histories of a real set are foretold, by all their later visits.

    Attributes:
        data: The set.
        course: `all`, `level` or `moving`.
        forecasts: How many.
        behind: One for each of `RIVALS`.
        crps: Ours, from 0 to 10.
        covered: The share in the 90 % interval.
    """

    data: str
    course: str
    forecasts: int
    behind: tuple[Behind, ...]
    crps: float
    covered: float


def moving(histories: Histories) -> Flags:
    """Return which histories move: first and latest score are more than a fifth of the range apart.

    So the scores to come have no say in it.
    """
    first = histories.burden[histories.offsets[:-1]]
    return np.abs(last_score(histories) - first) > MCID * histories.scale_range


def judged(real: list[Data], prior: Prior = DEFAULT_PRIOR) -> Iterator[Judged]:
    """Yield how well a prior foretells each set beside the last value, by kind of course."""
    of_worlds = _fitted([simulated_episodes(world, EPISODES) for world in TUNED])
    for data in real:
        name, histories, truth = data
        others = [whole_series(*each[1:]) for each in real if _file(each) != _file(data)]
        ours, covered = _scores(with_prior(prior), data)
        more = [ours - _scores(method, data)[0] for method in (of_worlds, _fitted(others))]
        moves = moving(histories)
        patient = np.broadcast_to(truth.episode[:, None], ours.shape)
        for course, rows in (("all", moves | True), ("level", ~moves), ("moving", moves)):
            known = rows[:, None] & np.isfinite(ours)
            if known.any():
                behind = tuple(_behind(each[known], patient[known]) for each in more)
                means = (float(values[known].mean()) for values in (ours, covered))
                yield Judged(name, course, int(known.sum()), behind, *means)


def _scores(method: Method, data: Data) -> tuple[Floats, Floats]:
    """Return the CRPS from 0 to 10 and what is covered, by history and visit ahead."""
    _, histories, truth = data
    told = method(histories).forecast
    assert told is not None
    loss = crps(told, truth.observed) * (RANGE / histories.scale_range)[:, None]
    return loss, covered_in_part(told, truth.observed, histories.scale_range, histories.step)


def _behind(more: Floats, patient: Ints) -> Behind:
    return Behind(float(more.mean()), standard_error(pull_of_mean(more), patient))


def _fitted(whole: list[Histories]) -> Method:
    return last_value(up_to_each_visit(joined(whole)))


def _file(data: Data) -> str:
    return data[0].split(":")[0]


def report(real: list[Data], prior: Prior = DEFAULT_PRIOR) -> str:
    """Return all that is judged as a Markdown table; what does not hold is bold."""
    heads = (f"beside the last value, fitted on {rival}" for rival in RIVALS)
    head = ("set", "course", "forecasts", "CRPS", *heads, "covered")
    return table(head, (_row(each) for each in judged(real, prior)))


def _row(each: Judged) -> tuple[str, ...]:
    behind = (_marked(f"{b.mean:+.3f} ({b.error:.3f})", b.holds) for b in each.behind)
    low, high = COVERAGE
    in_bounds = each.course != "all" or low <= each.covered <= high
    covered = _marked(f"{each.covered:.1%}", in_bounds)
    return each.data, each.course, f"{each.forecasts:,}", f"{each.crps:.3f}", *behind, covered


def _marked(text: str, holds: bool) -> str:
    return text if holds else f"**{text}**"


if __name__ == "__main__":
    print(report(real_histories()))
