"""A therapist looks at the body: where it hurts, what was found, and what may explain it."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from reliefpath.care_log.schema import EXAMS, FINDINGS
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.anatomy.body_map import body
from reliefpath.store.chart import open_chart
from reliefpath.store.writing import AuditEvent
from reliefpath.web.settings import Settings

from .browsing import follow
from .conftest import Picture, Served

PATIENT = "demo-0043"
YES, NO, ASKED_NOT = True, False, None
EXAM = [
    ("levator-scapulae", "left", YES, YES, YES, NO),
    ("infraspinatus", "right", YES, YES, YES, YES),
    ("supraspinatus", "right", YES, YES, NO, ASKED_NOT),
    ("suboccipitals", "left", NO, YES, NO, NO),
    ("deltoid", "left", NO, NO, NO, NO),
    ("scalenes", "left", ASKED_NOT, YES, ASKED_NOT, ASKED_NOT),
    ("sternocleidomastoid-sternal", "left", YES, YES, YES, YES),
]
DRAWN = {30: ["neck-left", "arm-right"], 31: ["arm-right", "head-right", "leg-left"]}


def row(page: Page, muscle: str) -> str:
    return page.locator(".muscles tbody tr", has_text=muscle).inner_text().replace("\t", " ")


def marks(page: Page, named: str) -> Locator:
    return page.locator(f'.body-map a.mark[aria-label*="{named}"]')


def middle_of(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2


@pytest.fixture
def examined(settings: Settings) -> None:
    """The patient drew their pain yesterday and today, and was examined today."""
    chart = open_chart(settings.chart)
    patient = chart.patient_of(PATIENT)
    signs = ("taut_band", "tender_spot", "referred_pain", "recognised")
    exams = [
        {"episode": PATIENT, "at": datetime(2026, 3, 31, tzinfo=UTC), "muscle": muscle}
        | {"side": side, **dict(zip(signs, found, strict=True))}
        for muscle, side, *found in EXAM
    ]
    drawn = [
        {"patient": patient, "at": datetime(2026, 3, day, tzinfo=UTC), "kind": "pain-area"}
        | {"code": code, "episode": PATIENT}
        for day, codes in DRAWN.items()
        for code in codes
    ]
    rows = {
        "exams": pl.DataFrame(exams, EXAMS.schema),
        "findings": pl.DataFrame(drawn, FINDINGS.schema),
    }
    chart.insert(rows, AuditEvent("test", "enter", None, patient))
    chart.close()


@pytest.fixture
def patient(examined: None, served: Served, page: Page) -> Page:
    """The page of the patient."""
    served.sign_in(page, "director").goto(f"{served.url}/patient/{PATIENT}")
    return page


def test_pain_is_where_the_patient_marked_it(patient: Page) -> None:
    said = patient.locator(".key").inner_text()
    assert "31 March 2026: Head, right; Arm or hand, right; Leg or foot, left." in said
    left_leg = patient.get_by_label("Pain marked: Leg or foot, left").locator("use")
    front, back = (middle_of(place) for place in left_leg.all())
    skin = [middle_of(half) for half in patient.locator("#skin > g").all()]
    assert skin[0] < front < back < skin[1]
    assert patient.locator(".body-map g.pain").count() == 3


def test_each_finding_has_words_and_a_shape_of_its_own(patient: Page) -> None:
    found = {
        "Infraspinatus, right": "active trigger point",
        "Supraspinatus, right": "trigger point, whether active not known",
        "Levator scapulae, left": "latent trigger point",
        "Suboccipitals, left": "tender spot only",
        "Deltoid, anterior, middle and posterior, left": "no trigger point",
        "Scalenes, anterior, middle and posterior, left": "not known",
    }
    looks = set()
    for muscle, verdict in found.items():
        mark = patient.get_by_role("link", name=f"{muscle}, {verdict}")
        shape = mark.locator("> g:not(.felt) > path")
        dash = shape.evaluate("path => getComputedStyle(path).strokeDasharray")
        looks.add((shape.get_attribute("d"), dash))
        assert verdict in row(patient, muscle)
    assert len(looks) == len(found)


def test_the_table_tells_which_muscle_may_explain_which_pain(patient: Page) -> None:
    assert row(patient, "Infraspinatus, right").endswith("Arm or hand, right")
    assert row(patient, "Supraspinatus, right").endswith("if active: Arm or hand, right")
    assert row(patient, "Sternocleidomastoid, sternal head, left").endswith("Head, right")
    assert row(patient, "Levator scapulae, left").endswith("–")
    alone = patient.get_by_text("No active trigger point found explains:").locator("..")
    assert alone.inner_text().endswith("Leg or foot, left.")


def test_a_chosen_muscle_shows_where_it_refers_to_without_any_script(
    examined: None, browser: Browser, served: Served, picture: Picture
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = served.sign_in(context.new_page(), "director")
    page.goto(f"{served.url}/patient/{PATIENT}?measure=ndi")
    felt = "Infraspinatus, right refers to: Shoulder, right; Arm or hand, right"
    assert page.get_by_label(felt).count() == 0
    with page.expect_navigation():
        page.locator(".muscles").get_by_role("link", name="Infraspinatus, right").click()
    assert page.url.endswith("?measure=ndi&muscle=infraspinatus-right#body")
    assert page.get_by_label(felt).is_visible()
    picture(page.get_by_role("region", name="Body map"), "body-map")
    assert "Front of and deep in the shoulder" in page.locator(".key").inner_text()
    follow(page, "Examine it again")
    first = page.get_by_role("group", name="Muscle 1")
    assert first.get_by_label("Muscle").input_value() == "infraspinatus"
    assert first.get_by_label("Side").input_value() == "right"
    page.goto(f"{served.url}/patient/{PATIENT}?muscle=nothing-such")
    assert page.locator(".key a").count() == 0
    context.close()


def test_a_mark_under_the_pointer_or_the_keyboard_shows_its_referral(patient: Page) -> None:
    mark = marks(patient, "Infraspinatus")
    assert not mark.locator(".felt").is_visible()
    mark.focus()
    patient.keyboard.press("Shift+Tab")
    patient.keyboard.press("Tab")
    assert mark.locator(".felt").is_visible()
    with patient.expect_navigation():
        patient.keyboard.press("Enter")
    assert marks(patient, "Infraspinatus").get_attribute("aria-current") == "true"


def test_drawings_stand_in_a_row_with_what_is_new_and_gone(patient: Page) -> None:
    latest = patient.locator(".drawings li").last
    assert "31 March 2026" in latest.inner_text()
    assert "3 areas" in latest.inner_text()
    assert "new: Head, right; Leg or foot, left" in latest.inner_text()
    assert "gone: Neck, left" in latest.inner_text()
    patient.get_by_text("earlier drawing").click()
    assert "the first" in patient.locator(".drawings li").first.inner_text()


def test_without_a_drawing_or_an_exam_the_page_says_so(served: Served, page: Page) -> None:
    chart = open_chart(served.settings.chart)
    begun = datetime(2026, 3, 31, tzinfo=UTC).date()
    who = pl.DataFrame({"patient": ["new"], "name": ["New Person"]})
    what = {"episode": ["new"], "patient": ["new"], "region": ["neck"], "started_on": [begun]}
    chart.insert(
        {"patients": who, "episodes": pl.DataFrame(what)}, AuditEvent("t", "enter", None, "new")
    )
    chart.close()
    served.sign_in(page, "director").goto(f"{served.url}/patient/new")
    assert page.get_by_text("drawn no pain yet, and no muscle was examined").is_visible()


def test_every_muscle_lies_within_its_region_as_the_browser_draws_it(page: Page) -> None:
    for id_, muscle in muscles(SHIPPED).items():
        spot = body().muscles[id_]
        path = body().views[spot.view][muscle.region]
        page.set_content(f'<svg viewBox="-54 0 108 240"><path d="{path}"/></svg>')
        inside = "(path, [x, y]) => path.isPointInFill(new DOMPoint(x, y))"
        assert page.locator("path").evaluate(inside, [spot.x, spot.y]), id_


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_body_is_accessible_and_fits(
    scheme: str, width: int, examined: None, browser: Browser, served: Served
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    page = served.sign_in(context.new_page(), "director")
    page.goto(f"{served.url}/patient/{PATIENT}?muscle=infraspinatus-right")
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
