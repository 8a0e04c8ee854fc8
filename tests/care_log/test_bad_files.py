"""Every bad pathway, clinic file, Parquet file or zone is an error message, never a traceback."""

from __future__ import annotations

import decimal
import os
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reliefpath.care_log.folder import inspect_folder
from reliefpath.care_log.log import CareLog
from reliefpath.clock import zone_of
from reliefpath.errors import (
    CareLogError,
    ContentError,
    KnowledgeError,
    PathwayError,
    Problem,
    UsageError,
)
from reliefpath.knowledge.clinic_file import read_clinic
from reliefpath.pathway.model import default_file, load_pathway

from .clinic import write

EXAMPLES = int(os.environ.get("RELIEFPATH_BAD_FILES", "40"))
"""How many bad files of a kind are tried."""
PATHWAY = default_file().read_text("utf-8")
CLINIC = """\
clinic: Hill Street
overrides:
  - in: limits
    row: anaesthetic.weigh_from
    set: {value: 0.7}
    because: Our frail patients.
    by: Dr Diaz
    on: 2026-01-05
"""
NASTY = (
    "2025-02-30",
    "2025-13-01T25:61:00Z",
    "2001-12-14t21:59:43.10-99:99",
    "{[a, b]: c}",
    "{{a: b}: c}",
    "[a, [b, {c: d}]]",
    "{? [a] : b}",
    "!!binary =x=",
    "!!python/object:os.system x",
    "!!int x",
    "!!float x",
    "!!timestamp x",
    "!!set {a, b}",
    "!!omap [a: 1]",
    "!own x",
    "9" * 5_000,
    "0x" + "f" * 5_000,
    ".inf",
    "-.nan",
    "1e999",
    "190:20:30",
    '"\\0"',
    '"\\uD800"',
    "*nobody",
    "&me [*me]",
    "&me {<<: *me}",
    "{<<: 1}",
    "{<<: [1]}",
    "~",
    "''",
    "{",
    "[" * 200,
    "- " * 200,
    "@",
    "%",
    "\t",
    "x" * 300_000,
    "'\N{RIGHT-TO-LEFT OVERRIDE}'",
    "(" * 2_000 + "1" + ")" * 2_000,
    "1" + " + 1" * 3_000,
    "not " * 3_000 + "true",
    "select 1; drop table x",
)


def mutated(text: str, at: int, nasty: str) -> str:
    """Replace one value, key or word of a YAML text."""
    words = list(re.finditer(r"[\w.'\"-]+", text))
    word = words[at % len(words)]
    return text[: word.start()] + nasty + text[word.end() :]


def told(read: Callable[[Any], object], what: object) -> list[Problem]:
    """What is wrong with a file, as it is told."""
    try:
        read(what)
    except ContentError as e:
        return e.problems
    return []


def bad(text: str) -> st.SearchStrategy[str]:
    return st.builds(mutated, st.just(text), st.integers(0, 10_000), st.sampled_from(NASTY))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad") / "bad.yaml"


@given(text=bad(PATHWAY))
@settings(max_examples=EXAMPLES)
def test_a_bad_pathway_is_refused_with_a_message(file: Path, text: str) -> None:
    file.write_text(text, "utf-8", errors="surrogatepass")
    assert all(p.file == "bad.yaml" and p.expected for p in told(load_pathway, file))


@given(text=bad(CLINIC))
@settings(max_examples=EXAMPLES)
def test_a_bad_clinic_file_is_refused_with_a_message(file: Path, text: str) -> None:
    file.write_text(text, "utf-8", errors="surrogatepass")
    assert all(p.file == "bad.yaml" and p.expected for p in told(read_clinic, file))


@given(content=st.binary(max_size=200))
@settings(max_examples=EXAMPLES)
def test_any_bytes_are_refused_with_a_message(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(PathwayError):
        load_pathway(file)


@pytest.mark.parametrize("nasty", NASTY)
def test_whatever_stands_for_a_whole_pathway_is_refused(file: Path, nasty: str) -> None:
    for text in (nasty, f"id: {nasty}\n", f"{nasty}: 1\n"):
        file.write_text(text, "utf-8", errors="surrogatepass")
        with pytest.raises(PathwayError):
            load_pathway(file)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        BOMB.replace("[x, x, x, x, x, x, x, x, x]", "{x: 1}") + "n: {<<: *m}\n",
        "[" * 100_000,
        "- " * 100_000 + "x",
        "{a: " * 100_000,
        "? " * 100_000,
        "a: " + "[x]," * 1_000_000,
    ],
    ids=["aliases", "merged", "lists", "sequences", "mappings", "keys", "long"],
)
def test_a_bomb_is_refused_before_it_is_built(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(PathwayError, match=r"more than|not valid YAML"):
        load_pathway(file)
    with pytest.raises(KnowledgeError, match=r"more than|not valid YAML"):
        read_clinic(file)


def test_a_date_that_does_not_exist_and_a_key_that_is_a_list_are_told_with_their_line(
    file: Path,
) -> None:
    for text, say in (
        (
            CLINIC.replace("2026-01-05", "2025-02-30"),
            "bad.yaml:8: not valid YAML: `2025-02-30` is no value",
        ),
        (CLINIC.replace("because", "[because]"), "bad.yaml:6: not valid YAML: a key must be"),
    ):
        file.write_text(text)
        with pytest.raises(KnowledgeError, match=re.escape(say)):
            read_clinic(file)


@pytest.mark.parametrize("name", ["../x", "", "Europe", "tzdata.zi", "a\0b", "x" * 999])
def test_a_zone_that_is_none_or_damaged_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="unknown time zone"):
        zone_of(name)


ODD: dict[str, pl.Series] = {
    "binary": pl.Series([b"\xff\x00", None]),
    "list": pl.Series([["a"], None]),
    "struct": pl.Series([{"a": 1}, None]),
    "decimal": pl.Series([decimal.Decimal("1.5"), None]),
    "duration": pl.Series([timedelta(days=1), None]),
    "time": pl.Series([time(9), None]),
    "date": pl.Series([date(2026, 1, 5), None]),
    "whole": pl.Series([2**63 - 1, None]),
    "boolean": pl.Series([True, None]),
    "null": pl.Series([None, None]),
    "categorical": pl.Series(["x", None], dtype=pl.Categorical),
    "array": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
    "far": pl.Series([2**62, None]).cast(pl.Datetime("us", "UTC")),
    "naive": pl.Series([0, None]).cast(pl.Datetime("ms")),
    "text": pl.Series(["x", None]),
}
TABLES_AND_COLUMNS = [
    (table, column)
    for table, columns in {
        "patients": ("patient", "birth_date", "sex"),
        "episodes": ("episode", "patient", "region", "started_on"),
        "scores": ("episode", "at", "measure", "value", "item"),
        "treatments": ("agent", "amount", "unit", "adherence"),
        "exams": ("muscle", "side", "taut_band"),
        "findings": ("kind", "code", "value", "until"),
    }.items()
    for column in columns
]


@pytest.mark.parametrize("kind", ODD)
def test_a_column_of_any_type_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    for table, column in TABLES_AND_COLUMNS:
        folder = write(tmp_path / f"{table}-{column}")
        raw = pl.read_csv(folder / f"{table}.csv").head(2)
        odd = ODD[kind].head(raw.height)
        (folder / f"{table}.csv").unlink()
        frame = raw.with_columns(odd.alias(column))
        frame.write_parquet(folder / f"{table}.parquet")
        reading = inspect_folder(folder)
        assert reading.care_log.table(table).height + len(reading.problems) > 0
        arrow = {table: frame.to_arrow()}
        assert all(p.expected for p in told(CareLog.from_arrow, arrow))


def test_arrow_types_that_nothing_here_knows_are_refused(tmp_path: Path) -> None:
    months = pa.array([(1, 2, 3)], pa.month_day_nano_interval())
    for odd in (months, pa.nulls(1, pa.dense_union([pa.field("a", pa.int8())]))):
        with pytest.raises(CareLogError):
            CareLog.from_arrow({"patients": pa.table({"patient": odd})})


@given(cut=st.integers(0, 2_000), flip=st.integers(0, 2_000), value=st.integers(0, 255))
@settings(max_examples=EXAMPLES)
def test_a_damaged_parquet_file_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int, value: int
) -> None:
    folder = write(tmp_path_factory.mktemp("damaged"))
    file = folder / "scores.parquet"
    pl.read_csv(folder / "scores.csv").write_parquet(file)
    (folder / "scores.csv").unlink()
    content = bytearray(file.read_bytes())
    content[flip % len(content)] = value
    file.write_bytes(content[: len(content) - cut] if cut % 2 else content)
    reading = inspect_folder(folder)
    assert reading.errors or reading.care_log.scores.height
