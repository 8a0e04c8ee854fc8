"""The script that turns a tidy file of scores into a care log."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from docs.pages import script
from reliefpath.care_log.folder import read_folder
from reliefpath.cli import main

real_data = script("real_data")

TIDY = """patient,time,score,scale,arm
1,0,6.5,pain,active
1,7,3.1,pain,active
1,12,2.0,pain,active
2,0,5.0,pain,sham
2,7,5.5,pain,sham
"""


@pytest.fixture
def tidy(tmp_path: Path) -> Path:
    file = tmp_path / "tidy.csv"
    file.write_text(TIDY)
    return file


def convert(file: Path, out: Path, *options: str) -> int:
    """Run the script; return its exit code."""
    with pytest.raises(SystemExit) as ended:
        real_data.main([str(file), str(out), "--measure", "vas", "--region", "neck", *options])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_scores_become_a_care_log_in_the_measures_unit(
    tidy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "clinic"
    assert convert(tidy, out, "--factor", "10") == 0
    told = capsys.readouterr().out
    assert "Wrote 2 episodes, 5 scores." in told
    assert "active, week 7: 3.10 (1 patients)" in told

    scores = read_folder(out).care_log.scores
    assert scores["episode"].unique().sort().to_list() == ["active-1", "sham-2"]
    assert scores["value"].to_list() == [65.0, 31.0, 20.0, 50.0, 55.0]
    weeks = (scores["at"] - scores["at"].min()).dt.total_days() / 7
    assert weeks.to_list() == [0, 7, 12, 0, 7]


def test_printed_command_assesses_the_last_visit(
    tidy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(tidy, tmp_path / "clinic", "--factor", "10")
    command = capsys.readouterr().out.partition("Next: reliefpath ")[2].split()
    advice = tmp_path / "advice.parquet"
    with pytest.raises(SystemExit) as ended:
        main([*command, "--format", "parquet", "--out", str(advice)])
    assert ended.value.code == 0
    table = pl.read_parquet(advice).sort("episode")
    assert table["weeks_since_score"].to_list() == [0, 5]
    assert table["score_count"].to_list() == [3, 2]
    assert table["gate"].to_list() == [False, False]


def test_each_arm_of_a_patient_is_an_episode(tmp_path: Path) -> None:
    file = tmp_path / "crossover.csv"
    file.write_text(TIDY + "1,20,4,pain,sham\n1,21,3,pain,sham\n")
    convert(file, tmp_path / "clinic", "--factor", "10")
    episodes = read_folder(tmp_path / "clinic").care_log.episodes.sort("episode")
    assert episodes["episode"].to_list() == ["active-1", "sham-1", "sham-2"]
    assert episodes["patient"].to_list() == ["1", "1", "2"]
    begun = episodes["started_on"] - episodes["started_on"].min()
    assert begun.dt.total_days().to_list() == [0, 140, 0]


def refusal(file: Path, out: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert convert(file, out, *options) in (1, 2)
    assert not out.exists()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (TIDY, ["--factor", "100"], "'650': expected a score of vas, 0 to 100"),
        (TIDY, ["--measure", "vass"], "unknown measure `vass` (did you mean `vas`?)"),
        (TIDY, ["--region", "nek"], "unknown region `nek` (did you mean `neck`?)"),
        (TIDY, ["--scale", "pian"], "no scale `pian` (did you mean `pain`?)"),
        (TIDY + "3,0,5,sleep,sham\n", [], "choose one with --scale: pain, sleep"),
        (TIDY + "3,soon,5,pain,sham\n", [], "tidy.csv:7: time 'soon': expected a number"),
        (TIDY + "3,0,,pain,sham\n", [], "tidy.csv:7: score expected a number"),
        (TIDY + ",0,5,pain,sham\n", [], "tidy.csv:7: patient must not be empty"),
        (TIDY + "1,0,5,pain,active\n", [], "more than one value for this measure at this time"),
        (TIDY.replace("arm", "group"), [], "lacks arm; expected patient,time,score,scale,arm"),
        ("", [], "is not a CSV"),
        ("patient,time,score,scale,arm\n", [], "has no rows"),
    ],
)
def test_bad_input_is_refused_with_what_was_expected(
    tidy: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    options: list[str],
    expected: str,
) -> None:
    tidy.write_text(text)
    assert expected in refusal(tidy, tmp_path / "clinic", capsys, *options)


def test_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refusal(tmp_path / "none.csv", tmp_path / "clinic", capsys)
    assert "none.csv` is not a file" in told
