"""What somebody filled in while the session locked is not lost, and is nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from reliefpath.identity.accounts import LONGEST, Accounts
from reliefpath.web.app import create_app
from reliefpath.web.resubmission import MOST, KeptForm, PendingSubmissions
from reliefpath.web.settings import Settings

from .browsing import follow, press, violations
from .clients import client_of, lock
from .conftest import PASSWORD, Served
from .test_patient import NEVER_EXAMINED, examine, next_step, sign_in_as_clinician_of

FINDING = {"finding": "consent:needling"}
PLACE = "/patient/demo-0043/finding"


def test_an_exam_that_was_sent_from_a_locked_session_is_sent_again(
    page: Page, served: Served
) -> None:
    sign_in_as_clinician_of(NEVER_EXAMINED, served, page)
    page.goto(f"{served.url}/patient/{NEVER_EXAMINED}")
    follow(page, "Record an exam")
    examine(page, "infraspinatus")
    lock(Accounts(served.settings.accounts))
    press(page, "Record the exam")
    expect(page.get_by_role("status")).to_contain_text("Locked after 20 minutes")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your form was kept")
    assert not list(violations(page))
    press(page, "Send it now")
    assert "Examine again" not in next_step(page)
    assert "Infraspinatus, right: active trigger point" in page.locator("main").inner_text()


def led_to(settings: Settings, form: dict[str, str]) -> str:
    """Where somebody is led who sends a form from a locked session."""
    app = create_app(settings)
    director = client_of(app, "director")
    csrf = director.headers.pop("X-CSRF")
    lock(app.state.accounts)
    sent = {"csrf": csrf, **form}
    location = director.post(PLACE, data=sent).headers["location"]
    assert not app.state.care.chart.log().filter(action="enter").height
    for who, sees in (("director", True), ("clinician", False)):
        if "kept" in location:
            place = location.partition("next=")[2]
            assert ("Send it now" in client_of(app, who).get(place).text) is sees
    return location


def test_a_kept_form_is_shown_to_whoever_filled_it_in_alone(settings: Settings) -> None:
    location = led_to(settings, FINDING)
    assert location.startswith("/sign-in?next=/kept/")


def test_a_form_that_is_not_of_our_own_page_is_not_kept(settings: Settings) -> None:
    location = led_to(settings, {**FINDING, "csrf": "guessed"})
    assert location == f"/sign-in?next={PLACE}"


def test_a_form_in_which_nothing_was_filled_in_is_not_kept(settings: Settings) -> None:
    location = led_to(settings, {})
    assert location == f"/sign-in?next={PLACE}"


def test_forms_are_kept_for_a_working_day_and_not_without_end() -> None:
    kept, now = PendingSubmissions(), datetime.now(UTC)
    old = kept.keep(KeptForm("thea", "/", (("a", "1"),), now - LONGEST - timedelta(seconds=1)))
    names = [kept.keep(KeptForm("thea", "/", (("a", "1"),), now)) for _ in range(MOST + 1)]
    assert kept.of(old, "thea") is None
    assert [kept.of(name, "thea") is not None for name in names] == [False, *[True] * MOST]
