"""Who got a lot, on its page."""

from __future__ import annotations

import polars as pl
from fastapi import FastAPI
from playwright.sync_api import Page

from reliefpath.store.chart import Chart, open_chart

from .browsing import press, violations
from .clients import Client, client_of
from .conftest import Picture, Served
from .desk import Desk


def lot_of(chart: Chart) -> tuple[str, set[str]]:
    """A lot on record, and the patients who got it."""
    care_log = chart.care_log()
    rows = care_log.treatments.filter(pl.col("lot").is_not_null())
    rows = rows.join(care_log.episodes.select("episode", "patient"), on="episode")
    lot = rows["lot"][0]
    return lot, set(rows.filter(lot=lot)["patient"])


def test_a_clinician_finds_everybody_whosever_patient_they_are(
    clinician: Client, app: FastAPI
) -> None:
    lot, patients = lot_of(app.state.care.chart)
    told = clinician.get("/lots", params={"lot": lot.lower().replace("-", " ")}).text
    for patient in patients:
        assert patient in told
    log = app.state.care.chart.log()
    assert all(patient in log.row(-1, named=True)["detail"] for patient in patients)


def test_a_lot_that_was_entered_in_error_is_struck_through(desk: Desk) -> None:
    row = next(r for r in desk.rows("treatments") if r.values["therapy"] == "dry-needling")
    assert desk.correct("treatments", row.row, lot="QX-1").status_code == 303
    [last] = [r for r in desk.rows("treatments") if r.values["lot"] == "QX-1"]
    assert desk.withdraw("treatments", last.row).status_code == 303
    told = desk.client.get("/lots?lot=qx1").text
    assert "<del>QX-1</del>" in told
    assert "entered in error: misread the form" in told


def test_nobody_is_told_as_nobody_with_what_is_not_known(desk: Desk) -> None:
    told = desk.client.get("/lots?lot=nobody-had-this").text
    assert "No injection of lot nobody-had-this is on record" in told
    assert "name the lot" in desk.client.get("/lots?lot=-").text


def test_an_assistant_does_not_see_it(app: FastAPI) -> None:
    assert client_of(app, "assistant").get("/lots").status_code == 403


def test_the_page_can_be_used_by_everybody(page: Page, served: Served, picture: Picture) -> None:
    served.sign_in(page, "director")
    chart = open_chart(served.settings.chart)
    lot, patients = lot_of(chart)
    chart.close()
    page.goto(f"{served.url}/lots")
    page.get_by_label("Lot").fill(lot)
    press(page, "Search")
    assert page.locator("tbody tr").count() >= len(patients)
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert not [*violations(page)]
    page.emulate_media(color_scheme="light")
    picture(page, "lots")
