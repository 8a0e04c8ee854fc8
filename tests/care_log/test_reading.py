"""Reading a care log: what is accepted, and how everything else is refused."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from reliefpath.care_log.folder import inspect_folder, read_folder
from reliefpath.clock import Moment
from reliefpath.errors import CareLogError, UsageError

from .clinic import FILES, changed, write


def refusals(folder: Path) -> list[str]:
    with pytest.raises(CareLogError) as refusal:
        read_folder(folder)
    return [str(p) for p in refusal.value.problems if not p.warning]


def test_a_sound_care_log_is_read_with_its_types(tmp_path: Path) -> None:
    log = read_folder(write(tmp_path)).care_log
    assert log.patients["birth_date"].to_list() == [date(1980, 2, 1), date(1990, 5, 6)]
    assert log.scores["value"].to_list() == [6.0, 4.0, 2.0, 3.0, 4.0]
    assert log.exams["taut_band"].to_list() == [True]
    assert log.exams["recognised"].to_list() == [None]
    assert log.treatments["adherence"].to_list() == [None, 0.8, None]


def test_a_date_is_the_start_of_its_day_and_a_time_keeps_its_instant(tmp_path: Path) -> None:
    at = read_folder(write(tmp_path)).care_log.scores["at"]
    assert at[0] == datetime(2026, 1, 5, tzinfo=UTC)
    assert at[1] == datetime(2026, 1, 19, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "old", "new", "line", "column", "message"),
    [
        ("episodes", "neck", "nek", 2, "region", "unknown region: one of head, jaw, neck"),
        ("scores", "nrs,6", "nsr,6", 2, "measure", "unknown measure (did you mean `nrs`?)"),
        ("scores", "nrs,6", "nrs,six", 2, "value", "a number, with a point for decimals"),
        ("scores", "nrs,6", "nrs,11", 2, "value", "expected a score of nrs, 0 to 10"),
        ("scores", "nrs,6", "nrs,-1", 2, "value", "expected a score of nrs, 0 to 10"),
        ("scores", "nrs,6", "nrs,6.5", 2, "value", "expected steps of 1"),
        ("scores", "nrs,6", "nrs,nan", 2, "value", "a number, with a point for decimals"),
        ("scores", "nrs,6", "nrs,", 2, "value", "must not be empty"),
        ("scores", "psfs,3", "psfs,30", 5, "value", "expected an item of psfs, 0 to 10"),
        ("scores", "E1,2026-01-05", "E9,2026-01-05", 2, "episode", "no good row in episodes"),
        ("scores", "E1,2026-01-05", "E1,05/01/2026", 2, "at", "YYYY-MM-DD"),
        ("scores", "E1,2026-01-05", "E1,2026-1-5", 2, "at", "YYYY-MM-DD"),
        ("scores", "E1,2026-01-05", "E1,2026-02-30", 2, "at", "YYYY-MM-DD"),
        ("scores", "10:30:00+02:00", "10:30:00", 3, "at", "a time with its zone"),
        ("scores", "E1,2026-01-05", "E1,2025-12-01", 2, "at", "must not be before"),
        ("treatments", "education", "educaton", 2, "therapy", "did you mean `education`?"),
        ("treatments", "0.8", "80", 3, "adherence", "expected 0 to 1"),
        ("treatments", "lidocaine", "lidocain", 4, "agent", "unknown agent: one of lidocaine,"),
        ("treatments", "20,mg", "-20,mg", 4, "amount", "expected at least 0"),
        ("treatments", "20,mg", "20,", 4, "unit", "must not be empty where amount is given"),
        ("exams", "upper-trapezius", "trapezius", 2, "muscle", "unknown muscle"),
        ("exams", "left", "l", 2, "side", "unknown side"),
        ("exams", "true", "yes", 2, "taut_band", "true or false"),
        ("findings", "screened", "screend", 2, "code", "did you mean `screened`?"),
        ("findings", "red-flag,", "redflag,", 2, "kind", "did you mean `red-flag`?"),
        ("findings", "70,kg", "70,", 3, "unit", "must not be empty where value is given"),
        ("findings", "70,kg", "-70,kg", 3, "value", "expected at least 0"),
        ("patients", "1980-02-01", "1.2.1980", 2, "birth_date", "a date, YYYY-MM-DD"),
        ("patients", "P2", "P1", 2, "patient", "stands more than once"),
        ("episodes", "E1,P1", "E1,P9", 2, "patient", "no good row in patients"),
    ],
)
def test_a_bad_value_is_refused_with_file_line_column_value_and_what_was_expected(
    tmp_path: Path, table: str, old: str, new: str, line: int, column: str, message: str
) -> None:
    problems = refusals(write(tmp_path, **changed(table, old, new)))
    first = next(p for p in problems if p.startswith(f"{table}.csv:{line}: {column}"))
    assert message in first


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        scores=FILES["scores"].replace("nrs,6", "nrs,60").replace("nrs,4", "nrs,x"),
        exams=FILES["exams"].replace("left", "west"),
    )
    problems = refusals(folder)
    assert len(problems) == 3
    assert [p.split(":")[0] for p in problems] == ["exams.csv", "scores.csv", "scores.csv"]


def test_two_values_for_one_measure_at_one_time_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, scores=FILES["scores"] + "E1,2026-01-05,nrs,7,\n")
    problems = refusals(folder)
    assert [p.split()[0] for p in problems] == ["scores.csv:2:", "scores.csv:7:"]
    assert all("more than one value" in p for p in problems)


def test_an_unknown_column_warns_with_the_nearest_known_name(tmp_path: Path) -> None:
    folder = write(tmp_path, **changed("patients", "name", "nmae"))
    reading = inspect_folder(folder)
    assert not reading.errors
    (warning,) = reading.problems
    assert "unknown column, left out (did you mean `name`?)" in str(warning)


def test_a_missing_required_column_refuses_the_whole_table(tmp_path: Path) -> None:
    problems = refusals(write(tmp_path, **changed("exams", "muscle", "muscles")))
    assert problems == ["exams.csv: muscle required column is missing"]


def test_a_missing_optional_table_warns_and_a_missing_needed_one_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "exams.csv").unlink()
    reading = inspect_folder(folder)
    assert [str(p) for p in reading.problems] == [
        "exams.csv: warning: is missing: whether there are exams is unknown"
    ]
    assert reading.care_log.absent == {"exams"}
    (folder / "scores.csv").unlink()
    assert "scores.csv: is missing" in refusals(folder)


def test_rows_with_too_many_or_too_few_fields_are_refused_with_their_lines(tmp_path: Path) -> None:
    broken = (
        FILES["scores"]
        + "E1,2026-02-01,nrs\n"
        + "E1,2026-02-02,nrs,3,,,\n"
        + "E1,2026-02-03,nrs,x,\n"
    )
    problems = refusals(write(tmp_path, scores=broken))
    assert [p.split(":")[1] for p in problems] == ["7", "8", "9"]
    assert "3 fields; expected 5" in problems[0]
    assert "7 fields; expected 5" in problems[1]
    assert problems[2].startswith("scores.csv:9: value 'x'")


def test_lines_are_counted_right_behind_blank_lines_and_line_breaks_in_quotes(
    tmp_path: Path,
) -> None:
    text = (
        "episode,patient,region,started_on,complaint\n"
        '\nE1,P1,neck,2026-01-05,"stiff\nin the\nmorning"\n\nE2,P2,nek,2026-01-12,\n'
    )
    problems = refusals(write(tmp_path, episodes=text))
    assert problems[0].startswith("episodes.csv:7: region 'nek'")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_another_separator_is_named(tmp_path: Path, separator: str) -> None:
    folder = write(tmp_path, patients=FILES["patients"].replace(",", separator))
    assert f"patients.csv:1: columns seem to be separated by {separator!r}" in refusals(folder)[0]


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    folder = write(tmp_path)
    text = "\ufeff" + FILES["scores"].replace("\n", "\r\n")
    (folder / "scores.csv").write_bytes(text.encode())
    assert read_folder(folder).care_log.scores.height == 5


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "patients.csv").write_bytes("patient,name\nP1,Ada\nP2,J\xfcrg\n".encode("latin-1"))
    assert refusals(folder) == ["patients.csv:3: 'byte 0xfc': not UTF-8; save it as UTF-8"]


def test_an_empty_file_is_refused_and_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    folder = write(tmp_path, exams="episode,at,muscle,side\n")
    assert read_folder(folder).care_log.exams.is_empty()
    (folder / "exams.csv").write_text("")
    assert refusals(folder) == ["exams.csv: is empty; expected a header line"]


def test_a_header_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, exams="episode,at,muscle,side,side\n")
    assert refusals(folder) == ["exams.csv:1: side column stands more than once"]


def test_a_table_given_twice_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    pl.read_csv(folder / "exams.csv").write_parquet(folder / "exams.parquet")
    assert any("keep one of it and" in p for p in refusals(folder))


def test_no_folder_a_file_or_a_folder_without_a_care_log_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        read_folder(tmp_path / "a.txt")
    with pytest.raises(UsageError, match="no care log"):
        read_folder(tmp_path)


def test_good_rows_are_kept_only_when_asked_and_orphans_go_with_their_parent(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path, **changed("episodes", "neck", "nek"))
    reading = read_folder(folder, skip_bad_rows=True)
    assert reading.care_log.episodes["episode"].to_list() == ["E2"]
    assert reading.care_log.scores["episode"].unique().to_list() == ["E2"]
    assert any("no good row in episodes" in str(p) for p in reading.errors)


def test_patients_of_whom_a_row_was_left_out_are_marked_incomplete(tmp_path: Path) -> None:
    folder = write(tmp_path, **changed("treatments", "lidocaine", "lidocain"))
    assert read_folder(folder, skip_bad_rows=True).care_log.incomplete == {"P1"}
    assert read_folder(write(tmp_path)).care_log.incomplete == frozenset()


def test_an_unknown_measure_given_by_items_is_refused_like_any_other(tmp_path: Path) -> None:
    problems = refusals(write(tmp_path, **changed("scores", "psfs,3", "psfz,3")))
    assert problems == ["scores.csv:5: measure 'psfz': unknown measure (did you mean `psfs`?)"]


def test_items_too_few_to_score_warn(tmp_path: Path) -> None:
    folder = write(tmp_path, scores=FILES["scores"] + "E2,2026-01-19,psfs,5,tie shoes\n")
    (warning,) = inspect_folder(folder).problems
    assert warning.warning
    assert str(warning).startswith("scores.csv:7: item 'tie shoes'")
    assert "too few items of psfs" in str(warning)


def test_days_are_told_as_they_are_at_the_clinic(tmp_path: Path) -> None:
    """Ten at night in Los Angeles is the next day in UTC."""
    text = FILES["scores"] + "E1,2026-02-03T22:00:00-08:00,nrs,3,\nE1,2026-02-01,nrs,3,\n"
    ended = FILES["episodes"].replace("primary_measure", "primary_measure,ended_on")
    ended = ended.replace("05,nrs", "05,nrs,2026-01-20").replace("12,psfs", "12,psfs,")
    folder = write(tmp_path, scores=text, episodes=ended)

    def told(*today: int, zone: str = "America/Los_Angeles") -> list[str]:
        reading = inspect_folder(folder, today=Moment.of(date(*today), zone))
        assert reading.care_log.zone == zone
        return [str(p) for p in reading.problems if p.warning and "2026-02-0" in str(p)]

    late = "after the episode's ended_on, 2026-01-20; is it of another episode?"
    assert told(2026, 2, 3) == [
        f"scores.csv:7: at '2026-02-03': warning: {late}",
        f"scores.csv:8: at '2026-02-01': warning: {late}",
    ]
    future = "lies after today, 2026-02-02; it does not count yet"
    assert f"scores.csv:7: at '2026-02-03': warning: {future}" in told(2026, 2, 2)
    future = "lies after today, 2026-02-03; it does not count yet"
    assert f"scores.csv:7: at '2026-02-04': warning: {future}" in told(2026, 2, 3, zone="UTC")


def test_a_treatment_that_stands_twice_is_asked_about_and_kept(tmp_path: Path) -> None:
    rows = FILES["treatments"].splitlines()
    again = "\n".join([*rows, rows[3], rows[3].replace("20", "40")]) + "\n"
    reading = inspect_folder(write(tmp_path, treatments=again))
    (warning,) = map(str, reading.problems)
    assert warning.startswith(
        "treatments.csv:5: therapy 'injection': warning: the same row as one before; if it was "
        "given once, leave one out: both count for doses and limits"
    )
    assert reading.care_log.treatments["amount"].drop_nulls().to_list() == [20, 20, 40]
