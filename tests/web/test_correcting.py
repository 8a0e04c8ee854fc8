"""Rows of a patient's record are corrected and withdrawn from where they are shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from reliefpath.care_log.schema import TABLES
from reliefpath.store.writing import AuditEvent
from reliefpath.web.views.rows import retyped, typed

from .browsing import follow, press, violations
from .clients import client_of
from .conftest import Picture, Served
from .desk import WHY, Desk
from .test_patient import INJECTED, OPEN, sign_in_as_clinician_of
from .test_undoing import EXAM


def test_a_score_is_corrected_from_the_table_and_what_it_was_stays_struck_through(
    page: Page, served: Served, picture: Picture
) -> None:
    sign_in_as_clinician_of(OPEN, served, page)
    page.goto(f"{served.url}/patient/{OPEN}?measure=nrs")
    page.get_by_text("Scores and treatments in a table").click()
    table = page.get_by_role("table", name="Scores of Numeric Rating Scale")
    latest = table.get_by_role("row").nth(1)
    was = latest.get_by_role("cell").nth(1).inner_text().split()[0]
    with page.expect_navigation():
        latest.get_by_role("link").click()
    assert page.get_by_label("Value").input_value() == was
    page.get_by_label("Value").fill("44")
    page.get_by_label("Why is it corrected?").fill(WHY)
    press(page, "Save correction")
    assert "0 to 10" in page.locator(".problem").inner_text()
    assert page.get_by_label("Value").input_value() == "44"
    assert page.get_by_label("Why is it corrected?").input_value() == WHY
    page.get_by_label("Value").fill("9")
    press(page, "Save correction")
    page.get_by_text("Scores and treatments in a table").click()
    expect(latest.get_by_role("cell").nth(1)).to_contain_text("9 Correct…")
    with page.expect_navigation():
        latest.get_by_role("link").click()
    fixed = page.locator(".fix")
    expect(fixed).to_contain_text("Corrected by therapist")
    expect(fixed).to_contain_text(WHY)
    assert (fixed.locator("del").inner_text(), fixed.locator("ins").inner_text()) == (was, "9")
    picture(page.locator("main"), "correct")
    assert not [*violations(page)]


def test_an_exam_that_was_entered_in_error_is_withdrawn_from_the_patients_page(
    page: Page, served: Served
) -> None:
    sign_in_as_clinician_of(OPEN, served, page)
    page.goto(f"{served.url}/patient/{OPEN}")
    link = page.locator("section", has=page.locator("#exam")).get_by_role("link").first
    muscle = (link.get_attribute("aria-label") or "").removeprefix("Correct… ")
    with page.expect_navigation():
        link.click()
    page.get_by_label("Why was it an error?").fill("meant for another patient")
    press(page, "Entered in error: withdraw it")
    assert page.url.endswith(f"/patient/{OPEN}#exam")
    assert muscle not in page.locator("section", has=page.locator("#exam")).inner_text()
    follow(page, "The whole record, with every correction and who looked at it")
    assert "meant for another patient" in page.locator("body").inner_text()


@pytest.mark.parametrize("table", TABLES)
def test_every_row_opens_and_sent_back_untouched_it_is_not_changed(desk: Desk, table: str) -> None:
    for row in [row for row in desk.rows(table) if row.values.get("episode", OPEN) == OPEN][:3]:
        assert desk.client.get(desk.place(table, row.row)).status_code == 200
        same = typed(table, row.values, "UTC")
        assert retyped(table, row.values, same, "UTC") == {}
        answer = desk.correct(table, row.row, **same)
        assert "nothing was changed" in answer.text
    assert desk.chart.log().filter(action="correct").is_empty()


def test_a_list_shows_what_the_address_asks_for_and_opens_what_is_single(desk: Desk) -> None:
    rows = desk.client.get(f"/patient/{OPEN}/rows/scores")
    assert rows.status_code == 200
    assert rows.text.count("Correct…</a>") > 3
    single = desk.client.get(f"/patient/{OPEN}/rows/episodes?episode={OPEN}")
    assert single.headers["location"].startswith(f"/patient/{OPEN}/rows/episodes/")
    none = desk.client.get(f"/patient/{OPEN}/rows/exams?muscle=nowhere")
    assert "Nothing like it is on record any more." in none.text
    assert desk.client.get(f"/patient/{OPEN}/rows/decisions").status_code == 400


@pytest.mark.parametrize("why", ["", "x", "...."])
def test_without_a_reason_nothing_is_recorded_and_what_was_typed_stays(
    desk: Desk, why: str
) -> None:
    row = desk.rows("scores")[-1]
    answer = desk.correct("scores", row.row, value="2", why=why)
    assert "say why in words" in answer.text
    assert 'name="value" type="number" value="2"' in answer.text
    assert "say why in words" in desk.withdraw("scores", row.row, why).text
    assert desk.rows("scores")[-1] == row


def test_a_time_is_the_clinics_and_a_day_alone_stays_one(desk: Desk) -> None:
    desk.chart.set_zone("Europe/Madrid", AuditEvent("test", "zone"))
    row = desk.rows("scores")[-1]
    desk.correct("scores", row.row, at="2026-03-30", time="10:15")
    timed = desk.rows("scores")[-1]
    assert timed.values["at"] == "2026-03-30T08:15:00.000000Z"
    assert 'type="time" value="10:15"' in desk.client.get(desk.place("scores", timed.row)).text
    desk.correct("scores", timed.row, time="")
    assert desk.rows("scores")[-1].values["at"] == "2026-03-30T00:00:00.000000Z"
    answer = desk.correct("scores", desk.rows("scores")[-1].row, at="yesterday")
    assert 'id="at-problem"' in answer.text


def test_a_correction_to_a_day_that_has_not_come_is_for_what_is_planned(desk: Desk) -> None:
    row = desk.rows("treatments")[0].row
    assert "has not come yet" in desk.correct("treatments", row, at="2026-04-01").text
    planned = desk.correct("treatments", row, at="2026-04-01", status="planned")
    assert planned.status_code == 303


def test_what_was_corrected_meanwhile_is_told_and_not_overwritten(desk: Desk) -> None:
    row = desk.rows("treatments")[0]
    desk.correct("treatments", row.row, technique="deep", why="a colleague knew better")
    answer = desk.correct("treatments", row.row, needle="0.25 x 30 mm")
    assert "has corrected this meanwhile" in answer.text
    assert "a colleague knew better" in answer.text
    assert 'value="0.25 x 30 mm"' in answer.text
    (now,) = [r for r in desk.rows("treatments") if r.supersedes == row.row]
    assert (now.values["technique"], now.values["needle"]) == ("deep", row.values["needle"])
    # sent as it came back, with the number of the row that holds
    assert f'action="{desk.place("treatments", now.row)}"' in answer.text
    desk.correct("treatments", now.row, technique="deep", needle="0.25 x 30 mm")
    (now,) = [r for r in desk.rows("treatments") if r.supersedes == now.row]
    assert (now.values["technique"], now.values["needle"]) == ("deep", "0.25 x 30 mm")


def test_what_was_withdrawn_meanwhile_is_told_and_stays_withdrawn(desk: Desk) -> None:
    row = desk.rows("exams")[0]
    assert desk.withdraw("exams", row.row).status_code == 303
    for answer in (
        desk.correct("exams", row.row, side="both"),
        desk.withdraw("exams", row.row),
        desk.client.get(desk.place("exams", row.row)),
    ):
        assert "has withdrawn this meanwhile" in answer.text
        assert "Save correction" not in answer.text
    assert desk.chart.log().filter(action="withdraw").height == 1


def test_rows_of_another_patient_or_complaint_are_out_of_reach(desk: Desk) -> None:
    other = Desk(desk.client, desk.chart, INJECTED)
    for table in TABLES:
        row = other.rows(table)[0].row
        assert desk.client.get(desk.place(table, row)).status_code == 400
        assert desk.correct(table, row, value="1").status_code == 400
        assert desk.withdraw(table, row).status_code == 400
    own = desk.rows("scores")[0]
    answer = desk.correct("scores", own.row, episode=INJECTED)
    assert "is no complaint of this patient" in answer.text
    assert not {"correct", "withdraw"} & set(desk.chart.log()["action"])


def test_an_assistant_corrects_what_assistants_record_and_nothing_else(desk: Desk) -> None:
    assistant = desk.beside("assistant")
    for table in ("patients", "episodes", "treatments", "exams"):
        row = desk.rows(table)[0].row
        assert assistant.client.get(assistant.place(table, row)).status_code == 403
        assert assistant.correct(table, row, name="Somebody").status_code == 403
        assert assistant.withdraw(table, row).status_code == 403
    assert assistant.correct("scores", desk.rows("scores")[-1].row, value="2").status_code == 303
    screened = next(r for r in desk.rows("findings") if r.values["code"] == "screened")
    assert assistant.withdraw("findings", screened.row).status_code == 303


def test_an_assistant_cannot_take_a_red_flag_away(desk: Desk) -> None:
    assistant = desk.beside("assistant")
    flag = assistant.save_finding("red-flag:suspected-fracture")
    for answer in (
        assistant.correct("findings", flag.row, until="2026-03-30"),
        assistant.correct("findings", flag.row, code="screened"),
        assistant.withdraw("findings", flag.row),
    ):
        assert answer.status_code == 403
    assert desk.withdraw("findings", flag.row).status_code == 303


@pytest.mark.parametrize("table", ["patients", "episodes"])
def test_what_goes_with_a_row_is_told_before_and_goes_with_it(desk: Desk, table: str) -> None:
    (row,), patient = desk.rows(table), desk.patient
    shown = desk.client.get(desk.place(table, row.row)).text
    told = re.search(r'name="goes_with" value="(\d+)"', shown)
    assert told is not None
    goes_with = int(told[1])
    for name in ("scores", "treatments", "exams"):
        assert f"{len(desk.rows(name))} {name}" in shown
    desk.client.post(f"{desk.patient_page}/exam", data=EXAM)
    assert "look again" in desk.withdraw(table, row.row, goes_with=goes_with).text
    held = sum(desk.chart.counts()[name][0] for name in TABLES)
    gone = desk.withdraw(table, row.row, goes_with=goes_with + 1)
    assert gone.headers["location"] == "/worklist"
    assert held - sum(desk.chart.counts()[name][0] for name in TABLES) == goes_with + 2
    assert desk.chart.patient_of(OPEN) is None
    entry = desk.chart.log().filter(action="withdraw").row(0, named=True)
    assert (entry["by"], entry["reason"], entry["patient"]) == ("director", WHY, patient)


def test_another_care_teams_rows_ask_for_a_reason_first(desk: Desk) -> None:
    stranger = client_of(desk.client.app, "clinician")
    row = desk.rows("scores")[0].row
    for path in (f"/patient/{OPEN}/rows/scores", desk.place("scores", row)):
        assert "Why do you open it?" in stranger.get(path).text
    answer = stranger.post(desk.place("scores", row), data={"value": "1", "why": WHY})
    assert "Why do you open it?" in answer.text
    assert desk.rows("scores")[0].row == row
