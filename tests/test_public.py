"""The public interface, as a notebook uses it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

import reliefpath
from reliefpath import (
    Knowledge,
    assess,
    demo_clinic,
    explain,
    fit,
    load_pathway,
    open_chart,
    read_care_log,
)
from reliefpath.care_log.folder import write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.errors import CareLogError, CareLogWarning, UsageError
from reliefpath.pathway.recovery_course import RecoveryCourse
from reliefpath.recovery import recover
from reliefpath.reference.measures import measures
from reliefpath.store.chart import create_chart

TODAY = date(2026, 1, 31)
WEEKS, PAIN = [0, 2, 4, 6, 8, 10, 12, 14], [7, 5, 4, 3, 2, 2, 1, 1]
HEAVY = (
    "numpy",
    "polars",
    "numba",
    "pyarrow",
    "pydantic",
    "sqlalchemy",
    "fastapi",
    "typer",
    "yaml",
)
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
def clinic() -> CareLog:
    return demo_clinic(patients=30, seed=1, as_of=TODAY)


@pytest.fixture(scope="module")
def course() -> RecoveryCourse:
    return fit(list(zip(WEEKS, PAIN, strict=True)), measure="nrs")


# the names


def test_import_of_the_package_imports_nothing_heavy() -> None:
    code = "import sys, reliefpath; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "reliefpath" in loaded
    assert not loaded & set(HEAVY)


def test_every_public_name_can_be_imported_and_is_listed() -> None:
    assert set(reliefpath.__all__) <= set(dir(reliefpath))
    for name in reliefpath.__all__:
        assert getattr(reliefpath, name).__doc__


def test_unknown_name_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="'reliefpath' has no attribute 'asess'"):
        reliefpath.asess  # noqa: B018


# reading


def test_care_log_of_a_folder_is_what_was_written(clinic: CareLog, tmp_path: Path) -> None:
    write_folder(clinic, tmp_path / "clinic")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CareLogWarning)
        found = read_care_log(str(tmp_path / "clinic"), zone="Europe/Madrid")
    assert found.scores.equals(clinic.scores)
    assert found.zone == "Europe/Madrid"


def test_what_is_in_doubt_is_warned_of_with_its_place(clinic: CareLog, tmp_path: Path) -> None:
    write_folder(clinic, tmp_path)
    (tmp_path / "treatments.csv").unlink()
    with pytest.warns(CareLogWarning, match=r"treatments\.csv: warning: is missing") as told:
        found = read_care_log(tmp_path)
    assert told[0].filename == __file__
    assert repr(found).endswith("; without treatments>")


def test_bad_rows_raise_and_are_left_out_with_a_warning_when_asked_for(
    clinic: CareLog, tmp_path: Path
) -> None:
    write_folder(clinic, tmp_path)
    with (tmp_path / "scores.csv").open("a") as file:
        file.write("demo-0001,2026-01-30,nrs,11,,patient\n")
    with pytest.raises(CareLogError, match=r"scores\.csv:\d+: value '11'"):
        read_care_log(tmp_path)
    with pytest.warns(CareLogWarning, match=r"scores\.csv:\d+: value '11'"):
        found = read_care_log(tmp_path, skip_bad_rows=True)
    assert "; rows refused of 1 patient>" in repr(found)


def test_long_list_of_doubts_is_cut_and_counted(clinic: CareLog, tmp_path: Path) -> None:
    write_folder(clinic, tmp_path)
    with (tmp_path / "scores.csv").open("a") as file:
        file.writelines(f"demo-0001,9999-01-{day:02},nrs,1,,patient\n" for day in range(1, 29))
    with pytest.warns(CareLogWarning, match=r"\.\.\. and \d+ more; `reliefpath check"):
        read_care_log(tmp_path)


# short forms


def test_each_value_says_in_one_short_line_what_it_is(clinic: CareLog, tmp_path: Path) -> None:
    scores, episodes = f"{clinic.scores.height:,} scores", f"{clinic.episodes.height} episodes"
    assert repr(clinic) == f"<CareLog: 30 patients, {episodes}, {scores}>"
    assert repr(clinic.only("demo-0001")).startswith("<CareLog: 1 patient, 1 episode, ")
    pathway = load_pathway()
    criteria = f"{len(pathway.criteria)} criteria"
    assert repr(pathway) == str(pathway)
    assert repr(pathway).startswith(f"<Pathway: relief-plus {pathway.version}; 9 statuses, ")
    assert criteria in repr(pathway)
    create_chart(str(tmp_path / "clinic.chart")).close()
    chart = open_chart(tmp_path / "clinic.chart")
    assert repr(chart) == f"<Chart: {tmp_path / 'clinic.chart'}>"
    chart.close()


def test_clinics_own_file_shows_wherever_it_is_in_force(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(CLINIC, "utf-8")
    own = Knowledge.shipped().with_overrides(str(file))
    assert repr(Knowledge.shipped()) == "<Knowledge: as shipped>"
    assert own.clinic is not None
    edition = own.clinic.edition
    assert repr(own) == f"<Knowledge: Riverside Pain Clinic, {edition}, 1 change>"
    assert f"+{edition};" in repr(load_pathway(knowledge=own))
    log = demo_clinic(1, 1, TODAY, own)
    assert repr(log).endswith(f"; {edition}>")
    with pytest.raises(UsageError, match="read with another clinic's file than the pathway"):
        explain(log, "demo-0001", load_pathway(), TODAY)


def test_fit_goes_by_what_matters_at_the_clinic(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(CLINIC, "utf-8")
    own = Knowledge.shipped().with_overrides(file)
    told, shipped = fit(PAIN, "nrs", at=WEEKS, knowledge=own), fit(PAIN, "nrs", at=WEEKS)
    assert told.answers["improvement"] == shipped.answers["improvement"]
    assert (told.answers["p_level"] or 1) < (shipped.answers["p_level"] or 0)


# one patient


def test_fit_looks_up_range_direction_and_what_matters(course: RecoveryCourse) -> None:
    told = recover([0, 8], WEEKS, PAIN, [10], [2], step=[1])
    assert course.scale.mcid is not None
    assert course.scale.mcid.value == 2
    for name, values in vars(told).items():
        assert course.answers[name] == values[0], name
    assert repr(course) == "<RecoveryCourse: nrs, 8 scores in 14 weeks; 82 % improved (69 to 93)>"


def test_fit_asks_what_the_pathway_as_shipped_asks(course: RecoveryCourse) -> None:
    assert course.questions == load_pathway().questions


def test_fit_turns_a_measure_round_where_more_is_better(course: RecoveryCourse) -> None:
    up = fit([(week, 10 - score) for week, score in zip(WEEKS, PAIN, strict=True)], "psfs")
    assert up.scale.better == "higher"
    frame, mirrored = course.to_frame(), up.to_frame()
    assert (frame["low"] <= frame["middle"]).all()
    assert (mirrored["low"] <= mirrored["middle"]).all()
    assert mirrored["middle"][0] < mirrored["middle"][-1]
    assert up.window is not None
    assert 5 < up.window[0] < up.window[1] < 10


def test_scores_may_come_in_any_of_the_accepted_forms(course: RecoveryCourse) -> None:
    import pandas as pd

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


def test_of_a_care_logs_scores_those_of_the_measure_count(clinic: CareLog) -> None:
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
    assert well.window is None
    assert "too little to improve" in repr(well)
    assert "<svg" in well._repr_html_()


class Outline(HTMLParser):
    """The tags of some HTML, each closed, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_notebook_shows_curve_and_summary(course: RecoveryCourse) -> None:
    page = Outline(course._repr_html_())
    assert not page.open
    assert {"svg", "figure", "pre"} <= page.tags
    assert course.summary() in page.text
    assert "Numeric Rating Scale (0 is well)" in page.text


def test_plot_shows_what_the_notebook_shows(course: RecoveryCourse) -> None:
    pytest.importorskip("altair")
    chart = course.plot(ahead=3).to_dict()
    marks = [layer["mark"]["type"] for layer in chart["layer"]]
    assert marks == ["rect", "area", "area", "line", "point"]


# what the pathway says


def test_explain_says_of_every_episode_what_assess_says(clinic: CareLog) -> None:
    pathway = load_pathway()
    table = assess(clinic, pathway, TODAY)
    drawn = 0
    for row in table.iter_rows(named=True):
        advice = explain(clinic, row["episode"], pathway, TODAY)
        assert (advice.status, advice.next_step, advice.gate) == (
            row["status"],
            row["next_step"],
            row["gate"],
        )
        assert {a.id: a.answer for a in advice.criteria} == {
            id_: row[id_] for id_ in pathway.criteria
        }
        # the curve that is shown is the one that the answer rests on
        if advice.course is not None and row["p_level"] is not None:
            assert advice.course.answers["p_level"] == pytest.approx(row["p_level"], abs=6e-5)
            drawn += 1
    assert drawn > 25


def test_advice_is_short_in_words_whole_in_a_notebook_and_a_frame(clinic: CareLog) -> None:
    advice = explain(clinic, "demo-0001", load_pathway(), TODAY)
    assert repr(advice).startswith("<Advice: demo-0001, plateaued; gate unknown; next: Inform the")
    assert len(repr(advice)) < 140
    page = Outline(advice._repr_html_())
    assert not page.open
    assert {"svg", "table", "details"} <= page.tags
    for said in (advice.next_step, "gate unknown", "plateaued", "consent", *advice.notes):
        assert said in page.text
    frame = advice.to_frame()
    assert frame.columns == ["step", "criterion", "answer", "to_do"]
    assert frame["criterion"].to_list() == list(load_pathway().criteria)
    assert frame.filter(criterion="consent")["to_do"].item() == advice.next_step


def test_same_advice_is_equal_and_goes_through_json_without_its_curve(clinic: CareLog) -> None:
    first, again = (explain(clinic, "demo-0001", load_pathway(), TODAY) for _ in range(2))
    assert first == again
    back = type(first).model_validate_json(first.model_dump_json())
    assert back.course is None
    assert back.model_dump() == first.model_dump()
    assert "svg" not in Outline(back._repr_html_()).tags


def test_what_a_clinic_wrote_is_never_markup_in_a_notebook(clinic: CareLog) -> None:
    advice = explain(clinic, "demo-0001", load_pathway(), TODAY)
    html = advice.model_copy(update={"next_step": "<script>alert(1)</script>"})._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_episode_that_is_not_on_record_is_refused(clinic: CareLog) -> None:
    with pytest.raises(UsageError, match="episode `demo-9999` is not on record"):
        explain(clinic, "demo-9999", load_pathway(), TODAY)
    with pytest.raises(UsageError, match="had not begun by 2001-01-01"):
        explain(clinic, "demo-0001", load_pathway(), date(2001, 1, 1))
