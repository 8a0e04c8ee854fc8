"""What was just saved is undone from the patient's page: its rows, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect

from reliefpath.care.undoing import UNDONE
from reliefpath.store.reading import fingerprint

from .browsing import follow, press, violations
from .conftest import Picture, Served
from .desk import WHY, Desk
from .test_patient import INJECTED, NEVER_EXAMINED, examine, next_step, sign_in_as_clinician_of

CONSENT, WARFARIN = "consent:needling", "medicine:warfarin"
EXAM = {"muscle": "infraspinatus", "side": "right", "taut_band": "yes"}
NEEDLING = {
    "muscle": "infraspinatus",
    "side": "right",
    "twitch": "yes",
    "action": "record",
    "given_anyway": "in spite of the plan",
    "nothing_new": "yes",
}
INJECTION = {
    "muscle": "infraspinatus",
    "side": "right",
    "agent": "lidocaine",
    "strength": "1",
    "unit": "",
    "volume_ml": "1",
    "twitch": "",
    "action": "record",
    "given_anyway": "in spite of the plan",
    "nothing_new": "yes",
}
FORMS = {"exam": EXAM, "finding": {"finding": WARFARIN}, "needling": NEEDLING}
FORMS["injection"] = INJECTION


def offered(desk: Desk) -> int | None:
    """The entry of the audit log that the patient's page offers to undo."""
    found = re.search(r'name="entry" value="(\d+)"', desk.page())
    return found and int(found[1])


def undo(desk: Desk, entry: int | None) -> httpx.Response:
    return desk.client.post(f"{desk.patient_page}/undo", data={"entry": str(entry)})


def held(desk: Desk) -> str:
    """What is on record of everybody, whatever its numbers."""
    return fingerprint(desk.chart.care_log())


def test_an_exam_is_undone_right_after_it_was_saved(
    page: Page, served: Served, picture: Picture
) -> None:
    sign_in_as_clinician_of(NEVER_EXAMINED, served, page)
    page.goto(f"{served.url}/patient/{NEVER_EXAMINED}")
    before = next_step(page)
    follow(page, "Record an exam")
    examine(page, "infraspinatus")
    press(page, "Record the exam")
    expect(page.locator(".undo")).to_contain_text("Recorded: an exam, 1 row.")
    assert next_step(page) != before
    picture(page.locator(".undo"), "undo")
    assert not [*violations(page)]
    press(page, "Undo")
    assert next_step(page) == before
    assert page.locator(".undo").count() == 0
    follow(page, "The whole record, with every correction and who looked at it")
    assert UNDONE in page.locator("body").inner_text()


@pytest.mark.parametrize("form", FORMS)
def test_a_save_and_its_undo_leave_the_care_log_as_it_was(desk: Desk, form: str) -> None:
    before = held(desk)
    assert desk.client.post(f"{desk.patient_page}/{form}", data=FORMS[form]).status_code == 303
    assert held(desk) != before
    entry = offered(desk)
    assert undo(desk, entry).status_code == 303
    assert held(desk) == before
    last = desk.chart.log().filter(action="withdraw").row(-1, named=True)
    assert (last["by"], last["reason"], last["patient"]) == ("director", UNDONE, desk.patient)
    assert not desk.chart.verify().wrong


def test_an_undo_sent_twice_withdraws_nothing_more_and_offers_nothing_older(desk: Desk) -> None:
    desk.save_finding(WARFARIN)
    between = held(desk)
    desk.save_finding(CONSENT)
    entry = offered(desk)
    assert [undo(desk, entry).status_code for _ in range(2)] == [303, 303]
    assert held(desk) == between
    assert desk.chart.log().filter(action="withdraw").height == 1
    assert offered(desk) is None


def test_of_two_tabs_each_undoes_its_own_save(desk: Desk) -> None:
    before = held(desk)
    desk.save_finding(WARFARIN)
    first = offered(desk)
    desk.save_finding(CONSENT)
    second = offered(desk)
    undo(desk, first)
    assert [row.values["code"] for row in desk.rows("findings")][-1] == "needling"
    undo(desk, second)
    assert held(desk) == before


def test_what_is_saved_again_after_an_undo_is_a_save_of_its_own(desk: Desk) -> None:
    desk.save_finding(WARFARIN)
    once = held(desk)
    first = offered(desk)
    undo(desk, first)
    desk.save_finding(WARFARIN)
    assert undo(desk, first).status_code == 303
    assert held(desk) == once


def test_what_was_corrected_meanwhile_is_not_undone(desk: Desk) -> None:
    row = desk.save_finding(WARFARIN)
    entry = offered(desk)
    desk.correct("findings", row.row, code="apixaban")
    corrected = held(desk)
    assert offered(desk) is None
    answer = undo(desk, entry)
    assert answer.status_code == 400
    assert "has been corrected or withdrawn since" in answer.text
    assert held(desk) == corrected


def test_a_save_of_which_one_row_was_withdrawn_is_not_undone_by_half(desk: Desk) -> None:
    sides = {"muscle": ["infraspinatus"] * 2, "side": ["left", "right"], "taut_band": ["yes", "no"]}
    desk.client.post(f"{desk.patient_page}/exam", data=sides)
    entry = offered(desk)
    desk.withdraw("exams", desk.rows("exams")[-1].row)
    left = held(desk)
    assert undo(desk, entry).status_code == 400
    assert held(desk) == left


def test_only_who_saved_it_can_undo_it_and_only_of_that_patient(desk: Desk) -> None:
    desk.save_finding(WARFARIN)
    entry, saved = offered(desk), held(desk)
    assistant, elsewhere = desk.beside("assistant"), Desk(desk.client, desk.chart, INJECTED)
    assert offered(assistant) is None
    assert offered(elsewhere) is None
    for other in (assistant, elsewhere):
        assert undo(other, entry).status_code == 400
    assert held(desk) == saved


def test_a_save_can_be_undone_for_a_quarter_of_an_hour(desk: Desk) -> None:
    desk.save_finding(WARFARIN)
    entry, saved = offered(desk), held(desk)
    care = desk.client.app.state.care
    late = datetime.now(UTC) + timedelta(minutes=15)
    care.chart = replace(care.chart, clock=lambda: late)
    assert "Undo</button>" not in desk.page()
    assert "for 15 minutes" in undo(desk, entry).text
    assert held(desk) == saved


def test_what_no_form_of_the_patients_page_saved_is_not_offered(desk: Desk) -> None:
    row = desk.save_finding(WARFARIN)
    desk.correct("findings", row.row, code="apixaban", why=WHY)
    correction = desk.chart.head().entry
    assert offered(desk) is None
    assert undo(desk, correction).status_code == 400
    assert undo(desk, 2**63 - 1).status_code == 400
