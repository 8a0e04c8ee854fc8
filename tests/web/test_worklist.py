"""Who needs something today: the worklist as a therapist uses it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from reliefpath.care.care_teams import clinicians_of
from reliefpath.identity.accounts import Accounts
from reliefpath.pathway.model import load_pathway
from reliefpath.store.chart import open_chart
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from .browsing import press
from .clients import Client, client_of
from .conftest import TODAY, Picture, Served


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A clinic whose clinician and assistant are of every care team."""
    chart, accounts = open_chart(settings.chart), Accounts(settings.accounts)
    for username in ("clinician", "assistant"):
        accounts.set_care_teams(username, clinicians_of(chart))
    chart.close()
    return settings


def clinician(settings: Settings, username: str = "clinician") -> Client:
    """Somebody signed in, of a clinic where an assessment is waited for."""
    app = create_app(settings)
    app.state.care.assessed.patience = 60
    return client_of(app, username)


@pytest.fixture
def client(settings: Settings) -> Client:
    """A clinician, signed in, without a browser."""
    return clinician(settings)


@pytest.fixture
def worklist(served: Served, page: Page) -> Page:
    """The worklist in a browser."""
    served.sign_in(page, "clinician").goto(f"{served.url}/worklist")
    expect(page.locator("#list")).to_be_visible(timeout=60_000)
    return page


def episodes(page: str) -> list[str]:
    """The episodes shown, in their order."""
    return re.findall(r'<th scope="row"><a href="/patient/([^"#]+)', page)


def statuses(page: str) -> list[str]:
    """The statuses shown, each once, in their order."""
    return list(dict.fromkeys(re.findall(r'<tr class="(\w+)">', page)))


def casefolded(name: str) -> str:
    """A name without capitals and accents."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(c for c in letters if not unicodedata.combining(c)).lower()


def check_in(settings: Settings, episode: str, value: float, day: str) -> None:
    chart = open_chart(settings.chart)
    row = {"episode": [episode], "at": [day], "measure": ["nrs"], "value": [str(value)]}
    patient = chart.patient_of(episode)
    chart.insert({"scores": pl.DataFrame(row)}, AuditEvent("ada", "record", None, patient))
    chart.close()


def test_a_therapist_signs_in_and_sees_who_is_most_urgent(worklist: Page, picture: Picture) -> None:
    picture(worklist, "worklist")
    assert worklist.title() == "Worklist – ReliefPath"
    first = worklist.locator("tbody tr").first
    expect(first).to_contain_text("Red flag")
    expect(first.get_by_role("img")).to_have_accessible_name(re.compile(r"nrs .* to .*scores"))


def test_rows_stand_in_the_order_of_urgency_with_the_counts_above(client: Client) -> None:
    page = client.get("/worklist").text
    urgency = {name.value: s.urgency for name, s in load_pathway().statuses.items()}
    shown = statuses(page)
    assert len(shown) > 6
    assert shown == sorted(shown, key=urgency.__getitem__)
    counts = dict(re.findall(r">(\w+) <b>(\d+)</b>", page))
    assert int(counts.pop("All")) == sum(map(int, counts.values()))


def test_a_column_sorts_the_rows_and_once_more_turns_them_round(worklist: Page) -> None:
    def cells(column: str) -> list[str]:
        return worklist.locator(f"tbody {column}").all_inner_texts()

    worklist.get_by_role("link", name="Patient", exact=True).click()
    expect(worklist).to_have_url(re.compile(r"sort=name$"))
    names = cells("th a")
    assert names == sorted(names, key=casefolded)
    worklist.get_by_role("link", name="Patient", exact=True).click()
    expect(worklist).to_have_url(re.compile(r"sort=-name$"))
    assert cells("th a")[0] > names[0]
    worklist.get_by_role("link", name="Better", exact=True).click()
    expect(worklist).to_have_url(re.compile(r"sort=better$"))
    better = [cell.splitlines()[0] for cell in cells("td.better")]
    known = [
        float(text.removesuffix(" %").replace("\N{MINUS SIGN}", "-"))
        for text in better
        if "%" in text
    ]
    assert known == sorted(known)
    assert all("%" in text for text in better[: len(known)])  # what is not known comes last


def test_at_least_twelve_patients_stand_on_the_first_screen_of_a_laptop(worklist: Page) -> None:
    worklist.set_viewport_size({"width": 1440, "height": 900})
    last = worklist.locator("tbody tr").nth(11).bounding_box()
    assert last
    assert last["y"] + last["height"] <= 900


def test_the_first_screen_of_a_phone_shows_patients(worklist: Page) -> None:
    worklist.set_viewport_size({"width": 390, "height": 844})
    second = worklist.locator("tbody tr").nth(1).bounding_box()
    assert second
    assert second["y"] + second["height"] <= 844


def test_from_a_patient_the_way_back_leads_to_the_same_rows(worklist: Page) -> None:
    worklist.goto(worklist.url.partition("?")[0] + "?q=demo&status=stalled&sort=name")
    names = worklist.locator("tbody th a").all_inner_texts()
    worklist.locator("tbody th a").first.click()
    worklist.get_by_role("link", name="Record a visit").click()
    worklist.locator(".crumbs").get_by_role("link", name="Worklist").click()
    expect(worklist.locator("tbody th a")).to_have_text(names)
    press(worklist, "Sign out")
    assert "worklist" not in {cookie["name"] for cookie in worklist.context.cookies()}


def test_a_row_tells_improvement_with_its_interval_and_leads_to_what_is_asked(
    client: Client,
) -> None:
    page = client.get("/worklist?q=demo-0001").text
    assert episodes(page) == ["demo-0001"]
    assert re.search(r"<b>\d+ %</b><br><span[^>]*>\d+ to \d+<", page)
    asked = re.search(r'href="/patient/demo-0001#([^"]+)"', page)
    assert asked
    assert asked[1] in load_pathway().criteria


def test_search_finds_names_without_accents_and_words_in_any_order(client: Client) -> None:
    assert "Gloria León" in client.get("/worklist?q=leon+GLOR").text
    assert "Gloria León" in client.get("/worklist?q=p0009").text
    assert "Nobody matches" in client.get("/worklist?q=nobody-of-that-name").text
    assert "Nobody matches" in client.get("/worklist", params={"q": "%_.*\\(<b>"}).text


def test_filters_show_only_who_they_name(client: Client) -> None:
    everybody = int(re.findall(r"All <b>(\d+)", client.get("/worklist").text)[0])
    lenas = client.get("/worklist", params={"clinician": "Lena Brandt, PT"}).text
    assert 0 < len(episodes(lenas)) < everybody
    assert "selected>Lena Brandt, PT<" in lenas
    assert statuses(client.get("/worklist?status=stalled").text) == ["stalled"]
    neck = client.get("/worklist?region=neck").text
    assert len(re.findall(">neck · demo", neck)) == len(episodes(neck)) > 0
    due = client.get("/worklist?overdue=1").text
    assert due.count(">check-in due</span>") == len(episodes(due)) > 0
    ready = client.get("/worklist?gate=1").text
    assert ready.count(">gate open</span>") == len(episodes(ready)) > 0


def test_a_status_keeps_the_other_filters(client: Client) -> None:
    page = client.get("/worklist?region=neck&status=stalled").text
    assert 'href="?status=recovering&amp;region=neck"' in page
    assert '<input type="hidden" name="status" value="stalled">' in page


def test_a_page_has_fifty_rows_and_the_last_page_the_rest(client: Client) -> None:
    first, second = (episodes(client.get(f"/worklist?page={n}").text) for n in (1, 2))
    assert len(first) == 50
    assert second
    assert not set(first) & set(second)
    assert episodes(client.get("/worklist?page=99").text) == second


@pytest.mark.parametrize("wrong", ["page=0", "page=x", "overdue=perhaps", "q=" + "x" * 201])
def test_a_query_that_cannot_be_read_is_refused_in_words(client: Client, wrong: str) -> None:
    said = client.get(f"/worklist?{wrong}")
    assert said.status_code == 422
    assert "That is not possible" in said.text


def test_what_was_recorded_shows_at_once_and_says_what_changed(
    settings: Settings, client: Client
) -> None:
    before = client.get("/worklist?q=demo-0004").text
    assert "stalled" in before
    assert "a week ago" not in before
    chart = open_chart(settings.chart)
    row = {"patient": ["P0004"], "at": [str(TODAY)]} | {"kind": ["red-flag"]}
    flag = pl.DataFrame(row | {"code": ["cauda-equina"], "episode": ["demo-0004"]})
    chart.insert({"findings": flag}, AuditEvent("ada", "record", None, "P0004"))
    after = client.get("/worklist?q=demo-0004").text
    assert statuses(after) == ["referred"]
    assert "a week ago stalled" in after
    assert "demo-0004" in episodes(client.get("/worklist").text)[:2]


def test_the_curve_ends_at_the_score_just_recorded(settings: Settings, client: Client) -> None:
    check_in(settings, "demo-0001", 7, f"{TODAY}T10:00:00+00:00")
    assert re.search(r'aria-label="nrs [\d.]+ to 7: ', client.get("/worklist?q=demo-0001").text)


def test_the_audit_log_tells_once_an_hour_who_looked(settings: Settings) -> None:
    client = clinician(settings)
    for _ in range(3):
        client.get("/worklist")
    chart = open_chart(settings.chart)
    looks = chart.log().filter(pl.col("by") == "clinician", pl.col("action") == "view")
    assert looks["detail"].to_list() == ['{"page": "worklist"}']
    care = client.app.state.care
    later = chart.clock() + timedelta(hours=1, seconds=1)
    care.chart = replace(care.chart, clock=lambda: later)
    client.get("/worklist")
    assert chart.log().filter(pl.col("by") == "clinician").height == 2


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_does_not_see_patients_sees_no_worklist(settings: Settings, role: str) -> None:
    said = clinician(settings, role).get("/worklist")
    assert said.status_code == 403
    assert "demo-0001" not in said.text


def test_a_clinic_too_big_to_wait_for_is_told_to_be_assessed(client: Client) -> None:
    assessed = client.app.state.care.assessed
    assessed.patience = 0
    said = client.get("/worklist?region=neck")
    assert said.status_code == 202
    assert 'http-equiv="refresh"' in said.text
    assert "patients so far" in said.text
    assessed.patience = 60
    assert episodes(client.get("/worklist?region=neck").text)


def test_typing_filters_the_list_and_the_address(worklist: Page) -> None:
    worklist.get_by_label("Name, patient or episode").press_sequentially("gloria leon")
    expect(worklist.locator("tbody tr")).to_have_count(1)
    expect(worklist.get_by_role("status")).to_contain_text("1 episode")
    expect(worklist).to_have_url(re.compile(r"/worklist\?q=gloria\+leon$"))
    worklist.reload()
    expect(worklist.locator("tbody tr")).to_have_count(1)
    worklist.get_by_label("Name, patient or episode").fill("")
    worklist.get_by_text("Filter", exact=True).click()
    worklist.get_by_label("Region").select_option("neck")
    expect(worklist).to_have_url(re.compile(r"/worklist\?region=neck$"))


def test_keys_search_walk_and_open(worklist: Page) -> None:
    worklist.keyboard.press("/")
    expect(worklist.get_by_label("Name, patient or episode")).to_be_focused()
    worklist.keyboard.press("Escape")
    actions = worklist.locator("td .button")
    for key, row in (("j", 0), ("j", 1), ("k", 0), ("k", 0)):
        worklist.keyboard.press(key)
        expect(actions.nth(row)).to_be_focused()
    worklist.keyboard.press("?")
    expect(worklist.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(worklist.get_by_role("dialog")).to_contain_text("next and previous row")
    worklist.keyboard.press("Escape")
    place = actions.first.get_attribute("href")
    with worklist.expect_request(lambda r: r.is_navigation_request()) as opened:
        # the page of the patient is not this test's
        worklist.route("**/patient/**", lambda route: route.fulfill(body="<title>P</title>"))
        actions.first.focus()
        worklist.keyboard.press("Enter")
    assert opened.value.url.endswith(str(place).partition("#")[0])


def test_keys_can_be_switched_off(worklist: Page) -> None:
    worklist.get_by_role("button", name="Keys").click()
    worklist.get_by_label("Use these keys on this computer").uncheck()
    worklist.get_by_role("button", name="Close").click()
    worklist.reload()
    worklist.keyboard.press("/")
    expect(worklist.get_by_label("Name, patient or episode")).not_to_be_focused()


def test_works_without_javascript(served: Served, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = served.sign_in(context.new_page(), "assistant")
    page.goto(f"{served.url}/worklist")
    expect(page.locator("#list")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Keys")).to_be_hidden()
    page.get_by_label("Name, patient or episode").fill("gloria leon")
    press(page, "Show")
    expect(page.locator("tbody tr")).to_have_count(1)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(worklist: Page, scheme: str) -> None:
    worklist.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    found = Axe().run(worklist)
    assert found.violations_count == 0, found.generate_report()
    worklist.keyboard.press("?")
    found = Axe().run(worklist)
    assert found.violations_count == 0, found.generate_report()


def test_as_many_check_ins_are_due_on_every_page(client: Client) -> None:
    for theirs, everybody in (("", ""), ("?clinician=*", "?everybody=1")):
        told = re.search(r"(\d+) with a check-in due", client.get(f"/worklist{theirs}").text)
        listed = client.get(f"/due{everybody}").text
        assert told
        assert listed.count("<tr>") - 1 == int(told[1])
