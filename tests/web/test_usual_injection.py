"""The planner of a clinic that names its usual agent: the dose at once, recorded in few entries."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from reliefpath.knowledge import SHIPPED
from reliefpath.web.settings import Settings

from .browsing import violations
from .conftest import Picture, Served
from .desk import EPISODE, Desk
from .entries import Entries
from .jobs import INJECTION, JOBS
from .test_injecting import chosen, values
from .test_patient import sign_in_as_clinician_of

CLINIC = """
clinic: Riverside
overrides:
  - in: agents
    row: lidocaine
    set: {usual_site: {strength: 1, volume_ml: 1}}
    because: It is what we stock.
    by: Dr. Ana Ruiz
    on: 2026-01-05
"""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """The demo clinic with a file of its own."""
    (tmp_path / "clinic.yaml").write_text(CLINIC)
    return replace(settings, knowledge=SHIPPED.with_overrides(tmp_path / "clinic.yaml"))


def test_the_dose_shows_without_a_press(desk: Desk) -> None:
    form = desk.client.get(f"{desk.patient_page}/injection").text
    assert chosen(form, "agent") == ["lidocaine", "lidocaine", ""]
    assert "<b>20 mg of lidocaine</b>, 7 % of the maximum for 81 kg" in form
    assert form.count("10 mg, 4 % of the maximum") == 2
    assert values(form, "lot") == [""]
    assert values(form, "expires") == [""]


@pytest.mark.browser
def test_an_injection_with_its_papers_takes_as_many_entries_as_the_documentation_says(
    page: Page, served: Served, picture: Picture
) -> None:
    sign_in_as_clinician_of(EPISODE, served, page)
    page.goto(f"{served.url}/patient/{EPISODE}")
    entries = Entries(page)
    entries.follow("Plan an injection")
    assert page.locator("#dose").inner_text().startswith("20 mg of lidocaine, 7 %")
    assert "read lot and expiry off the vial" in page.locator(".left").inner_text()
    assert not page.locator("#lot-1[aria-invalid]").count()
    page.emulate_media(color_scheme="light")
    picture(page, "injection")
    settle(entries, "04/2027")
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 1000})
        assert not [*violations(page)]
    check_and_record(entries)
    assert entries.job == JOBS[INJECTION][1]


def settle(entries: Entries, expires: str) -> None:
    """Type what the planner asks for, agree where it asks, and weigh what it asks to weigh."""
    entries.type("Lot", "A123", exact=True)
    entries.type("Expires", expires)
    entries.tick("nothing is new")
    for asked in entries.page.get_by_label("agrees to this injection").all():
        entries.check(asked)
    for weighed in entries.page.get_by_label("I have weighed").all():
        entries.check(weighed)


def check_and_record(entries: Entries) -> None:
    """Have the plan checked, record it, and open each paper."""
    page = entries.page
    entries.press("Check the plan")
    assert page.locator("#left").inner_text() == "Nothing stands against it"
    assert page.locator("#checks + p .tag").inner_text() == "ready"
    entries.press("Record it as given")
    papers = page.locator("#papers ~ ul a:not([href*='.pdf'])")
    recorded, names = page.url, papers.all_inner_texts()
    assert {"Procedure note", "Consent", "After care"} <= set(names)
    for name in names:
        entries.follow(re.compile(f"^{name}$"))
        page.goto(recorded)
