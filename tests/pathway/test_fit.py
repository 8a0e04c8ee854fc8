"""A fit takes scores as they are at hand, and answers in the measure's own unit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from html_page import Page
from reliefpath import Knowledge, demo_clinic, fit, load_pathway
from reliefpath.errors import UsageError
from reliefpath.pathway.recovery_course import RecoveryCourse
from reliefpath.recovery import recover
from reliefpath.reference.measures import measures

WEEKS, PAIN = [0, 2, 4, 6, 8, 10, 12, 14], [7, 5, 4, 3, 2, 2, 1, 1]
CLINIC = """clinic: Riverside Pain Clinic
overrides:
  - in: measures
    row: nrs.mcid
    set: {value: 1}
    because: Our patients want more.
    by: Dr. Ana Ruiz
    on: 2026-05-04
"""


@pytest.fixture(scope="module")
def course() -> RecoveryCourse:
    return fit(list(zip(WEEKS, PAIN, strict=True)), measure="nrs")


def test_fit_looks_up_range_direction_and_what_matters(course: RecoveryCourse) -> None:
    told = recover([0, 8], WEEKS, PAIN, [10], [2], step=[1])
    assert course.scale.mcid is not None
    assert course.scale.mcid.value == 2
    for name, values in vars(told).items():
        value = course.answers[name]
        assert np.isnan(values[0]) if value is None else value == values[0], name
    assert repr(course) == "<RecoveryCourse: nrs, 8 scores in 14 weeks; 82 % improved (69 to 93)>"


def test_fit_asks_what_the_pathway_as_shipped_asks(course: RecoveryCourse) -> None:
    assert course.targets == load_pathway().targets


def test_fit_turns_a_measure_round_where_more_is_better(course: RecoveryCourse) -> None:
    up = fit([(week, 10 - score) for week, score in zip(WEEKS, PAIN, strict=True)], "psfs")
    assert up.scale.better == "higher"
    frame, mirrored = course.to_frame(), up.to_frame()
    assert (frame["low"] <= frame["middle"]).all()
    assert (mirrored["low"] <= mirrored["middle"]).all()
    assert mirrored["middle"][0] < mirrored["middle"][-1]
    assert 5 < up.window[0] < up.window[1] < 10


def test_scores_may_come_in_any_of_the_accepted_forms(course: RecoveryCourse) -> None:
    begun = date(2026, 1, 5)
    days = [date.fromordinal(begun.toordinal() + 7 * week) for week in WEEKS]
    instants = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
    columns = {"at": days, "value": PAIN}
    forms = [
        fit(PAIN, "nrs", at=WEEKS),
        fit(tuple(PAIN), "nrs", at=pl.Series(WEEKS)),
        fit(pl.DataFrame({"week": WEEKS, "value": PAIN}), "nrs"),
        fit(pl.LazyFrame({"week": WEEKS, "value": PAIN}), "nrs"),
        fit(pd.DataFrame({"week": WEEKS, "value": PAIN}), "nrs"),
        fit({"week": WEEKS, "value": PAIN}, "nrs"),
        fit(columns, "nrs"),
        fit(pl.DataFrame(columns), "nrs"),
        fit(pd.DataFrame({"at": pd.to_datetime(days), "value": PAIN}), "nrs"),
        fit(zip(instants[::-1], PAIN[::-1], strict=True), "nrs"),
    ]
    assert [form.answers for form in forms] == [course.answers] * len(forms)
    assert [form.began for form in forms] == [None] * 6 + [begun] * 4


def test_of_a_care_logs_scores_those_of_the_measure_count() -> None:
    clinic = demo_clinic(patients=3, seed=1, as_of=date(2026, 1, 31))
    mine = clinic.scores.filter(episode="demo-0001")
    pain, neck = fit(mine, "nrs"), fit(mine, "ndi")
    assert list(pain.scores) == mine.filter(measure="nrs").sort("at")["value"].to_list()
    assert len(neck.scores) == mine.filter(measure="ndi").height < len(pain.scores)


def test_items_of_a_care_log_are_scored() -> None:
    ndi = measures(Knowledge.shipped())["ndi"]
    rows = [
        {"episode": "e", "at": at, "measure": "ndi", "item": item, "value": value}
        for at, value in ((datetime(2026, 1, 5), 4.0), (datetime(2026, 1, 19), 1.0))
        for item in ndi.item_ids or ()
    ]
    assert fit(pl.DataFrame(rows), "ndi").scores == (40.0, 10.0)


def test_scores_of_one_day_are_one_occasion(course: RecoveryCourse) -> None:
    twice = fit([*zip(WEEKS, PAIN, strict=True), (14.02, 3)], "nrs")
    assert twice.scores == (*course.scores[:-1], 2.0)


@pytest.mark.parametrize(
    ("scores", "measure", "options", "expected"),
    [
        ([(0, 7), (2, 5)], "nsr", {}, r"unknown measure `nsr` \(did you mean `nrs`\?\)"),
        ([(0, 7), (2, 5)], "pgic", {}, r"no curve can follow `pgic`.*these have a curve: .*nrs"),
        ([], "nrs", {}, "there are no scores"),
        ([7, 5], "nrs", {}, "no pairs of a time and a score; expected a polars or pandas frame"),
        ("7, 5", "nrs", {}, "the scores are a text"),
        (7, "nrs", {}, "no pairs of a time and a score"),
        ([7, 5], "nrs", {"at": [0]}, "2 scores have 1 times"),
        ([(0, 7), (2, 11)], "nrs", {}, "a score of 11 lies outside `nrs`, 0 to 10"),
        ([(0, 7), (2, None)], "nrs", {}, "a score is missing; leave"),
        ([(0, 7), (2, float("nan"))], "nrs", {}, "a score is missing; leave"),
        ([(0, "7"), (2, "5")], "nrs", {}, "the scores are String; expected numbers"),
        ([("2026-01-05", 7)], "nrs", {}, r"times of the scores are String.*str\.to_date"),
        ([(None, 7), (2, 5)], "nrs", {}, "a time of the scores is missing"),
        ([(float("inf"), 7)], "nrs", {}, "a week of the scores is not a number"),
        ([(0, 7), (date(2026, 1, 5), 5)], "nrs", {}, "a column of the scores is of several kinds"),
        ({"day": [0], "score": [7]}, "nrs", {}, "has the columns day, score; expected `value`"),
        ({"week": [0], "value": [7]}, "nrs", {"at": [0]}, "leave out `at`"),
        ([(0, 7)], "nrs", {"injections": [date(2026, 1, 5)]}, "both by dates, or both by weeks"),
        (
            {"week": [0], "value": [7], "measure": ["vas"]},
            "nrs",
            {},
            "no score is of `nrs`; the frame has vas",
        ),
        (
            {"week": [0, 0], "value": [7, 6], "episode": ["a", "b"]},
            "nrs",
            {},
            "the scores are of 2 episodes; fit one at a time",
        ),
    ],
)
def test_scores_that_cannot_be_fitted_are_refused_with_what_is_wrong(
    scores: object, measure: str, options: dict[str, object], expected: str
) -> None:
    with pytest.raises(UsageError, match=expected):
        fit(scores, measure, **options)  # type: ignore[arg-type]


def test_frame_has_a_row_a_day_from_the_first_to_some_weeks_ahead(course: RecoveryCourse) -> None:
    frame = course.to_frame(ahead=2)
    assert frame.columns == ["time", "low", "middle", "high"]
    assert frame.height == 16 * 7 + 1
    assert frame["time"][-1] == 16
    dated = fit(PAIN, "nrs", at=[date.fromordinal(739_000 + 7 * week) for week in WEEKS])
    assert dated.to_frame(ahead=2)["time"][-1] == date.fromordinal(739_000 + 16 * 7)
    assert dated.to_frame(2).drop("time").equals(frame.drop("time"))
    with pytest.raises(UsageError, match="`ahead` is -1; expected a number of weeks"):
        course.to_frame(ahead=-1)


def test_single_scores_to_come_scatter_wider_than_the_curve(course: RecoveryCourse) -> None:
    scores = course.forecast(ahead=6)
    assert scores["time"].to_list() == [15, 16, 17, 18, 19, 20]
    curve = course.to_frame(ahead=6).filter(pl.col("time").is_in(scores["time"].implode()))
    wider = (scores["high"] - scores["low"]) - (curve["high"] - curve["low"])
    assert (wider > 0).all()


def test_injections_effect_is_told_apart_by_dates_and_by_weeks_alike() -> None:
    weeks, pain = [*WEEKS, 17, 18], [*PAIN, 0, 0]
    by_week = fit(pain, "nrs", at=weeks, injections=[16.0])
    days = [date.fromordinal(739_000 + 7 * week) for week in weeks]
    by_day = fit(pain, "nrs", at=days, injections=[date.fromordinal(739_000 + 7 * 16)])
    assert by_week.answers == by_day.answers
    assert (by_week.answers["injection_effect"] or 0) > 0.5


def test_patient_who_was_well_from_the_start_has_a_curve_and_no_window() -> None:
    well = fit([(0, 0), (2, 0), (4, 1)], "nrs")
    assert [layer["mark"]["type"] for layer in well.chart()["layer"]] == [
        "area",
        "area",
        "line",
        "point",
    ]
    assert "too little to improve" in repr(well)
    assert "<svg" in well._repr_html_()


def test_notebook_shows_curve_and_summary(course: RecoveryCourse) -> None:
    page = Page(course._repr_html_())
    assert len(page.all("svg")) == 1
    assert [text for _, text in page.all("pre")] == [" ".join(course.summary().split())]
    assert "Numeric Rating Scale (0 is well)" in {text for _, text in page.all("text")}


def test_plot_shows_what_the_notebook_shows(course: RecoveryCourse) -> None:
    pytest.importorskip("altair")
    chart = course.plot(ahead=3).to_dict()
    marks = [layer["mark"]["type"] for layer in chart["layer"]]
    assert marks == ["rect", "area", "area", "line", "point"]


def test_fit_goes_by_what_matters_at_the_clinic(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(CLINIC, "utf-8")
    own = Knowledge.shipped().with_overrides(file)
    told, shipped = fit(PAIN, "nrs", at=WEEKS, knowledge=own), fit(PAIN, "nrs", at=WEEKS)
    assert told.answers["improvement"] == shipped.answers["improvement"]
    assert (told.answers["p_level"] or 1) < (shipped.answers["p_level"] or 0)
