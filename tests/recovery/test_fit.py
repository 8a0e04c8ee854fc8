"""One patient's recovery in a notebook."""

import json

import numpy as np
import pytest

from reliefpath.errors import UsageError
from reliefpath.recovery import Fit, fit, recover

WEEKS, BURDEN = [0, 2, 4, 6, 8, 10, 12, 14, 16], [8, 5, 3, 2, 2, 1, 1, 2, 1]


@pytest.fixture
def patient() -> Fit:
    return fit(WEEKS, BURDEN, scale_range=10, mcid=2, step=1)


def test_fit_of_one_patient_says_what_a_batch_says(patient: Fit) -> None:
    batch = recover([0, 9], WEEKS, BURDEN, [10], [2], step=[1])
    for name, answer in vars(patient.answers).items():
        np.testing.assert_array_equal(answer, getattr(batch, name), err_msg=name)


def test_summary_tells_improvement_window_level_and_gain(patient: Fit) -> None:
    lines = patient.summary().splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "improvement",
        "within 75 to 90 %",
        "level",
        "still to come",
    ]
    assert "level" in lines[2]
    assert lines[2].endswith("over 99 % sure; clear now")
    assert lines[3].endswith("points in 6 weeks")


def test_patient_who_was_injected_hears_of_the_injections_part() -> None:
    weeks, scores = [*WEEKS, 17, 18], [*BURDEN, 0, 0]
    told = fit(weeks, scores, mcid=2, step=1, injections=[16.5])
    assert told.summary().splitlines()[-1].startswith("injection          takes off 1.")
    without = fit(weeks, scores, mcid=2, step=1)
    assert told.answers.improvement < without.answers.improvement
    soon, late = told.forecast([18.5, 30])[:, 1]
    assert soon < late


def test_summary_says_where_there_is_nothing_to_improve() -> None:
    assert "undefined" in fit([0, 2, 4], [0, 0, 1], mcid=2, step=1).summary()


def test_forecast_has_a_row_a_week_and_a_column_a_level(patient: Fit) -> None:
    found = patient.forecast([18, 20, 30])
    assert found.shape == (3, 3)
    assert (np.diff(found, axis=1) >= 0).all()


def test_plot_shows_scores_curve_band_and_window(patient: Fit) -> None:
    pytest.importorskip("altair")
    chart = json.loads(patient.plot().to_json())
    marks = [layer["mark"]["type"] for layer in chart["layer"]]
    assert marks == ["rect", "area", "line", "point"]


def test_fit_refuses_no_scores_and_bad_scores() -> None:
    with pytest.raises(UsageError, match="at least one score"):
        fit([], [])
    with pytest.raises(UsageError, match="further from well"):
        fit([0, 1], [6, 60], scale_range=10)
