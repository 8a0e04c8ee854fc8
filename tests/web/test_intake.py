"""A first visit on one page: from nobody on record to a patient who is followed."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page

from reliefpath.care.intake import people_like
from reliefpath.store.chart import Chart

from .browsing import violations
from .clients import Client
from .conftest import TODAY, Picture, Served
from .entries import Entries
from .jobs import INTAKE, JOBS

ANA = {"name": "Ana Ortega", "birth_date": "1980-05-17", "region": "neck"}
SCREENED = ("red-flag", "allergy", "medicine", "condition")


def chart_of(app: FastAPI) -> Chart:
    chart: Chart = app.state.care.chart
    return chart


def taken_in(app: FastAPI, client: Client, **said: Any) -> dict[str, Any]:
    """The rows of a patient who was taken in, by table."""
    answer = client.post("/intake", data={**ANA, **said})
    assert answer.status_code == 303, answer.text
    patient = chart_of(app).patient_of(answer.headers["location"].removeprefix("/patient/"))
    assert patient is not None
    log = chart_of(app).care_log_of(patient)
    return {
        name: log.table(name).to_dicts() for name in ("patients", "episodes", "scores", "findings")
    }


def test_everything_of_a_first_visit_is_recorded_as_one_change(
    app: FastAPI, clinician: Client
) -> None:
    before = chart_of(app).head().entry
    rows = taken_in(
        app,
        clinician,
        side="left",
        complaint="Stiff since March",
        pain="6",
        activity=["reading", "driving", "sleeping"],
        rated=["4", "3", "5"],
        none=["red-flag", "medicine", "condition"],
        allergy="lidocaine",
        weight="71.5",
        consent_needling="needling",
        area=["neck-left", "shoulder-left"],
    )
    assert rows["patients"][0]["name"] == "Ana Ortega"
    assert rows["episodes"][0]["started_on"] == TODAY
    assert {(s["measure"], s["item"], s["value"]) for s in rows["scores"]} == {
        ("nrs", None, 6.0),
        *(("psfs", a, v) for a, v in (("reading", 4.0), ("driving", 3.0), ("sleeping", 5.0))),
    }
    found = {(f["kind"], f["code"]) for f in rows["findings"]}
    assert found >= {(kind, "screened") for kind in SCREENED} | {("allergy", "lidocaine")}
    assert found >= {("consent", "needling"), ("pain-area", "neck-left")}
    assert [f["value"] for f in rows["findings"] if f["kind"] == "weight"] == [71.5]
    written = chart_of(app).log().filter(entry=before + 1).row(0, named=True)
    assert written["action"] == "enter"
    assert not chart_of(app).verify().wrong


def test_what_was_not_asked_stays_unknown(app: FastAPI, clinician: Client) -> None:
    rows = taken_in(app, clinician, none="red-flag")
    assert {(f["kind"], f["code"]) for f in rows["findings"]} == {("red-flag", "screened")}
    assert rows["scores"] == []


def test_a_form_sent_twice_is_one_patient(app: FastAPI, clinician: Client) -> None:
    places = {clinician.post("/intake", data=ANA).headers["location"] for _ in range(2)}
    assert len(places) == 1
    assert len(people_like(chart_of(app), "Ana Ortega", None)) == 1


def test_who_may_be_on_record_already_is_shown_before_anything_is_recorded(
    app: FastAPI, clinician: Client
) -> None:
    clinician.post("/intake", data=ANA)
    before = chart_of(app).counts()
    again = {**ANA, "name": "ORTEGA Aña", "pain": "7"}
    shown = clinician.post("/intake", data=again)
    assert "Is it one of these?" in shown.text
    assert "Ana Ortega" in shown.text
    assert 'value="7"' in shown.text
    assert chart_of(app).counts() == before
    assert clinician.post("/intake", data={**again, "is_new": "yes"}).status_code == 303


@pytest.mark.parametrize(
    ("name", "born", "found"),
    [
        ("Ortega, Ana", "1980-05-17", True),
        ("Ana Ortéga", "1980-05-17", True),
        ("Anna Ortega", "1980-05-17", True),
        ("Ana Ortega", None, True),
        ("Ana Ortega", "1980-05-18", True),
        ("Ana Maria Ortega", None, True),
        ("Anna Ortiga", "1980-05-17", True),
        ("Ana Ruiz", None, False),
        ("Ana Ruiz", "1981-05-17", False),
        ("Bert Smith", "1980-05-17", False),
    ],
)
def test_people_are_told_apart_by_name_and_day_of_birth(
    app: FastAPI, clinician: Client, name: str, born: str | None, found: bool
) -> None:
    taken_in(app, clinician)
    shown = clinician.post("/intake", data={**ANA, "name": name, "birth_date": born or ""})
    assert (shown.status_code == 200) is found, shown.text


def test_a_first_visit_that_is_undone_leaves_nobody_on_record(
    app: FastAPI, clinician: Client
) -> None:
    place = clinician.post("/intake", data={**ANA, "pain": "6"}).headers["location"]
    assert "Recorded: a first visit" in clinician.get(place).text
    entry = chart_of(app).log().filter(action="enter")["entry"].max()
    undone = clinician.post(f"{place}/undo", data={"entry": str(entry)})
    assert undone.headers["location"] == "/worklist"
    assert chart_of(app).patient_of(place.removeprefix("/patient/")) is None
    assert not people_like(chart_of(app), "Ana Ortega", None)


def test_a_further_complaint_goes_with_the_patient_and_knows_the_old_ones(
    app: FastAPI, clinician: Client
) -> None:
    first = taken_in(app, clinician)
    patient = first["patients"][0]["patient"]
    shown = clinician.get(f"/patient/{first['episodes'][0]['episode']}")
    assert f'href="/intake?patient={patient}"' in shown.text
    form = clinician.get("/intake", params={"patient": patient})
    assert "Ana Ortega" in form.text
    assert 'name="birth_date"' not in form.text
    second = {"known": patient, "region": "hip", "pain": "5"}
    answer = clinician.post("/intake", data=second)
    assert answer.status_code == 303
    log = chart_of(app).care_log_of(patient)
    assert sorted(log.episodes["region"]) == ["hip", "neck"]
    assert log.patients.height == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "name: say what the person is called"),
        ({"region": ""}, "region"),
        ({"birth_date": "2031-01-01"}, "has not come yet"),
        ({"birth_date": "17.5.1980"}, "is no date"),
        ({"on": "2031-01-01"}, "has not come yet"),
        ({"pain": "11"}, "11"),
        ({"pain": "much"}, "is no number"),
        ({"activity": "reading", "rated": ""}, "give its score"),
        ({"none": "allergy", "allergy": "lidocaine"}, "either none, or what was found"),
        ({"area": "tail"}, "tail"),
        ({"number": "P0001"}, "is somebody"),
    ],
)
def test_a_mistake_is_told_and_nothing_typed_is_lost(
    app: FastAPI, clinician: Client, wrong: dict[str, str], says: str
) -> None:
    before = chart_of(app).counts()
    sent = {**ANA, "is_new": "yes", "complaint": "Stiff since March", **wrong}
    answer = clinician.post("/intake", data=sent)
    assert answer.status_code == 200
    assert says in answer.text.replace("&#39;", "'"), answer.text
    assert "Stiff since March" in answer.text
    assert chart_of(app).counts() == before


def test_a_complaint_of_another_care_teams_patient_needs_a_reason(
    app: FastAPI, clinician: Client
) -> None:
    asked = clinician.get("/intake", params={"patient": "P0001"})
    assert "another care team" in asked.text or "why" in asked.text
    sent = {"known": "P0001", "region": "hip"}
    before = chart_of(app).counts()
    clinician.post("/intake", data=sent)
    assert chart_of(app).counts() == before


@pytest.mark.browser
def test_intake_with_full_screening_takes_as_many_entries_as_the_documentation_says(
    page: Page, served: Served, picture: Picture
) -> None:
    served.sign_in(page, "clinician")
    entries = Entries(page)
    take_in(entries)
    assert not [*violations(page)]
    page.emulate_media(color_scheme="light")
    picture(page, "intake")
    entries.press("Record the visit")
    assert page.get_by_role("heading", name="Ana Ortega").is_visible()
    assert entries.job == JOBS[INTAKE][1]


def take_in(entries: Entries) -> None:
    """Fill in a first visit with full screening."""
    page = entries.page
    entries.follow("New patient")
    entries.type("Name", "Ana Ortega", exact=True)
    entries.type("Born", "1980-05-17", exact=True)
    entries.choose("Sex, as on record", "female")
    entries.choose("Region", "neck")
    entries.choose("Side", "left")
    entries.type("In the patient’s words", "Stiff since March, worse at the desk")
    entries.click(page.get_by_text("Where on the body"))
    entries.click(page.locator(".tappable path[data-area=neck-left]").first)
    assert page.get_by_label("Neck, left").is_checked()
    entries.type("Pain now, 0 to 10", "8")
    for n, (activity, rated) in enumerate(
        {"reading": "4", "driving": "3", "sleeping": "5"}.items()
    ):
        entries.type(f"Activity {n + 1}", activity)
        entries.type_in(page.get_by_label("0 to 10", exact=True).nth(n), rated)
    for none in page.get_by_label("Asked, none").all():
        entries.check(none)
    entries.choose("Pregnant", "not-pregnant")
    entries.type("Weight, kg", "71")
    entries.choose("Dry needling", "needling")
    entries.choose("An injection, should it come to that", "injection")
