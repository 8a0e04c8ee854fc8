"""A day of each person in a clinic, first to last, and the doors that stay closed to them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role, pages_of
from reliefpath.knowledge import SHIPPED
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from .browsing import follow, press
from .check_in import answer, patient_of
from .clients import client_of
from .conftest import TODAY, Served
from .entries import Entries
from .test_patient import OPEN, next_step, sign_in_as_clinician_of
from .test_usual_injection import CLINIC, check_and_record, settle
from .test_visit import NOTED, fill_in_a_visit, plan, taken_in, weigh_and_save

pytestmark = pytest.mark.browser


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """The demo clinic with its usual injection in a file of its own."""
    (tmp_path / "clinic.yaml").write_text(CLINIC)
    return replace(settings, knowledge=SHIPPED.with_overrides(tmp_path / "clinic.yaml"))


def menu(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()


def is_refused(page: Page, served: Served, *places: str) -> bool:
    """Whether somebody who is signed in is refused each of these pages."""
    statuses = [page.request.get(f"{served.url}{place}").status for place in places]
    return set(statuses) == {403}


def begin(page: Page, served: Served, role: Role) -> None:
    """Sign in, where the menu offers what the role may open and nothing else."""
    served.sign_in(page, role)
    assert menu(page) == [name for _, name in pages_of(role)]


def test_a_therapists_day_is_a_visit_that_was_planned_and_the_next_one(
    page: Page, served: Served
) -> None:
    desk = client_of(create_app(served.settings), "clinician")
    episode = taken_in(desk)
    plan(desk, episode, f"{TODAY}T09:20")
    begin(page, served, Role.CLINICIAN)
    assert page.url.endswith("/today")
    with page.expect_navigation():
        page.get_by_role("link", name="Ana Ortega", exact=True).first.click()
    visit = Entries(page)
    fill_in_a_visit(visit, ("7", "7", "7"), "4", "2026-04-14T09:20")
    weigh_and_save(visit)
    assert NOTED in page.inner_text("main")
    follow(page, "Today")
    assert "attended" in page.inner_text(".visits")
    assert is_refused(page, served, "/people", "/audit", "/backup", "/terms", "/strategy/try")


def test_a_physicians_day_finds_an_open_gate_decides_and_injects(
    page: Page, served: Served
) -> None:
    sign_in_as_clinician_of(OPEN, served, page)
    page.goto(f"{served.url}/patient/{OPEN}")
    assert page.get_by_text("gate to the injection open").is_visible()
    assert "trigger point injection" in next_step(page)
    press(page, "Agree with the advice")
    assert page.get_by_text("Agreed 1, overridden 0.").is_visible()
    injection = Entries(page)
    injection.follow("Plan an injection")
    settle(injection, "04/2027")
    check_and_record(injection)
    follow(page, "Lots")
    page.get_by_label("Lot").fill("A123")
    press(page, "Search")
    expect(page.locator("main")).to_contain_text("Carol Hale")
    assert is_refused(page, served, "/people", "/audit", "/backup")


def test_an_assistants_day_is_check_ins_and_findings_but_no_needle(
    page: Page, served: Served
) -> None:
    patient = patient_of(served)
    begin(page, served, Role.ASSISTANT)
    follow(page, re.compile("^Check-ins due$"))
    page.goto(f"{served.url}/patient/{patient.episode}")
    page.get_by_label("Why do you open it?").fill("no phone of their own")
    press(page, "Open the record")
    for needle in ("Record a visit", "Plan an injection", "Dry needling", "Record an exam"):
        assert page.get_by_role("link", name=needle, exact=True).count() == 0
    here = f"/patient/{patient.episode}"
    needles = ("visit", "injection", "needling", "exam", "care")
    assert is_refused(page, served, *(f"{here}/{needle}" for needle in needles))
    follow(page, "Record a finding")
    page.get_by_label("What was found, or asked").select_option("red-flag:screened")
    press(page, "Record the finding")
    follow(page, "Check-in by phone")
    press(page, "Make a link")
    follow(page, "Fill it in here with the patient")
    page.get_by_label("Somebody for the patient").check()
    answer(page)
    assert set(patient.today("scores")["reported_by"]) == {"proxy"}
    assert ("red-flag", "screened") in patient.findings()
    patient.chart.close()


def test_a_directors_day_is_the_clinic_its_outcomes_and_a_trial_of_its_strategy(
    page: Page, served: Served
) -> None:
    begin(page, served, Role.DIRECTOR)
    follow(page, "Whole clinic")
    follow(page, "Outcomes")
    expect(page.get_by_role("heading", name="Outcomes", exact=True)).to_be_visible()
    follow(page, "Strategy")
    follow(page, "Try a change")
    expect(page.get_by_role("heading", name="Try a change")).to_be_visible()
    follow(page, "Audit")
    expect(page.locator("tbody tr").first).to_contain_text("director")
    assert is_refused(page, served, "/people", "/backup", "/reminders")


def test_an_administrators_day_is_accounts_and_backups_and_no_patient(
    page: Page, served: Served
) -> None:
    begin(page, served, Role.ADMINISTRATOR)
    page.get_by_label("User name").fill("nora")
    page.get_by_label("Name", exact=True).fill("Nora New")
    page.get_by_label("Role").select_option("assistant")
    press(page, "Add")
    assert Accounts(served.settings.accounts).find("nora").role is Role.ASSISTANT
    follow(page, "Sign-ins")
    expect(page.locator("tbody tr").first).to_contain_text("administrator")
    follow(page, "Backups")
    expect(page.get_by_role("heading", name="Backups", exact=True)).to_be_visible()
    closed = ("/today", "/worklist", "/intake", "/due", "/outcomes", "/lots", "/audit")
    assert is_refused(page, served, *closed, f"/patient/{OPEN}", f"/patient/{OPEN}/record")


def test_a_patients_day_is_one_link_that_opens_nothing_else(page: Page, served: Served) -> None:
    patient = patient_of(served)
    link = patient.link()
    page.goto(link)
    answer(page)
    assert page.get_by_role("heading", name="Thank you").is_visible()
    follow(page, "See my exercises")
    assert page.get_by_role("heading", level=1).inner_text() == "Your exercises"
    assert patient.today("scores").height
    page.goto(link)  # once sent, it thanks and asks no more
    assert page.get_by_role("heading", name="Thank you").is_visible()
    for place in ("/worklist", f"/patient/{patient.episode}", f"/patient/{patient.episode}/record"):
        page.goto(f"{served.url}{place}")
        assert "/sign-in" in page.url
    patient.chart.close()
