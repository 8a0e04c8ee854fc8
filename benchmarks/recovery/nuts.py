"""The same model and prior by Markov chain Monte Carlo, as a gold standard for `recover`.

PyMC's NUTS draws the start b, the recovery c and the log of the noise sigma. Shape, deviation and
asymptote are summed out of the density of the three, and of each draw are known by their exact
probabilities. Nothing is approximated but by the number of draws.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from reliefpath.recovery import DEFAULT_PRIOR, Prior, Targets, recover
from reliefpath.recovery.prior import RANGE

from .histories import Floats, Histories
from .worlds import JUDGED, simulate

SEED = 41
EPISODES = 60
CHAINS = 2
TUNE = 1000
BATCHES = 30
"""Parts a chain is cut into to tell how far the mean of its draws may be off."""
ASKED = ("p_plateau", "p_window", "p_worsening")


@dataclass(frozen=True, eq=False)
class Agreement:
    """What NUTS and `recover` say of some histories: a row a history, a column of `ASKED`.

    Attributes:
        nuts: Probabilities by NUTS.
        recover: Probabilities by `recover`.
        error: Monte Carlo standard errors of the former.
        seconds: That sampling took for each history, compilation left out.
    """

    nuts: Floats
    recover: Floats
    error: Floats
    seconds: Floats

    @classmethod
    def of(cls, parts: list[Agreement]) -> Agreement:
        """Return several as one."""
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("nuts", "recover", "error", "seconds")
            )
        )


def sample(number: int) -> list[Histories]:
    """Return histories of the judged worlds in turn, without scores at an end of the scale."""
    random = np.random.default_rng(SEED)
    found: list[Histories] = []
    for k in range(number):
        histories, _ = simulate(JUDGED[k % len(JUDGED)], EPISODES, SEED + k // len(JUDGED))
        begin = histories.offsets[:-1]
        scale_range = histories.scale_range[histories.owner]
        off_end = (histories.burden > 0) & (histories.burden < scale_range)
        whole = np.flatnonzero(np.logical_and.reduceat(off_end, begin))
        found.append(histories.take(random.choice(whole, 1)))
    return found


def agreement(history: Histories, draws: int, seed: int) -> Agreement:
    """Return what both say of one history."""
    h = history
    told = recover(h.offsets, h.weeks, h.burden, h.scale_range, h.mcid, step=h.step)
    unit = RANGE / h.scale_range[0]
    week = np.rint(np.maximum(h.weeks, 0) * 7) / 7
    sums = Sums.of(week, h.burden * unit, DEFAULT_PRIOR)
    chains, seconds = _draw(sums, DEFAULT_PRIOR, float(h.step[0] * unit), draws, seed)
    said = _answers(chains, sums, DEFAULT_PRIOR, float(h.mcid[0] * unit))
    return Agreement(
        said.mean(axis=0)[None],
        np.array([[getattr(told, name)[0] for name in ASKED]]),
        _monte_carlo_error(said)[None],
        np.array([seconds]),
    )


@dataclass(frozen=True, eq=False)
class Sums:
    """What the scores y say, with R = I + ratio exp(-distance / weeks) of each deviation.

    Arrays have a row a shape and a column a deviation; g is the share reached at each score. The
    last four tell the deviation at the last score: it is normal, its mean is w0 - w1 b + wg c and
    its variance `left` sigma^2.
    """

    week: Floats
    log_determinant: Floats
    yy: Floats
    y1: Floats
    gy: Floats
    n1: Floats
    g1: Floats
    gg: Floats
    w0: Floats
    w1: Floats
    wg: Floats
    left: Floats

    @classmethod
    def of(cls, week: Floats, y: Floats, prior: Prior) -> Sums:
        """Return the sums of one history on the common scale."""
        g = np.array([shape.reached(week, week[-1]) for shape in prior.shapes])
        one = np.ones(week.size)
        found = []
        for deviation in prior.deviations:
            near = deviation.ratio * np.exp(
                -np.abs(week[:, None] - week[None, :]) / deviation.weeks
            )
            inverse = np.linalg.inv(np.eye(week.size) + near)
            to_last = near[-1] @ inverse
            same = np.ones(len(g))
            found.append(
                [
                    same * -np.linalg.slogdet(inverse)[1],
                    same * (y @ inverse @ y),
                    same * (y @ inverse @ one),
                    g @ inverse @ y,
                    same * (one @ inverse @ one),
                    g @ inverse @ one,
                    np.einsum("ki,ij,kj->k", g, inverse, g),
                    same * (to_last @ y),
                    same * to_last.sum(),
                    g @ to_last,
                    same * (deviation.ratio - to_last @ near[-1]),
                ]
            )
        return cls(week, *np.moveaxis(np.array(found), 0, 2))

    def squares(self, b: Any, c: Any) -> Any:
        """Return (y - b + c g)' R^-1 (y - b + c g); b and c may be numbers or symbols."""
        of_b = b * self.n1 - 2 * self.y1
        return self.yy + b * of_b + c * (c * self.gg + 2 * self.gy - 2 * b * self.g1)


def _weights(prior: Prior) -> Floats:
    """Return the log probability of each shape and deviation before the first score."""
    shapes, deviations = list(prior.shapes.values()), list(prior.deviations.values())
    return np.asarray(np.log(shapes)[:, None] + np.log(deviations)[None, :])


def _draw(sums: Sums, prior: Prior, step: float, draws: int, seed: int) -> tuple[Floats, float]:
    """Return the draws of b, c and sigma, by chain and draw, and how long they took."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pymc
        import pytensor.tensor as pt

        logging.getLogger("pymc").setLevel(logging.ERROR)
        logsumexp: Any = pt.logsumexp
        mean, sd = prior.start
        degrees, usual = prior.noise[0], prior.noise[1] ** 2 + step**2 / 12
        share = np.array([asymptote.share for asymptote in prior.asymptotes])
        spread = np.array([asymptote.spread for asymptote in prior.asymptotes]) * mean
        asymptote_weight = np.log(list(prior.asymptotes.values())) - np.log(spread)
        constant = _weights(prior) - sums.log_determinant / 2
        n = sums.week.size
        with pymc.Model() as model:
            b, c = pymc.Flat("b"), pymc.Flat("c")
            log_sigma = pymc.Flat("log_sigma")
            variance = pt.exp(2 * log_sigma)
            by_noise = usual / variance
            pymc.Potential("noise", -degrees * (log_sigma + by_noise / 2))
            pymc.Potential("start", -log_sigma - ((b - mean) / sd) ** 2 * by_noise / 2)
            off = ((c - share * b) / spread) ** 2
            pymc.Potential(
                "asymptote", logsumexp(asymptote_weight - off * by_noise / 2) - log_sigma
            )
            squares = sums.squares(b, c)
            pymc.Potential("scores", logsumexp(constant - squares / (2 * variance)) - n * log_sigma)
        with model:
            steps = pymc.NUTS(model=model)
            trace = pymc.sample(
                draws,
                tune=TUNE,
                chains=CHAINS,
                cores=1,
                step=steps,
                random_seed=seed,
                initvals={"b": mean, "c": mean / 2, "log_sigma": np.log(usual) / 2},
                progressbar=False,
                compute_convergence_checks=False,
            )
    seconds = float(trace.posterior.attrs["sampling_time"])
    found = np.stack([trace.posterior[name].to_numpy() for name in ("b", "c", "log_sigma")], -1)
    found[..., 2] = np.exp(found[..., 2])
    return found, seconds


def _answers(chains: Floats, sums: Sums, prior: Prior, mcid: float) -> Floats:
    """Return the probabilities of `ASKED` given each draw, a row a draw, chains one by one."""
    asked = Targets()
    b, c, sigma = (x[:, None, None] for x in chains.reshape(-1, 3).T)
    log_weight = _weights(prior) - sums.log_determinant / 2
    log_weight = log_weight - sums.squares(b, c) / (2 * sigma**2)
    weight = special.softmax(log_weight, axis=(1, 2))

    now = sums.week[-1]
    here, later = (
        np.array([shape.reached(week, now) for shape in prior.shapes])[:, None]
        for week in (now, now + asked.horizon_weeks)
    )
    real = np.array([float(deviation.real) for deviation in prior.deviations])
    ratio = np.array([deviation.ratio for deviation in prior.deviations])
    length = np.array([deviation.weeks for deviation in prior.deviations])
    mean = real * (sums.w0 - sums.w1 * b + sums.wg * c)
    variance = real * sums.left

    def below(limit: Floats | float, part: Floats, today: float, days: float) -> Floats:
        """Return P(c part + today w - w in some weeks <= limit)."""
        kept = np.exp(-days / length)
        middle = c * part + (today - kept) * mean
        spread = sigma * np.sqrt(
            (today - kept) ** 2 * variance + real * ratio * (1 - kept**2) + 1e-12
        )
        return np.asarray((weight * special.ndtr((limit - middle) / spread)).sum(axis=(1, 2)))

    horizon, (low, high) = asked.horizon_weeks, asked.window
    return np.stack(
        [
            below(mcid, later - here, 1, horizon),
            below(high * b, here, 0, 0) - below(low * b, here, 0, 0),
            below(-mcid, later, 0, horizon),
        ],
        axis=1,
    )


def _monte_carlo_error(said: Floats) -> Floats:
    """Return the standard error of the means of the draws, by means of batches of them."""
    size = len(said) // BATCHES
    means = said[: size * BATCHES].reshape(BATCHES, size, -1).mean(axis=1)
    return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(BATCHES))
