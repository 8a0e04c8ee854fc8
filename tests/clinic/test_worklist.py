"""A therapist opens the worklist."""

from __future__ import annotations

from playwright.sync_api import Page

from .conftest import Served


def test_a_therapist_signs_in_and_sees_who_is_most_urgent(served: Served, page: Page) -> None:
    served.sign_in(page, "clinician")
    assert page.title() == "Worklist – ReliefPath"
    assert page.locator("tbody tr").count() > 5
