"""An episode opens whatever it is called, on every page and by every link to it."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import polars as pl
import pytest

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.knowledge import SHIPPED
from reliefpath.store.chart import create_chart
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app
from reliefpath.web.segments import segment
from reliefpath.web.settings import Settings

from .clients import Client, client_of

NAMES = ("2026/17", "a?b=c", "a#b", "50%", "a%2Fb", "/", "a b", "né/ü", "a&b;c", "a/b/exam", "a:b")


def care_log() -> CareLog:
    tables = {
        "patients": [{"patient": f"P{i}"} for i, _ in enumerate(NAMES)],
        "episodes": [
            {"episode": name, "patient": f"P{i}", "region": "neck", "started_on": "2026-01-05"}
            for i, name in enumerate(NAMES)
        ],
        "scores": [
            {"episode": name, "at": f"2026-01-{day:02}", "measure": "nrs", "value": "6"}
            for name in NAMES
            for day in (5, 12)
        ],
    }
    log, bad = assemble({name: pl.DataFrame(rows) for name, rows in tables.items()}, SHIPPED)
    assert not bad
    return log


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("names") / "names.chart"
    made = create_chart(str(file))
    made.load(care_log(), "names", AuditEvent("import", "import"))
    made.close()
    return file


@pytest.fixture
def director(settings: Settings, chart: Path) -> Client:
    return client_of(create_app(replace(settings, chart=str(chart))), "director")


@pytest.mark.parametrize("name", NAMES)
def test_an_episode_opens_and_every_link_on_its_pages_leads_to_it(
    director: Client, name: str
) -> None:
    own = f"/patient/{segment(name)}"
    for place in ("", "/exam", "/finding", "/needling", "/exercise", "/injection"):
        answer = director.get(own + place)
        assert answer.status_code == 200, place
        assert name in unescape(answer.text)
        for link in re.findall(r'(?:href|action)="(/patient/[^"?#]+)', answer.text):
            assert unescape(link).startswith(own), (place, link)


def test_who_is_not_signed_in_comes_back_to_it(settings: Settings, chart: Path) -> None:
    stranger = client_of(create_app(replace(settings, chart=str(chart))))
    answer = stranger.get(f"/patient/{segment('2026/17')}")
    assert answer.headers["location"].startswith("/sign-in?next=/patient/2026")


def test_a_form_leads_back_to_its_patient(director: Client) -> None:
    own = f"/patient/{segment('a?b=c')}"
    answer = director.post(f"{own}/open", data={"reason": "asked by the patient"})
    assert answer.headers["location"] == own
