"""The arena from end to end, on little of everything, and the sums that NUTS rests on."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recovery import nuts
from benchmarks.recovery.__main__ import main
from benchmarks.recovery.arena import METHODS
from benchmarks.recovery.plots import PLOTS, file_of
from benchmarks.recovery.worlds import JUDGED
from reliefpath.recovery import DEFAULT_PRIOR

NEEDED = ("matplotlib", "pymc", "ruptures", "statsmodels", "threadpoolctl")


@pytest.mark.skipif(
    not all(find_spec(package) for package in NEEDED), reason="what `make bench` needs is missing"
)
def test_report_names_every_method_and_every_world(tmp_path: Path) -> None:
    main(["--quick", "--folder", str(tmp_path)])
    text = (tmp_path / "recovery-arena.md").read_text("utf-8")
    for method in METHODS:
        assert f"| {method}" in text
    for world in JUDGED:
        assert f"\n### {world.name}\n" in text
    for plot in PLOTS:
        assert f"({file_of(plot)})" in text
        assert (tmp_path / file_of(plot)).read_text("utf-8").startswith("<?xml")


def test_squares_are_those_of_the_scores_around_the_curve() -> None:
    week, y, b, c = np.array([0.0, 1, 3, 4]), np.array([8.0, 7, 5, 5]), 7.5, 4.0
    sums = nuts.Sums.of(week, y, DEFAULT_PRIOR)
    for j, deviation in enumerate(DEFAULT_PRIOR.deviations):
        distance = np.abs(week[:, None] - week[None, :])
        covariance = np.eye(4) + deviation.ratio * np.exp(-distance / deviation.weeks)
        assert sums.log_determinant[0, j] == pytest.approx(np.linalg.slogdet(covariance)[1])
        for k, shape in enumerate(DEFAULT_PRIOR.shapes):
            off = y - b + c * shape.reached(week, week[-1])
            expected = off @ np.linalg.solve(covariance, off)
            assert sums.squares(b, c)[k, j] == pytest.approx(expected)


def test_histories_for_nuts_have_no_score_at_an_end_of_the_scale() -> None:
    for history in nuts.sample(len(JUDGED)):
        assert len(history) == 1
        assert history.burden.min() > 0
        assert history.burden.max() < history.scale_range[0]
