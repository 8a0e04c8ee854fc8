"""A complaint that has come back: the old episode is offered, and the new one knows it."""

from __future__ import annotations

from datetime import timedelta

import httpx
import polars as pl
import pytest
from playwright.sync_api import Page, expect

from reliefpath.care_log.log import assemble
from reliefpath.care_log.recurrence import related
from reliefpath.knowledge import SHIPPED

from .browsing import follow, press, violations
from .check_in import patient_of
from .conftest import TODAY, Served
from .desk import Desk
from .test_ending import end
from .test_patient import INJECTED, OPEN


def come_back(desk: Desk, **said: str) -> httpx.Response:
    data = {"known": desk.patient, "region": "neck", **said}
    return desk.client.post("/intake", data=data)


def ended_lately(desk: Desk) -> Desk:
    end(desk, "discharge", on=(TODAY - timedelta(days=9)).isoformat())
    return desk


def test_a_complaint_that_may_be_the_same_is_offered_to_be_reopened_first(desk: Desk) -> None:
    desk = ended_lately(desk)
    answer = come_back(desk, complaint="It is back")
    assert answer.status_code == 200
    assert "Is it back?" in answer.text
    assert f'href="/patient/{desk.episode}/care"' in answer.text
    assert "It is back" in answer.text
    assert 'value="nrs" selected' in answer.text
    assert desk.chart.care_log_of(desk.patient).episodes.height == 1


def test_the_patients_own_activities_are_carried_over_and_no_score_is(desk: Desk) -> None:
    named = desk.chart.care_log().scores.filter(measure="psfs").drop_nulls("item")
    desk = ended_lately(Desk(desk.client, desk.chart, named["episode"][0]))
    region = desk.chart.care_log_of(desk.patient).episodes["region"][0]
    scores = desk.chart.care_log_of(desk.patient).scores
    items = set(scores.drop_nulls("item").filter(measure="psfs")["item"])
    text = come_back(desk, region=region).text
    assert items
    assert all(f'value="{item}"' in text for item in items)
    answer = come_back(desk, region=region, is_new_episode="yes", activity="reading", rated="")
    assert "give its score" in answer.text
    assert come_back(desk, region=region, is_new_episode="yes").status_code == 303
    rows = desk.chart.care_log_of(desk.patient)
    (new,) = rows.episodes.filter(pl.col("episode") != desk.episode)["episode"]
    assert rows.scores.filter(episode=new).is_empty()


def test_the_pages_of_both_episodes_lead_to_each_other_and_tell_how_it_went(desk: Desk) -> None:
    desk = Desk(desk.client, desk.chart, INJECTED)
    before = desk.client.app.state.care.everybody().filter(episode=INJECTED)["status"][0]
    region = desk.chart.care_log_of(desk.patient).episodes["region"][0]
    ended = ended_lately(desk)
    assert come_back(ended, region=region).status_code == 200
    place = come_back(ended, region=region, is_new_episode="yes").headers["location"]
    text = desk.client.get(place).text
    assert f'href="{desk.patient_page}"' in text
    assert "when care ended (discharge, for another reason)" in text
    assert "Injection: " in text
    assert before
    assert f'href="{place}"' in desk.page()


def test_nothing_is_asked_of_another_region_or_of_care_that_goes_on(desk: Desk) -> None:
    assert come_back(desk).status_code == 303
    assert come_back(ended_lately(desk), region="hip").status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        (None, None, True),
        (None, "left", True),
        ("left", None, True),
        ("left", "left", True),
        ("left", "both", True),
        ("both", "right", True),
        ("left", "right", False),
        ("right", "left", False),
    ],
)
def test_a_side_that_may_be_the_same_counts_and_the_other_side_does_not(
    old: str | None, new: str | None, is_same: bool
) -> None:
    rows = {"episode": ["a", "b"], "patient": ["P", "P"], "region": ["arm", "arm"]}
    days = {"started_on": ["2026-01-01", "2026-03-01"], "ended_on": ["2026-02-01", None]}
    raw = {
        "patients": pl.DataFrame({"patient": ["P"]}),
        "episodes": pl.DataFrame({**rows, **days, "side": [old, new]}).cast(pl.String),
    }
    care_log, _ = assemble(raw, SHIPPED)
    for one, other in (("a", "b"), ("b", "a")):
        assert related(care_log, one)["episode"].to_list() == ([other] if is_same else [])


def test_a_clinician_meets_the_old_episode_and_begins_a_new_one(page: Page, served: Served) -> None:
    patient = patient_of(served, OPEN)
    served.sign_in(page, "director")
    page.goto(f"{served.url}/patient/{OPEN}")
    follow(page, "End or hand over care")
    page.get_by_label("Discharge, for another reason").check()
    press(page, "End care")
    page.goto(f"{served.url}/intake?patient={patient.patient}")
    page.get_by_label("Region").select_option("neck")
    press(page, "Record the visit")
    expect(page.get_by_role("alert")).to_contain_text("Is it back?")
    assert not [*violations(page)]
    page.get_by_label("A new episode: it is looked at anew").check()
    for row in page.locator("[name=activity]").all():
        row.fill("")
    press(page, "Record the visit")
    expect(page.get_by_role("heading", name="Before and after")).to_be_visible()
    assert not [*violations(page)]
    patient.chart.close()
