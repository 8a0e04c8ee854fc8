"""A clinic from an empty chart to a patient who was discharged and stayed well for a year.

The clinic's clock is moved on by hand. What the patient tells between visits goes through the
check-in links that the clinic makes, and only the product says when the course is level and the
gate opens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from reliefpath.cli import app as command
from reliefpath.knowledge import SHIPPED
from reliefpath.store.chart import open_chart
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from .browsing import follow, press
from .clients import Client, client_of
from .conftest import PASSWORD, Served
from .entries import Entries
from .jobs import CLEARING, DISCHARGE, INJECTION_AGREED, INTAKE, JOBS, VISIT
from .test_intake import take_in
from .test_usual_injection import CLINIC, check_and_record, settle
from .test_visit import EXAM, fill_in_a_visit, weigh_and_save
from .test_visit import VISIT as VISITED

pytestmark = [pytest.mark.browser, pytest.mark.long]

FIRST_DAY = date(2026, 1, 5)
ACTIVITIES = ("reading", "driving", "sleeping")
HEALING = {1: (7, 5), 2: (5, 6), 3: (4, 7), 4: (3, 8), 5: (2, 8), 6: (2, 8), 7: (1, 9), 8: (2, 8)}
LEVEL = {9: (1, 9), 10: (2, 8), 11: (1, 9), 12: (2, 8), 13: (1, 9), 14: (2, 8)}
WELL = dict.fromkeys((16, 17, 18, 20, 24, 28, 32, 36, 40, 44, 48, 52), (0, 10))
"""Pain and each activity, from 0 to 10, by the week in which the patient told them."""


@dataclass
class Clock:
    """The day at the clinic, until it is moved on."""

    day: date = FIRST_DAY

    def __call__(self) -> date:
        return self.day

    def turn_to_week(self, week: int) -> None:
        self.day = FIRST_DAY + timedelta(weeks=week)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path, clock: Clock) -> Settings:
    """A new clinic: an empty chart, its first account, and the clinic's own usual injection."""
    chart = tmp_path / "clinic.chart"
    run("chart", "init", str(chart), "--zone", "UTC")
    ada = ("ada", "--name", "Ada Adams", "--role", "administrator")
    run("account", "add", str(chart), *ada, typed=f"{PASSWORD}\n{PASSWORD}\n")
    (tmp_path / "clinic.yaml").write_text(CLINIC)
    return Settings(
        str(chart),
        f"{chart}.accounts",
        secret=b"0" * 32,
        secure=False,
        today=clock,
        knowledge=SHIPPED.with_overrides(tmp_path / "clinic.yaml"),
    )


def run(*arguments: str, typed: str | None = None) -> None:
    done = CliRunner().invoke(command, arguments, input=typed)
    assert done.exit_code == 0, done.output


@dataclass
class Year:
    """One patient's year: the therapist's forms and the patient's links beside the browser."""

    clock: Clock
    therapist: Client
    episode: str

    @property
    def page(self) -> str:
        return f"/patient/{self.episode}"

    def check_in(self, pain: int, activity: int, sign: str = "none") -> None:
        """Let the patient answer by a link that the clinic makes for it."""
        made = self.therapist.post(f"{self.page}/check-in-link").text
        found = re.search(r"/check-in/([^\"?/]+)\"", made)
        assert found is not None
        patient = Client(self.therapist.app, "198.51.100.7")
        rated = {f"psfs/{name}": str(activity) for name in ACTIVITIES}
        sent = {"nrs": str(pain), **rated, "done": "1", "sign": sign}
        answer = patient.post(f"/check-in/{found[1]}", data=sent)
        assert answer.status_code == 303

    def visit(self, pain: int, activity: int) -> None:
        """Record a visit by its form, and the needles of both muscles."""
        rated = {f"psfs-{n}": str(activity) for n in range(len(ACTIVITIES))}
        weighed = [*VISITED["acknowledge"], "response-not-recorded"]
        said = {**VISITED, "nrs": str(pain), **rated, "acknowledge": weighed}
        answer = self.therapist.post(f"{self.page}/visit", data=said)
        assert answer.status_code == 303, answer.text

    def examine(self) -> None:
        said = {**EXAM, "on": self.clock.day.isoformat()}
        assert self.therapist.post(f"{self.page}/exam", data=said).status_code == 303

    def told(self) -> str:
        """What the patient's page says."""
        return self.therapist.get(self.page).text


def open_account(page: Page, served: Served) -> None:
    """Let the administrator add a therapist, who chooses a password of their own."""
    served.sign_in(page, "ada")
    page.get_by_label("User name").fill("thea")
    page.get_by_label("Name", exact=True).fill("Thea Therapist")
    page.get_by_label("Role").select_option("clinician")
    press(page, "Add")
    temporary = page.locator("code.secret").inner_text()
    press(page, "Sign out")
    page.get_by_label("User name").fill("thea")
    page.get_by_label("Password").fill(temporary)
    press(page, "Sign in")
    box = page.get_by_role("region", name="Password")
    box.get_by_label("Present password").fill(temporary)
    box.get_by_label("New password", exact=True).fill(PASSWORD + " always")
    box.get_by_label("New password, once more").fill(PASSWORD + " always")
    with page.expect_navigation():
        box.get_by_role("button").click()


def test_a_patients_year_from_an_empty_chart_to_lasting_relief(
    page: Page, served: Served, clock: Clock
) -> None:
    open_account(page, served)
    follow(page, "Worklist")
    intake = Entries(page)
    take_in(intake)
    intake.press("Record the visit")
    assert intake.job == JOBS[INTAKE][1]
    episode = page.url.rsplit("/", 1)[1]
    year = Year(clock, client_of(create_app(served.settings), "thea"), episode)
    year.examine()
    here = f"{served.url}{year.page}"

    for week, told in HEALING.items():
        clock.turn_to_week(week)
        if week == 2:
            walk_a_visit(page, here, told, clock.day + timedelta(weeks=1))
        elif week <= 4:
            year.visit(*told)
        else:
            year.check_in(*told)
    assert "gate to the injection closed" in year.told()

    for week, told in LEVEL.items():
        clock.turn_to_week(week)
        year.check_in(*told)
        if week == 12:
            year.examine()
    page.goto(here)
    expect(page.locator("main")).to_contain_text("plateaued")
    assert page.get_by_text("gate to the injection open").is_visible()

    year.check_in(*told, sign="cauda-equina")
    walk_clearing(page, here)
    assert page.get_by_text("gate to the injection open").is_visible()

    walk_an_injection(page, here)

    for week, told in WELL.items():
        clock.turn_to_week(week)
        year.check_in(*told)
    page.goto(here)
    expect(page.locator("main")).to_contain_text("Recovered for")
    walk_discharge(page, here)
    chart = open_chart(served.settings.chart)
    [ended] = chart.care_log().episodes.to_dicts()
    assert (ended["end_reason"], ended["ended_on"]) == ("recovered", clock.day)
    assert clock.day == FIRST_DAY + timedelta(weeks=52)
    assert not chart.verify().wrong
    chart.close()


def walk_a_visit(page: Page, here: str, told: tuple[int, int], then: date) -> None:
    pain, activity = map(str, told)
    page.goto(here)
    visit = Entries(page)
    fill_in_a_visit(visit, (activity, activity, activity), pain, f"{then}T09:20")
    weigh_and_save(visit)
    assert page.url == here
    assert visit.job == JOBS[VISIT][1]


def walk_clearing(page: Page, here: str) -> None:
    page.goto(here)
    expect(page.locator(".danger")).to_contain_text("reported by the patient, not yet examined")
    assert page.get_by_text("gate to the injection closed").is_visible()
    clearing = Entries(page)
    clearing.follow("Examine and clear")
    clearing.type("What did you find on examination?", "normal reflexes, no loss of feeling")
    clearing.press("Cleared")
    assert page.locator(".danger").count() == 0
    assert clearing.job == JOBS[CLEARING][1]


def walk_an_injection(page: Page, here: str) -> None:
    page.goto(here)
    injection = Entries(page)
    injection.follow("Plan an injection")
    settle(injection, "04/2027")
    check_and_record(injection)
    assert injection.job == JOBS[INJECTION_AGREED][1]


def walk_discharge(page: Page, here: str) -> None:
    discharge = Entries(page)
    discharge.follow("End or hand over care")
    discharge.tick("Discharge, recovered")
    discharge.tick("The patient agrees")
    discharge.press("End care")
    expect(page.locator(".head")).to_contain_text("until")
    assert discharge.job == JOBS[DISCHARGE][1]
