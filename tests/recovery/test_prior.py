"""The default prior, its file, and what a prior may not be."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reliefpath.errors import KnowledgeError, UsageError
from reliefpath.recovery import DEFAULT_PRIOR, Prior, recover
from reliefpath.recovery import prior as prior_module
from reliefpath.recovery.prior import prior_of, read_prior_file

FILE = Path(prior_module.__file__).with_name("prior.yaml")


def test_default_prior_has_the_time_constants_of_the_literature() -> None:
    taus, weights = np.array(DEFAULT_PRIOR.taus), np.array(DEFAULT_PRIOR.weights)
    assert (taus[0], taus[-1]) == (pytest.approx(1), pytest.approx(26))
    mean = weights @ np.log(taus)
    assert np.exp(mean) == pytest.approx(5.25, rel=0.01)
    assert weights @ np.log(taus) ** 2 - mean**2 == pytest.approx(np.log(1.25), rel=0.02)


def test_default_prior_expects_60_percent_of_any_start_to_be_recovered() -> None:
    (bb, bc), (_, cc) = DEFAULT_PRIOR.covariance
    b, c = DEFAULT_PRIOR.mean
    assert c / b == pytest.approx(0.60)
    assert bc / bb == pytest.approx(0.60)
    assert np.sqrt(cc - bc**2 / bb) * DEFAULT_PRIOR.scale / b == pytest.approx(0.28)


def test_grid_of_time_constants_is_fine_enough() -> None:
    """Ten times as many time constants change no answer that a clinician could see."""
    parameters = read_prior_file(FILE).parameters
    points = parameters.tau_points.model_copy(update={"value": 160})
    fine = prior_of(parameters.model_copy(update={"tau_points": points}))
    rng = np.random.default_rng(3)
    n, visits = 300, 10
    weeks = np.tile(np.arange(visits) * 2.0, (n, 1))
    start, share = rng.uniform(3, 9, (n, 1)), rng.normal(0.6, 0.28, (n, 1))
    gone = 1 - np.exp(-weeks / rng.lognormal(np.log(5.25), 0.47, (n, 1)))
    scores = start * (1 - share * gone) + rng.normal(0, 0.95, (n, visits))
    columns = (
        np.arange(0, n * visits + 1, visits),
        weeks.ravel(),
        np.clip(np.round(scores), 0, 10).ravel(),
        np.full(n, 10.0),
        np.full(n, 2.0),
    )
    coarse_answers, fine_answers = recover(*columns), recover(*columns, prior=fine)
    for name in ("improvement", "p_window", "p_plateau", "p_recovered"):
        coarse_answer, fine_answer = getattr(coarse_answers, name), getattr(fine_answers, name)
        assert np.nanmax(np.abs(coarse_answer - fine_answer)) < 0.005, name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"taus": (1.0,)}, "each tau needs its weight"),
        ({"taus": (), "weights": ()}, "each tau needs its weight"),
        ({"taus": (0.0, 5.0)}, "every tau must be above 0"),
        ({"taus": (float("nan"), 5.0)}, "every number must be finite"),
        ({"weights": (0.0, 1.0)}, "every weight must be above 0"),
        ({"weights": (0.5, 0.4)}, "must add up to 1"),
        ({"covariance": ((1.0, 2.0), (2.0, 1.0))}, "positive definite"),
        ({"covariance": ((1.0, 0.1), (0.2, 1.0))}, "symmetric"),
        ({"degrees": 0}, "degrees must be a whole number above 0"),
        ({"degrees": 2.5}, "degrees must be a whole number above 0"),
        ({"scale": 0.0}, "scale must be above 0"),
    ],
)
def test_prior_refuses_what_is_not_a_distribution(change: dict[str, Any], message: str) -> None:
    prior = Prior((2.0, 5.0), (0.5, 0.5), (5.0, 3.0), ((4.0, 2.0), (2.0, 4.0)), 8, 1.0)
    with pytest.raises(UsageError, match=message):
        replace(prior, **change)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[costa-2012-fit]", "[costa-2021-fit]", "costa-2012-fit"),
        ("tau_points:", "tau_pionts:", "tau_points"),
        ("value: 0.95", "value: -0.95", "noise_sd"),
        ("value: 8", "value: 8.5", "noise_degrees"),
    ],
)
def test_prior_file_with_a_mistake_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = FILE.read_text("utf-8")
    assert old in text
    file = tmp_path / "prior.yaml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(KnowledgeError, match=message):
        read_prior_file(file)
