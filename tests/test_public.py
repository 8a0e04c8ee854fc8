"""The public interface, as a notebook uses it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import date
from pathlib import Path

import pytest

import reliefpath
from reliefpath import (
    Knowledge,
    demo_clinic,
    explain,
    load_pathway,
    open_chart,
    read_care_log,
)
from reliefpath.care_log.folder import write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.errors import CareLogError, CareLogWarning, UsageError
from reliefpath.store.chart import create_chart

TODAY = date(2026, 1, 31)
HEAVY = {"numpy", "polars", "pyarrow", "pydantic", "sqlalchemy", "fastapi", "typer"}
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


# the names


def test_import_of_the_package_imports_nothing_heavy() -> None:
    code = "import sys, reliefpath; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "reliefpath" in loaded
    assert not loaded & HEAVY


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
