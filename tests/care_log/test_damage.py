"""Nothing that is missing, unreadable, refused or damaged makes an answer more permissive."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from reliefpath.care_log.folder import inspect_folder, write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES, Kind
from reliefpath.errors import CareLogError, UsageError
from reliefpath.pathway.assessment import assess, plan_of
from reliefpath.pathway.facts import facts
from reliefpath.pathway.model import load_pathway
from reliefpath.simulation import demo_clinic

AS_OF = date(2026, 3, 31)
DAMAGES = int(os.environ.get("RELIEFPATH_DAMAGES", "80"))
"""How many times a folder is damaged; a long run takes 100,000."""
SPOILT = ("nonsense", "2025-02-30", "-1e9")
"""What a spoilt cell says. As a medicine or an allergen it is kept in its own words."""
DANGERS = ("red_flag", "contraindication")
WANTED = {("plateaued", True): 2, ("plateaued", None): 2, ("referred", False): 1}
"""How many patients of each status and gate are damaged; and one of each other status."""

Rows = list[list[str]]
Files = dict[str, Rows]
Advised = dict[str, dict[str, object]]
Damage = Callable[[Files, Random], None]


@cache
def patients() -> CareLog:
    """A few patients of every kind."""
    log = demo_clinic(60, 1, AS_OF)
    advice = assess(log, load_pathway(), AS_OF)
    chosen: list[str] = []
    for (status, gate), rows in advice.group_by("status", "gate", maintain_order=True):
        few = WANTED.get((str(status), gate if isinstance(gate, bool) else None), 1)
        chosen += rows["patient"].unique(maintain_order=True).head(few).to_list()
    return log.of_patients(pl.Series(chosen))


@cache
def clinic() -> tuple[Files, Advised]:
    """The patients as rows of text, and what is advised of each episode."""
    log = patients()
    with TemporaryDirectory() as folder:
        write_folder(log, Path(folder))
        files = {name: _rows(Path(folder) / f"{name}.csv") for name in TABLES}
    return files, advised(log)


def _rows(file: Path) -> Rows:
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.reader(text))


def advised(log: CareLog) -> Advised:
    """Status, gate and dangers of each episode; the texts of advice cost more than all of it."""
    pathway = load_pathway()
    known = facts(log, AS_OF, pathway.targets, trial=pathway.counted_trial)
    plan = plan_of(pathway)
    asked = known.lazy().with_columns(plan.status).with_columns(plan.answers)
    answers = asked.with_columns(plan.gate).select("episode", "status", "gate", *DANGERS).collect()
    return {row["episode"]: row for row in answers.iter_rows(named=True)}


def more_permissive(before: Advised, after: Advised) -> list[tuple[str, str]]:
    """Where a gate has opened, or a danger that was unknown is denied."""
    found = []
    for episode, row in after.items():
        was = before.get(episode, {"gate": False} | dict.fromkeys(DANGERS, True))
        found += [(episode, "gate")] * (row["gate"] is True and was["gate"] is not True)
        found += [(episode, d) for d in DANGERS if was[d] is not False and row[d] is False]
    return found


def lose_a_file(files: Files, random: Random) -> None:
    del files[random.choice([name for name in files if not TABLES[name].optional])]


def lose_required_columns(files: Files, random: Random) -> None:
    name = random.choice([*files])
    column = random.choice([c.name for c in TABLES[name].columns if c.required])
    place = files[name][0].index(column)
    if random.random() < 0.5:
        files[name][0][place] += "_"
    else:
        files[name] = [row[:place] + row[place + 1 :] for row in files[name]]


def spoil_a_cell(files: Files, random: Random) -> None:
    name = random.choice([n for n in files if len(files[n]) > 1])
    columns = TABLES[name].columns
    row = random.choice(files[name][1:])
    told = [c for c in columns if c.required or (c.kind is not Kind.TEXT and row[_at(files, c)])]
    row[_at(files, random.choice(told), name)] = random.choice(SPOILT)


def _at(files: Files, column: object, name: str | None = None) -> int:
    wanted = getattr(column, "name", "")
    for table, rows in files.items():
        if (name is None or table == name) and column in TABLES[table].columns:
            return rows[0].index(wanted)
    raise AssertionError(wanted)


def cut_a_row(files: Files, random: Random) -> None:
    name = random.choice([n for n in files if len(files[n]) > 1 and len(files[n][0]) > 1])
    row = random.choice(files[name][1:])
    del row[random.randrange(len(row)) :]
    row += ["x"] * (not row)


def repeat_a_row_otherwise(files: Files, random: Random) -> None:
    name = random.choice(["patients", "episodes", "scores"])
    row = [*random.choice(files[name][1:])]
    value = {"patients": "birth_date", "episodes": "started_on", "scores": "value"}[name]
    place = files[name][0].index(value)
    other = "1.0" if row[place] == "0.0" else "0.0"
    row[place] = other if name == "scores" else "1999-01-01"
    files[name].append(row)


DAMAGES_OF_ROWS: tuple[Damage, ...] = (
    lose_a_file,
    lose_required_columns,
    spoil_a_cell,
    spoil_a_cell,
    cut_a_row,
    repeat_a_row_otherwise,
)


def damaged(random: Random) -> tuple[Files, list[str]]:
    files = {name: [[*row] for row in rows] for name, rows in clinic()[0].items()}
    done = []
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        damage = random.choice(DAMAGES_OF_ROWS)
        try:
            damage(files, random)
        except (IndexError, ValueError, AssertionError, KeyError):
            continue  # what it would damage is gone already
        done.append(damage.__name__)
    return files, done


def write(files: Files, folder: Path, random: Random) -> str:
    for name, rows in files.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as text:
            csv.writer(text, lineterminator="\n").writerows(rows)
    if files and random.random() < 0.2:
        name = random.choice([*files])
        file = folder / f"{name}.csv"
        text_of = file.read_text()
        place = random.randrange(len(text_of))
        match random.choice(["quote", "byte", "name"]):
            case "quote":
                file.write_text(f'{text_of[:place]},"{text_of[place:]}')
            case "byte":
                file.write_bytes(text_of[:place].encode() + b"\xff" + text_of[place:].encode())
            case "name":
                file.rename(folder / f"{name} (1).csv")
        return f"{name} on disk"
    return ""


@pytest.mark.parametrize("part", range(4))
def test_no_damage_that_is_known_opens_a_gate_or_takes_a_danger_away(part: int) -> None:
    before = clinic()[1]
    assert {row["gate"] for row in before.values()} == {True, False, None}
    for seed in range(part * DAMAGES // 4, (part + 1) * DAMAGES // 4):
        random = Random(seed)
        files, done = damaged(random)
        with TemporaryDirectory() as folder:
            done.append(write(files, Path(folder), random))
            try:
                reading = inspect_folder(Path(folder))
            except UsageError:
                continue  # nothing is left to answer from
        own_words = set(SPOILT) & set(reading.care_log.findings["words"])
        told = reading.problems or reading.care_log.absent or own_words
        # of several, one may undo another: a row that is there twice, and one of the two renamed
        assert told or len([*filter(None, done)]) != 1, (seed, done)
        assert not more_permissive(before, advised(reading.care_log)), (seed, done)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_not_there_leaves_no_gate_open(tmp_path: Path, table: str) -> None:
    files = {name: rows for name, rows in clinic()[0].items() if name != table}
    write(files, tmp_path, Random(1))
    found = advised(inspect_folder(tmp_path).care_log)
    assert not any(row["gate"] for row in found.values())


@pytest.mark.parametrize("table", TABLES)
def test_a_required_column_that_is_not_there_refuses_its_table(table: str) -> None:
    whole = demo_clinic(3, 1, AS_OF).to_arrow()
    for column in TABLES[table].columns:
        if column.required:
            with pytest.raises(CareLogError, match="required column is missing"):
                CareLog.from_arrow({**whole, table: whole[table].drop_columns([column.name])})


@pytest.mark.parametrize(
    "computed",
    [
        *("treatments_given", "known_scores", "score_facts", "treatment_facts", "exam_facts"),
        *("finding_facts", "scale_facts"),
    ],
)
@pytest.mark.parametrize("answer", [ZeroDivisionError, {}])
def test_facts_that_cannot_be_worked_out_are_no_answer(
    monkeypatch: pytest.MonkeyPatch, computed: str, answer: object
) -> None:
    def fails(*_: object, **__: object) -> object:
        if answer is ZeroDivisionError:
            raise ZeroDivisionError
        return answer

    monkeypatch.setattr(import_module("reliefpath.pathway.facts"), computed, fails)
    with pytest.raises((ZeroDivisionError, KeyError, AttributeError, pl.exceptions.PolarsError)):
        advised(patients())
