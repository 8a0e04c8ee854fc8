"""Sign-in by the provider in a browser, which holds cookies back as it sees fit."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from reliefpath.identity.accounts import Accounts

from ..browsing import follow, press, violations
from ..clients import COOKIE, lock
from ..conftest import Served
from .provider import Provider


def prove(page: Page) -> None:
    """Go to the provider, and say there that it is oneself."""
    follow(page, "Sign in with Hospital")
    with page.expect_response(lambda answer: "/finish" in answer.url):  # a page leads on to it
        press(page, "It is me")


def test_a_browser_comes_back_signed_in_to_the_page_it_asked_for(
    served: Served, page: Page, provider: Provider
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{served.url}/due?x=1")
    assert not list(violations(page))
    prove(page)
    expect(page).to_have_url(f"{served.url}/due?x=1")
    expect(page.get_by_role("heading", name="Check-ins due")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(served.url)}
    assert set(cookies) == {COOKIE, "reliefpath-device"}
    assert cookies[COOKIE]["sameSite"] == "Strict"
    assert "prompt" not in provider.asked[0]
    page.goto(f"{served.url}/account")
    assert not list(violations(page))
    press(page, "Sign out everywhere")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_locked_page_opens_again_when_the_provider_has_asked_anew(
    served: Served, page: Page, provider: Provider
) -> None:
    page.goto(f"{served.url}/due")
    prove(page)
    expect(page.get_by_role("heading", name="Check-ins due")).to_be_visible()
    lock(Accounts(served.settings.accounts))
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("Locked after 20 minutes")
    prove(page)
    expect(page).to_have_url(f"{served.url}/due")
    expect(page.get_by_role("heading", name="Check-ins due")).to_be_visible()
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")


def test_an_administrator_adds_somebody_who_signs_in_without_a_password(
    served: Served, page: Page, provider: Provider
) -> None:
    provider.person |= {"sub": "nora", "email": "nora@hospital.example"}
    page.set_viewport_size({"width": 360, "height": 740})
    served.sign_in(page, "administrator")
    page.get_by_label("User name").fill("nora")
    page.get_by_label("Name", exact=True).fill("Nora New")
    page.get_by_label("Role").select_option("assistant")
    page.get_by_label("E-mail at Hospital").fill("Nora@Hospital.example")
    assert not list(violations(page))
    press(page, "Add")
    expect(page.get_by_label("E-mail or subject there")).to_have_value("nora@hospital.example")
    expect(page.get_by_text("They have none, and need none.")).to_be_visible()
    assert not list(violations(page))
    press(page, "Sign out")
    prove(page)
    expect(page.get_by_role("link", name="Nora New, assistant")).to_be_visible()
