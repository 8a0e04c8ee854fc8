"""The commands about a chart, run as a user runs them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from .commands import reliefpath

AS_OF = "2026-03-31"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clinic")
    reliefpath("demo", made, "--patients", "20", "--seed", "7", "--as-of", AS_OF)
    return made


@pytest.fixture(scope="module")
def filled(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    chart = tmp_path_factory.mktemp("chart") / "filled.chart"
    reliefpath("chart", "init", chart)
    reliefpath("chart", "import", chart, folder)
    return chart


@pytest.fixture
def chart(filled: Path, tmp_path: Path) -> Path:
    """A chart of one's own."""
    own = tmp_path / "clinic.chart"
    own.write_bytes(filled.read_bytes())
    return own


def test_a_chart_gives_the_same_advice_as_the_folder_it_was_filled_from(
    chart: Path, folder: Path
) -> None:
    for command in ("assess", "facts"):
        asked = ("--as-of", AS_OF, "--format", "csv")
        assert (
            reliefpath(command, chart, *asked).stdout == reliefpath(command, folder, *asked).stdout
        )
    story = ("demo-0001", "--as-of", AS_OF)
    assert (
        reliefpath("explain", chart, *story).stdout == reliefpath("explain", folder, *story).stdout
    )


def test_importing_the_same_folder_again_changes_nothing(chart: Path, folder: Path) -> None:
    before = reliefpath("chart", "verify", chart).stdout
    assert "0 rows are new, 0 correct others" in reliefpath("chart", "import", chart, folder).stdout
    assert reliefpath("chart", "verify", chart).stdout == before


def test_what_is_exported_makes_the_same_chart(chart: Path, tmp_path: Path) -> None:
    reliefpath("chart", "export", chart, tmp_path / "out")
    again = tmp_path / "again.chart"
    reliefpath("chart", "init", again)
    reliefpath("chart", "import", again, tmp_path / "out")
    reliefpath("chart", "export", again, tmp_path / "again")
    for name in ("patients", "episodes", "scores", "treatments", "exams", "findings"):
        files = (tmp_path / out / f"{name}.csv" for out in ("out", "again"))
        one, two = (sorted(file.read_text("utf-8").splitlines()) for file in files)
        assert one == two


def test_an_import_lists_every_bad_row_and_records_none(chart: Path, tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(
        "episode,at,measure,value\ndemo-0001,2026-03-30,nrs,4\n"
        "demo-0001,2026-03-30,nrs,14\nnobody,2026-03-30,nrs,4\n"
    )
    before = reliefpath("chart", "verify", chart).stdout
    refused = reliefpath("chart", "import", chart, file, code=1).stderr
    assert "scores.csv:3: value '14'" in refused
    assert "scores.csv:4: episode 'nobody'" in refused
    assert reliefpath("chart", "verify", chart).stdout == before


def test_a_contradiction_is_refused_with_its_line_until_it_is_meant(
    chart: Path, tmp_path: Path
) -> None:
    scores = pl.read_csv(_exported(chart, tmp_path) / "scores.csv", infer_schema=False)
    changed = scores.filter(pl.col("item").is_null(), measure="nrs").head(1)
    value = "1" if changed["value"][0] != "1.0" else "2"
    file = tmp_path / "scores.csv"
    changed.with_columns(value=pl.lit(value)).write_csv(file)
    assert "scores.csv:2: the chart says otherwise" in (
        reliefpath("chart", "import", chart, file, code=1).stderr
    )
    done = reliefpath("chart", "import", chart, file, "--corrections", "misread")
    assert "0 rows are new, 1 correct others" in done.stdout
    assert "misread" in reliefpath("chart", "audit", chart).stdout


def test_a_backup_is_restored_and_proven(chart: Path, tmp_path: Path) -> None:
    reliefpath("chart", "correct", chart, "scores", "1", "value=3", "--why", "misread")
    backup, restored = tmp_path / "backup.chart", tmp_path / "restored.chart"
    wrote = reliefpath("chart", "backup", chart, backup).stdout
    assert "It verifies" in wrote
    assert wrote.split()[-1] in reliefpath("chart", "restore", backup, restored).stdout
    head = ("--head", wrote.split()[-1])
    reliefpath("chart", "verify", restored, *head)
    asked = ("--as-of", AS_OF, "--format", "csv")
    assert (
        reliefpath("assess", restored, *asked).stdout == reliefpath("assess", chart, *asked).stdout
    )


def test_verify_tells_what_was_altered_behind_its_back(chart: Path) -> None:
    with sqlite3.connect(chart) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("update scores set value = 2.5 where id = 9")
        connection.execute("drop trigger scores_no_update")
        connection.execute("update scores set value = 2.5 where id = 9")
    found = reliefpath("chart", "verify", chart, code=1)
    assert "scores: rows 1 to" in found.stdout
    assert "1 thing is wrong" in found.stderr


def test_what_was_known_at_a_time_stays_known(chart: Path) -> None:
    asked = ("--as-of", AS_OF, "--format", "csv")
    log = json.loads(reliefpath("chart", "audit", chart, "--format", "json").stdout)
    imported = next(entry["at"] for entry in log if entry["action"] == "import")
    before = reliefpath("assess", chart, *asked).stdout
    reliefpath("chart", "withdraw", chart, "patients", "1", "--why", "entered twice")
    assert reliefpath("assess", chart, *asked).stdout != before
    assert reliefpath("assess", chart, *asked, "--known-at", imported).stdout == before


def test_every_look_is_in_the_access_report(chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELIEFPATH_USER", "Dr. Ito")
    reliefpath("explain", chart, "demo-0001", "--as-of", AS_OF)
    reliefpath("explain", chart, "demo-0002", "--as-of", AS_OF)
    reliefpath("assess", chart, "--as-of", AS_OF)
    printed = reliefpath("chart", "audit", chart, "--patient", "P0001", "--format", "json").stdout
    looks = [e for e in json.loads(printed) if e["action"] == "view" and e["by"] == "Dr. Ito"]
    commands = [json.loads(e["detail"])["command"] for e in looks]
    assert commands == ["explain", "assess", "chart audit"]


def test_a_decision_is_kept_and_replayed(chart: Path) -> None:
    refused = reliefpath("chart", "decide", chart, "demo-0001", "--override", code=2).stderr
    assert "needs its reason" in refused
    reliefpath("chart", "decide", chart, "demo-0001", "--agree", "--as-of", AS_OF)
    assert "1 of 1 are the same" in reliefpath("chart", "replay", chart).stdout


def test_a_patient_s_record_tells_its_corrections_and_this_look(
    chart: Path, tmp_path: Path
) -> None:
    reliefpath("chart", "correct", chart, "scores", "1", "value=3", "--why", "misread the form")
    shown = reliefpath("chart", "history", chart, "P0001").stdout
    assert "misread the form" in shown
    file = tmp_path / "record.json"
    reliefpath("chart", "record", chart, "P0001", "--out", file, "--by", "Dr. Ito")
    record = json.loads(file.read_text("utf-8"))
    versions = record["tables"]["scores"][0]["versions"]
    assert [v["change"] for v in versions] == ["recorded", "corrected"]
    assert (record["access"][-1]["by"], record["access"][-1]["action"]) == ("Dr. Ito", "view")
    page = tmp_path / "record.html"
    reliefpath("chart", "record", chart, "P0001", "--out", page)
    assert "misread the form" in page.read_text("utf-8")


def test_nobody_is_looked_at_when_the_patient_is_unknown(chart: Path, tmp_path: Path) -> None:
    before = reliefpath("chart", "verify", chart).stdout
    told = reliefpath("chart", "record", chart, "X", "--out", tmp_path / "x.json", code=2).stderr
    assert "no patient `X` was ever on record" in told
    assert reliefpath("chart", "verify", chart).stdout == before


def test_what_is_shared_for_research_names_nobody(chart: Path, tmp_path: Path) -> None:
    out = tmp_path / "shared"
    reliefpath("chart", "export", chart, out, "--deidentified")
    names = pl.read_csv(_exported(chart, tmp_path) / "patients.csv")["name"]
    shared = "".join(file.read_text("utf-8") for file in out.glob("*.csv"))
    assert not [name for name in names if name in shared]
    assert "no legal opinion" in (out / "README.txt").read_text("utf-8")


def test_a_missing_chart_is_told_how_to_make_it(tmp_path: Path) -> None:
    nowhere = tmp_path / "no.chart"
    for command in ("verify", "stats", "audit"):
        told = reliefpath("chart", command, nowhere, code=2).stderr
        assert "make one: reliefpath chart init" in told
    assert not nowhere.exists()


def test_a_database_that_is_not_there_is_told_in_plain_words() -> None:
    url = "postgresql://me@127.0.0.1:1/clinic"
    assert "no server answers there" in reliefpath("chart", "stats", url, code=3).stderr
    secret = url.replace("me@", "me:secret@")
    for command in (("chart", "init"), ("chart", "stats"), ("assess",)):
        assert "secret" not in reliefpath(*command, secret, code=3).stderr
    assert "not a known database" in reliefpath("assess", "mysql://me@here/x", code=2).stderr


def test_a_folder_cannot_be_asked_what_was_known(folder: Path) -> None:
    told = reliefpath("assess", folder, "--known-at", AS_OF, code=2).stderr
    assert "--known-at asks a chart" in told


def _exported(chart: Path, tmp_path: Path) -> Path:
    out = tmp_path / "exported"
    reliefpath("chart", "export", chart, out)
    return out
