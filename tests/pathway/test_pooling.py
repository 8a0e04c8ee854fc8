"""Two improvements are put together as a meta-analysis of two would, worked out with SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from reliefpath.pathway.facts.pooling import SHARES, Combine, together
from reliefpath.recovery import Targets

ASKED = Targets(window=(0.7, 0.95), recovered=0.85)
NOT_OF_THE_CURVE = ("setback", "flare", "weeks_since_recovery", "injection_relief")
BESIDE = ("improvement", "improvement_low", "improvement_high", "p_window", "p_recovered")


def both(first: tuple[float, ...], second: tuple[float, ...], **more: float) -> dict[str, float]:
    """The facts of two curves: each a middle, a low and a high end."""
    names = ("improvement", "improvement_low", "improvement_high")
    of_second = ("second_improvement", "second_low", "second_high")
    return {
        **dict.fromkeys(("relapse", "level_ahead", *NOT_OF_THE_CURVE, *BESIDE), 0.5),
        "relapse": 0.0,
        **dict(zip(names, first, strict=True)),
        **dict(zip(of_second, second, strict=True)),
        **more,
    }


def told(facts: dict[str, float], combine: Combine = Combine.POOLED) -> dict[str, Any]:
    found = together({name: np.array([v]) for name, v in facts.items()}, ASKED, combine)
    return {name: values.item() for name, values in found.items()}


def meta_analysis(first: tuple[float, ...], second: tuple[float, ...]) -> dict[str, float]:
    """By inverse variances; where chi-squared is more than its one degree of freedom, wider."""
    means = np.array([first[0], second[0]])
    widths = np.array([first[2] - first[1], second[2] - second[1]])
    sds = np.maximum(widths / (norm.ppf(0.95) - norm.ppf(0.05)), 0.01)
    pooled = np.average(means, weights=sds**-2)
    chi_squared = np.sum((means - pooled) ** 2 / sds**2)
    spread = norm(pooled, np.sqrt(max(1.0, chi_squared) / np.sum(sds**-2)))
    low, high = spread.interval(0.9)
    return {
        "improvement": pooled,
        "improvement_low": low,
        "improvement_high": high,
        "p_window": spread.cdf(0.95) - spread.cdf(0.7),
        "p_recovered": spread.sf(0.85),
        "disagreement": np.sqrt(chi_squared),
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((0.80, 0.70, 0.90), (0.82, 0.60, 0.95)),
        ((0.80, 0.70, 0.90), (0.80, 0.70, 0.90)),
        ((0.60, 0.55, 0.66), (0.90, 0.80, 0.99)),  # they disagree
        ((0.74, 0.70, 0.78), (0.70, 0.60, 0.80)),
        ((0.96, 0.90, 1.02), (0.92, 0.84, 1.00)),
        ((0.85, 0.85, 0.85), (0.84, 0.84, 0.84)),  # no improvement is known that well
        ((0.10, -0.30, 0.50), (0.30, 0.00, 0.60)),
        ((0.85, 0.67, 1.03), (0.70, 0.52, 0.88)),  # apart by nearly one standard error
    ],
)
def test_two_measures_are_pooled_as_two_trials_would_be(
    first: tuple[float, ...], second: tuple[float, ...]
) -> None:
    found, expected = told(both(first, second)), meta_analysis(first, second)
    capped = {n: min(v, 1.0) if n in SHARES else v for n, v in expected.items()}
    assert {name: found[name] for name in expected} == pytest.approx(capped, abs=1e-6)


def test_what_cannot_be_pooled_is_of_the_first_measure_alone() -> None:
    alone = both((0.8, 0.7, 0.9), (np.nan, np.nan, np.nan), p_window=0.6, p_recovered=0.1)
    expected = {name: alone[name] for name in BESIDE}
    for combine in Combine:
        found = told(alone, combine)
        assert {name: found[name] for name in BESIDE} == expected
        assert np.isnan(found["disagreement"])
    apart = told(both((0.8, 0.7, 0.9), (0.2, 0.1, 0.3)), Combine.PRIMARY)
    assert (apart["improvement"], apart["p_window"]) == (0.8, 0.5)
    assert apart["disagreement"] == pytest.approx(6.98, abs=0.01)


@pytest.mark.parametrize("name", ["improvement_high", "level_ahead", "second_improvement"])
def test_nobody_is_better_than_well(name: str) -> None:
    facts = both((0.8, 0.7, 0.9), (0.8, 0.7, 0.9)) | {name: 1.2}
    assert told(facts, Combine.PRIMARY)[name] == 1.0
    assert told(facts | {name: 0.95}, Combine.PRIMARY)[name] == 0.95


@pytest.mark.parametrize("relapse", [1.0, np.nan])
def test_after_a_relapse_nothing_is_told_that_rests_on_one_curve(relapse: float) -> None:
    found = told(both((0.8, 0.7, 0.9), (0.8, 0.7, 0.9), relapse=relapse))
    known = {name for name, value in found.items() if not np.isnan(value)}
    assert known == {*NOT_OF_THE_CURVE, *(["relapse"] if relapse == 1 else [])}
