"""The commands about a chart, run as a user runs them."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

from reliefpath.care.custody import Custody
from reliefpath.cli.commands.serve import look_over
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.store.chart import open_chart

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


def test_a_backup_says_that_accounts_are_not_in_it_and_how_to_copy_them(
    chart: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.chart"
    wrote = reliefpath("chart", "backup", chart, backup).stdout
    assert "Not in it: accounts" in wrote
    assert f"reliefpath account copy {chart} {backup}.accounts" in wrote


def test_a_copy_for_a_patient_is_given_once_its_free_texts_were_read(
    chart: Path, tmp_path: Path
) -> None:
    file = tmp_path / "copy.zip"
    asked = (
        "chart",
        "copy",
        chart,
        "P0001",
        "--out",
        file,
        "--to",
        "the patient",
        "--why",
        "asked",
    )
    refused = reliefpath(*asked, code=2)
    assert "Complaint" in refused.stdout
    assert not file.exists()
    reliefpath(*asked, *refused.stderr.split()[-2:])
    assert "record.html" in ZipFile(file).namelist()
    told = reliefpath("chart", "audit", chart, "--patient", "P0001").stdout
    assert "to: the patient" in " ".join(told.split())


@pytest.mark.parametrize(
    "command", [("chart", "audit"), ("chart", "stats"), ("chart", "history", "P0001")]
)
def test_a_table_in_a_pipe_is_no_wider_than_100_columns_and_cuts_nothing_off(
    chart: Path, command: tuple[str, ...]
) -> None:
    table = reliefpath(*command[:2], chart, *command[2:]).stdout
    assert max(map(len, table.splitlines())) <= 100
    assert "…" not in table


def test_a_worklist_in_a_pipe_is_no_wider_than_100_columns(chart: Path) -> None:
    worklist = reliefpath("assess", chart, "--as-of", AS_OF).stdout.partition("\n\n")[0]
    assert max(map(len, worklist.splitlines())) <= 100
    assert "…" not in worklist


def test_verify_tells_what_was_altered_behind_its_back(chart: Path) -> None:
    with sqlite3.connect(chart) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("update scores set value = 2.5 where id = 9")
        connection.execute("drop trigger scores_no_update")
        connection.execute("update scores set value = 2.5 where id = 9")
    found = reliefpath("chart", "verify", chart, code=1)
    assert "scores: rows 1 to" in found.stdout
    assert "1 thing is wrong" in found.stderr


def damage(chart: Path, name: str, key: bytes) -> None:
    """Flip a bit of a key in the pages of an index."""
    with closing(sqlite3.connect(chart)) as connection:
        [root] = connection.execute(
            "select rootpage from sqlite_master where name = ?", (name,)
        ).fetchone()
    content = bytearray(chart.read_bytes())
    content[content.index(key, (root - 1) * 4096, root * 4096) + len(key) - 1] ^= 1
    chart.write_bytes(content)


def test_a_damaged_index_is_told_everywhere_and_a_backup_mends_it(
    chart: Path, tmp_path: Path
) -> None:
    damage(chart, "ix_patients_patient", b"P0007")
    found = reliefpath("chart", "verify", chart, code=1)
    assert "ix_patients_patient" in found.stdout
    assert "Every row is as it was recorded" in found.stderr
    refused = reliefpath("serve", chart, "--demo", code=3).stderr
    assert "not started, since pages might leave out" in refused
    copy = tmp_path / "copy.chart"
    told = reliefpath("chart", "backup", chart, copy, code=1)
    assert "It verifies" in told.stdout
    assert f"is damaged, and {copy}, made from it, is not" in told.stderr
    reliefpath("chart", "verify", copy)
    told = reliefpath("chart", "restore", chart, tmp_path / "again.chart")
    assert "is damaged" in told.stderr


def test_a_damaged_file_of_accounts_is_told_and_not_served(chart: Path) -> None:
    accounts = Accounts(f"{chart}.accounts")
    accounts.add("ada", "Ada", Role.AUDITOR, "conservative-first")
    accounts.engine.dispose()
    assert "sign-ins are as recorded" in reliefpath("chart", "verify", chart).stdout
    damage(Path(f"{chart}.accounts"), "sqlite_autoindex_accounts_1", b"ada")
    found = reliefpath("chart", "verify", chart, code=1).stdout
    assert "accounts: database: " in found
    assert (
        "accounts: database: " in reliefpath("serve", chart, "--name", "localhost", code=3).stderr
    )


def test_an_end_kept_on_another_disk_tells_that_an_older_chart_took_the_place(
    chart: Path, tmp_path: Path
) -> None:
    ends = tmp_path / "ends"
    older = chart.read_bytes()
    reliefpath("chart", "correct", chart, "scores", "1", "value=3", "--why", "misread")
    reliefpath("chart", "backup", chart, tmp_path / "b.chart", "--heads", ends)
    reliefpath("chart", "verify", chart, "--heads", ends)
    chart.write_bytes(older)
    lost = "is not in the log, which ends with entry"
    assert lost in reliefpath("chart", "verify", chart, "--heads", ends, code=1).stdout
    assert lost in reliefpath("serve", chart, "--demo", "--heads", ends, code=3).stderr
    told = reliefpath("chart", "backup", chart, tmp_path / "c.chart", "--heads", ends, code=1)
    assert lost in told.stderr
    reliefpath("chart", "verify", chart, "--heads", tmp_path / "another")


def test_a_restore_says_what_it_brings_back_and_what_not(chart: Path, tmp_path: Path) -> None:
    said = reliefpath("chart", "restore", chart, tmp_path / "a.chart").stdout
    assert "with its history, its audit log" in said
    assert f"(there is no {chart.name}.accounts beside it)" in said
    assert "the pathway in force, the clinic's own file" in said
    Accounts(f"{chart}.accounts").add("ada", "Ada", Role.AUDITOR, "conservative-first")
    said = reliefpath("chart", "restore", chart, tmp_path / "b.chart").stdout
    assert f"account copy {chart} {tmp_path / 'b.chart'}.accounts" in said


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_chart_that_others_may_read_is_told(chart: Path) -> None:
    chart.chmod(0o644)
    told = reliefpath("chart", "verify", chart).stdout
    assert f"`{chart}` is open to others on this computer (mode 644)" in told


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_server_tells_which_files_others_may_read(
    chart: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened, backups, key = open_chart(str(chart)), tmp_path / "backups", tmp_path / "key.pem"
    backups.mkdir()
    for file in (key, backups / "2026-01-31T120000.000000Z.chart"):
        file.touch(0o644)
    (backups / "2026-01-30T120000.000000Z.chart.part").touch()
    chart.chmod(0o604)
    look_over(Custody(opened), backups, key)
    told = capsys.readouterr().err
    assert told.count("is open to others") == 5  # the chart, with two files of SQLite's beside it
    assert str(key) in told
    assert [file.suffix for file in backups.iterdir()] == [".chart"]


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
    assert "check that the server runs" in reliefpath("chart", "stats", url, code=3).stderr
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


def test_what_words_are_is_said_once_and_listed(chart: Path, tmp_path: Path) -> None:
    rows = "patient,at,kind,code\ndemo-p0001,2026-01-05,medicine,Zorblax\n"
    patient = reliefpath("assess", chart, "--as-of", AS_OF, "--format", "csv").stdout
    who = pl.read_csv(patient.encode())["patient"][0]
    (tmp_path / "findings.csv").write_text(rows.replace("demo-p0001", who), "utf-8")
    told = reliefpath("chart", "import", chart, tmp_path / "findings.csv").stderr
    assert "medicine that is not understood" in " ".join(told.split())
    assert "not understood" in reliefpath("chart", "terms", chart).stdout
    said = reliefpath("chart", "term", chart, "medicine", "zorblax", "no-rule", "--by", "Ada")
    assert "is read as `no-rule`" in said.stdout
    listed = reliefpath("chart", "terms", chart).stdout
    assert "not understood" not in listed
    assert "Ada" in listed
    reliefpath("chart", "verify", chart)
