"""A check-in opens and is answered without a connection, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from .check_in import Patient, answer, next_step, patient_of, phone, step
from .conftest import Served

KEPT = """async () => {
  const store = await new Promise(resolve => {
    const asked = indexedDB.open("check-in", 1);
    asked.onsuccess = () => resolve(asked.result.transaction("kept").objectStore("kept"));
  });
  const answers = await new Promise(resolve => {
    const asked = store.getAll();
    asked.onsuccess = () => resolve(asked.result);
  });
  const all = await (await caches.open("check-in")).keys();
  const pages = all.filter(each => !new URL(each.url).pathname.startsWith("/static/"));
  return [answers.length, pages.length, localStorage.length];
}"""
"""How many check-ins, and how many pages of them, a phone keeps."""


@pytest.fixture
def patient(served: Served) -> Iterator[Patient]:
    found = patient_of(served)
    yield found
    found.chart.close()


def opened(page: Page, link: str) -> None:
    """Open a link, and wait until the phone can open it again without a connection."""
    page.goto(link)
    page.locator("body.steps").wait_for()
    page.wait_for_function(
        """async () => {
          const files = ["check-in.js", "check-in-kept.js", "check-in.css", "style.css"];
          const places = [location.pathname, ...files.map(name => `/static/${name}`)];
          const cache = await caches.open("check-in");
          return (await Promise.all(places.map(each => cache.match(each)))).every(Boolean);
        }"""
    )


def open_again(page: Page, link: str) -> None:
    """Open a link without a connection: right after losing it, a browser may fail once."""
    page.goto("about:blank")
    for _ in range(5):
        try:
            page.goto(link)
        except Error:
            page.wait_for_timeout(500)
        else:
            return
    page.goto(link)


def test_an_opened_link_opens_without_a_connection_and_is_sent_once_when_it_is_back(
    patient: Patient, browser: Browser
) -> None:
    link = patient.link()
    with phone(browser) as page:
        opened(page, link)
        page.context.set_offline(True)
        open_again(page, link)
        expect(page.get_by_text("Your answers are kept on this phone")).to_be_visible()
        answer(page, signs=[], send=False)
        page.locator("#sign-cauda-equina").check()
        net = page.get_by_role("alert").filter(has_text="Call emergency services now")
        expect(net.last).to_be_in_viewport()
        expect(net.last.get_by_text("This has not been sent yet.")).to_be_visible()
        page.locator("[data-go=send]").click()
        page.get_by_text("Saved on this phone; will be sent when").wait_for()
        open_again(page, link)
        page.get_by_text("Saved on this phone; will be sent when").wait_for()
        assert not patient.check_ins()
        page.context.set_offline(False)
        page.wait_for_url("**/thanks*")
        assert page.evaluate(KEPT) == [0, 0, 0]
    assert len(patient.check_ins()) == 1
    assert patient.findings() == {("red-flag", "cauda-equina")}


def test_a_withdrawn_link_sends_nothing_and_wipes_what_was_kept(
    patient: Patient, browser: Browser
) -> None:
    link, sent = patient.link(), []
    with phone(browser) as page:
        page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
        opened(page, link)
        page.context.set_offline(True)
        answer(page, send=False)
        page.locator("[data-go=send]").click()
        page.get_by_text("Saved on this phone; will be sent when").wait_for()
        (made,) = patient.links.of(patient.patient)
        patient.links.withdraw(made, patient.patient, "assistant")
        first = len(sent)
        page.context.set_offline(False)
        page.get_by_role("heading", name="This link was withdrawn").wait_for()
        page.wait_for_function(f"async () => String(await ({KEPT})()) === '0,0,0'")
    assert len(sent) == first == 1  # the one that was lost
    assert not patient.check_ins()


def test_what_another_phone_sent_first_is_told_and_what_waited_is_not_dropped_in_silence(
    patient: Patient, browser: Browser
) -> None:
    link = patient.link()
    with phone(browser) as page, phone(browser) as other:
        opened(page, link)
        page.context.set_offline(True)
        answer(page, send=False)
        page.locator("[data-go=send]").click()
        page.get_by_text("Saved on this phone; will be sent when").wait_for()
        page.goto("about:blank")
        other.goto(link)
        other.locator("#qp1-2").check()
        answer(other, signs=["suspected-fracture"])
        page.context.set_offline(False)
        page.goto(link)
        expect(page.get_by_text("What you sent just now was not added")).to_be_visible()
        page.wait_for_function(f"async () => String(await ({KEPT})()) === '0,0,0'")
    (entry,) = patient.check_ins()
    assert entry["told"] == "today"


def test_the_installed_app_leads_to_the_check_in_that_was_begun(
    patient: Patient, browser: Browser
) -> None:
    with phone(browser) as page:
        opened(page, patient.link())
        page.locator("#qp1-7").check()
        next_step(page)
        manifest = page.evaluate(
            "async () => (await fetch(document.querySelector('link[rel=manifest]').href)).json()"
        )
        assert manifest["icons"]
        page.goto(f"{patient.served.url}{manifest['start_url']}")
        page.locator("body.steps").wait_for()
        assert step(page) == "What you can do"
        assert page.locator("#qp1-7").is_checked()


def test_no_page_of_a_check_in_is_kept_on_a_computer_of_the_clinic(
    patient: Patient, page: Page
) -> None:
    patient.served.sign_in(page, "director")
    page.goto(patient.link())
    page.locator("body.steps").wait_for()
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
