"""Real scores as histories, on small files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.recovery.real import FOLDER, real_histories, usual_step

TIDY = """patient,time,score,scale,arm
b,0,8,pain_NRS_0_10,active
b,2,6,pain_NRS_0_10,active
b,4.1429,4,pain_NRS_0_10,sham
b,6,5,pain_NRS_0_10,sham
a,3,3,pain_NRS_0_10,sham
a,0,7,pain_NRS_0_10,sham
a,3,5,pain_NRS_0_10,sham
a,9,,pain_NRS_0_10,sham
a,5,1,pain_NRS_0_10,sham
c,0,2,pain_NRS_0_10,sham
c,1,3,pain_NRS_0_10,sham
a,0,5,ache_1_5,sham
a,1,3,ache_1_5,sham
a,2,2,ache_1_5,sham
a,0,12.5,days,sham
a,1,22,days,sham
a,2,2,days,sham
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trial.csv").write_text(TIDY)
    (tmp_path / "other.csv").write_text("name,value\na,1\n")
    (tmp_path / "README.md").write_text("Not data.")
    return tmp_path


def test_each_scale_of_a_file_is_a_data_set(folder: Path) -> None:
    names = [name for name, _, _ in real_histories(folder)]
    assert names == ["trial: pain_NRS_0_10", "trial: ache_1_5", "trial: days"]


def test_history_ends_at_each_visit_from_the_second_that_has_a_later_one(folder: Path) -> None:
    _, histories, truth = real_histories(folder)[0]
    assert truth.episode.tolist() == [0, 0, 1]
    first, second, third = (histories.visits(i) for i in range(3))
    assert first[0].tolist() == [0, 2]
    assert second[1].tolist() == [8, 6, 4]
    assert third[1].tolist() == [7, 4], "scores of one day are averaged, in order of time"
    assert np.isnan(histories.ahead).tolist() == [[False, False], [False, True], [False, True]]
    assert histories.ahead[0].tolist() == [29 / 7, 6]
    assert truth.observed[:, 0].tolist() == [4, 5, 1]
    assert truth.level.size == truth.inside.size == truth.onset.size == 0


def test_patient_who_changes_arms_is_one_series(folder: Path) -> None:
    _, histories, _ = real_histories(folder)[0]
    assert histories.visits(1)[0].tolist() == [0, 2, 29 / 7]


def test_burden_is_the_distance_from_the_best_score(folder: Path) -> None:
    _, histories, truth = real_histories(folder)[1]
    assert histories.visits(0)[1].tolist() == [4, 2]
    assert truth.observed.tolist() == [[1]]
    assert histories.scale_range.tolist() == [4]
    assert histories.step.tolist() == [1], "whole numbers, however narrow the scale"
    assert histories.mcid == pytest.approx([0.8])


def test_step_is_that_of_most_scores_whatever_a_few_means_are() -> None:
    whole = np.repeat([0.0, 1, 2, 3, 5, 7], 10)
    assert usual_step(whole) == 1
    assert usual_step(np.append(whole, [1.17, 2.33, 3.5])) == 1
    assert usual_step(np.array([0, 0.1, 0.3, 0.4, 2.2, 5.7])) == pytest.approx(0.1)
    assert usual_step(2 * whole) == 2
    assert usual_step(np.array([0.3, 1.7, 4.4])) == pytest.approx(1.4), "the smallest distance"


def test_scale_without_numbers_has_the_smallest_known_width(folder: Path) -> None:
    _, histories, _ = real_histories(folder)[2]
    assert histories.scale_range.tolist() == [28]


def test_score_beyond_the_scale_widens_it(tmp_path: Path) -> None:
    rows = "".join(f"a,{week},{score},pain_0_10,x\n" for week, score in enumerate([12, 8, 3]))
    (tmp_path / "wide.csv").write_text("patient,time,score,scale,arm\n" + rows)
    [(_, histories, _)] = real_histories(tmp_path)
    assert histories.scale_range.tolist() == [12]


def test_environment_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELIEFPATH_DATA", str(folder))
    assert len(real_histories()) == 3


def test_missing_folder_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert real_histories(tmp_path / "none") == []
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert "none` is not a folder" in told


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the data are not part of the repository")
def test_published_scales_and_patients_are_found() -> None:
    found = {name: (histories, truth) for name, histories, truth in real_histories(FOLDER)}
    neck, truth = found["neck_pain_laser_vas: neck_pain_VAS_0_10"]
    assert neck.scale_range[0] == 10
    steps = {name.split(": ")[1]: histories.step[0] for name, (histories, _) in found.items()}
    assert steps == pytest.approx(
        {
            "pain_NRS_0_10": 1,
            "BDI_II_0_63": 1,
            "knee_pain_1_5": 1,
            "headache_days_per_week_0_7": 1,
            "neck_pain_VAS_0_10": 0.1,
            "headache_days_per_4wk": 1,
            "headache_severity_score": 0.25,
        }
    )
    assert (np.diff(neck.offsets) == 2).all()
    assert found["vickers_headache: headache_days_per_4wk"][0].scale_range[0] == 28
    assert np.isfinite(truth.observed).all()
