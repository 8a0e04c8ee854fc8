"""Every page, on a narrow screen, light and dark: it can be used by everybody, and fits."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page

from reliefpath.care.examination import FindingRequest, record_finding
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.store.database import read_transaction
from reliefpath.store.history import rows_of

from .browsing import violations
from .check_in import patient_of
from .clients import COOKIE
from .conftest import TODAY, Served
from .routes import ROUTES

EPISODE = "demo-0043"
PLAN = "muscle=infraspinatus&side=left&agent=lidocaine&strength=1&volume_ml=1"
ASKED = {
    "/patient/{episode}/injection": PLAN,
    "/patient/{episode}/injection/{name}.{kind}": PLAN,
    "/merge": "patient=P0001&other=P0002",
}
HERE = {
    "{episode}": EPISODE,
    "{username}": "clinician",
    "{name}.{kind}": "consent.html",
    "{name}": "nothing-kept",
    "{table}": "findings",
    "{kind}": "red-flag",
    "{code}": "suspected-fracture",
}
PROVIDER = "/sign-in/provider"
"""There is none; what it leads to is shown in `single_sign_on`."""
NOT_PAGES = (".svg", ".csv", ".json", ".js", ".pdf", ".webmanifest")
PAGES = [
    route.removeprefix("GET ")
    for route in ROUTES
    if route.startswith("GET ") and not route.endswith(NOT_PAGES) and PROVIDER not in route
]


def sign_in(page: Page, served: Served, path: str) -> None:
    """Come with a session of the first role that may ask for a page."""
    roles = ROUTES[f"GET {path}"]
    if roles is not None:
        # who may open every patient, wherever that does
        role = Role.DIRECTOR if Role.DIRECTOR in roles else roles[0]
        token = Accounts(served.settings.accounts).begin(role)
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": served.url}])


def place(served: Served, path: str) -> str:
    """The address of a page that is there."""
    asked = ASKED.get(path, "")
    if "{row}" in path or "{kind}" in path:
        path = path_of_finding(served, path)
    if "{token}" in path:
        path = path.replace("{token}", token(served, used="{token}/" in path))
    for name, value in HERE.items():
        path = path.replace(name, value)
    return f"{served.url}{path}?{asked}"


def path_of_finding(served: Served, path: str) -> str:
    """The address of a red flag that stands, or of its row."""
    patient = patient_of(served, EPISODE)
    found = FindingRequest(at=TODAY, kind="red-flag", code="suspected-fracture")
    record_finding(patient.chart, patient.patient, found, "clinician", "finding")
    with read_transaction(patient.chart.engine) as connection:
        row = rows_of(connection, "findings", patient.patient)[-1].row
    patient.chart.close()
    return path.replace("{row}", str(row))


def token(served: Served, *, used: bool) -> str:
    """A new link's token, or of one that was used."""
    patient = patient_of(served, EPISODE)
    made = patient.links.make(EPISODE, patient.patient, "assistant")
    if used:
        httpx.post(patient.address(made), data={"nrs": "2", "sign": "none"})
    patient.chart.close()
    return made


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_used_by_everybody_and_fits_a_narrow_screen(
    page: Page, served: Served, path: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, served, path)
    page.goto(place(served, path))
    assert page.locator("h1").count() == 1
    for part in page.locator("details").all():
        part.evaluate("part => { part.open = true }")
    assert not [*violations(page)]
