"""A programme changed, signed, printed and followed: on the desk and on the patient's phone."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page
from starlette.testclient import TestClient

from reliefpath.care.planning.exercise import situation_of
from reliefpath.care.programmes import SignedProgramme, versions_of
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app

from .browsing import follow, press, violations
from .check_in import answer, patient_of, phone
from .clients import Client, client_of
from .conftest import TODAY, Served
from .test_visit import VISIT, log_of, taken_in, today

SETTINGS = ("equipment", "minutes_a_day", "irritability", "goal")


@pytest.fixture
def episode(clinician: Client) -> str:
    return taken_in(clinician)


def form_of(html: str) -> dict[str, Any]:
    """What the form would send as it stands."""
    form = html[html.index('<form method="post" class="programme"') :]
    form = form[: form.index("</form>")]
    said: dict[str, Any] = {"equipment": []}
    for tag in re.findall(r"<input[^>]*>", form):
        told = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if told.get("type") != "checkbox":
            said[told["name"]] = told.get("value", "")
        elif told["name"] == "equipment" and " checked" in tag:
            said["equipment"].append(told["value"])
    for name, options in re.findall(r'<select[^>]*name="([^"]*)">(.*?)</select>', form, re.DOTALL):
        values = re.findall(r'value="([^"]*)"( selected)?', options)
        chosen = [value for value, selected in values if selected]
        said[name] = chosen[0] if chosen else values[0][0]
    return said


def chosen(said: dict[str, Any]) -> list[str]:
    """The exercises of a form, in their order."""
    names = sorted((n for n in said if re.fullmatch(r"exercise-\d+", n)), key=lambda n: int(n[9:]))
    return [said[name] for name in names]


def versions(app: FastAPI, episode: str) -> list[SignedProgramme]:
    chart = app.state.care.chart
    return versions_of(chart, situation_of(log_of(app, episode), episode, TODAY))


def act(client: Client, episode: str, said: dict[str, Any], action: str) -> str:
    """Press a button of the form; the page that comes back."""
    answer = client.post(f"/patient/{episode}/exercise", data={**said, "action": action})
    assert answer.status_code == 200, answer.text
    text: str = answer.text
    return text


def signed(client: Client, episode: str) -> dict[str, Any]:
    """Sign what the page proposes; the form as it is then."""
    place = f"/patient/{episode}/exercise"
    said = form_of(client.get(place).text)
    answer = client.post(place, data={**said, "action": "sign"})
    assert answer.status_code == 303, answer.text
    return form_of(client.get(place).text)


def test_a_proposal_is_signed_as_it_stands(app: FastAPI, clinician: Client, episode: str) -> None:
    page = clinician.get(f"/patient/{episode}/exercise").text
    assert "Proposed, not signed" in page
    said = form_of(page)
    printed = clinician.get(f"/patient/{episode}/exercise/programme").text
    assert "This is a proposal" in printed
    after = signed(clinician, episode)
    [version] = versions(app, episode)
    assert version.programme is not None
    assert [item.exercise for item in version.programme.items] == chosen(said)
    assert {k: v for k, v in after.items() if k[-1].isdigit()} == {
        k: v for k, v in said.items() if k[-1].isdigit()
    }
    assert {name: after[name] for name in SETTINGS} == {name: said[name] for name in SETTINGS}
    printed = clinician.get(f"/patient/{episode}/exercise/programme").text
    assert "This is a proposal" not in printed
    assert "signed this programme on 31 March 2026" in printed
    assert "[house]" not in printed


def test_exercises_are_added_moved_swapped_and_taken_out_and_nothing_typed_is_lost(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    said = form_of(clinician.get(f"/patient/{episode}/exercise").text)
    assert chosen(said) == ["shoulder-rolls", "walking"]
    said["repetitions-0"] = "9"
    said = form_of(act(clinician, episode, {**said, "add": "chin tuck, Lying"}, "add"))
    assert chosen(said) == ["shoulder-rolls", "walking", "chin-tuck-lying"]
    said = form_of(act(clinician, episode, said, "up-2"))
    assert chosen(said) == ["shoulder-rolls", "chin-tuck-lying", "walking"]
    said = form_of(act(clinician, episode, said, "down-0"))
    assert chosen(said) == ["chin-tuck-lying", "shoulder-rolls", "walking"]
    assert said["repetitions-1"] == "9"
    said = form_of(act(clinician, episode, said, "remove-0"))
    said["exercise-0"] = "neck-side-stretch"
    said = form_of(act(clinician, episode, said, "swap-0"))
    assert chosen(said) == ["neck-side-stretch", "walking"]
    assert (said["sets-0"], said["seconds-0"]) == ("3", "20")
    assert not versions(app, episode)


def test_what_was_swapped_is_signed_only_once_its_dose_was_seen(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    said = form_of(clinician.get(f"/patient/{episode}/exercise").text)
    page = act(clinician, episode, {**said, "exercise-0": "neck-side-stretch"}, "sign")
    assert "look at the dose, then sign" in page
    assert not versions(app, episode)


@pytest.mark.parametrize(
    ("change", "action", "says"),
    [
        ({"sets-0": ""}, "sign", "say how many sets"),
        ({"sets-0": "1.5"}, "sign", "1.5 is not whole"),
        ({"sets-0": "x"}, "sign", "is no number"),
        ({"add": "chin tack"}, "add", "unknown exercise"),
        ({"add": "Walking"}, "add", "stands there already"),
        ({"minutes_a_day": "-3"}, "sign", "more than 0 minutes"),
        ({"irritability": "some"}, "sign", "how easily pain is stirred up"),
    ],
)
def test_a_mistake_is_told_and_the_form_comes_back_as_it_was(
    app: FastAPI, clinician: Client, episode: str, change: dict[str, str], action: str, says: str
) -> None:
    said = form_of(clinician.get(f"/patient/{episode}/exercise").text)
    page = act(clinician, episode, {**said, "repetitions-0": "7", **change}, action)
    assert says in page.replace("Unknown", "unknown")
    again = form_of(page)
    assert again["repetitions-0"] == "7"
    assert {k: v for k, v in change.items() if k != "irritability"}.items() <= again.items()
    assert not versions(app, episode)


def test_what_stands_against_an_exercise_is_weighed_by_name(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    said = form_of(clinician.get(f"/patient/{episode}/exercise").text)
    said |= {"sets-0": "9"}
    page = act(clinician, episode, said, "sign")
    assert "above the usual most" in page
    [danger] = re.findall(r'name="acknowledge" value="([^"]*)"', page)
    weighed = {**form_of(page), "acknowledge": danger, "sets-0": "19"}
    assert "above the usual most" in act(clinician, episode, weighed, "sign")
    weighed["sets-0"] = "9"
    place = f"/patient/{episode}/exercise"
    assert clinician.post(place, data={**weighed, "action": "sign"}).status_code == 303
    assert versions(app, episode)[0].acknowledged == (danger,)


def test_nothing_can_be_signed_while_a_red_flag_is_active_and_the_page_says_why(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    said = signed(clinician, episode)
    clinician.post(f"/patient/{episode}/finding", data={"finding": "red-flag:suspected-fracture"})
    page = clinician.get(f"/patient/{episode}/exercise").text
    assert "o exercise programme while a red flag is active" in page
    assert "red flag is active" in act(clinician, episode, {**said, "sets-0": "2"}, "sign")
    assert len(versions(app, episode)) == 1
    answer = clinician.get(f"/patient/{episode}/exercise/programme")
    assert answer.status_code == 400
    assert "<article" not in answer.text


def test_a_version_is_withdrawn_with_a_reason_and_stays_on_the_page(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    signed(clinician, episode)
    [version] = versions(app, episode)
    place = f"/patient/{episode}/exercise/{version.row}/withdraw"
    assert "ay why in words" in clinician.post(place, data={"why": ""}).text
    assert versions(app, episode)[0].withdrawn is None
    assert clinician.post(place, data={"why": "for another patient"}).status_code == 303
    page = clinician.get(f"/patient/{episode}/exercise").text
    assert "Proposed, not signed" in page
    assert "because: for another patient" in page


def test_who_looked_at_a_version_no_longer_in_force_is_told_first_and_loses_nothing(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    said = form_of(clinician.get(f"/patient/{episode}/exercise").text)
    signed(clinician, episode)
    page = act(clinician, episode, {**said, "repetitions-0": "8"}, "sign")
    assert "another version was signed or withdrawn meanwhile" in page
    assert len(versions(app, episode)) == 1
    again = form_of(page)
    assert again["repetitions-0"] == "8"
    place = f"/patient/{episode}/exercise"
    assert clinician.post(place, data={**again, "action": "sign"}).status_code == 303
    assert len(versions(app, episode)) == 2


def test_a_step_up_is_offered_and_accepted_into_the_next_version(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    chart, patient = app.state.care.chart, log_of(app, episode).patients["patient"][0]
    said = signed(clinician, episode)
    at = "2026-03-31T23:59:59.999999+00:00"
    done = {"episode": episode, "at": at, "therapy": "exercise", "adherence": 0.5}
    rows = {
        "treatments": pl.DataFrame([{**done, "exercises": "shoulder-rolls=1 walking=0"}]),
        "scores": pl.DataFrame([{"episode": episode, "at": at, "measure": "nrs", "value": 5}]),
    }
    # at the end of the day, so after it was signed
    chart.insert(rows, AuditEvent("x", "check-in", None, patient))
    page = clinician.get(f"/patient/{episode}/exercise").text
    assert "Last said: as planned, 31 March 2026." in page
    assert "Last said: not, 31 March 2026." in page
    assert page.count('value="accept-') == 1
    assert form_of(page)["repetitions-0"] == said["repetitions-0"] == "6"
    said = form_of(act(clinician, episode, form_of(page), "accept-0"))
    assert (said["sets-0"], said["repetitions-0"]) == ("2", "8")
    place = f"/patient/{episode}/exercise"
    assert clinician.post(place, data={**said, "action": "sign"}).status_code == 303
    new, _ = versions(app, episode)
    assert new.changed == ("Slow shoulder rolls: 1 × 6, 2 days a week → 2 × 8, 4 days a week",)


def test_an_assistant_sees_the_programme_and_does_not_sign_it(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    signed(clinician, episode)
    assistant = client_of(app, "assistant")
    page = assistant.get(f"/patient/{episode}/exercise").text
    assert "Slow shoulder rolls" in page
    assert "A clinician changes and signs it" in page
    assert assistant.post(f"/patient/{episode}/exercise", data={}).status_code == 403


def check_in(app: FastAPI, clinician: Client, episode: str, **said: str) -> None:
    """What the patient sends by a link."""
    page = clinician.post(f"/patient/{episode}/check-in-link").text
    [link] = set(re.findall(r'href="(/check-in/[^"]+)"', page))
    patient = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    assert patient.post(link, data=said).status_code == 303


def test_the_patient_is_asked_about_each_exercise_and_what_is_not_said_counts_neither_way(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    signed(clinician, episode)
    check_in(app, clinician, episode, **{"did/shoulder-rolls": "0.5", "did/walking": ""})
    [row] = today(log_of(app, episode), "treatments")
    assert (row["adherence"], row["exercises"]) == (0.5, "shoulder-rolls=0.5")
    check_in(app, clinician, episode, **{"did/shoulder-rolls": "", "nrs": "4"})
    assert len(today(log_of(app, episode), "treatments")) == 1


def test_a_visit_confirms_what_the_patient_said_of_each_exercise_by_one_tap(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    chart, log = app.state.care.chart, log_of(app, episode)
    signed(clinician, episode)
    row = {
        "episode": episode,
        "at": "2026-03-28T10:00:00+00:00",
        "therapy": "exercise",
        "adherence": 0.75,
        "exercises": "shoulder-rolls=1 walking=0.5",
    }
    by_patient = AuditEvent("patient", "check-in", None, log.patients["patient"][0])
    chart.insert({"treatments": pl.DataFrame([row])}, by_patient)
    form = clinician.get(f"/patient/{episode}/visit").text
    assert "As the patient said on 28 March 2026: 75 %" in form
    assert "last as planned" in form
    assert "checked" not in form
    [offered] = re.findall(r'name="exercises_confirmed" value="(\d+)"', form)
    visit = {k: v for k, v in VISIT.items() if k != "adherence"}
    stale = {**visit, "exercises_confirmed": str(int(offered) - 1)}
    assert "has changed meanwhile" in clinician.post(f"/patient/{episode}/visit", data=stale).text
    confirmed = {**visit, "exercises_confirmed": offered, "did-walking": "0"}
    answer = clinician.post(f"/patient/{episode}/visit", data=confirmed)
    assert answer.status_code == 303, answer.text
    [done] = [t for t in today(log_of(app, episode), "treatments") if t["therapy"] == "exercise"]
    assert (done["adherence"], done["exercises"]) == (0.5, "shoulder-rolls=1 walking=0")
    form = clinician.get(f"/patient/{episode}/visit").text
    assert "exercises_confirmed" not in form
    assert "On record of today already: 50 % done" in form


def test_a_programme_is_edited_signed_printed_and_followed_on_the_phone(
    served: Served, page: Page, browser: Browser
) -> None:
    """Entries, opening and signing included: 6 for one exercise added and one dose changed."""
    app = create_app(served.settings)
    episode = taken_in(client_of(app, "clinician"))
    served.sign_in(page, "clinician")
    page.goto(f"{served.url}/patient/{episode}")
    entries = 0

    def enter(act: Any) -> None:
        nonlocal entries
        act()
        entries += 1

    enter(lambda: follow(page, "Exercise programme"))
    enter(lambda: page.get_by_label("Another exercise").fill("Chin tuck, lying"))
    enter(lambda: press(page, "Add"))
    enter(lambda: press(page, "Move Chin tuck, lying up"))
    enter(lambda: page.get_by_label("Repetitions").nth(1).fill("8"))
    page.set_viewport_size({"width": 360, "height": 800})
    assert not list(violations(page))
    enter(lambda: press(page, "Sign the programme"))
    assert entries == 6
    assert page.get_by_role("heading", name="Version 1 is in force").count()
    assert not list(violations(page))
    follow(page, re.compile("^The patient's page"))
    cards = page.locator("article h2").all_inner_texts()
    assert cards == ["1. Slow shoulder rolls", "2. Chin tuck, lying", "3. Walking"]
    doses = page.locator("article .dose").all_inner_texts()
    assert doses[1] == "1 × 8 times, 2 days a week"
    with phone(browser) as mobile:
        mobile.goto(patient_of(served, episode).link())
        while not mobile.locator("#did-1-1").is_visible():
            mobile.locator("[data-go=next]").click()
        assert not mobile.locator("[name^='did/']:checked").count()
        mobile.locator("#did-1-1").check()
        mobile.locator("#did-2-3").check()
        mobile.locator("#did-3-0").check()
        assert not list(violations(mobile))
        answer(mobile)
        follow(mobile, "See my exercises")
        assert mobile.locator("article h2").all_inner_texts() == cards
        assert mobile.locator("article .dose").all_inner_texts() == doses
    rows = [t for t in today(log_of(app, episode), "treatments") if t["exercises"]]
    assert [(row["adherence"], row["exercises"]) for row in rows] == [
        (0.5, "chin-tuck-lying=0 shoulder-rolls=1")
    ]
