"""Whatever is present in a folder is read or named: files, columns, rows and lines."""

import csv
import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.care_log.folder import Reading, inspect_folder, read_folder, write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.errors import CareLogError, UsageError

from .clinic import FILES, changed, write

HEAD = "episode,at,therapy,response,adverse_effect\n"
ROW = "E1,2026-01-{day:02},dry-needling,0.3,{effect}\n"


def treated(*effects: str) -> str:
    return HEAD + "".join(ROW.format(day=i + 5, effect=e) for i, e in enumerate(effects))


def problems(reading: Reading, *, warning: bool = False) -> list[str]:
    return [str(p) for p in reading.problems if p.warning == warning]


def reading_of(tmp_path: Path, **tables: str) -> Reading:
    return inspect_folder(write(tmp_path / "clinic", **tables))


@pytest.mark.parametrize(
    ("effects", "line", "how"),
    [
        (("", '"sore', "", ""), 3, "never closes"),
        (("", "", "", '"sore'), 5, "never closes"),  # the last row, with nothing behind it
        (("", '"sore', "", 'stiff"', ""), 3, "closes only in line 5"),
        (("", '"sore', "", '"stiff"', ""), 3, "closes only in line 5"),
        (('"sore', "", "", ""), 2, "never closes"),
    ],
)
def test_a_quote_that_does_not_close_in_its_row_hides_no_rows(
    tmp_path: Path, effects: tuple[str, ...], line: int, how: str
) -> None:
    reading = reading_of(tmp_path, treatments=treated(*effects))
    (told,) = problems(reading)
    assert told.startswith(f"treatments.csv:{line}: adverse_effect a quote opens in this row")
    assert how in told
    assert reading.care_log.treatments.is_empty()
    assert "treatments" in reading.care_log.absent
    assert reading.care_log.incomplete == {"P1", "P2"}
    assert reading.counts["treatments"].refused == len(effects)


def test_a_quote_that_swallows_more_than_a_field_may_hold_is_told_as_well(tmp_path: Path) -> None:
    effects = ['"sore', *[""] * 6_000]
    text = HEAD + "".join(ROW.format(day=5 + i % 20, effect=e) for i, e in enumerate(effects))
    (told,) = problems(reading_of(tmp_path, treatments=text))
    assert told.startswith("treatments.csv:2: ")
    assert "never closes" in told


def test_a_quote_of_the_header_that_does_not_close_is_told(tmp_path: Path) -> None:
    (told,) = problems(reading_of(tmp_path, treatments=treated("").replace("at,", '"at,', 1)))
    assert told.startswith("treatments.csv:1: a quote of the header does not close")


def test_text_of_several_lines_is_one_value_and_told(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, treatments=treated('"sore\nand, tired"', "", '"a\n\nb"'))
    assert reading.care_log.treatments["adverse_effect"].to_list() == [
        "sore\nand, tired",
        None,
        "a\n\nb",
    ]
    assert problems(reading) == []
    (told,) = problems(reading, warning=True)
    assert told.startswith("treatments.csv:2: adverse_effect warning: text goes on over several")
    assert "as do 1 more" in told


def test_a_line_break_where_no_text_belongs_is_refused(tmp_path: Path) -> None:
    text = 'patient,name\n"P1",Ada\nP2,"Bo\nBarnes"\n'
    told = next(p for p in problems(reading_of(tmp_path, patients=text)) if p[:8] == "patients")
    assert told.startswith("patients.csv:3: name 'Bo\\nBarnes': must be one line")


def test_an_inch_mark_within_a_field_is_no_open_quote(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, treatments=treated('25 G x 1.5"', "", '"say ""ah"""'))
    assert problems(reading) == problems(reading, warning=True) == []
    effects = reading.care_log.treatments["adverse_effect"].to_list()
    assert effects == ['25 G x 1.5"', None, 'say "ah"']


PROSE = st.text(st.sampled_from(list('a,"\n\r é0')), max_size=12)


@given(st.lists(PROSE, min_size=1, max_size=6), st.booleans(), st.booleans())
def test_rows_that_are_written_well_are_read_whole_whatever_their_text(
    tmp_path_factory: pytest.TempPathFactory, effects: list[str], windows: bool, blank: bool
) -> None:
    text = io.StringIO()
    ends = "\r\n" if windows else "\n"
    writer = csv.writer(text, lineterminator=ends, quoting=csv.QUOTE_ALL)
    writer.writerow(HEAD.strip().split(","))
    for i, effect in enumerate(effects):
        writer.writerow(["E1", f"2026-01-{i + 5:02}", "dry-needling", "0.3", effect])
        if blank:
            text.write("\n")
    folder = write(tmp_path_factory.mktemp("prose"))
    (folder / "treatments.csv").write_bytes(text.getvalue().encode())
    reading = inspect_folder(folder)
    if not any(p.expected.startswith("a quote opens") for p in reading.problems):
        assert problems(reading) == []
        read = reading.care_log.treatments["adverse_effect"].to_list()
        assert [r or "" for r in read] == effects


@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 4))
def test_a_stray_quote_anywhere_never_makes_a_row_vanish(
    tmp_path_factory: pytest.TempPathFactory, row: int, column: int, quotes: int
) -> None:
    lines = FILES["treatments"].splitlines()
    fields = lines[row % len(lines)].split(",")
    fields[column % len(fields)] = '"' * quotes + fields[column % len(fields)]
    lines[row % len(lines)] = ",".join(fields)
    folder = write(tmp_path_factory.mktemp("stray"), treatments="\n".join(lines) + "\n")
    reading = inspect_folder(folder)
    count = reading.counts.get("treatments")
    assert reading.errors or reading.care_log.treatments.height == len(lines) - 1
    if count is not None:
        assert count.good + count.refused + count.again == len(lines) - 1


@given(st.lists(st.sampled_from(["good", "bad", "short", "long", "blank"]), max_size=12))
def test_rows_read_and_refused_add_up_with_the_lines_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str]
) -> None:
    lines = {
        "good": "E1,2026-02-{:02},nrs,3,\n",
        "bad": "E1,2026-02-{:02},nrs,x,\n",
        "short": "E1,2026-02-{:02}\n",
        "long": "E1,2026-02-{:02},nrs,3,,,\n",
        "blank": "\n",
    }
    text = "episode,at,measure,value,item\n"
    text += "".join(lines[kind].format(i + 1) for i, kind in enumerate(kinds))
    reading = inspect_folder(write(tmp_path_factory.mktemp("sums"), scores=text))
    count = reading.counts["scores"]
    assert count.good == reading.care_log.scores.height == kinds.count("good")
    assert count.refused == len(kinds) - kinds.count("good") - kinds.count("blank")
    assert len(reading.errors) == count.refused


@pytest.mark.parametrize(
    "name",
    [
        "treatments.csv.gz",
        "treatments.xlsx",
        "treatments.tsv",
        "treatments (1).csv",
        "treatments_2025.csv",
        "Copy of Treatments.csv",
        "treatments.csv.bak",
        "treatment.csv",
        "treatmnts.csv",
        ".treatments.csv.part",
        "TREATMENTS.CSV",
    ],
)
def test_a_file_that_may_hold_rows_of_a_table_is_a_problem_beside_it(
    tmp_path: Path, name: str
) -> None:
    folder = write(tmp_path)
    (folder / name).write_bytes(gzip.compress(b"x"))
    reading = inspect_folder(folder)
    (told,) = problems(reading)
    assert "keep one of it and" in told or "not read; is it treatments?" in told
    assert "reatm" in told.lower()
    assert reading.care_log.incomplete == {"P1", "P2"}


def test_a_folder_named_like_a_table_is_a_problem_too(tmp_path: Path) -> None:
    (write(tmp_path) / "findings").mkdir()
    (told,) = problems(inspect_folder(tmp_path))
    assert told.startswith("findings: not read; is it findings?")


def test_a_table_in_other_case_is_read_where_it_is_alone(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "treatments.csv").rename(folder / "TREATMENTS.CSV")
    reading = inspect_folder(folder)
    assert reading.problems == []
    assert reading.care_log.treatments.height == 3


def test_any_other_file_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "README.md").write_text("about")
    (folder / "advice.csv").write_text("episode\nE1\n")
    reading = inspect_folder(folder)
    assert problems(reading, warning=True) == [
        "README.md: warning: no table of a care log, left out",
        "advice.csv: warning: no table of a care log, left out",
    ]
    assert not reading.errors


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("treatments", "cancelled"),
        ("treatments", "order_status"),
        ("treatments", "isDeleted"),
        ("treatments", "Entered In Error"),
        ("findings", "negated"),
        ("findings", "verification-status"),
        ("findings", "laterality"),
        ("exams", "site"),
        ("scores", "unit"),
        ("scores", "voided"),
    ],
)
def test_a_column_that_could_turn_a_row_round_is_a_problem_until_it_is_ignored_by_name(
    tmp_path: Path, table: str, name: str
) -> None:
    lines = FILES[table].splitlines()
    text = "\n".join([f"{lines[0]},{name}", *(f"{line},x" for line in lines[1:])]) + "\n"
    folder = write(tmp_path, **{table: text})
    reading = inspect_folder(folder)
    (told,) = problems(reading)
    assert told.startswith(f"{table}.csv: {name} unknown column that could turn a row round")
    assert reading.care_log.incomplete == {"P1", "P2"}
    again = inspect_folder(folder, ignored=[f"{table}.{name}"])
    assert not again.errors
    assert again.care_log.incomplete == frozenset()
    assert f"{name} warning: unknown column, left out" in problems(again, warning=True)[0]


def test_such_a_column_without_a_value_turns_nothing_round(tmp_path: Path) -> None:
    text = FILES["exams"].replace("side,", "side,site,", 1).replace("left,", "left,,")
    assert not reading_of(tmp_path, exams=text).errors


@pytest.mark.parametrize(
    ("name", "say"),
    [
        ("cancelled", "names no column"),
        ("treatment.cancelled", "names no column"),
        ("treatments.status", "cannot be ignored"),
    ],
)
def test_only_a_column_that_is_not_of_the_care_log_can_be_ignored(
    tmp_path: Path, name: str, say: str
) -> None:
    with pytest.raises(UsageError, match=say):
        read_folder(write(tmp_path), ignored=[name])


@pytest.mark.parametrize(
    ("table", "right", "wrong"),
    [
        ("findings", "until", "untill"),
        ("treatments", "agent", "agnet"),
        ("treatments", "adherence", "adherance"),
        ("patients", "birth_date", "birthdate"),
        ("exams", "taut_band", "tautband"),
    ],
)
def test_an_optional_column_that_is_misspelt_is_a_problem_where_a_decision_hangs_on_it(
    tmp_path: Path, table: str, right: str, wrong: str
) -> None:
    (told,) = problems(reading_of(tmp_path, **changed(table, right, wrong)))
    assert f"{wrong} unknown column; is it `{right}`?" in told


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("completed", "given"),
        ("Done", "given"),
        ("final", "given"),
        ("canceled", "cancelled"),
        ("CANCELLED", "cancelled"),
        ("entered-in-error", "cancelled"),
        ("no-show", "not-attended"),
        ("No Show", "not-attended"),
        ("noshow", "not-attended"),
        ("DNA", "not-attended"),
        ("did_not_attend", "not-attended"),
        ("scheduled", "planned"),
        ("booked", "planned"),
        ("", None),
    ],
)
def test_a_treatments_status_is_understood_in_the_usual_words(
    tmp_path: Path, word: str, status: str | None
) -> None:
    text = f"episode,at,therapy,status\nE1,2026-01-05,dry-needling,{word}\n"
    log = read_folder(write(tmp_path, treatments=text)).care_log
    assert log.treatments["status"].to_list() == [status]
    assert log.given.height == (status in ("given", None))


@pytest.mark.parametrize("word", ["stopped", "in-progress", "maybe", "arrived"])
def test_a_status_that_nobody_knows_refuses_the_row(tmp_path: Path, word: str) -> None:
    text = f"episode,at,therapy,status\nE1,2026-01-05,dry-needling,{word}\n"
    (told,) = problems(reading_of(tmp_path, treatments=text))
    assert told == f"treatments.csv:2: status {word!r}: unknown status"


def test_a_table_that_is_absent_is_unknown_and_an_empty_one_says_none(tmp_path: Path) -> None:
    folder = write(tmp_path, exams="episode,at,muscle,side\n")
    (folder / "findings.csv").unlink()
    log = read_folder(folder).care_log
    assert log.absent == {"findings"}
    assert CareLog.from_arrow(log.to_arrow()).absent == frozenset()
    tables = log.to_arrow()
    del tables["treatments"]
    assert CareLog.from_arrow(tables).absent == {"treatments"}


def test_a_refused_row_closes_the_record_of_whoever_it_may_be_of(tmp_path: Path) -> None:
    def incomplete(**tables: str) -> frozenset[str]:
        return reading_of(tmp_path, **tables).care_log.incomplete

    assert incomplete(**changed("scores", "nrs,6", "nrs,x")) == {"P1"}
    assert incomplete(**changed("findings", "70,kg", "70,")) == {"P1"}
    # its episode is refused with it, and known to be P1's
    assert incomplete(**changed("episodes", "neck", "nek")) == {"P1"}
    assert incomplete(**changed("patients", "1980-02-01", "soon")) == {"P1"}
    # of somebody, and nobody knows of whom
    assert incomplete(**changed("treatments", "E1", "E9")) == {"P1", "P2"}
    assert incomplete(**changed("findings", "P1", "P9")) == {"P1", "P2"}
    assert incomplete(**changed("scores", "E1", "")) == {"P1", "P2"}
    # a row with a field too many or too few, of which nothing is sure
    assert incomplete(**changed("scores", "nrs,6,", "nrs,6,,,")) == {"P1", "P2"}
    # a whole table
    assert incomplete(**changed("exams", "muscle", "mussel")) == {"P1", "P2"}


TEXT = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=8
) | st.sampled_from(["=1+1", "+1", "-x", "@SUM(A1)", "\tx", "'=1", "''-1", "'", "-1", "\rx", "a=b"])


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_written_text_never_begins_as_a_formula_and_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    base = tmp_path_factory.mktemp("guard")
    log = read_folder(write(base / "one")).care_log
    rows = pl.DataFrame(
        {
            "episode": ["E1"] * len(texts),
            "at": [log.treatments["at"][0]] * len(texts),
            "therapy": ["education"] * len(texts),
            "adverse_effect": [text or None for text in texts],
            "amount": [-0.0] * len(texts),
        }
    )
    tables = log.to_arrow()
    tables["treatments"] = rows.to_arrow()
    log = CareLog.from_arrow({**tables, "treatments": rows.drop("amount").to_arrow()})
    write_folder(log, base / "two")
    with (base / "two" / "treatments.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert not row["adverse_effect"].startswith(("=", "+", "-", "@", "\t", "\r"))
    reading = inspect_folder(base / "two")
    swallowing = any("a quote opens" in p.expected for p in reading.problems)
    assert swallowing or reading.care_log.treatments.equals(log.treatments)


def test_an_export_guards_text_and_leaves_numbers_alone(tmp_path: Path) -> None:
    text = "episode,at,measure,value,item,reported_by\nE1,2026-01-05,groc,-3,,=HYPERLINK(1)\n"
    log = read_folder(write(tmp_path / "in", scores=text)).care_log
    write_folder(log, tmp_path / "out")
    written = (tmp_path / "out" / "scores.csv").read_text().splitlines()[1]
    assert written == "E1,2026-01-05,groc,-3.0,,'=HYPERLINK(1)"
    assert read_folder(tmp_path / "out").care_log.scores.equals(log.scores)


def test_a_folder_with_a_problem_is_refused_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(CareLogError, match="never closes"):
        read_folder(write(tmp_path, treatments=treated('"sore', "")))
