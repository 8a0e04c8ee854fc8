"""The first page: who comes today, what is new, what is due; and the day's sheet."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from playwright.sync_api import Page

from reliefpath.care.visits import Visit, episodes_to_come, unfinished, visits_on
from reliefpath.care_log.schema import VISITS
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import ROWS, holding
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app

from .browsing import press, violations
from .clients import Client, client_of
from .conftest import TODAY, Picture, Served
from .test_visit import ANA, log_of, plan, taken_in

RED_FLAG = {"finding": "red-flag:cauda-equina"}


@pytest.fixture
def chart(app: FastAPI) -> Chart:
    found: Chart = app.state.care.chart
    return found


@pytest.fixture
def episode(clinician: Client) -> str:
    return taken_in(clinician)


def add_visit(chart: Chart, episode: str, at: datetime, note: str | None = None) -> None:
    row = {"visit": f"{episode}-{at:%m%d%H%M}", "episode": episode, "at": at, "note": note}
    frame = pl.DataFrame([{**row, "status": "planned"}], VISITS.schema)
    chart.insert({"visits": frame}, AuditEvent("desk", "enter"))


def of_day(chart: Chart, episode: str, day: date) -> list[Visit]:
    return [visit for visit in visits_on(chart, day) if visit.episode == episode]


def row_of(chart: Chart, table: str, name: str) -> int:
    """The row that is called so."""
    column = {"patients": "patient", "episodes": "episode", "visits": "visit"}[table]
    rows = ROWS[table]
    with read_transaction(chart.engine) as connection:
        query = sa.select(rows.c.id).where(rows.c[column] == name, holding(rows))
        return int(connection.execute(query).scalar_one())


def coming(client: Client, query: str = "") -> str:
    """What the page says of who comes."""
    text = client.get(f"/today{query}").text
    return text[text.index('id="coming"') : text.index('id="due"')]


@pytest.mark.parametrize("role", ["clinician", "assistant", "director"])
def test_who_sees_patients_begins_with_the_day(app: FastAPI, role: str) -> None:
    answer = client_of(app, role).get("/")
    assert answer.headers["location"] == "/today"


def test_those_who_come_stand_in_the_order_of_their_times_with_what_must_be_in_view(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    other = clinician.post("/intake", data={**ANA, "name": "Bo Lind", "region": "hip"})
    second = other.headers["location"].removeprefix("/patient/")
    plan(clinician, episode, f"{TODAY}T11:00")
    plan(clinician, second, f"{TODAY}T09:20")
    clinician.post(f"/patient/{episode}/finding", data={"finding": "allergy:lidocaine"})
    text = coming(clinician)
    assert text.index("Bo Lind") < text.index("Ana Ortega")
    assert "Allergy to lidocaine" in text
    # of Bo nobody asked anything, which must not read as if there were nothing
    assert "Not known: red flags, allergies, medicines, pregnancy" in text
    assert f'href="/patient/{second}/visit"' in text


def test_a_visit_late_in_the_evening_is_of_that_day_at_the_clinic(
    chart: Chart, episode: str
) -> None:
    add_visit(chart, episode, datetime(2026, 3, 31, 3, 30, tzinfo=UTC))  # 23:30 in New York
    add_visit(chart, episode, datetime(2026, 3, 31, tzinfo=UTC))  # a date alone is that date
    add_visit(chart, episode, datetime(2026, 4, 1, 2, 0, tzinfo=UTC))
    chart.set_zone("America/New_York", AuditEvent("desk", "zone"))
    assert [
        v.time(chart.zone) for v in visits_on(chart, date(2026, 3, 30)) if v.episode == episode
    ] == ["23:30"]
    evening, day = of_day(chart, episode, date(2026, 3, 30)), of_day(chart, episode, TODAY)
    assert [v.time(chart.zone) for v in evening] == ["23:30"]
    assert [v.time(chart.zone) for v in day] == ["", "22:00"]
    late = [v for v in unfinished(chart, TODAY, 14) if v.episode == episode]
    assert [v.day(chart.zone) for v in late] == [date(2026, 3, 30)]
    assert episode in episodes_to_come(chart, TODAY)
    assert episode not in episodes_to_come(chart, date(2026, 4, 1))


def test_a_visit_that_was_withdrawn_or_moved_is_not_of_the_day(
    app: FastAPI, chart: Chart, clinician: Client, episode: str
) -> None:
    plan(clinician, episode, f"{TODAY}T09:20")
    plan(clinician, episode, f"{TODAY}T10:20")
    [first, second] = [v.visit for v in of_day(chart, episode, TODAY)]
    withdrawn = AuditEvent("desk", "withdraw", "twice")
    chart.withdraw("visits", row_of(chart, "visits", first), withdrawn)
    moved, row = {"at": "2026-04-07T09:20:00+00:00"}, row_of(chart, "visits", second)
    chart.correct("visits", row, moved, AuditEvent("desk", "correct", "moved"))
    assert not of_day(chart, episode, TODAY)
    assert [v.visit for v in visits_on(chart, date(2026, 4, 7))] == [second]


def test_what_became_of_a_visit_is_said_in_one_tap_and_taken_back_in_another(
    chart: Chart, clinician: Client, episode: str
) -> None:
    plan(clinician, episode, f"{TODAY}T09:20")
    [visit] = of_day(chart, episode, TODAY)
    place = f"/patient/{episode}/visits/{visit.visit}"
    for status in ("not-attended", "planned", "cancelled"):
        answer = clinician.post(place, data={"status": status, "on": f"{TODAY}"})
        assert answer.headers["location"] == f"/today?on={TODAY}"
        [now] = of_day(chart, episode, TODAY)
        assert now.status == status
    text = coming(clinician)
    assert "<b>cancelled</b>" in text
    assert f'href="/patient/{episode}/visit"' not in text
    assert "Plan again" in text
    assert not chart.verify().wrong


def test_nobody_is_asked_to_treat_a_patient_who_has_died(
    chart: Chart, clinician: Client, episode: str
) -> None:
    plan(clinician, episode, f"{TODAY}T09:20")
    row = row_of(chart, "patients", str(chart.patient_of(episode)))
    told = AuditEvent("desk", "correct", "the family called")
    chart.correct("patients", row, {"died_on": "2026-03-30"}, told)
    text = coming(clinician)
    assert "the patient has died" in text
    assert f'href="/patient/{episode}/visit"' not in text
    again = clinician.post(
        f"/patient/{episode}/next-visit", data={"next_visit": "2026-04-07T09:00"}
    )
    assert "the patient has died" in again.text


def test_a_visit_of_a_complaint_that_ended_says_so(
    chart: Chart, clinician: Client, episode: str
) -> None:
    plan(clinician, episode, f"{TODAY}T09:20")
    rows = chart.engine.connect().exec_driver_sql("SELECT episode, id FROM episodes").all()
    ended = {"ended_on": "2026-03-30", "end_reason": "moved"}
    chart.correct(
        "episodes", dict(map(tuple, rows))[episode], ended, AuditEvent("d", "correct", "x")
    )
    assert "care has ended" in coming(clinician)


def test_a_red_flag_is_new_until_it_was_seen_and_what_came_after_the_page_still_is(
    clinician: Client, episode: str
) -> None:
    page = clinician.get("/today").text
    assert "warning sign" not in page
    assert clinician.post(f"/patient/{episode}/finding", data=RED_FLAG).status_code == 303
    shown = clinician.get("/today").text
    assert "Ana Ortega: warning sign" in shown
    assert f'href="/patient/{episode}/red-flag/red-flag/cauda-equina"' in shown
    upto = re.search(r'name="upto" value="(\d+)"', shown)
    assert upto is not None
    later = clinician.post(
        f"/patient/{episode}/finding", data={"finding": "red-flag:suspected-infection"}
    )
    assert later.status_code == 303
    assert clinician.post("/today/seen", data={"upto": upto[1]}).status_code == 303
    left = clinician.get("/today").text
    assert "Suspected infection, reported by" in left
    assert "Cauda equina" not in left[left.index('id="new"') : left.index('id="coming"')]


def test_what_one_saw_is_still_new_to_a_colleague(
    app: FastAPI, clinician: Client, episode: str
) -> None:
    clinician.post(f"/patient/{episode}/finding", data=RED_FLAG)
    head = app.state.care.chart.head().entry
    clinician.post("/today/seen", data={"upto": str(head)})
    assert "Ana Ortega: warning sign" not in clinician.get("/today").text
    assert "Ana Ortega: warning sign" in client_of(app, "director").get("/today").text
    ahead = clinician.post("/today/seen", data={"upto": str(head + 1_000)})
    assert ahead.status_code == 400


def test_a_red_flag_that_was_cleared_is_not_new(
    app: FastAPI, chart: Chart, clinician: Client, episode: str
) -> None:
    clinician.post(f"/patient/{episode}/finding", data=RED_FLAG)
    place = f"/patient/{episode}/red-flag/red-flag/cauda-equina"
    row = re.search(r'name="row" value="(\d+)"', clinician.get(place).text)
    assert row is not None
    sent = {"row": row[1], "found": "sensation normal on examination"}
    assert clinician.post(place, data=sent).status_code == 303
    assert "warning sign" not in clinician.get("/today").text


def test_as_many_check_ins_are_due_on_every_page(app: FastAPI, clinician: Client) -> None:
    clinician.post("/intake", data=ANA)  # nothing is known of her yet: a check-in is due
    director = client_of(app, "director")
    for client in (clinician, director):
        today = client.get("/today").text
        told = re.search(r'<b class="count">(\d+)</b>\s*<div><b>check-ins', today)
        worklist = re.search(r"(\d+) with a check-in due", client.get("/worklist").text)
        listed = client.get("/due").text
        assert told is not None
        assert worklist is not None
        assert told[1] == worklist[1] == str(listed.count('<th scope="row"'))
    assert "Ana Ortega" in clinician.get("/today").text


def test_whose_patients_a_day_shows_is_ones_own_until_one_looks_further(
    app: FastAPI, chart: Chart, clinician: Client
) -> None:
    assert "No visit is on record for this day" in coming(clinician)
    assert "demo-00" not in coming(clinician)
    text = coming(clinician, "?everybody=1")
    assert text.count("<li") > 10
    log = chart.log().filter(pl.col("detail").str.contains('"shown"'))
    assert log.height == 1


def test_a_visit_is_planned_from_the_page_by_a_name(clinician: Client, episode: str) -> None:
    found = coming(clinician, "?find=ortega")
    assert f'href="/patient/{episode}/next-visit"' in found
    assert "Nobody in care is called so" in coming(clinician, "?find=nobody")


def test_a_day_that_has_passed_is_entered_on_its_day(
    app: FastAPI, chart: Chart, clinician: Client, episode: str
) -> None:
    day = TODAY - timedelta(days=4)
    add_visit(chart, episode, datetime(2026, 3, 27, 9, 20, tzinfo=UTC))
    assert f'href="/today?on={day}"' in clinician.get("/today").text
    assert f'href="/patient/{episode}/visit?on={day}"' in coming(clinician, f"?on={day}")
    form = clinician.get(f"/patient/{episode}/visit", params={"on": f"{day}"}).text
    assert f'value="{day}"' in form
    said = {"action": "record", "on": f"{day}", "note": "came late"}
    assert clinician.post(f"/patient/{episode}/visit", data=said).status_code == 303
    assert log_of(app, episode).visits["status"].to_list() == ["attended"]
    assert f'href="/today?on={day}"' not in clinician.get("/today").text


@pytest.mark.parametrize("query", ["?on=yesterday", "?on=0001-01-01", "?on=9999-12-31", "?on="])
def test_a_day_that_is_none_is_refused_in_words(clinician: Client, query: str) -> None:
    assert clinician.get(f"/today{query}").status_code in (200, 422)


def test_the_sheet_says_when_it_was_made_and_what_must_be_in_view(
    clinician: Client, chart: Chart, episode: str
) -> None:
    add_visit(chart, episode, datetime(2026, 3, 31, 9, 20, tzinfo=UTC), note="<b>bring the scan")
    clinician.post(f"/patient/{episode}/finding", data=RED_FLAG)
    text = clinician.get("/today/sheet").text
    for said in ("Tuesday 31 March 2026", "Made ", "09:20", "Ana Ortega", "No needle until"):
        assert said in text
    assert "&lt;b&gt;bring the scan" in text
    assert "gate to the injection" in text
    pdf = clinician.get("/today/sheet.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    empty = clinician.get("/today/sheet?on=2026-04-05").text
    assert "No visit is on record for this day" in empty


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_day_is_read_and_kept_in_a_browser(
    page: Page, served: Served, picture: Picture, width: int
) -> None:
    app = create_app(served.settings)
    desk = client_of(app, "clinician")
    episode = taken_in(desk)
    plan(desk, episode, f"{TODAY}T09:20")
    desk.post(f"/patient/{episode}/finding", data=RED_FLAG)
    page.set_viewport_size({"width": width, "height": 900})
    served.sign_in(page, "clinician")
    assert page.url.endswith("/today")
    for place in ("/today", "/today?everybody=1", "/today/sheet", f"/patient/{episode}/next-visit"):
        page.goto(f"{served.url}{place}")
        assert not [*violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
    page.emulate_media(color_scheme="light")
    page.goto(f"{served.url}/today?everybody=1")
    if width == 1440:
        picture(page, "today")
    page.goto(f"{served.url}/today")
    press(page, "Not attended: Ana Ortega, 09:20")
    assert "not attended" in page.inner_text(".visits")
    press(page, "Seen")
    assert "warning sign" not in page.inner_text(".a-new")
