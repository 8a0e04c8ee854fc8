"""The medical director reads the strategy, and tries a change before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from reliefpath.care.clinic_chart import Care
from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import Knowledge
from reliefpath.pathway.assessment import assess
from reliefpath.pathway.facts import schema
from reliefpath.pathway.model import default_file, load_pathway
from reliefpath.pathway.what_if import month_ends
from reliefpath.store.chart import open_chart
from reliefpath.web.app import create_app
from reliefpath.web.routes.trial import text_in_force
from reliefpath.web.settings import Settings

from .browsing import follow, press
from .clients import client_of
from .conftest import TODAY, Picture, Served

TRIAL = "steps.dry-needling.criteria.dry-needling-trial.require"
SHOW = "Show what it would have done"


@pytest.fixture(params=["light", "dark"])
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A narrow screen, light or dark."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=request.param
    )
    yield context.new_page()
    context.close()


def strategy(settings: Settings) -> str:
    """The page that the medical director sees."""
    return client_of(create_app(settings), "director").get("/strategy").text


def tile(page: Page, name: str) -> int:
    """The number under a name."""
    value = page.locator(".tiles > div").filter(has_text=name).locator("dd").inner_text()
    return int(value.split()[0])


def test_every_rule_is_on_the_page_with_its_reason(
    served: Served, page: Page, picture: Picture
) -> None:
    served.sign_in(page, "clinician").goto(f"{served.url}/strategy")
    picture(page, "strategy")
    pathway = load_pathway()
    text = " ".join(page.locator("main").inner_text().split())
    for id_, (_, criterion) in pathway.criteria.items():
        row = page.locator(f"[id='rule-{id_}']")
        assert " ".join(criterion.require.split()) in " ".join(row.inner_text().split())
        assert " ".join(criterion.because.split()) in " ".join(row.inner_text().split())
        assert (row.get_by_text("to sign").count() == 1) is pathway.needs_signature(criterion)
    assert all(" ".join(note.say.split()) in text for note in pathway.notes.values())
    assert "Not signed off" in text
    assert "Trigger point injection, with 25 criteria" in str(
        page.locator("svg desc").text_content()
    )


def test_a_clinician_reads_the_strategy_but_cannot_try_a_change(served: Served, page: Page) -> None:
    served.sign_in(page, "clinician").goto(f"{served.url}/strategy")
    assert page.get_by_role("link", name="Try a change").count() == 0
    for path, method in (("try", "GET"), ("try", "POST"), ("download", "POST")):
        answer = page.request.fetch(f"{served.url}/strategy/{path}", method=method)
        assert answer.status == 403


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_sees_no_care_sees_no_outcomes(served: Served, page: Page, role: str) -> None:
    page.goto(f"{served.url}/sign-in")
    form = {"username": role, "password": "conservative-first"}
    page.request.post(f"{served.url}/sign-in", form=form, max_redirects=0)  # type: ignore[arg-type]
    for path in ("/strategy", "/outcomes"):
        assert page.request.get(f"{served.url}{path}").status == 403


def test_a_director_sees_what_a_threshold_would_have_done(
    served: Served, page: Page, tmp_path: Path, picture: Picture
) -> None:
    served.sign_in(page, "director").goto(f"{served.url}/strategy")
    follow(page, "Try a change")
    page.locator(f"[name='{TRIAL}#0']").fill("7")
    press(page, SHOW)
    picture(page.get_by_role("region", name="What it would have done"), "trial")
    page.get_by_label("Version of the changed file").fill("1.1.0")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the changed file").click()
    assert download.value.suggested_filename == "relief-plus-1.1.0.yaml"
    file = tmp_path / "changed.yaml"
    download.value.save_as(file)
    after, before = load_pathway(file), load_pathway()
    assert after.version == "1.1.0"
    assert after.criteria["dry-needling-trial"][1].require == "dry_needling_sessions >= 7"

    care_log = open_chart(served.settings.chart).care_log()
    months = steps = closed = 0
    for day in month_ends(TODAY):
        was = {r["episode"]: r for r in assess(care_log, before, day).to_dicts()}
        now = {r["episode"]: r for r in assess(care_log, after, day).to_dicts()}
        for episode in (e for e, row in was.items() if row["in_care"]):
            months += 1
            steps += was[episode]["next_step"] != now[episode]["next_step"]
            closed += was[episode]["gate"] is True and now[episode]["gate"] is not True
    assert f"{months} patient-months" in page.locator("main").inner_text()
    assert tile(page, "Another next step") == steps > 0
    assert tile(page, "Gate would have closed") == closed
    assert tile(page, "Another status") == 0
    assert page.locator("a[href^='/patient/demo-']").count() > 0
    assert (
        "Give dry needling: {dry_needling_sessions} of 4" in page.locator(".changed").inner_text()
    )


def test_a_change_can_be_changed_further_and_taken_back(served: Served, page: Page) -> None:
    served.sign_in(page, "director").goto(f"{served.url}/strategy/try")
    page.locator(f"[name='{TRIAL}#0']").fill("7")
    press(page, SHOW)
    page.locator("[name='recovery.horizon_weeks#0']").fill("4")
    press(page, SHOW)
    assert page.locator(".changed").count() == 2
    page.locator(f"[name='{TRIAL}#0']").fill("4")
    page.locator("[name='recovery.horizon_weeks#0']").fill("6")
    press(page, SHOW)
    assert "Nothing was changed" in page.get_by_role("alert").inner_text()


def test_a_window_changed_where_it_stands_changes_every_rule_that_rests_on_it(
    served: Served, page: Page
) -> None:
    served.sign_in(page, "director").goto(f"{served.url}/strategy/try")
    page.get_by_label("Window, from: number 1").fill("0.4")
    press(page, SHOW)
    assert tile(page, "Another status") > 0
    changed = page.locator("details").filter(has_text="All differences between the two files")
    said = str(changed.text_content())
    for rule in ("statuses.plateaued.when", "statuses.stalled.when", "criteria.window.require"):
        assert rule in said
    assert "below 40 % look for another cause" in said


def test_a_typo_in_a_rule_is_refused_with_a_hint(served: Served, page: Page) -> None:
    served.sign_in(page, "director").goto(f"{served.url}/strategy/try")
    line = page.locator(f"[id='line-{TRIAL}']")
    line.locator("summary").click()
    line.locator("textarea").fill("dry_needling_sesions >= 4")
    press(page, SHOW)
    assert nearest("dry_needling_sesions", schema()) in page.get_by_role("alert").inner_text()
    lines = default_file().read_text("utf-8").splitlines()
    number = lines.index("        require: dry_needling_sessions >= 4") + 1
    assert f"line {number}:" in line.locator(".error").inner_text()
    assert line.locator("textarea").input_value() == "dry_needling_sesions >= 4"
    assert page.locator("#effect").count() == 0


@pytest.mark.parametrize("number", ["four", "4 or true", "", "1e9", "4)"])
def test_what_is_no_number_is_refused(served: Served, page: Page, number: str) -> None:
    served.sign_in(page, "director").goto(f"{served.url}/strategy/try")
    page.locator(f"[name='{TRIAL}#0']").fill(number)
    press(page, SHOW)
    assert "expected a number" in page.get_by_role("alert").inner_text()


def test_the_version_in_force_is_not_given_twice(served: Served, page: Page) -> None:
    served.sign_in(page, "director").goto(f"{served.url}/strategy/try")
    csrf = page.locator("main [name=csrf]").first.input_value()
    form = {"csrf": csrf, f"shown:{TRIAL}": "dry_needling_sessions >= 5", "version": "2.1.0"}
    answer = page.request.post(f"{served.url}/strategy/download", form=form)  # type: ignore[arg-type]
    assert answer.status == 400
    assert "2.1.0 is the version in force" in answer.text()


def test_a_trial_is_on_record_and_saves_nothing(served: Served, page: Page) -> None:
    served.sign_in(page, "director").goto(f"{served.url}/strategy/try")
    before = open_chart(served.settings.chart).log()
    page.locator(f"[name='{TRIAL}#0']").fill("7")
    press(page, SHOW)
    page.locator("#effect").wait_for()
    new = open_chart(served.settings.chart).log().slice(before.height)
    assert new.select("by", "action").rows() == [("director", "view")]
    assert new["digest"].null_count() == new.height


def test_the_effect_of_a_change_can_be_read_by_everybody(served: Served, phone: Page) -> None:
    served.sign_in(phone, "director")
    phone.goto(f"{served.url}/strategy/try")
    phone.locator(f"[name='{TRIAL}#0']").fill("7")
    press(phone, SHOW)
    phone.locator("#effect").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(phone).violations_count == 0


def test_the_clinics_own_rows_in_force_are_told_with_reason_name_and_day(
    settings: Settings,
) -> None:
    clinic = """clinic: Riverside
overrides:
  - {in: limits, row: volume, set: {most: 6}, because: Less is enough., by: Ana, on: 2026-05-04}
"""
    html = strategy(replace(settings, knowledge=Knowledge.of_text(clinic)))
    for told in ("Riverside", "most 6, shipped 10", "Less is enough.", "Ana, 4 May 2026"):
        assert told in html
    assert "in force as shipped" in strategy(settings)


def test_who_signed_the_pathway_off_and_when_is_told(settings: Settings, tmp_path: Path) -> None:
    text = default_file().read_text("utf-8").replace("approved_by:\n", "approved_by: Dr. Ruiz\n")
    file = tmp_path / "ours.yaml"
    file.write_text(text.replace("approved_on:\n", "approved_on: 2026-01-05\n"), "utf-8")
    html = strategy(replace(settings, pathway=file))
    assert "Signed off by Dr. Ruiz on 5 January 2026" in html
    assert "Not signed off" not in html


def test_a_file_that_changed_since_the_start_is_not_changed_further(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(default_file().read_text("utf-8"), "utf-8")
    care = Care.open(settings.chart, file)
    assert text_in_force(care) == file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace(">= 4", ">= 5"), "utf-8")
    with pytest.raises(UsageError, match="has changed since the server started"):
        text_in_force(care)
