"""Who treats sees what the clinic achieves."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page

from reliefpath.care.decisions import OVERRIDDEN, Basis, decide
from reliefpath.pathway.model import default_file
from reliefpath.store.chart import open_chart
from reliefpath.web.routes import outcomes
from reliefpath.web.routes.outcomes import Achieved

from .conftest import TODAY, Picture, Served
from .processes import until


def test_the_page_tells_each_number_out_of_how_many(
    served: Served, page: Page, picture: Picture
) -> None:
    served.sign_in(page, "clinician")
    page.goto(f"{served.url}/outcomes")
    picture(page, "outcomes")
    statuses = page.get_by_role("region", name="All episodes by status")
    counts = [row.split(" of ") for row in statuses.locator("td:nth-child(2)").all_inner_texts()]
    assert sum(int(count) for count, _ in counts) == int(counts[0][1])
    assert "not stable" in page.locator("main").inner_text()
    assert "No decision is on record yet" in page.locator("main").inner_text()


def test_an_override_shows_with_its_reason(served: Served, page: Page) -> None:
    chart = open_chart(served.settings.chart)
    basis = Basis(default_file().read_text("utf-8"))
    decide(chart, "demo-0001", OVERRIDDEN, basis, TODAY, "clinician", "Wants to wait")
    served.sign_in(page, "clinician").goto(f"{served.url}/outcomes")
    advice = page.get_by_role("region", name="Decisions on record")
    assert "0 of 1" in advice.inner_text()
    assert page.get_by_text("Wants to wait: 1").count() == 1


def test_outcomes_are_kept_until_something_is_recorded(served: Served) -> None:
    achieved = Achieved(served.settings.open_care())
    achieved.care.everybody()
    begun = time.process_time()
    first = achieved.outcomes()
    assert time.process_time() - begun < 1
    assert achieved.outcomes() is first
    chart = open_chart(served.settings.chart)
    decide(
        chart, "demo-0001", "agreed", Basis(default_file().read_text("utf-8")), TODAY, "clinician"
    )
    again = achieved.outcomes()
    assert again.decided.agreed.count == 1


def test_a_large_clinic_is_counted_in_the_background_and_told_as_of_when(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    achieved = Achieved(served.settings.open_care(), large=1)
    first = achieved.outcomes()
    chart = open_chart(served.settings.chart)
    basis = Basis(default_file().read_text("utf-8"))
    decide(chart, "demo-0001", "agreed", basis, TODAY, "clinician")
    assert achieved.outcomes() is first, "it rests after each count"
    monkeypatch.setattr(outcomes, "REST", 0)
    until(lambda: achieved.outcomes().decided.agreed.count == 1, 60)
    assert achieved.outcomes().at > first.at


def test_a_count_that_failed_is_told_and_tried_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "REST", 0)
    for large in (1, 500):
        achieved = Achieved(served.settings.open_care(), large=large)
        with monkeypatch.context() as broken:
            broken.setattr(outcomes, "response", lambda weeks: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                achieved.outcomes()
        assert achieved.outcomes().recovering
