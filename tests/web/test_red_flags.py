"""A red flag bars until it was examined, and is cleared by who treats, in words."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from reliefpath.care.red_flags import CLEARED
from reliefpath.pathway.advice import assess_episode

from .browsing import press, violations
from .check_in import patient_of
from .conftest import TODAY, Picture, Served
from .desk import Desk
from .test_patient import OPEN, next_step, sign_in_as_clinician_of

FLAG = "red-flag:suspected-fracture"
PLACE = f"/patient/{OPEN}/red-flag/red-flag/suspected-fracture"
FOUND = "no midline tenderness, and no fall"


def clear(desk: Desk, *rows: int, found: str = FOUND) -> httpx.Response:
    return desk.client.post(PLACE, data={"row": [str(row) for row in rows], "found": found})


def status(desk: Desk, days_ago: int = 0) -> str:
    """What the patient's status is, by what is known now."""
    care = desk.client.app.state.care
    care_log = desk.chart.care_log_of(desk.patient)
    day = TODAY - timedelta(days=days_ago)
    return assess_episode(care_log, desk.episode, care.pathway, day, care.priors).status


def test_a_warning_sign_that_a_patient_mistapped_is_examined_and_cleared(
    browser: Browser, page: Page, served: Served, picture: Picture
) -> None:
    patient = patient_of(served, OPEN)
    sent = {"nrs": "2", "sign": "cauda-equina"}
    assert httpx.post(patient.link(), data=sent).status_code == 303
    sign_in_as_clinician_of(OPEN, served, page)
    page.goto(f"{served.url}/patient/{OPEN}")
    assert "Red flag (cauda-equina)" in next_step(page)
    expect(page.locator(".danger")).to_contain_text("reported by the patient, not yet examined")
    with page.expect_navigation():
        page.get_by_role("link", name="Examine and clear").click()  # the first entry
    expect(page.locator("main")).to_contain_text("reported by the patient, not yet examined")
    picture(page, "red-flag")
    assert not [*violations(page)]
    page.get_by_label("What did you find on examination?").fill(FOUND)  # the second
    press(page, "Cleared")  # the third
    assert page.locator(".danger").count() == 0
    assert "Red flag" not in next_step(page)
    patient.chart.close()


def test_it_bars_until_it_is_cleared_and_the_log_tells_by_whom_and_why(desk: Desk) -> None:
    before = status(desk)
    flag = desk.save_finding(FLAG)
    assert status(desk) == "referred"
    assert clear(desk, flag.row).status_code == 303
    assert status(desk) == before
    (row,) = [r for r in desk.rows("findings") if r.supersedes == flag.row]
    assert row.values == {**flag.values, "until": str(TODAY - timedelta(days=1))}
    entry = desk.chart.log().filter(action=CLEARED).row(0, named=True)
    told = entry["by"], entry["reason"], entry["patient"]
    assert told == ("director", FOUND, desk.patient)
    assert "Examine and clear" not in desk.page()


def test_an_older_flag_bars_on_the_days_before_it_was_cleared(desk: Desk) -> None:
    sent = {"finding": FLAG, "on": str(TODAY - timedelta(days=3))}
    desk.client.post(f"{desk.patient_page}/finding", data=sent)
    clear(desk, desk.rows("findings")[-1].row)
    assert [status(desk, days) == "referred" for days in range(5)] == [
        *(False, True, True, True, False)
    ]


@pytest.mark.parametrize("found", ["", "ok", "...."])
def test_it_stands_until_it_is_said_in_words_what_was_found(desk: Desk, found: str) -> None:
    flag = desk.save_finding(FLAG)
    answer = clear(desk, flag.row, found=found)
    assert "say in words what you found on examination" in answer.text
    assert f">{found}</textarea>" in answer.text
    assert status(desk) == "referred"


def test_an_assistant_sees_that_a_clinician_examines_it_and_cannot_clear_it(desk: Desk) -> None:
    flag, assistant = desk.save_finding(FLAG), desk.beside("assistant")
    assert "A clinician examines it." in assistant.page()
    assert assistant.client.get(PLACE).status_code == 403
    assert clear(assistant, flag.row).status_code == 403
    assert status(desk) == "referred"


def test_what_was_reported_after_the_page_was_opened_still_stands(desk: Desk) -> None:
    seen, later = desk.save_finding(FLAG), desk.save_finding(FLAG)
    assert desk.client.get(PLACE).text.count('name="row"') == 2
    clear(desk, seen.row)
    assert status(desk) == "referred"
    clear(desk, later.row)
    assert status(desk) != "referred"


def test_reports_of_the_same_sign_are_cleared_by_one_examination(desk: Desk) -> None:
    flags = [desk.save_finding(FLAG).row for _ in range(2)]
    clear(desk, *flags)
    assert status(desk) != "referred"
    assert desk.chart.log().filter(action=CLEARED).height == 1


def test_what_was_cleared_or_withdrawn_meanwhile_is_told_and_nothing_is_lost(desk: Desk) -> None:
    flag = desk.save_finding(FLAG)
    clear(desk, flag.row)
    answer = clear(desk, flag.row, found="nothing at all was found")
    assert "It does not stand any more" in answer.text
    assert "nothing at all was found" in answer.text
    assert desk.chart.log().filter(action=CLEARED).height == 1


def test_a_row_that_is_no_report_of_the_flag_is_not_cleared_with_it(desk: Desk) -> None:
    other = desk.save_finding("medicine:warfarin")
    flag = desk.save_finding(FLAG)
    for rows in ((other.row,), (flag.row, other.row), ()):
        assert "look again" in clear(desk, *rows).text
    assert status(desk) == "referred"
    assert desk.rows("findings")[-2] == other
