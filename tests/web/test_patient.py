"""A therapist follows one patient: sees the course and the gate, records, decides, injects."""

from __future__ import annotations

import re

import polars as pl
import pytest
from playwright.sync_api import Locator, Page, expect

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.store.chart import open_chart
from reliefpath.store.writing import AuditEvent

from .browsing import follow, press
from .conftest import PASSWORD, Picture, Served

OPEN, NEVER_EXAMINED, HALF_NEEDLED, INJECTED = "demo-0043", "demo-0022", "demo-0020", "demo-0033"
"""The gate is open; the latest exam is old; three of four sessions were given; was injected."""
SIGNS = ("Taut band", "Tender spot", "Referred pain", "Recognised as theirs", "Local twitch")


@pytest.fixture
def therapist(served: Served, page: Page) -> Page:
    """Whoever treats demo-0043, signed in."""
    return sign_in_as_clinician_of(OPEN, served, page)


def sign_in_as_clinician_of(episode: str, served: Served, page: Page) -> Page:
    chart = open_chart(served.settings.chart)
    name = chart.care_log().episodes.filter(episode=episode)["clinician"][0]
    chart.close()
    accounts = Accounts(served.settings.accounts)
    accounts.add("therapist", "Thea Therapist", Role.CLINICIAN, PASSWORD, clinicians=[name])
    return served.sign_in(page, "therapist")


def next_step(page: Page) -> str:
    return page.locator(".lead").inner_text()


def test_a_therapist_opens_a_patient_from_the_worklist_and_sees_curve_and_gate(
    therapist: Page, served: Served, picture: Picture
) -> None:
    with therapist.expect_navigation():
        therapist.locator(f'a[href="/patient/{OPEN}"]').first.click()
    assert therapist.locator("h1").inner_text() == "Carol Hale"
    assert therapist.get_by_text("gate to the injection open").is_visible()
    drawn = therapist.locator(".curve img[alt^='Recovery curve on Numeric Rating Scale']")
    assert drawn.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
    picture(therapist, "patient")
    follow(therapist, "Neck Disability Index")
    assert therapist.get_by_role("img", name="Recovery curve on Neck Disability Index").count() == 1
    therapist.locator(".rung > summary", has_text="Trigger point injection").click()
    answered = therapist.locator("summary", has_text=re.compile(r"yes\s+A plateau$"))
    plateau = therapist.locator(".checklist li").filter(has=answered)
    plateau.locator("summary").click()
    assert "p_plateau >= 0.8" in plateau.locator("code").inner_text()
    assert "Chance that the course is level" in plateau.locator(".facts").inner_text()
    assert "[" in plateau.locator(".sources").inner_text()
    picture(therapist.locator(".rung[open]"), "gate")


def test_the_page_of_an_injected_patient_tells_what_passes(page: Page, served: Served) -> None:
    sign_in_as_clinician_of(INJECTED, served, page)
    page.goto(f"{served.url}/patient/{INJECTED}")
    alt = page.locator(".curve img").get_attribute("alt") or ""
    assert "What the injection takes off for a while is drawn apart." in alt
    page.get_by_text("Scores and treatments in a table").click()
    assert page.get_by_role("table", name="Scores of Numeric Rating Scale").is_visible()


def test_a_therapists_morning(page: Page, served: Served) -> None:
    sign_in_as_clinician_of(NEVER_EXAMINED, served, page)
    page.goto(f"{served.url}/worklist")
    row = page.get_by_role("row").filter(has_text=NEVER_EXAMINED)
    expect(row).to_contain_text("Examine again")
    open_from(row)
    follow(page, "Record an exam")
    examine(page, "infraspinatus")
    press(page, "Record the exam")
    page.goto(f"{served.url}/worklist")
    expect(row).not_to_contain_text("Examine again")
    expect(row).to_contain_text("gate open")

    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Patients of").select_option("Everybody")
    row = page.get_by_role("row").filter(has_text=HALF_NEEDLED)
    expect(row).to_contain_text("3 of 4 sessions")
    open_from(row)
    page.get_by_label("Why do you open it?").fill("covering this morning")
    press(page, "Open the record")
    follow(page, "Record a finding")
    page.get_by_label("What was found, or asked").select_option("consent:needling")
    press(page, "Record the finding")
    follow(page, re.compile("^Dry needling$"))
    needle_knowingly(page)
    page.goto(f"{served.url}/worklist?clinician=*")
    expect(row).not_to_contain_text("3 of 4 sessions")


def open_from(row: Locator) -> None:
    """Open the patient of a row of the worklist."""
    with row.page.expect_navigation():
        row.get_by_role("link", name="Review").click()


def examine(page: Page, muscle: str) -> None:
    """Find an active trigger point on the right."""
    found = page.get_by_role("group", name="Muscle 1")
    found.get_by_label("Muscle").select_option(muscle)
    found.get_by_label("Side").select_option("right")
    for sign in SIGNS:
        found.get_by_label(sign).select_option("yes")


def test_an_exam_changes_the_next_step(page: Page, served: Served) -> None:
    sign_in_as_clinician_of(NEVER_EXAMINED, served, page)
    page.goto(f"{served.url}/patient/{NEVER_EXAMINED}")
    assert "Examine again" in next_step(page)
    follow(page, "Record an exam")
    muscle = page.get_by_role("group", name="Muscle 1")
    muscle.get_by_label("Muscle").select_option("infraspinatus")
    muscle.get_by_label("Taut band").select_option("yes")
    press(page, "Record the exam")
    assert "side" in page.get_by_role("alert").inner_text()
    assert muscle.get_by_label("Taut band").input_value() == "yes"
    examine(page, "infraspinatus")
    press(page, "Record the exam")
    assert "Examine again" not in next_step(page)
    assert "Infraspinatus, right: active trigger point" in page.locator("main").inner_text()
    follow(page, "Record an exam")
    muscle.get_by_label("Muscle").select_option("infraspinatus")
    muscle.get_by_label("Side").select_option("right")
    muscle.get_by_label("Taut band").select_option("no")
    press(page, "Record the exam")
    assert "was examined on 2026-03-31 already" in page.get_by_role("alert").inner_text()


def test_needling_waits_for_consent_and_then_changes_the_next_step(
    page: Page, served: Served
) -> None:
    sign_in_as_clinician_of(HALF_NEEDLED, served, page)
    page.goto(f"{served.url}/patient/{HALF_NEEDLED}/needling")
    needle(page)
    assert "blocked by consent" in page.locator("main").inner_text()
    assert page.get_by_label("Needle").input_value() == "0.30 x 40 mm"
    page.goto(f"{served.url}/patient/{HALF_NEEDLED}/finding")
    page.get_by_label("What was found, or asked").select_option("consent:needling")
    press(page, "Record the finding")
    assert "3 of 4 sessions" in next_step(page)
    follow(page, re.compile("^Dry needling$"))
    needle_knowingly(page)
    assert page.url == f"{served.url}/patient/{HALF_NEEDLED}"
    assert "3 of 4 sessions" not in next_step(page)


def test_what_is_found_at_a_place_concerns_no_needle_elsewhere(page: Page, served: Served) -> None:
    sign_in_as_clinician_of(HALF_NEEDLED, served, page)
    page.goto(f"{served.url}/patient/{HALF_NEEDLED}/finding")
    found = "condition:skin-infection-at-site"
    page.get_by_label("What was found, or asked").select_option(found)
    page.get_by_label("Muscle").select_option("masseter")
    page.get_by_label("Side").select_option("left")
    press(page, "Record the finding")
    follow(page, re.compile("^Dry needling$"))
    needle(page)
    told = page.locator("main").text_content() or ""
    assert "Skin infection at the site, masseter left:" in told
    assert "Nothing is planned there." in told


def needle_knowingly(page: Page) -> None:
    """Record a session, and what is to be weighed as weighed."""
    needle(page)
    for box in page.locator("input[name=acknowledge], input[name=nothing_new]").all():
        box.check()
    if page.get_by_role("button", name="Record the session").is_visible():
        press(page, "Record the session")


def needle(page: Page) -> None:
    muscle = page.get_by_role("group", name="Muscle 1")
    muscle.get_by_label("Muscle").select_option("infraspinatus")
    muscle.get_by_label("Side").select_option("right")
    muscle.get_by_label("Local twitch").select_option("yes")
    page.get_by_label("Needle").fill("0.30 x 40 mm")
    page.get_by_label("Pain relieved, %").fill("30")
    press(page, "Record the session")


def test_a_clinician_agrees_and_an_override_needs_its_reason(
    therapist: Page, served: Served
) -> None:
    therapist.goto(f"{served.url}/patient/{OPEN}")
    press(therapist, "Override it")
    assert "needs its reason" in therapist.get_by_role("alert").inner_text()
    assert therapist.get_by_text("Nothing was decided on it yet.").is_visible()
    therapist.get_by_label("Reason; an override needs it").fill("prefers to wait for the summer")
    press(therapist, "Override it")
    press(therapist, "Agree with the advice")
    assert therapist.get_by_text("Agreed 1, overridden 1.").is_visible()
    assert therapist.get_by_text("Because: prefers to wait for the summer").is_visible()
    chart = open_chart(served.settings.chart)
    assert [(d["decision"], d["by"]) for d in chart.decisions(OPEN)] == [
        ("overridden", "therapist"),
        ("agreed", "therapist"),
    ]
    chart.close()


def test_a_decision_on_advice_that_changed_meanwhile_is_not_kept(
    therapist: Page, served: Served
) -> None:
    therapist.goto(f"{served.url}/patient/{OPEN}")
    seen = therapist.locator("input[name=seen]")
    seen.evaluate("field => { field.value = 'stalled: something else' }")
    press(therapist, "Agree with the advice")
    assert "The advice has changed" in therapist.get_by_role("alert").inner_text()
    assert therapist.get_by_text("Nothing was decided on it yet.").is_visible()


def fill_site(page: Page, *, strength: str, volume_ml: str) -> Locator:
    """Plan lidocaine at one of the two sites that the planner opens with."""
    other, site = (page.get_by_role("group", name=f"Site {number}") for number in (1, 2))
    other.get_by_label("Muscle").select_option("")
    other.get_by_label("Side").select_option("")
    site.get_by_label("Agent").select_option("lidocaine")
    site.get_by_label("Strength", exact=True).fill(strength)
    site.get_by_label("Volume, mL").fill(volume_ml)
    return site


def test_an_injection_is_planned_blocked_corrected_and_recorded_with_its_papers(
    therapist: Page, served: Served, picture: Picture
) -> None:
    therapist.goto(f"{served.url}/patient/{OPEN}")
    follow(therapist, "Plan an injection")
    site = fill_site(therapist, strength="2", volume_ml="50")
    press(therapist, "Check the plan")
    site = therapist.get_by_role("group", name="Site 1")
    therapist.get_by_label("Lot", exact=True).fill("A123")
    therapist.get_by_label("Expires").fill("04/2027")
    assert therapist.locator("#checks + p .tag").inner_text() == "blocked"
    picture(therapist.locator("#checks + p").locator(".."), "injection-blocked")
    assert therapist.get_by_role("link", name="Procedure note").count() == 0
    site.get_by_label("Strength", exact=True).fill("1")
    site.get_by_label("Volume, mL").fill("1")
    press(therapist, "Record it as given")
    assert "nobody has weighed" in therapist.locator("main").inner_text()
    for box in therapist.locator("input[name=acknowledge], input[name=nothing_new]").all():
        box.check()
    press(therapist, "Record it as given")
    assert therapist.get_by_text("This injection is on record.").is_visible()
    assert therapist.locator("#checks + p .tag").inner_text() == "ready"
    with therapist.expect_download() as download:
        therapist.get_by_role("link", name="Procedure note as PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    follow(therapist, re.compile("^Procedure note$"))
    assert "A123" in therapist.locator("body").inner_text()
    therapist.goto(f"{served.url}/patient/{OPEN}")
    assert "Trigger point injection" in therapist.locator("#tried + div").inner_text()


def test_a_clinician_answers_by_name_what_a_payer_leaves_uncertain_and_the_letter_gives_it(
    therapist: Page, served: Served
) -> None:
    therapist.goto(f"{served.url}/patient/{OPEN}/injection")
    fill_site(therapist, strength="1", volume_ml="1")
    therapist.get_by_label("Policy").select_option("anthem")
    press(therapist, "Check the plan")
    therapist.locator("input[name=nothing_new]").check()
    press(therapist, "Check the plan")
    assert "conservative is uncertain" in therapist.locator("#papers ~ div").first.inner_text()
    assert therapist.get_by_role("link", name="Medical necessity").count() == 0
    criteria = therapist.locator("fieldset:has(input[name=criterion])")
    for number in range(criteria.count()):
        criteria.nth(number).get_by_label("Answered by").fill("Dr. Ana Ruiz")
        criteria.nth(number).get_by_label("Answer", exact=True).fill("Desk work is not possible.")
    press(therapist, "Check the plan")
    follow(therapist, re.compile("^Medical necessity$"))
    assert "Dr. Ana Ruiz: Desk work is not possible." in therapist.locator("body").inner_text()


def test_each_criterion_has_an_address(therapist: Page, served: Served) -> None:
    therapist.goto(f"{served.url}/patient/{OPEN}#enough-scores")
    assert therapist.locator("li#enough-scores").count() == 1


def test_another_clinicians_patient_opens_once_it_is_said_why(page: Page, served: Served) -> None:
    served.sign_in(page, "clinician")
    page.goto(f"{served.url}/patient/{OPEN}")
    assert page.locator("h1").inner_text() == "Another care team’s patient"
    assert "Carol Hale" not in page.content()
    page.get_by_label("Why do you open it?").fill("covering on Tuesday")
    press(page, "Open the record")
    assert page.locator("h1").inner_text() == "Carol Hale"
    page.goto(f"{served.url}/patient/{OPEN}/exam")
    assert page.locator("h1").inner_text() == "Record an exam"
    chart = open_chart(served.settings.chart)
    log = chart.log().filter(by="clinician", patient=chart.patient_of(OPEN))
    chart.close()
    assert log["action"][:2].to_list() == ["refused", "open"]
    assert log["reason"][1] == "covering on Tuesday"
    assert set(log["action"][2:]) == {"view"}


def test_the_whole_record_opens(therapist: Page, served: Served) -> None:
    therapist.goto(f"{served.url}/patient/{OPEN}/record")
    assert "Carol Hale" in therapist.locator("h1").inner_text()


def test_the_first_screen_of_a_laptop_has_the_next_step_the_curve_and_one_action(
    therapist: Page, served: Served
) -> None:
    therapist.set_viewport_size({"width": 1440, "height": 900})
    therapist.goto(f"{served.url}/patient/{OPEN}")
    chart = therapist.locator(".curve.live .chart")
    chart.wait_for()
    box = chart.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 900
    main = therapist.locator(".next .actions .button:not(.quiet)")
    assert main.all_inner_texts() == ["Plan an injection"]  # the gate is open
    assert therapist.get_by_text("from Numeric Rating Scale and Neck Disability Index").count() == 1
    therapist.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(therapist.locator("h1")).to_be_in_viewport()


def test_what_is_open_before_the_gate_is_listed_and_leads_to_why(
    page: Page, served: Served
) -> None:
    sign_in_as_clinician_of(NEVER_EXAMINED, served, page)
    page.goto(f"{served.url}/patient/{NEVER_EXAMINED}")
    assert page.locator(".next .actions .button:not(.quiet)").inner_text() == "Record a visit"
    unmet = page.locator(".next .plain a").filter(has_text=re.compile("exam", re.IGNORECASE))
    unmet.first.click()
    assert page.url.endswith("#exam-recent")
    expect(page.locator("#exam-recent")).to_be_in_viewport()


def test_alerts_of_the_person_stand_in_the_head_of_every_page(page: Page, served: Served) -> None:
    """An allergy is the person's, whichever complaint it was filed under; what ended is none."""
    sign_in_as_clinician_of(OPEN, served, page)
    chart = open_chart(served.settings.chart)
    patient = chart.patient_of(OPEN)
    other = {"episode": ["elsewhere"], "patient": [patient], "region": ["hip"]}
    chart.insert(
        {"episodes": pl.DataFrame(other | {"started_on": ["2025-01-02"]})},
        AuditEvent("ada", "record", None, patient),
    )
    found = [
        ("allergy", "lidocaine", "elsewhere", None),
        ("allergy", "no-rule", None, None),
        ("medicine", "warfarin", None, None),
        ("medicine", "apixaban", None, "2025-02-01"),
        ("pregnancy", "not-pregnant", None, None),
    ]
    rows = pl.DataFrame(found, ["kind", "code", "episode", "until"], orient="row")
    words = pl.when(code="no-rule").then(pl.lit("strawberries"))
    rows = rows.with_columns(patient=pl.lit(patient), at=pl.lit("2025-01-03"), words=words)
    chart.insert({"findings": rows}, AuditEvent("ada", "record", None, patient))
    chart.close()
    for place in ("", "/visit", "/injection", "/needling", "/exam", "/finding", "/exercise"):
        page.goto(f"{served.url}/patient/{OPEN}{place}")
        alerts = " ".join(
            page.get_by_role("list", name="Alerts").get_by_role("listitem").all_inner_texts()
        )
        assert "Allergy to lidocaine" in alerts, place
        assert "strawberries" in alerts
        assert "Warfarin" in alerts
        assert "Apixaban" not in alerts
        assert "regnan" not in alerts
