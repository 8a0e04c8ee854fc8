"""What is written is read back the same, in every format."""

from pathlib import Path
from typing import get_args

import polars as pl
import pyarrow as pa
import pytest

from reliefpath.care_log.folder import Format, read_folder, write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import CareLogError

from .clinic import write

VISITS = (
    "visit,episode,at,status,clinician,note\n"
    'V1,E1,2026-01-19T10:30:00+02:00,attended,Kim Vale,"Sleeps better.\nHip, too"\n'
    "V2,E2,2026-01-20,planned,,\n"
)


@pytest.fixture(params=["with visits", "without"])
def care_log(tmp_path: Path, request: pytest.FixtureRequest) -> CareLog:
    more = {"visits": VISITS} if request.param == "with visits" else {}
    return read_folder(write(tmp_path / "clinic", **more)).care_log


def assert_same(one: CareLog, other: CareLog) -> None:
    for name in TABLES:
        assert one.table(name).rows() == other.table(name).rows()
        assert one.table(name).equals(other.table(name))
        assert one.table(name).schema == other.table(name).schema == TABLES[name].schema


@pytest.mark.parametrize("file_format", get_args(Format))
def test_a_written_folder_is_read_back_the_same(
    care_log: CareLog, tmp_path: Path, file_format: Format
) -> None:
    write_folder(care_log, tmp_path / "again", file_format)
    assert_same(care_log, read_folder(tmp_path / "again").care_log)


def test_writing_twice_gives_the_same_bytes(care_log: CareLog, tmp_path: Path) -> None:
    write_folder(care_log, tmp_path / "a")
    write_folder(read_folder(tmp_path / "a").care_log, tmp_path / "b")
    first, second = ({f.name: f.read_bytes() for f in (tmp_path / n).iterdir()} for n in "ab")
    assert first == second


def test_arrow_tables_are_read_back_the_same(care_log: CareLog) -> None:
    assert_same(care_log, CareLog.from_arrow(care_log.to_arrow()))


def test_arrow_columns_of_other_integer_string_and_time_types_are_taken(care_log: CareLog) -> None:
    tables = care_log.to_arrow()
    scores = pl.DataFrame(tables["scores"]).with_columns(
        pl.col("value").cast(pl.Int32),
        pl.col("measure").cast(pl.Categorical),
        pl.col("at").dt.convert_time_zone("America/New_York"),
    )
    assert_same(care_log, CareLog.from_arrow({**tables, "scores": scores.to_arrow()}))


def test_times_without_a_zone_are_refused(care_log: CareLog) -> None:
    tables = care_log.to_arrow()
    naive = pl.DataFrame(tables["scores"]).with_columns(pl.col("at").dt.replace_time_zone(None))
    with pytest.raises(CareLogError, match="times have no zone"):
        CareLog.from_arrow({**tables, "scores": naive.to_arrow()})


def test_a_refusal_of_an_arrow_table_names_its_row(care_log: CareLog) -> None:
    tables = care_log.to_arrow()
    broken = pl.DataFrame(tables["scores"]).with_columns(value=pl.lit(99.0))
    with pytest.raises(CareLogError) as refusal:
        CareLog.from_arrow({**tables, "scores": broken.to_arrow()})
    assert refusal.value.problems[0].line == 1


def test_columns_of_the_wrong_type_are_refused_not_guessed(care_log: CareLog) -> None:
    tables = care_log.to_arrow()
    exams = pl.DataFrame(tables["exams"]).with_columns(taut_band=pl.lit(1))
    with pytest.raises(CareLogError, match="true or false"):
        CareLog.from_arrow({**tables, "exams": exams.to_arrow()})


def test_an_absent_table_is_empty() -> None:
    assert CareLog.from_arrow({"patients": pa.table({"patient": ["P1"]})}).scores.is_empty()


def test_one_episode_keeps_its_patients_other_episodes_and_nobody_elses(care_log: CareLog) -> None:
    mine = care_log.only("E1")
    assert mine.patients["patient"].to_list() == ["P1"]
    assert mine.scores["episode"].unique().to_list() == ["E1"]
    assert mine.findings["patient"].unique().to_list() == ["P1"]
