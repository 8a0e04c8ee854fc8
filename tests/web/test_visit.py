"""A follow-up visit on one page: everything that was done and found, saved as one change."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.store.chart import Chart
from reliefpath.web.app import create_app

from .browsing import violations
from .clients import Client, client_of
from .conftest import TODAY, Picture, Served
from .entries import Entries
from .jobs import JOBS, VISIT_FIRST_NEEDLED

ANA = {"name": "Ana Ortega", "birth_date": "1980-05-17", "sex": "female", "region": "neck"}
WHOLE = {
    **ANA,
    "on": "2026-03-03",
    "side": "left",
    "pain": "7",
    "activity": ["reading", "driving", "sleeping"],
    "rated": ["4", "3", "5"],
    "none": ["red-flag", "allergy", "medicine", "condition"],
    "pregnancy": "not-pregnant",
    "weight": "71",
    "consent_needling": "needling",
}
SIGNS = ("taut_band", "tender_spot", "referred_pain", "recognised")
EXAM = {
    "on": "2026-03-03",
    "muscle": ["upper-trapezius", "levator-scapulae"],
    "side": ["left", "left"],
    **{sign: ["yes", "yes"] for sign in SIGNS},
    "twitch_response": ["", ""],
    "pressure_kpa": ["", ""],
}
VISIT = {
    "action": "record",
    "nrs": "4",
    "psfs-0": "7",
    "psfs-1": "6",
    "psfs-2": "8",
    "muscle": ["levator-scapulae", "upper-trapezius", "", ""],
    "side": ["left", "left", "", ""],
    **{f"{sign}-{n}": "yes" for sign in SIGNS for n in (0, 1)},
    "needled-0": "yes",
    "needled-1": "yes",
    "needle": "0.30 x 40 mm",
    "adherence": "80",
    "therapy": "education",
    "agrees": "yes",
    "nothing_new": "yes",
    "acknowledge": ["hazard-levator-scapulae", "hazard-upper-trapezius"],
}


@pytest.fixture
def episode(clinician: Client) -> str:
    return taken_in(clinician)


def taken_in(clinician: Client) -> str:
    """A patient of four weeks ago, with an exam of two muscles."""
    place = clinician.post("/intake", data=WHOLE).headers["location"]
    episode = place.removeprefix("/patient/")
    assert clinician.post(f"{place}/exam", data=EXAM).status_code == 303
    return episode


def log_of(app: FastAPI, episode: str) -> CareLog:
    chart: Chart = app.state.care.chart
    patient = chart.patient_of(episode)
    assert patient is not None
    return chart.care_log_of(patient)


def today(log: CareLog, table: str) -> list[dict[str, Any]]:
    """The rows of a table that are of today."""
    return log.table(table).filter(pl.col("at").dt.date() == TODAY).to_dicts()


def test_a_visit_is_recorded_as_one_change(app: FastAPI, clinician: Client, episode: str) -> None:
    chart: Chart = app.state.care.chart
    answer = clinician.post(f"/patient/{episode}/visit", data=VISIT)
    assert answer.status_code == 303, answer.text
    log = log_of(app, episode)
    assert {(s["measure"], s["item"], s["value"]) for s in today(log, "scores")} == {
        ("nrs", None, 4.0),
        ("psfs", "driving", 7.0),
        ("psfs", "reading", 6.0),
        ("psfs", "sleeping", 8.0),
    }
    assert [(e["muscle"], e["taut_band"]) for e in today(log, "exams")] == [
        ("levator-scapulae", True),
        ("upper-trapezius", True),
    ]
    given = {(t["therapy"], t["muscle"], t["adherence"]) for t in today(log, "treatments")}
    assert given == {
        ("dry-needling", "levator-scapulae", None),
        ("dry-needling", "upper-trapezius", None),
        ("exercise", None, 0.8),
        ("education", None, None),
    }
    found = {(f["kind"], f["code"]) for f in today(log, "findings")}
    assert found == {
        *((kind, "screened") for kind in ("red-flag", "allergy", "medicine", "condition")),
        ("consent", "needling"),
        *({("pregnancy", "not-pregnant")} & found),
    }
    acts = chart.log(log.patients["patient"][0]).filter(pl.col("action") == "enter")
    assert acts.height == 3  # the first visit, its exam, and this one


def test_what_was_so_last_time_stands_beside_and_nothing_is_chosen(
    clinician: Client, episode: str
) -> None:
    form = clinician.get(f"/patient/{episode}/visit").text
    assert form.count("data-last") == 2 * len(SIGNS)
    assert "checked" not in form
    assert "last 7" in form
    assert "driving" in form


def test_a_danger_of_a_muscle_is_weighed_by_name_and_nothing_typed_is_lost(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    said = {name: value for name, value in VISIT.items() if name != "acknowledge"}
    answer = clinician.post(f"/patient/{episode}/visit", data=said)
    assert answer.status_code == 200
    assert "Over the lung" in answer.text
    # signs and needles of both muscles, education, consent, and nothing new
    assert answer.text.count(" checked") == 2 * (len(SIGNS) + 1) + 3
    assert not today(log_of(app, episode), "treatments")


def test_a_needle_without_consent_is_recorded_only_once_it_is_given_right_there(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    refused = {"on": TODAY.isoformat(), "finding": "consent:needling-refused", "here": "yes"}
    clinician.post(f"/patient/{episode}/finding", data=refused)
    said = {name: value for name, value in VISIT.items() if name != "agrees"}
    answer = clinician.post(f"/patient/{episode}/visit", data=said)
    assert answer.status_code == 200
    assert "Nothing was recorded" in answer.text
    assert not today(log_of(app, episode), "treatments")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"nrs": "eleven"}, "is no number"),
        ({"nrs": "11"}, "11"),
        (
            {"muscle": ["levator-scapulae", "upper-trapezius", "", ""], "taut_band-2": "yes"},
            "muscle 3",
        ),
        ({"side": ["left", "", "", ""]}, "choose the side"),
        (
            {"needled-0": "", "needled-1": "", "adverse_effect": "fainted"},
            "which muscle was needled",
        ),
        ({"on": "2031-01-01"}, "has not come yet"),
        ({"adherence": "180"}, "1.8"),
    ],
)
def test_a_mistake_is_told_and_nothing_typed_is_lost(
    app: FastAPI, clinician: Client, episode: str, wrong: dict[str, Any], says: str
) -> None:
    answer = clinician.post(f"/patient/{episode}/visit", data={**VISIT, "psfs-1": "6.5", **wrong})
    assert answer.status_code == 200
    assert says in answer.text, answer.text
    assert 'value="6.5"' in answer.text
    assert not today(log_of(app, episode), "scores")


def test_a_visit_that_is_undone_leaves_the_record_as_it_was(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    before = log_of(app, episode)
    clinician.post(f"/patient/{episode}/visit", data=VISIT)
    entry = app.state.care.chart.log().filter(action="enter")["entry"].max()
    assert "Recorded: a visit" in clinician.get(f"/patient/{episode}").text
    assert clinician.post(f"/patient/{episode}/undo", data={"entry": str(entry)}).status_code == 303
    after = log_of(app, episode)
    assert all(after.table(name).equals(before.table(name)) for name in TABLES)


def test_a_row_without_its_side_comes_back_with_its_taps_and_those_after_it(
    clinician: Client, episode: str
) -> None:
    sent = {**VISIT, "muscle": ["levator-scapulae", "", "upper-trapezius", ""], "side": [""] * 4}
    sent |= {"taut_band-1": "yes", "taut_band-2": "no"}
    answer = clinician.post(f"/patient/{episode}/visit", data=sent)
    assert "levator-scapulae: choose the side" in answer.text
    taps = re.findall(r'name="taut_band-(\d)" value="(\w+)" checked', answer.text)
    assert taps == [("0", "yes"), ("1", "yes"), ("2", "no")]


def test_nothing_at_all_is_no_visit(clinician: Client, episode: str) -> None:
    answer = clinician.post(f"/patient/{episode}/visit", data={"action": "record"})
    assert "nothing is recorded" in answer.text


def test_nothing_new_does_not_answer_what_was_never_asked(app: FastAPI, clinician: Client) -> None:
    place = clinician.post("/intake", data={**ANA, "none": "allergy"}).headers["location"]
    answer = clinician.post(
        f"{place}/visit", data={"action": "record", "nrs": "3", "nothing_new": "yes"}
    )
    assert answer.status_code == 303
    findings = log_of(app, place.removeprefix("/patient/")).findings
    assert set(findings.filter(code="screened")["kind"]) == {"allergy"}


def test_nothing_new_answers_only_what_was_asked_by_then(app: FastAPI, clinician: Client) -> None:
    begun = {**ANA, "on": "2026-03-03", "none": "red-flag"}
    place = clinician.post("/intake", data=begun).headers["location"]
    later = {"on": "2026-03-10", "finding": "allergy:screened"}
    assert clinician.post(f"{place}/finding", data=later).status_code == 303
    said = {"action": "record", "on": "2026-03-05", "nrs": "8", "nothing_new": "yes"}
    assert clinician.post(f"{place}/visit", data=said).status_code == 303
    findings = log_of(app, place.removeprefix("/patient/")).findings
    asked = findings.filter(pl.col("at").dt.date() == date(2026, 3, 5), code="screened")
    assert asked["kind"].to_list() == ["red-flag"]


def test_a_visit_sent_twice_is_recorded_once(app: FastAPI, clinician: Client, episode: str) -> None:
    clinician.post(f"/patient/{episode}/visit", data=VISIT)
    again = clinician.post(f"/patient/{episode}/visit", data=VISIT)
    assert again.status_code == 200
    assert "already" in again.text
    assert len(today(log_of(app, episode), "treatments")) == 4


NOTE = {"action": "record", "note": "Sleeps through.\nBack at work."}


def plan(clinician: Client, episode: str, at: str) -> None:
    answer = clinician.post(f"/patient/{episode}/next-visit", data={"next_visit": at})
    assert answer.status_code == 303, answer.text


def visits(app: FastAPI, episode: str) -> list[tuple[str, str | None]]:
    rows = log_of(app, episode).visits.filter(episode=episode).sort("at", "visit")
    return list(rows.select("status", "note").iter_rows())


def test_a_note_alone_is_a_visit_and_is_recorded_once(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    assert clinician.post(f"/patient/{episode}/visit", data=NOTE).status_code == 303
    again = clinician.post(f"/patient/{episode}/visit", data=NOTE)
    assert "the same note is on record" in again.text
    assert visits(app, episode) == [("attended", "Sleeps through.\r\nBack at work.")] or visits(
        app, episode
    ) == [("attended", NOTE["note"])]
    assert "Back at work." in clinician.get(f"/patient/{episode}").text


def test_recording_a_visit_says_that_the_planned_one_was_attended_and_undo_plans_it_again(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    plan(clinician, episode, f"{TODAY}T09:20")
    plan(clinician, episode, f"{TODAY}T15:00")
    before = log_of(app, episode)
    assert clinician.post(f"/patient/{episode}/visit", data={**VISIT, **NOTE}).status_code == 303
    assert [status for status, _ in visits(app, episode)] == ["attended", "planned"]
    entry = str(app.state.care.chart.log().filter(action="enter")["entry"].max())
    for _ in range(2):  # whoever taps twice undoes once
        answer = clinician.post(f"/patient/{episode}/undo", data={"entry": entry})
        assert answer.status_code == 303, answer.text
    after = log_of(app, episode)
    for name in TABLES:
        one, other = (sorted(map(str, log.table(name).rows())) for log in (before, after))
        assert one == other, name
    assert not app.state.care.chart.verify().wrong


def test_a_visit_of_another_complaint_or_day_stays_planned(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    patient = str(app.state.care.chart.patient_of(episode))
    other = {"known": patient, "region": "hip", "side": "left", "pain": "5"}
    place = clinician.post("/intake", data=other).headers["location"]
    second = place.removeprefix("/patient/")
    plan(clinician, second, f"{TODAY}T09:20")
    plan(clinician, episode, f"{TODAY + timedelta(days=1)}T09:20")
    assert clinician.post(f"/patient/{episode}/visit", data=NOTE).status_code == 303
    assert [status for status, _ in visits(app, second)] == ["planned"]
    assert [status for status, _ in visits(app, episode)] == ["attended", "planned"]


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2026-03-30T09:00", "has passed"),
        ("soon", "is no day with a time"),
        ("2026-04-14", "is no day with a time"),
        ("", "choose its day and time"),
    ],
)
def test_a_next_visit_that_cannot_be_is_told_with_what_was_typed(
    app: FastAPI, clinician: Client, episode: str, at: str, says: str
) -> None:
    sent = {"next_visit": at, "note": "bring the scan"}
    answer = clinician.post(f"/patient/{episode}/next-visit", data=sent)
    assert says in answer.text
    assert 'value="bring the scan"' in answer.text
    assert not visits(app, episode)


def test_a_visit_is_planned_once_for_a_time_and_again_once_it_was_cancelled(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    day = TODAY + timedelta(days=7)
    plan(clinician, episode, f"{day}T09:20")
    twice = clinician.post(f"/patient/{episode}/next-visit", data={"next_visit": f"{day}T09:20"})
    assert "planned for that time already" in twice.text
    [name] = log_of(app, episode).visits["visit"]
    place = f"/patient/{episode}/visits/{name}"
    early = clinician.post(place, data={"status": "not-attended"})
    assert "still to come" in early.text
    assert clinician.post(place, data={"status": "attended"}).status_code == 400
    assert clinician.post(place, data={"status": "cancelled"}).status_code == 303
    plan(clinician, episode, f"{day}T09:20")
    assert sorted(status for status, _ in visits(app, episode)) == ["cancelled", "planned"]
    assert "next visit" in clinician.get(f"/patient/{episode}").text


def test_what_was_recorded_is_not_said_to_be_missed(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    clinician.post(f"/patient/{episode}/visit", data=NOTE)
    [name] = log_of(app, episode).visits["visit"]
    answer = clinician.post(f"/patient/{episode}/visits/{name}", data={"status": "not-attended"})
    assert answer.status_code == 400
    assert "correct its row" in answer.text


@pytest.mark.browser
def test_an_ordinary_follow_up_visit_takes_as_many_entries_as_the_documentation_says(
    page: Page, served: Served, picture: Picture
) -> None:
    episode = taken_in(client_of(create_app(served.settings), "clinician"))
    served.sign_in(page, "clinician")
    page.goto(f"{served.url}/patient/{episode}")
    entries = Entries(page)
    fill_in_a_visit(entries, ("7", "7", "7"), "4", "2026-04-14T09:20")
    assert not [*violations(page)]
    page.emulate_media(color_scheme="light")
    picture(page, "visit")
    weigh_and_save(entries)
    assert page.url.endswith(f"/patient/{episode}")
    assert "next visit 14 April 2026, 09:20" in page.inner_text(".head")
    assert NOTED in page.inner_text("main")
    assert entries.job == JOBS[VISIT_FIRST_NEEDLED][1]


NOTED = "Sleeps through again."


def fill_in_a_visit(
    entries: Entries, activities: tuple[str, str, str], pain: str, next_visit: str
) -> None:
    """Fill in an ordinary follow-up visit of two muscles, examined and needled."""
    page = entries.page
    entries.follow("Record a visit")
    entries.type("Pain, 0 to 10", pain)
    for activity, rated in zip(("reading", "driving", "sleeping"), activities, strict=True):
        entries.type(activity, rated)
    for n in range(2):
        entries.click(page.get_by_role("button", name="As last time").nth(n))
        entries.check(page.get_by_label("Needled").nth(n))
    entries.type("Exercise done, %", "80")
    entries.type("Note", NOTED)
    entries.type("Next visit", next_visit)
    entries.tick("Education and advice")
    entries.tick("nothing is new")
    entries.tick("agrees to dry needling")


def weigh_and_save(entries: Entries) -> None:
    """Save a visit, weigh what it asks to weigh, such as a lung below a muscle, and save it."""
    entries.press("Save the visit")
    for weighed in entries.page.get_by_label("I have weighed").all():
        entries.check(weighed)
    entries.press("Save the visit")
