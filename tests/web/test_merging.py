"""Two records of one person are looked at side by side, and become one."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from .browsing import follow, press, violations
from .check_in import patient_of
from .clients import client_of
from .conftest import Served
from .desk import Desk
from .test_patient import OPEN

WHY = "same identity card"
OTHER = "P0001"


def merge(desk: Desk, **said: str) -> httpx.Response:
    """Send the form with all that differs chosen, and some of it otherwise."""
    kept, other = (desk.chart.care_log_of(p).patients.row(0, named=True) for p in (PAIR))
    chosen = {
        name: str(kept[name]) for name in ("name", "birth_date", "sex", "language") if other[name]
    }
    data = {"patient": PAIR[0], "other": PAIR[1], "kept": PAIR[0], "why": WHY, **chosen, **said}
    return desk.client.post("/merge", data={name: value for name, value in data.items() if value})


PAIR = ("P0043", OTHER)


def test_two_records_become_one_and_the_old_addresses_lead_there(desk: Desk) -> None:
    assert merge(desk).status_code == 303
    assert desk.chart.care_log_of(OTHER).patients.is_empty()
    shown = desk.client.get("/patient/demo-0001").text
    assert "Carol Hale" in shown
    assert "Carol Hale" in desk.client.get(f"/intake?patient={OTHER}").text
    rows = desk.client.app.state.care.everybody()
    assert set(rows.filter(patient="P0043")["episode"]) == {"demo-0001", "demo-0043"}
    assert rows.filter(patient=OTHER).is_empty()
    undone = desk.client.post("/merge/undo", data={"away": OTHER, "why": "two people after all"})
    assert undone.status_code == 303
    assert desk.chart.care_log_of(OTHER).episodes["episode"].to_list() == ["demo-0001"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"kept": ""}, "choose which record number stays"),
        ({"kept": "P0002"}, "choose which record number stays"),
        ({"name": ""}, "choose which holds"),
        ({"name": "Nobody"}, "in neither record now"),
        ({"why": ".."}, "say why in words"),
    ],
)
def test_what_is_missing_is_told_and_the_form_keeps_what_was_said(
    desk: Desk, said: dict[str, str], told: str
) -> None:
    answer = merge(desk, **said)
    assert told in answer.text
    assert desk.chart.care_log_of(OTHER).patients.height == 1
    if "why" not in said:
        assert WHY in answer.text


def test_each_record_opens_to_its_own_care_team_alone(desk: Desk) -> None:
    stranger = client_of(desk.client.app, "clinician")
    answer = stranger.get(f"/merge?patient={PAIR[0]}&other={OTHER}")
    assert "identity card" not in answer.text
    assert "Record number that stays" not in answer.text
    assert stranger.post("/merge", data={"patient": PAIR[0], "other": OTHER}).status_code == 200
    assert desk.chart.care_log_of(OTHER).patients.height == 1


def test_nobody_is_merged_with_themselves_or_with_nobody(desk: Desk) -> None:
    for other in ("P0043", "P9999"):
        assert desk.client.get(f"/merge?patient=P0043&other={other}").status_code == 400


def test_a_director_merges_and_takes_it_back(page: Page, served: Served) -> None:
    patient = patient_of(served, OPEN)
    served.sign_in(page, "director")
    page.goto(f"{served.url}/patient/{OPEN}")
    follow(page, "Another record is of the same person…")  # the first entry
    assert not [*violations(page)]
    page.get_by_label("Record number of the other").fill(OTHER)
    press(page, "Compare")
    assert not [*violations(page)]
    page.get_by_label("P0043", exact=True).check()
    for group in page.get_by_role("group").filter(has_text="which holds?").all():
        group.get_by_role("radio").first.check()
    page.get_by_label("Why are they one person?").fill(WHY)
    press(page, "Make them one")
    expect(page.locator("h1")).to_have_text("Carol Hale")
    assert patient.chart.care_log_of(OTHER).patients.is_empty()
    follow(page, "Another record is of the same person…")
    assert not [*violations(page)]
    page.get_by_label("Why are they two people?").fill("two people after all")
    press(page, "Take it back")
    assert patient.chart.care_log_of(OTHER).patients.height == 1
    patient.chart.close()
