"""Care ends with its day and reason, is taken up again, and goes to another clinician."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import polars as pl
import pytest
from playwright.sync_api import Page, expect

from reliefpath.care.check_in.links import Links
from reliefpath.care.ending import ENDED, REOPENED
from reliefpath.care.handing_over import HANDED_OVER
from reliefpath.care.reminders.reminding import due_of
from reliefpath.care_log.schema import EPISODES, TREATMENTS, VISITS
from reliefpath.clock import instant_of
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.store.writing import AuditEvent

from .browsing import follow, press, violations
from .clients import client_of
from .conftest import PASSWORD, TODAY, Served
from .desk import Desk
from .test_patient import OPEN, sign_in_as_clinician_of

SILENT: list[tuple[str, str | None]] = [
    *((reason, None) for reason in ("discharge", "referral", "moved", "death", "other")),
    ("recovered", "no"),
]
WHY = "the pain came back within days"


def end(desk: Desk, reason: str, follow_up: str | None = None, **said: str) -> httpx.Response:
    answer = {} if follow_up is None else {"follow_up": follow_up}
    place = f"{desk.patient_page}/care/end"
    return desk.client.post(place, data={"reason": reason, **answer, **said})


def reopen(desk: Desk, why: str = WHY) -> httpx.Response:
    return desk.client.post(f"{desk.patient_page}/care/reopen", data={"why": why})


def hand_over(desk: Desk, clinician: str, **said: str) -> httpx.Response:
    data = {"clinician": clinician, "handed_why": "on leave from Monday", **said}
    return desk.client.post(f"{desk.patient_page}/care/hand-over", data=data)


def episode_row(desk: Desk, episode: str | None = None) -> dict[str, Any]:
    rows = desk.chart.care_log_of(desk.patient).episodes
    return rows.row(by_predicate=pl.col("episode") == (episode or desk.episode), named=True)


def due_at(desk: Desk) -> Desk:
    """A desk before somebody whose check-in is due."""
    rows = desk.client.app.state.care.everybody().filter("due")
    return Desk(desk.client, desk.chart, rows["episode"][0])


NEXT = "next"
"""A visit that is planned."""


def links(desk: Desk) -> Links:
    state = desk.client.app.state
    return Links(desk.chart, state.settings.secret)


def is_asked_anywhere(desk: Desk, token: str) -> set[str]:
    """The surfaces on which something is still asked of the patient of a desk."""
    state = desk.client.app.state
    rows = state.care.everybody()
    patient = client_of(desk.client.app)
    asked = {
        "due": rows.filter("due", episode=desk.episode).height > 0,
        "reminders": any(
            d.episode == desk.episode for d in due_of(rows, links(desk), state.addresses)
        ),
        "page of what is due": desk.episode in desk.client.get("/due?everybody=1").text,
        "link": patient.get(f"/check-in/{token}").status_code == 200,
        "answers": patient.post(f"/check-in/{token}", data={"nrs": "1"}).status_code == 303,
        "new link": desk.client.post(f"{desk.patient_page}/check-in-link").status_code == 200,
        "button": "Make a link" in desk.client.get(f"{desk.patient_page}/check-in-link").text,
        "plans": any(
            row.values["status"] == "planned" and row.values["episode"] == desk.episode
            for table in ("treatments", "visits")
            for row in desk.rows(table)
            if row.values.get("visit") in (None, NEXT)  # one of the last day of care may have been
        ),
    }
    return {surface for surface, is_asked in asked.items() if is_asked}


def plan_a_visit(desk: Desk) -> None:
    """Plan a visit with dry needling for in a week."""
    row = {
        "episode": desk.episode,
        "at": instant_of(TODAY + timedelta(days=7)),
        "therapy": "dry-needling",
        "status": "planned",
    }
    frame = pl.DataFrame([row], TREATMENTS.schema)
    visit = {"visit": NEXT, "episode": desk.episode, "at": row["at"], "status": "planned"}
    rows = {"treatments": frame, "visits": pl.DataFrame([visit], VISITS.schema)}
    desk.chart.insert(rows, AuditEvent("director", "enter", None, desk.patient))


@pytest.mark.parametrize(("reason", "follow_up"), SILENT)
def test_nothing_is_asked_anywhere_once_care_ended_otherwise_than_in_an_agreed_follow_up(
    desk: Desk, reason: str, follow_up: str | None
) -> None:
    desk = due_at(desk)
    desk.client.app.state.addresses.agree(desk.patient, "jo@example.org", "director")
    plan_a_visit(desk)
    token = links(desk).make(desk.episode, desk.patient, "director")
    before = is_asked_anywhere(desk, links(desk).make(desk.episode, desk.patient, "director"))
    assert before >= {"link", "answers", "new link", "button", "plans"}
    assert end(desk, reason, follow_up).status_code == 303
    assert not is_asked_anywhere(desk, token)
    assert episode_row(desk)["end_reason"] == reason


def test_whoever_recovered_and_agreed_is_asked_on_but_nothing_is_planned(desk: Desk) -> None:
    plan_a_visit(desk)
    token = links(desk).make(desk.episode, desk.patient, "director")
    yesterday = (TODAY - timedelta(days=1)).isoformat()  # the last day of care is a day of care
    assert end(desk, "recovered", "yes", on=yesterday).status_code == 303
    asked = is_asked_anywhere(desk, token)
    assert asked >= {"link", "answers", "new link", "button"}
    assert "plans" not in asked
    assert "gate to the injection closed" in desk.page()


@pytest.mark.parametrize("weeks", [13, 26, 52])
def test_follow_up_after_a_recovery_is_due_by_the_pathways_months(desk: Desk, weeks: int) -> None:
    care = desk.client.app.state.care
    on = TODAY - timedelta(days=7)
    end(desk, "recovered", "yes", on=on.isoformat())
    later = on + timedelta(weeks=weeks)
    care.assessed.today = lambda: later
    (row,) = care.everybody().filter(episode=desk.episode).iter_rows(named=True)
    assert row["due"]
    assert row["next_step"].startswith(("Check in now", "A flare"))
    taken_back = {"finding": "consent:follow-up-refused", "here": "yes"}
    desk.client.post(f"{desk.patient_page}/finding", data=taken_back)
    assert not care.everybody().filter(episode=desk.episode)["due"][0]


def test_a_death_ends_every_complaint_in_one_change_and_is_taken_back_as_one(desk: Desk) -> None:
    other = further_complaint(desk)
    entries = desk.chart.log().height
    on = (TODAY - timedelta(days=2)).isoformat()
    assert end(desk, "death", on=on, words="told by the family").status_code == 303
    changes = desk.chart.log()[entries:].filter(pl.col("digest").is_not_null())
    assert changes.select("action", "reason").rows() == [(ENDED, "told by the family")]
    record = desk.chart.care_log_of(desk.patient)
    assert record.patients["died_on"][0].isoformat() == on
    assert set(record.episodes["end_reason"]) == {"death"}
    assert reopen(desk, "mistaken for a namesake").status_code == 303
    record = desk.chart.care_log_of(desk.patient)
    assert record.patients["died_on"][0] is None
    assert record.episodes["ended_on"].null_count() == record.episodes.height
    assert episode_row(desk, other)["end_reason"] is None
    assert desk.chart.log().filter(action=REOPENED)["reason"].to_list() == [
        "mistaken for a namesake"
    ]


def further_complaint(desk: Desk) -> str:
    row = {
        "episode": "further",
        "patient": desk.patient,
        "region": "hip",
        "started_on": TODAY - timedelta(days=20),
    }
    frame = pl.DataFrame([row], EPISODES.schema)
    desk.chart.insert({"episodes": frame}, AuditEvent("director", "enter", None, desk.patient))
    return "further"


def test_a_death_is_recorded_of_somebody_whose_care_has_ended_and_ends_their_follow_up(
    desk: Desk,
) -> None:
    end(desk, "recovered", "yes", on=(TODAY - timedelta(days=9)).isoformat())
    token = links(desk).make(desk.episode, desk.patient, "director")
    assert end(desk, "death").status_code == 303
    assert episode_row(desk)["end_reason"] == "recovered"
    assert not is_asked_anywhere(desk, token)


def test_a_new_complaint_that_may_be_the_same_ends_the_follow_up_of_the_old_one(desk: Desk) -> None:
    end(desk, "recovered", "yes", on=(TODAY - timedelta(days=9)).isoformat())
    old = episode_row(desk)
    row = {"episode": "anew", "patient": desk.patient, "region": old["region"]}
    frame = pl.DataFrame([row | {"started_on": TODAY}], EPISODES.schema)
    token = links(desk).make(desk.episode, desk.patient, "director")
    desk.chart.insert({"episodes": frame}, AuditEvent("director", "enter", None, desk.patient))
    assert not is_asked_anywhere(desk, token)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"reason": ""}, "choose why care ends"),
        ({"reason": "bored"}, "say why care ends"),
        ({"reason": "recovered"}, "ask whether the patient agrees"),
        ({"reason": "moved", "follow_up": "yes"}, "after a recovery alone"),
        ({"reason": "moved", "on": "2999-01-01"}, "has not come yet"),
        ({"reason": "moved", "on": "1999-01-01"}, "which day is right"),
        ({"reason": "death", "on": "1999-01-01"}, "which day is right"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_recorded_or_lost(
    desk: Desk, said: dict[str, str], told: str
) -> None:
    entries = desk.chart.log().filter(pl.col("digest").is_not_null()).height
    answer = desk.client.post(
        f"{desk.patient_page}/care/end", data={"words": "to the spine centre", **said}
    )
    assert told in answer.text
    assert "to the spine centre" in answer.text
    assert desk.chart.log().filter(pl.col("digest").is_not_null()).height == entries


def test_care_that_has_ended_is_not_ended_again_and_is_reopened_with_a_reason_alone(
    desk: Desk,
) -> None:
    assert "nothing to reopen" in reopen(desk).text
    end(desk, "moved")
    assert "already" in end(desk, "referral").text
    assert "say why in words" in reopen(desk, "..").text
    assert reopen(desk).status_code == 303
    versions = [row for row in desk.rows("episodes") if row.values["episode"] == desk.episode]
    assert versions[0].values["ended_on"] is None
    assert versions[0].reason == WHY


def test_who_died_is_not_taken_up_again_by_a_complaint_that_ended_before(desk: Desk) -> None:
    end(desk, "moved", on=(TODAY - timedelta(days=9)).isoformat())
    end(desk, "death")
    assert "died on" in reopen(desk).text


def test_a_patient_is_handed_to_a_colleague_and_the_care_team_follows(desk: Desk) -> None:
    accounts: Accounts = desk.client.app.state.accounts
    accounts.add("nora", "Nora New", Role.CLINICIAN, PASSWORD)
    before = episode_row(desk)["clinician"]
    accounts.add("olga", "Olga Old", Role.CLINICIAN, PASSWORD, clinicians=[before])
    old = Desk(client_of(desk.client.app, "olga"), desk.chart, desk.episode)
    new = Desk(client_of(desk.client.app, "nora"), desk.chart, desk.episode)
    assert "End or hand over care" not in new.page()
    answer = hand_over(old, "nora")
    assert (answer.status_code, answer.headers["location"]) == (303, "/worklist")
    assert episode_row(desk)["clinician"] == "nora"
    assert "End or hand over care" in new.page()
    assert "End or hand over care" not in old.page()
    assert desk.chart.log().filter(action=HANDED_OVER)["by"].to_list() == ["olga"]


def test_nobody_is_handed_to_who_does_not_look(desk: Desk) -> None:
    before = episode_row(desk)["clinician"]
    assert "no account that treats answers for" in hand_over(desk, "Dr. Nobody").text
    assert "no account that treats answers for" in hand_over(desk, "assistant").text
    assert episode_row(desk)["clinician"] == before


def test_other_complaints_go_along_where_that_is_wished(desk: Desk) -> None:
    other = further_complaint(desk)
    hand_over(desk, "clinician")
    assert episode_row(desk, other)["clinician"] is None
    hand_over(desk, "clinician", every="yes")
    assert episode_row(desk, other)["clinician"] == "clinician"


def test_a_therapist_discharges_a_patient_and_takes_them_up_again(
    page: Page, served: Served
) -> None:
    sign_in_as_clinician_of(OPEN, served, page)
    page.goto(f"{served.url}/patient/{OPEN}")
    follow(page, "End or hand over care")  # the first entry
    assert not [*violations(page)]
    page.get_by_label("Discharge, recovered").check()
    page.get_by_label("The patient agrees").check()
    press(page, "End care")  # the fourth
    expect(page.locator(".head")).to_contain_text("until")
    follow(page, "Reopen or hand over")
    assert not [*violations(page)]
    page.get_by_label("Why is it reopened?").fill(WHY)
    press(page, "Reopen")
    expect(page.locator(".head")).not_to_contain_text("until")
