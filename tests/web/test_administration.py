"""People, their accounts, the audit log and backups, in a browser."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.store.chart import open_chart
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings
from reliefpath.web.workers.jobs import Job

from .browsing import follow, press, violations
from .clients import client_of, lock
from .conftest import PASSWORD, TODAY, Served


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "backups").mkdir()
    return replace(settings, backups=tmp_path / "backups")


def sign_in(page: Page, username: str, password: str = PASSWORD, code: str = "") -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Code of your authenticator").fill(code)
    press(page, "Sign in")


def test_a_locked_page_comes_back_after_signing_in(served: Served, page: Page) -> None:
    served.sign_in(page, "auditor")
    page.goto(f"{served.url}/audit?action=view")
    lock(Accounts(served.settings.accounts))
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("Locked after 20 minutes")
    expect(page.get_by_label("User name")).to_have_value("auditor")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page).to_have_url(f"{served.url}/audit?action=view")


def test_an_authenticator_is_added_by_its_owner_and_then_needed(served: Served, page: Page) -> None:
    served.sign_in(page, "clinician")
    follow(page, "Clinician, clinician")
    page.get_by_role("region", name="Authenticator").get_by_label("Present").fill(PASSWORD)
    press(page, "Add an authenticator")
    secret = page.locator("code.secret").inner_text()
    uri = page.get_by_role("link", name="otpauth").get_attribute("href")
    assert pyotp.parse_uri(str(uri)).secret == secret
    assert not list(violations(page))
    now = datetime.now(UTC)
    page.get_by_label("Code").fill(pyotp.TOTP(secret).at(now))
    press(page, "Confirm")
    expect(page.get_by_text("You sign in with a code")).to_be_visible()
    press(page, "Sign out everywhere")
    sign_in(page, "clinician", code=pyotp.TOTP(secret).at(now + timedelta(seconds=30)))
    expect(page.get_by_role("heading", name="Coming today")).to_be_visible()


def test_an_administrator_adds_somebody_who_chooses_a_password(served: Served, page: Page) -> None:
    served.sign_in(page, "administrator")
    page.get_by_label("User name").fill("nora")
    page.get_by_label("Name", exact=True).fill("Nora New")
    page.get_by_label("Role").select_option("assistant")
    press(page, "Add")
    temporary = page.locator("code.secret").inner_text()
    assert not list(violations(page))
    press(page, "Sign out")
    sign_in(page, "nora", temporary)
    expect(page.get_by_text("Choose your own to go on")).to_be_visible()
    box = page.get_by_role("region", name="Password")
    box.get_by_label("Present password").fill(temporary)
    box.get_by_label("New password", exact=True).fill("blue needles in autumn")
    box.get_by_label("New password, once more").fill("blue needles in autumn")
    box.get_by_role("button").click()
    follow(page, "Worklist")
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    assert Accounts(served.settings.accounts).find("nora").role is Role.ASSISTANT


def test_who_is_disabled_is_out_at_once(settings: Settings) -> None:
    app = create_app(settings)
    clinician, administrator = client_of(app, "clinician"), client_of(app, "administrator")
    assert clinician.get("/worklist").status_code == 200
    answer = administrator.post("/people/clinician", data={"role": "clinician"})
    assert answer.status_code == 303
    assert clinician.get("/worklist").headers["location"].startswith("/sign-in")
    assert "disabled" in administrator.get("/people").text


def test_nobody_changes_their_own_role(settings: Settings) -> None:
    administrator = client_of(create_app(settings), "administrator")
    answer = administrator.post(
        "/people/administrator", data={"role": "clinician", "active": "true"}
    )
    assert answer.status_code == 400
    assert "ask another administrator" in answer.text


def test_an_auditor_finds_who_looked_at_a_patient(served: Served, page: Page) -> None:
    chart = open_chart(served.settings.chart)
    patient = chart.care_log().patients["patient"][0]
    chart.note(AuditEvent("clinician", "view", None, patient), page="patient")
    served.sign_in(page, "auditor")
    page.get_by_label("Who").fill("clinician")
    press(page, "Show")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("view")
    page.get_by_label("Who").fill("")
    page.get_by_label("Patient").fill(patient)
    press(page, "Show")
    expect(page.locator("tbody tr").first).to_contain_text("auditor")
    expect(page.locator("tbody tr").first).to_contain_text(patient)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text("utf-8")
    rows_of_csv = list(csv.DictReader(io.StringIO(text)))
    assert rows_of_csv[0]["patient"] == patient
    assert rows_of_csv[-1]["action"] == "import"


def test_the_log_is_shown_a_hundred_entries_at_a_time(settings: Settings) -> None:
    auditor = client_of(create_app(settings), "auditor")
    for _ in range(105):
        auditor.get("/audit?by=nobody")
    first = auditor.get("/audit?by=auditor")
    assert len(re.findall(r'<th scope="row">(\d+)', first.text)) == 100
    older = re.search(r'href="(/audit\?[^"]*before=\d+[^"]*)"', first.text)
    assert older
    second = auditor.get(older[1].replace("&amp;", "&"))
    shown = [int(n) for p in (first, second) for n in re.findall(r'<th scope="row">(\d+)', p.text)]
    assert shown == sorted(set(shown), reverse=True)
    assert len(shown) == 106


def test_a_spreadsheet_takes_no_entry_for_a_formula(settings: Settings) -> None:
    app = create_app(settings)
    app.state.care.chart.note(AuditEvent("clinician", "correct", "=HYPERLINK(1)"))
    text = client_of(app, "auditor").get("/audit.csv?by=clinician").text
    assert [row["reason"] for row in csv.DictReader(io.StringIO(text))] == ["'=HYPERLINK(1)"]


@pytest.mark.parametrize(
    ("query", "entries"), [("until=2020-01-01", 0), ("since=2020-01-01&action=import", 1)]
)
def test_the_log_is_asked_by_day(settings: Settings, query: str, entries: int) -> None:
    text = client_of(create_app(settings), "director").get(f"/audit?{query}").text
    assert len(re.findall(r'<th scope="row">\d+', text)) == entries


def test_an_alteration_behind_the_softwares_back_is_found(served: Served, page: Page) -> None:
    served.sign_in(page, "auditor")
    press(page, "Check the whole chart")
    look_until(page, re.compile("rows are as recorded"))
    chart = open_chart(served.settings.chart)
    with chart.engine.begin() as connection:
        triggers = connection.exec_driver_sql("select name from sqlite_master where type='trigger'")
        for (name,) in triggers.all():
            connection.exec_driver_sql(f"drop trigger {name}")
        connection.exec_driver_sql("update scores set value = 0 where id = 1")
    press(page, "Check the whole chart")
    look_until(page, re.compile("at least one was altered"))


def test_an_alteration_of_the_log_of_sign_ins_is_found(settings: Settings) -> None:
    app = create_app(settings)
    auditor = client_of(app, "auditor")
    accounts: Accounts = app.state.accounts
    assert str(accounts.log.head()) in auditor.get("/audit").text

    def checked() -> str:
        auditor.post("/audit/verify")
        while app.state.verifying.since:
            pass
        return auditor.get("/audit").text

    assert "and all 6 sign-ins." in checked()
    with accounts.engine.begin() as connection:
        connection.exec_driver_sql("drop trigger events_no_delete")
        connection.exec_driver_sql("delete from events where entry = 3")
    assert "sign-ins: entries 3 to 3 are missing" in checked()


def look_until(page: Page, says: re.Pattern[str]) -> None:
    """Look again, as the page asks for, until it says so."""
    for _ in range(100):
        if says.search(page.locator("main").inner_text()):
            return
        page.wait_for_timeout(100)
        page.reload()
    pytest.fail(f"never said {says.pattern}: {page.locator('main').inner_text()}")


def test_a_backup_is_a_chart_that_verifies(served: Served, page: Page) -> None:
    served.sign_in(page, "administrator")
    follow(page, "Backups")
    press(page, "Make a backup")
    look_until(page, re.compile("and verified both"))
    expect(page.locator("tbody tr")).to_have_count(1)
    assert not list(violations(page))
    file, beside = sorted(served.settings.backups.iterdir()) if served.settings.backups else ()  # type: ignore[misc]
    assert (file.stat().st_mode | beside.stat().st_mode) & 0o077 == 0
    copy, original = open_chart(str(file)), open_chart(served.settings.chart)
    assert not copy.verify(str(original.head())).wrong
    assert original.log()["action"][-1] == "backup"
    accounts = Accounts(f"{file}.accounts")
    assert accounts.sign_in("clinician", PASSWORD) is not None
    assert not accounts.log.verify(str(Accounts(served.settings.accounts).log.head())).wrong


def test_what_could_not_be_backed_up_is_told_and_not_listed(settings: Settings) -> None:
    app = create_app(replace(settings, backups=Path("/nowhere/at/all")))
    administrator = client_of(app, "administrator")
    administrator.post("/backup")
    while app.state.backing_up.since:
        pass
    text = administrator.get("/backup").text
    assert "there is no folder" in text
    assert "There is none yet" in text


def test_a_backup_of_a_damaged_chart_is_whole_and_says_so(
    settings: Settings, tmp_path: Path
) -> None:
    file, ends, backups = Path(settings.chart), tmp_path / "ends", tmp_path / "copies"
    backups.mkdir()
    open_chart(str(file)).close()
    with closing(sqlite3.connect(file)) as connection:
        [root] = connection.execute(
            "select rootpage from sqlite_master where name = 'ix_patients_patient'"
        ).fetchone()
    content = bytearray(file.read_bytes())
    content[content.index(b"P0007", (root - 1) * 4096, root * 4096) + 4] ^= 1
    file.write_bytes(content)
    app = create_app(replace(settings, backups=backups, heads=ends))

    def done(page: str, job: Job) -> str:
        while job.since:
            pass
        return client_of(app, "administrator" if page == "/backup" else "auditor").get(page).text

    client_of(app, "administrator").post("/backup")
    text = done("/backup", app.state.backing_up)
    assert "What they were copied from is damaged" in text
    assert "ix_patients_patient" in text
    assert not ends.exists()
    copy = next(backups.glob("*.chart"))
    assert not open_chart(str(copy)).verify().wrong
    client_of(app, "auditor").post("/audit/verify")
    assert "ix_patients_patient" in done("/audit", app.state.verifying)


def test_ends_of_both_logs_are_noted_down_with_a_backup(settings: Settings, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    app = create_app(replace(settings, backups=tmp_path, heads=ends))
    client_of(app, "administrator").post("/backup")
    while app.state.backing_up.since:
        pass
    chart, accounts = (line.split() for line in ends.read_text().splitlines())
    assert chart[1:] == ["chart", str(app.state.care.chart.head())]
    assert accounts[1:] == ["accounts", str(app.state.accounts.log.head())]


def test_check_ins_due_are_told_with_their_reason(settings: Settings) -> None:
    later = replace(settings, today=lambda: TODAY + timedelta(days=60))
    text = client_of(create_app(later), "clinician").get("/due?everybody=1").text
    assert "No mail server is given" in text
    assert re.search(r"Check in now: (the score|injected)", text)
    chart = open_chart(settings.chart)
    assert chart.log()["by"][-1] == "clinician"


def test_sign_ins_tell_who_failed_and_from_where(settings: Settings) -> None:
    app = create_app(settings)
    client_of(app).post("/sign-in", data={"username": "clinician", "password": "not it at all"})
    text = client_of(app, "auditor").get("/sign-ins").text
    row = r"clinician</th>.*>wrong password</td><td[^>]*></td><td[^>]*>192\.0\.2\.1</td>"
    assert re.search(row, text)


def test_a_server_without_accounts_says_how_to_add_the_first_or_bring_them_back(
    settings: Settings, tmp_path: Path
) -> None:
    lonely = create_app(replace(settings, accounts=str(tmp_path / "none.accounts")))
    said = client_of(lonely).get("/sign-in").text
    assert "reliefpath account add CHART USERNAME" in said
    assert "reliefpath account copy BACKUP CHART.accounts" in said
    assert "account add" not in client_of(create_app(settings)).get("/sign-in").text
