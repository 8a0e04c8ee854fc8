"""What the tests of the check-in share: a patient with everything, links, and answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
from playwright.sync_api import Browser, Page

from reliefpath.care.check_in.links import Links
from reliefpath.store.chart import Chart, open_chart

from .conftest import TODAY, Served

PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Patient:
    """A patient of the clinic and one of their complaints."""

    served: Served
    chart: Chart
    episode: str
    patient: str

    @property
    def links(self) -> Links:
        return Links(self.chart, self.served.settings.secret)

    def link(self) -> str:
        """The address of a new link."""
        return self.address(self.links.make(self.episode, self.patient, "assistant"))

    def address(self, token: str) -> str:
        return f"{self.served.url}/check-in/{token}"

    def check_ins(self) -> list[dict[str, Any]]:
        """The entries of the audit log in which this patient checked in."""
        log = self.chart.log(self.patient).filter(action="check-in")
        return [{**row, **json.loads(row["detail"])} for row in log.iter_rows(named=True)]

    def today(self, table: str) -> pl.DataFrame:
        """What is on record of this patient of today."""
        rows = self.chart.care_log_of(self.patient).table(table)
        return rows.filter(pl.col("at").dt.date() == TODAY)

    def findings(self) -> set[tuple[str, str]]:
        return set(self.today("findings").select("kind", "code").rows())


def patient_of(served: Served, episode: str | None = None) -> Patient:
    """Who speaks English, named activities and was needled of late, unless one is named."""
    chart = open_chart(served.settings.chart)
    care_log = chart.care_log()
    needled = care_log.treatments.filter(pl.col("therapy").is_in(["injection", "dry-needling"]))
    named = care_log.scores.filter(measure="psfs")["episode"]
    english = care_log.patients.filter(pl.col("language").str.starts_with("en"))["patient"]
    theirs = care_log.episodes.filter(pl.col("patient").is_in(english.implode()))["episode"]
    last = needled.filter(
        pl.col("episode").is_in(named.implode()), pl.col("episode").is_in(theirs.implode())
    ).sort("at", "episode")
    episode = episode or last["episode"][-1]
    patient = chart.patient_of(episode)
    assert patient is not None
    return Patient(served, chart, episode, patient)


@contextmanager
def phone(browser: Browser, **settings: Any) -> Iterator[Page]:
    """A page on a phone."""
    context = browser.new_context(viewport=PHONE, has_touch=True, **settings)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def step(page: Page) -> str:
    """The heading of the step that is shown."""
    return page.locator(".step:not([hidden]) h2").inner_text()


def next_step(page: Page) -> None:
    page.locator("[data-go=next]").click()


def answer(page: Page, *, signs: Iterable[str] = ("none",), send: bool = True) -> None:
    """Answer every step from where the page stands."""
    while True:
        for marks in page.locator(".step:not([hidden]) .scale:not(.each) .marks").all():
            marks.locator("input").nth(4).check()
        if page.locator("[data-go=send]").is_visible():
            break
        if page.locator("#done-3").is_visible():
            page.locator("#done-3").check()
        next_step(page)
    for sign in signs:
        page.locator(f"#sign-{sign}").check()
    if send:
        page.locator("[data-go=send]").click()
        page.wait_for_url("**/thanks*")
