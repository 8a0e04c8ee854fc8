"""A patient's own copy of their record: all of theirs, nothing of anybody else, and on record."""

from __future__ import annotations

import io
import re
from pathlib import Path
from zipfile import ZipFile

import httpx
import polars as pl
import pytest
from fastapi import FastAPI

from html_page import Page
from reliefpath.care_log.folder import read_care_log
from reliefpath.care_log.schema import TABLES
from reliefpath.store.chart import Chart

from .clients import client_of
from .desk import Desk

TO, WHY = "the patient, in person", "asked for it at the visit"


def fingerprint(desk: Desk) -> str:
    """What tells the texts that the form shows."""
    page = desk.client.get(f"{desk.patient_page}/copy").text
    found = re.search(r'name="checked" value="(\w+)"', page)
    assert found
    return found[1]


def give(desk: Desk, **said: str) -> httpx.Response:
    return desk.client.post(f"{desk.patient_page}/copy", data={"to": TO, "why": WHY, **said})


def unpacked(answer: httpx.Response) -> dict[str, bytes]:
    assert answer.headers["content-type"] == "application/zip", answer.text
    packed = ZipFile(io.BytesIO(answer.content))
    return {name: packed.read(name) for name in packed.namelist()}


def entries(chart: Chart, patient: str) -> list[dict[str, object]]:
    return chart.log(patient).to_dicts()


def test_a_copy_holds_all_of_the_patient_and_nobody_else(desk: Desk, tmp_path: Path) -> None:
    files, folder = unpacked(give(desk, checked=fingerprint(desk))), tmp_path / "copy"
    folder.mkdir()
    for name in TABLES:
        (folder / f"{name}.csv").write_bytes(files[f"data/{name}.csv"])
    copied = read_care_log(folder, zone="UTC")
    held = desk.chart.care_log_of(desk.patient)
    whole = desk.chart.care_log()
    for name in TABLES:
        assert copied.table(name).sort(pl.all()).equals(held.table(name).sort(pl.all()))
    others = set(whole.patients["patient"]) - {desk.patient}
    others |= set(whole.patients["name"].drop_nulls()) - set(held.patients["name"])
    text = b"\n".join(files.values()).decode()
    assert not [other for other in others if re.search(rf"\b{re.escape(other)}\b", text)]


def test_a_copy_is_read_without_citations_codes_of_certainty_or_scripts(desk: Desk) -> None:
    record = unpacked(give(desk, checked=fingerprint(desk)))["record.html"].decode()
    said = Page(record).text()
    assert "<script" not in record
    assert not re.search(r"\[(read|house|abstract|secondary|mirror)\b|doi\.org|https?://", said)


def test_the_log_tells_who_gave_it_to_whom_and_why(desk: Desk) -> None:
    checked, before = fingerprint(desk), desk.chart.head().entry
    give(desk, checked=checked)
    [entry] = [e for e in entries(desk.chart, desk.patient) if e["entry"] > before]  # type: ignore[operator]
    assert (entry["by"], entry["action"], entry["reason"]) == ("director", "export", WHY)
    assert TO in str(entry["detail"])
    assert WHY in desk.client.get(f"{desk.patient_page}/record").text


@pytest.mark.parametrize("left_out", ["to", "why", "checked"])
def test_nothing_is_given_before_it_is_said_to_whom_why_and_that_texts_were_read(
    desk: Desk, left_out: str
) -> None:
    said = {"to": TO, "why": WHY, "checked": fingerprint(desk), left_out: " "}
    before = desk.chart.head().entry
    answer = desk.client.post(f"{desk.patient_page}/copy", data=said)
    assert 'role="alert"' in answer.text
    assert all(value in answer.text for value in said.values() if value.strip())
    assert desk.chart.head().entry == before


def test_a_text_that_was_written_since_is_read_before_it_is_given(desk: Desk) -> None:
    checked = fingerprint(desk)
    row = desk.rows("scores")[-1].row
    desk.correct("scores", row, value="1")
    answer = give(desk, checked=checked)
    assert "read the free texts" in answer.text
    assert "misread the form" in answer.text


def test_the_copy_of_another_care_teams_patient_asks_why_it_is_opened(app: FastAPI) -> None:
    answer = client_of(app, "clinician").get("/patient/demo-0043/copy")
    assert "Why do you open" in answer.text or "care team" in answer.text
    assert "free texts" not in answer.text.lower()
