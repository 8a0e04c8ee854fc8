"""A patient checks in on a phone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import polars as pl
import pytest
import segno
from axe_playwright_python.sync_playwright import Axe
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from playwright.sync_api import Browser, Page, Route, expect

from reliefpath.care.correcting import withdraw_row
from reliefpath.errors import UncertainCommitError
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.history import rows_of
from reliefpath.web.app import create_app
from reliefpath.web.rate_limit import Limit
from reliefpath.web.settings import Always, Settings

from .browsing import follow, press
from .check_in import Patient, answer, next_step, patient_of, phone, step
from .clients import client_of
from .conftest import TODAY, Picture, Served

SEEN = {"nrs", "psfs", "sane"}


@pytest.fixture
def patient(served: Served) -> Iterator[Patient]:
    found = patient_of(served)
    yield found
    found.chart.close()


def advice(patient: Patient) -> dict[str, Any]:
    rows = patient.served.settings.open_care().everybody()
    return rows.filter(pl.col("episode") == patient.episode).row(0, named=True)


def sent_to(address: str, **form: Any) -> httpx.Response:
    return httpx.post(address, data=form, follow_redirects=True, timeout=60)


def test_what_a_patient_sends_is_on_record_as_theirs(patient: Patient, page: Page) -> None:
    page.goto(patient.link())
    answer(page)
    assert page.get_by_role("heading", name="Thank you").is_visible()
    assert page.get_by_role("img").count() >= 2
    scores = patient.today("scores")
    assert set(scores["measure"]) == SEEN
    assert scores.filter(measure="psfs").height == 3
    assert set(scores["reported_by"]) == {"patient"}
    done = patient.today("treatments").row(0, named=True)
    assert (done["therapy"], done["adherence"]) == ("exercise", 0.5)
    assert patient.findings() == {("red-flag", "screened")}
    (entry,) = patient.check_ins()
    assert entry["by"] == "patient"
    assert advice(patient)["red_flag"] is False


def test_the_exercises_are_shown_once_it_is_sent(patient: Patient, page: Page) -> None:
    page.goto(patient.link())
    answer(page)
    follow(page, "See my exercises")
    page.wait_for_url("**/exercises*")
    assert page.get_by_role("heading", level=1).inner_text() == "Your exercises"
    back = page.evaluate("getComputedStyle(document.querySelector('article')).borderRadius")
    assert back == "12px"  # its own style sheet holds


def test_a_connection_lost_half_way_loses_nothing_and_records_once(
    patient: Patient, browser: Browser, picture: Picture
) -> None:
    with phone(browser) as page:
        page.goto(patient.link())
        page.locator("#qp1-5").check()
        page.context.set_offline(True)
        page.get_by_text("Your answers are kept on this phone").wait_for()
        picture(page, "check-in")
        answer(page, send=False)
        page.locator("[data-go=send]").click()
        page.get_by_text("Saved on this phone; will be sent when there is a connection").wait_for()
        assert not patient.check_ins()
        page.context.set_offline(False)
        page.wait_for_url("**/thanks*")
        assert page.evaluate("localStorage.length") == 0
        picture(page, "check-in-thanks")
    assert len(patient.check_ins()) == 1
    assert patient.today("scores").filter(measure="nrs").height == 1


def test_an_answer_of_the_server_that_is_lost_does_not_record_twice(
    patient: Patient, browser: Browser
) -> None:
    lost = []  # type: ignore[var-annotated]

    def lose_the_first(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)
            route.abort()
        else:
            route.continue_()

    with phone(browser) as page:
        page.route("**/check-in/**", lose_the_first)
        page.goto(patient.link())
        answer(page)
    assert lost == [303]
    assert len(patient.check_ins()) == 1
    assert patient.today("scores").filter(measure="nrs").height == 1


def test_a_page_that_was_closed_goes_on_where_it_was(patient: Patient, page: Page) -> None:
    link = patient.link()
    page.goto(link)
    page.locator("#qp1-8").check()
    next_step(page)
    page.goto("about:blank")
    page.goto(link)
    page.locator("body.steps").wait_for()
    assert step(page) == "What you can do"
    assert page.locator("#qp1-8").is_checked()


def test_spanish_is_spoken_to_who_speaks_it_and_can_be_changed(
    served: Served, browser: Browser
) -> None:
    chart = patient_of(served).chart
    people = chart.care_log()
    spanish = people.patients.filter(pl.col("language").str.starts_with("es"))["patient"]
    episode = people.episodes.filter(pl.col("patient").is_in(spanish.implode()))["episode"][0]
    patient = patient_of(served, episode)
    with phone(browser) as page:
        page.goto(patient.link())
        assert page.locator("html").get_attribute("lang") == "es"
        assert step(page) == "Su dolor"
        page.locator("#qp1-3").check()
        follow(page, "English")
        page.wait_for_url("**language=en")
        assert step(page) == "Your pain"
        assert page.locator("#qp1-3").is_checked()
        follow(page, "Español")
        page.wait_for_url("**language=es")
        answer(page)
        assert page.get_by_role("heading", level=1).inner_text() == "Gracias"
    assert len(patient.check_ins()) == 1


def test_without_javascript_the_form_works(patient: Patient, browser: Browser) -> None:
    with phone(browser, java_script_enabled=False) as page:
        page.goto(patient.link())
        page.get_by_role("group", name="How strong is your pain now?").get_by_label("3").check()
        page.get_by_label("Neck, Left").check()
        press(page, "Send to my clinic")
        page.get_by_role("heading", name="Thank you").wait_for()
    assert patient.today("scores")["value"].to_list() == [3.0]
    assert patient.findings() == {("pain-area", "neck-left")}


def test_pain_is_marked_on_the_drawing_or_by_the_keyboard(patient: Patient, page: Page) -> None:
    page.goto(patient.link())
    while step(page) != "Where does it hurt?":
        next_step(page)
    page.locator("[data-area=low-back-right]").click()
    page.get_by_label("Arm or hand, Left").focus()
    page.keyboard.press("Space")
    assert page.locator("[data-area=arm-left].chosen").count() == 2
    page.locator("[data-area=arm-left]").first.click()
    assert page.locator("[data-area=arm-left].chosen").count() == 0
    answer(page)
    areas = patient.today("findings").filter(kind="pain-area")
    assert areas.select("code", "episode", "until").rows() == [
        ("low-back-right", patient.episode, TODAY)
    ]


def test_a_warning_sign_says_what_to_do_now_and_the_episode_is_referred(
    patient: Patient, page: Page
) -> None:
    assert advice(patient)["status"] != "referred"
    page.goto(patient.link())
    answer(page, signs=[], send=False)
    page.context.set_offline(True)  # what to do now needs no connection
    page.locator("#sign-progressive-weakness").check()
    assert page.get_by_text("Stop exercising and call your clinic today").last.is_visible()
    page.locator("#sign-cauda-equina").check()
    assert page.get_by_text("Call emergency services now").last.is_visible()
    expect(page.get_by_text("Call emergency services now").last).to_be_in_viewport()
    assert not page.get_by_text("Stop exercising and call your clinic today").last.is_visible()
    page.context.set_offline(False)
    page.locator("[data-go=send]").click()
    page.wait_for_url("**/thanks*")
    assert page.get_by_role("alert").get_by_role("heading").all_inner_texts() == [
        "Call emergency services now"
    ]
    assert not page.get_by_role("link", name="See my exercises").count()
    assert patient.findings() == {
        ("red-flag", "cauda-equina"),
        ("red-flag", "progressive-weakness"),
    }
    assert advice(patient)["status"] == "referred"


@pytest.mark.parametrize(
    ("effect", "told", "status"),
    [("bruise", None, False), ("fever", "today", True), ("breathlessness", "emergency", True)],
)
def test_an_effect_of_the_needle_is_recorded_and_one_that_cannot_wait_says_so(
    patient: Patient, effect: str, told: str | None, status: bool
) -> None:
    sent_to(patient.link(), effect=effect)
    assert patient.findings() == {("after-effect", effect)}
    assert patient.check_ins()[0]["told"] == told
    assert (advice(patient)["status"] == "referred") is status


def test_signs_that_were_not_answered_are_not_a_no(patient: Patient) -> None:
    sent_to(patient.link(), nrs="3")
    assert patient.findings() == set()


def test_who_sends_the_same_again_is_thanked_and_who_sends_otherwise_is_told(
    patient: Patient,
) -> None:
    link = patient.link()
    first, same, other = (sent_to(link, nrs=pain) for pain in ("3", "3", "8"))
    assert "Thank you" in first.text
    assert "Thank you" in same.text
    assert "was not added" not in same.text
    assert "was not added" in other.text
    assert patient.today("scores")["value"].to_list() == [3.0]
    assert len(patient.check_ins()) == 1


def changed(link: str, **form: Any) -> httpx.Response:
    """What was sent today, sent anew from the page that shows it."""
    shown = httpx.get(f"{link}/change", timeout=60).text
    (replaces,) = re.findall(r'name="replaces" value="(\d+)"', shown)
    return sent_to(link, replaces=replaces, **form)


def test_what_was_sent_today_is_shown_and_sent_anew_and_counts_once(
    patient: Patient, page: Page
) -> None:
    page.goto(patient.link())
    page.locator("#qp1-8").check()
    while step(page) != "All in all":
        next_step(page)
    page.get_by_label("anything you want to tell").fill("It woke me <twice>.")
    answer(page)
    follow(page, "See or change my answers")
    page.locator("#qp1-5").check()
    while step(page) != "All in all":
        next_step(page)
    assert page.get_by_label("anything you want to tell").input_value() == "It woke me <twice>."
    page.get_by_label("anything you want to tell").fill("It woke me once.")
    while not page.locator("[data-go=send]").is_visible():
        next_step(page)
    assert page.locator("#sign-none").is_checked()
    page.locator("[data-go=send]").click()
    page.wait_for_url("**/thanks*")
    assert patient.today("scores").filter(measure="nrs")["value"].to_list() == [4.0]
    assert patient.today("treatments")["adherence"].to_list() == [0.5]
    messages = patient.today("findings").filter(kind="message")
    assert messages["words"].to_list() == ["It woke me once."]
    first, second = patient.check_ins()
    assert second["replaces"] == first["entry"]


def test_a_message_stands_on_the_patients_page_as_it_was_written(patient: Patient) -> None:
    sent_to(patient.link(), message="See <b>me</b> soon\r\nplease")
    staff = client_of(create_app(patient.served.settings), "director")
    shown = staff.get(f"/patient/{patient.episode}").text
    assert "See &lt;b&gt;me&lt;/b&gt; soon\nplease" in shown
    assert "31 March 2026, as the patient wrote it with a check-in" in shown
    assert sent_to(patient.link(), message="x" * 501).status_code == 400


def test_a_warning_sign_that_was_sent_is_not_taken_back_by_a_tap(patient: Patient) -> None:
    link = patient.link()
    sent_to(link, sign="cauda-equina", effect="fever", nrs="3")
    answer = changed(link, sign="none", nrs="4")
    assert "Call emergency services now" in answer.text
    assert patient.findings() == {("red-flag", "cauda-equina"), ("after-effect", "fever")}
    assert patient.today("findings").height == 2
    assert advice(patient)["status"] == "referred"


def test_what_the_clinic_has_worked_on_is_not_changed_by_the_patient(patient: Patient) -> None:
    link = patient.link()
    sent_to(link, sign="cauda-equina", nrs="3")
    shown = httpx.get(f"{link}/change").text
    (replaces,) = re.findall(r'name="replaces" value="(\d+)"', shown)
    flag = patient.today("findings").filter(code="cauda-equina")
    assert flag.height == 1
    with read_transaction(patient.chart.engine) as connection:
        rows = rows_of(connection, "findings", patient.patient)
    (row,) = (row.row for row in rows if row.values["code"] == "cauda-equina")
    withdraw_row(patient.chart, "findings", row, "clinician", "mistapped, examined")
    assert "was not added" in sent_to(link, replaces=replaces, nrs="8").text
    assert "See or change" not in httpx.get(f"{link}/thanks").text
    assert patient.today("scores")["value"].to_list() == [3.0]


def test_a_change_takes_the_place_of_what_was_shown_and_of_nothing_else(patient: Patient) -> None:
    link, before = patient.link(), patient.chart.care_log_of(patient.patient)
    sent_to(link, nrs="3")
    (sent,) = patient.check_ins()
    for entry in {*range(1, patient.chart.head().entry)} - {sent["entry"]}:
        assert "was not added" in sent_to(link, replaces=str(entry), nrs="8").text
    assert "Thank you" in changed(link, nrs="5").text
    assert "was not added" in sent_to(link, replaces="1", nrs="9").text
    assert patient.today("scores")["value"].to_list() == [5.0]
    for table in ("treatments", "exams", "findings"):
        assert patient.chart.care_log_of(patient.patient).table(table).equals(before.table(table))


def test_what_was_sent_on_another_day_is_not_changed(patient: Patient) -> None:
    link = patient.link()
    sent_to(link, nrs="3")
    later = replace(patient.served.settings, today=Always(TODAY + timedelta(days=1)))
    token = link.rsplit("/", 1)[1]
    client = client_of(create_app(later))
    assert "See or change" not in client.get(f"/check-in/{token}/thanks").text
    assert (
        client.get(f"/check-in/{token}/change").headers["location"].endswith("/thanks?language=en")
    )
    assert "replaces" not in client.get(f"/check-in/{token}/change", follow_redirects=True).text


@pytest.mark.parametrize("form", [{}, {"nrs": "11"}, {"nrs": "3", "sign": "bad luck"}])
def test_what_cannot_be_answered_is_refused_whole(patient: Patient, form: dict[str, str]) -> None:
    assert sent_to(patient.link(), **form).status_code == 400
    assert not patient.check_ins()
    assert patient.today("scores").is_empty()


@pytest.mark.parametrize("arrived", [False, True])
def test_answers_whose_fate_the_database_never_told_are_sent_again_and_count_once(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    insert = Chart.insert

    def cut_off(self: Chart, *rows: Any, **known: Any) -> int:
        monkeypatch.setattr(Chart, "insert", insert)
        if arrived:
            insert(self, *rows, **known)
        raise UncertainCommitError

    link = patient.link()
    monkeypatch.setattr(Chart, "insert", cut_off)
    unanswered = sent_to(link, nrs="3")
    assert unanswered.status_code == 503  # on which the page keeps the answers and sends them again
    assert "it shows whether your answers have arrived" in unanswered.text
    assert "recorded" not in unanswered.text
    shown = httpx.get(link, follow_redirects=True).text
    assert ("Your clinic has your answers" in shown) is arrived
    assert "Thank you" in sent_to(link, nrs="3").text
    assert len(patient.check_ins()) == 1


class EightDaysAgo(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(time.time()) - 8 * 86_400


def test_a_link_that_opens_nothing_never_tells_why(patient: Patient) -> None:
    secret, payload = patient.served.settings.secret, [patient.episode, "0" * 16]
    good = patient.link()
    old = URLSafeTimedSerializer(secret, salt="check-in", signer=EightDaysAgo)
    made = list(patient.links.of(patient.patient))
    tokens = {
        "forged": URLSafeTimedSerializer(b"1" * 32, salt="check-in").dumps(payload),
        "too old": old.dumps([patient.episode, made[-1]]),
        "never made": URLSafeTimedSerializer(secret, salt="check-in").dumps(payload),
        "of nobody": URLSafeTimedSerializer(secret, salt="check-in").dumps(["E0", "0" * 16]),
        "nonsense": "nonsense",
    }
    answers = {name: httpx.get(patient.address(token)) for name, token in tokens.items()}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.text for answer in answers.values()}) == 1
    assert "Este enlace no funciona" in answers["forged"].text
    assert httpx.get(good).status_code == 200
    assert sent_to(patient.address(tokens["too old"]), nrs="3").status_code == 404
    assert not patient.check_ins()


def test_a_link_that_was_used_or_withdrawn_says_so_kindly(patient: Patient) -> None:
    used, withdrawn = patient.link(), patient.link()
    sent_to(used, nrs="3")
    last = list(patient.links.of(patient.patient).values())[-1]
    patient.links.withdraw(last.id, patient.patient, "assistant")
    assert (
        "Your clinic has your answers of 31 March 2026."
        in httpx.get(used, follow_redirects=True).text
    )
    assert "This link was withdrawn" in httpx.get(withdrawn).text
    assert sent_to(withdrawn, nrs="3").status_code == 410
    assert len(patient.check_ins()) == 1


def test_an_assistant_makes_a_link_and_fills_it_in_for_the_patient(
    patient: Patient, page: Page
) -> None:
    patient.served.sign_in(page, "assistant")
    page.goto(f"{patient.served.url}/patient/{patient.episode}/check-in-link")
    page.get_by_label("Why do you open it?").fill("no phone of their own")
    press(page, "Open the record")
    follow(page, "Check-in by phone")
    press(page, "Make a link")
    assert "/check-in/" in page.get_by_label("Send this to the patient").input_value()
    assert not Axe().run(page).response["violations"]
    follow(page, "Fill it in here with the patient")
    page.get_by_label("Somebody for the patient").check()
    answer(page)
    (entry,) = patient.check_ins()
    assert entry["by"] == "assistant"
    assert set(patient.today("scores")["reported_by"]) == {"proxy"}


def test_a_link_is_copied_scanned_or_printed_for_the_patient_named(
    patient: Patient, browser: Browser
) -> None:
    with phone(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        patient.served.sign_in(page, "director")
        page.goto(f"{patient.served.url}/patient/{patient.episode}/check-in-link")
        name = patient.chart.care_log_of(patient.patient).patients["name"][0]
        assert page.get_by_text(name).first.is_visible()
        press(page, "Make a link")
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied.")).to_be_visible()
        link = page.get_by_label("Send this to the patient").input_value()
        assert page.evaluate("navigator.clipboard.readText()") == link
        assert not Axe().run(page).response["violations"]
        shown = page.get_by_role("img", name="The code to scan with a phone")
        drawn = segno.make_qr(link, error="m").svg_inline(scale=4, dark="#000", light="#fff")
        assert shown.locator("path").last.get_attribute("d") == drawn.split(' d="')[2].split('"')[0]
        page.emulate_media(media="print")
        assert shown.is_visible()
        assert not page.get_by_text(name).first.is_visible()
        assert not page.get_by_role("button", name="Make a link").is_visible()


def test_a_withdrawn_link_is_closed_at_once_its_thanks_and_exercises_too(
    patient: Patient,
) -> None:
    link = patient.link()
    assert "Thank you" in sent_to(link, nrs="3").text
    made = list(patient.links.of(patient.patient).values())[-1]
    patient.links.withdraw(made.id, patient.patient, "assistant")
    for part in ("", "/thanks", "/exercises"):
        answer = httpx.get(f"{link}{part}")
        assert answer.status_code == 410, part
        assert "This link was withdrawn" in answer.text
        assert "curve" not in answer.text
    assert sent_to(link, nrs="9").status_code == 410
    assert len(patient.check_ins()) == 1
    refused = patient.chart.log().filter(action="refused", patient=patient.patient)
    assert refused.height == 4


def test_a_link_is_withdrawn_from_the_list_of_links(patient: Patient, page: Page) -> None:
    link = patient.link()
    patient.served.sign_in(page, "director")
    page.goto(f"{patient.served.url}/patient/{patient.episode}/check-in-link")
    press(page, "Withdraw")
    page.get_by_role("cell", name="Withdrawn").wait_for()
    assert httpx.get(link).status_code == 410


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_sees_no_patients_makes_no_links(patient: Patient, browser: Browser, role: str) -> None:
    with phone(browser) as page:
        patient.served.sign_in(page, role)
        answer = page.goto(f"{patient.served.url}/patient/{patient.episode}/check-in-link")
        assert answer is not None
        assert answer.status == 403


def test_every_look_by_a_link_is_in_the_audit_log(patient: Patient) -> None:
    httpx.get(patient.link())
    last = patient.chart.log(patient.patient).row(-1, named=True)
    assert (last["by"], last["action"]) == ("patient", "view")


def test_an_address_that_asks_too_often_waits_a_minute() -> None:
    now = [0.0]
    limit = Limit(2, lambda: now[0])
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    assert limit.allows("b")
    now[0] = 61
    assert limit.allows("a")


def test_a_flood_of_guesses_is_not_answered(settings: Settings) -> None:
    app = create_app(settings)
    app.state.limit.clock = lambda: 0.0  # it would begin anew with a minute
    guesser = client_of(app)
    got = [guesser.get(f"/check-in/{n}").status_code for n in range(130)]
    assert got == [404] * 120 + [429] * 10


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_patient_is_told_to_be_treated(patient: Patient, language: str) -> None:
    link = f"{patient.link()}?language={language}"
    pages = httpx.get(link).text + sent_to(link, nrs="0", sane="100", sign="none").text
    for word in ("inject", "inyec", "punza", "lidoca", "status", "plateau", "gate"):
        assert word not in pages.lower().replace('role="status"', "").replace('class="status"', "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_step_can_be_used_by_everybody(
    patient: Patient, browser: Browser, scheme: Any
) -> None:
    axe = Axe()
    with phone(browser, color_scheme=scheme) as page:
        page.goto(patient.link())
        while True:
            found = axe.run(page).response["violations"]
            assert not found, (step(page), found)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390
            if page.locator("[data-go=send]").is_visible():
                break
            next_step(page)
        answer(page, signs=["cauda-equina"], send=False)
        assert not axe.run(page).response["violations"]
        page.locator("[data-go=send]").click()
        page.wait_for_url("**/thanks*")
        assert not axe.run(page).response["violations"]
        page.goto(patient.address("nonsense"))
        assert not axe.run(page).response["violations"]
