"""A therapist asks the recovery curve: what was this score, what was given, how was it lately."""

from __future__ import annotations

import gzip

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from reliefpath.identity.roles import Role
from reliefpath.web.app import create_app
from reliefpath.web.routes.vega import ADDRESS
from reliefpath.web.settings import Settings

from .browsing import follow
from .clients import client_of
from .conftest import Picture, Served

NEEDLED, INJECTED = "demo-0020", "demo-0033"


def opened(page: Page, served: Served, episode: str = INJECTED) -> Page:
    served.sign_in(page, "director").goto(f"{served.url}/patient/{episode}")
    expect(page.locator(".chart svg")).to_be_visible()
    expect(page.locator(".curve img")).to_be_hidden()
    return page


def told(page: Page) -> str:
    tip = page.get_by_role("status")
    expect(tip).to_be_visible()
    return tip.inner_text()


def scores(page: Page) -> Locator:
    return page.locator(".concat_0_group .mark-symbol path")


def given(page: Page) -> Locator:
    return page.locator(".concat_1_group .mark-symbol path")


def test_a_score_tells_its_day_the_curve_there_and_what_was_given_around_it(
    page: Page, served: Served, picture: Picture
) -> None:
    opened(page, served, NEEDLED)
    scores(page).nth(3).hover()
    day, value, curve, around = told(page).splitlines()
    assert day == "12 December 2025, week 3.3"
    assert value == "Numeric Rating Scale: 2"
    assert curve.startswith("Curve: 2.")
    assert "90 % certainty" in curve
    assert "Dry needling (7 Dec, 12 Dec)" in around
    picture(page.locator(".curve"), "curve")
    page.mouse.move(0, 0)
    expect(page.get_by_role("status")).to_be_hidden()


def test_a_treatment_tells_what_was_given_when_where_and_how_much(
    page: Page, served: Served
) -> None:
    opened(page, served)
    tips = given(page).evaluate_all("marks => marks.map(mark => mark.__data__.tooltip)")
    given(page).nth([tip.startswith("Trigger point injection") for tip in tips].index(True)).hover()
    what, day, *sites = told(page).splitlines()
    assert what == "Trigger point injection"
    assert day == "2 November 2025, week 14.1"
    assert sites == ["Quadratus lumborum, left: Lidocaine, 5 mg, 0.5 mL"]


def test_a_keyboard_steps_from_mark_to_mark_and_closes_what_they_tell(
    page: Page, served: Served
) -> None:
    opened(page, served)
    page.locator(".chart").focus()
    page.keyboard.press("ArrowLeft")
    latest = told(page)
    page.keyboard.press("ArrowLeft")
    assert told(page) != latest
    page.keyboard.press("ArrowRight")
    assert told(page) == latest
    page.keyboard.press("Escape")
    expect(page.get_by_role("status")).to_be_hidden()


def test_a_part_of_the_course_is_looked_into_and_the_whole_comes_back(
    page: Page, served: Served
) -> None:
    opened(page, served)
    whole = scores(page).count()
    page.get_by_role("button", name="Closer").click()
    expect(scores(page)).not_to_have_count(whole)
    near = scores(page).count()
    page.get_by_role("button", name="Later").press("Enter")
    expect(page.get_by_text("today", exact=True)).to_be_visible()
    page.get_by_role("button", name="Whole course").press("Enter")
    expect(scores(page)).to_have_count(whole)
    assert near < whole


def test_the_wheel_looks_closer_with_control_alone_and_a_drag_moves_along(
    page: Page, served: Served
) -> None:
    opened(page, served)
    whole = scores(page).count()
    page.locator(".chart").scroll_into_view_if_needed()
    page.locator(".chart").hover(position={"x": 300, "y": 60})
    above = page.evaluate("scrollY")
    page.mouse.wheel(0, 100)
    page.wait_for_function("above => scrollY > above", arg=above)
    expect(scores(page)).to_have_count(whole)
    page.locator(".chart").hover(position={"x": 700, "y": 200})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    expect(scores(page)).not_to_have_count(whole)
    expect(page.get_by_text("today", exact=True)).to_be_visible()
    page.locator(".chart").hover(position={"x": 300, "y": 200})
    page.mouse.down()
    page.mouse.move(1200, 300, steps=4)
    page.mouse.up()
    expect(page.get_by_text("today", exact=True)).to_be_hidden()


def test_the_curve_keeps_its_place_its_name_and_its_measure(page: Page, served: Served) -> None:
    opened(page, served)
    height = "figure => figure.getBoundingClientRect().height"
    drawn = page.locator(".curve").evaluate(height)
    page.locator(".curve").evaluate("figure => figure.classList.remove('live')")
    assert page.locator(".curve").evaluate(height) == pytest.approx(drawn, abs=0.1)
    page.locator(".curve").evaluate("figure => figure.classList.add('live')")
    curve = page.get_by_role("img", name="Recovery curve on Numeric Rating Scale")
    expect(curve).to_have_class("chart")
    follow(page, "Single Assessment Numeric Evaluation")
    expect(page.locator(".chart svg")).to_be_visible()
    scores(page).first.hover()
    assert "Single Assessment Numeric Evaluation: " in told(page)


def test_paper_has_the_picture(page: Page, served: Served) -> None:
    opened(page, served).emulate_media(media="print")
    expect(page.locator(".curve img")).to_be_visible()
    expect(page.locator(".chart")).to_be_hidden()


@pytest.mark.parametrize("fails", ["**/static/vega/*.js", "**/curve.json?*", "**/curve.js"])
def test_the_picture_stays_where_the_chart_cannot_be_drawn(
    fails: str, browser: Browser, served: Served
) -> None:
    context = browser.new_context()
    page = served.sign_in(context.new_page(), "director")
    page.route(fails, lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.goto(f"{served.url}/patient/{INJECTED}")
    page.wait_for_timeout(300)  # that it might do something after all
    assert page.locator(".curve img").evaluate("image => image.naturalWidth") > 500
    expect(page.locator(".curve img")).to_be_visible()
    expect(page.get_by_role("button", name="Whole course")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_chart_is_accessible_breaks_no_policy_and_follows_the_light(
    scheme: str, width: int, browser: Browser, served: Served
) -> None:
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 844},
        has_touch=width < 400,
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    opened(page, served)
    if width < 400:
        scores(page).last.tap()
    else:
        scores(page).last.hover()
    assert "Curve: " in told(page)
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ink = "svg => getComputedStyle(svg.querySelector('.concat_0_group .mark-symbol path')).fill"
    before = page.locator(".chart").evaluate(ink)
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    page.wait_for_function(f"was => ({ink})(document.querySelector('.chart')) !== was", arg=before)
    assert wrong == []
    context.close()


def test_vega_comes_once_for_all_and_under_no_other_address(settings: Settings) -> None:
    client = client_of(create_app(settings), Role.CLINICIAN)
    answer = client.get(ADDRESS)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.compress(answer.content)) < 320_000
    plain = client.get(ADDRESS, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    assert client.get("/static/vega/another.js").status_code == 404


def test_the_curve_to_ask_is_noted_as_a_look_like_its_picture(settings: Settings) -> None:
    app = create_app(settings)
    client = client_of(app, Role.DIRECTOR)
    answer = client.get(f"/patient/{INJECTED}/curve.json", params={"measure": "nrs"})
    assert answer.json()["params"][0]["name"] == "from"
    look = app.state.care.chart.log().row(-1, named=True)
    assert (look["action"], look["detail"]) == ("view", '{"page": "curve"}')
    refused = client.get(f"/patient/{INJECTED}/curve.json", params={"measure": "psfs"})
    assert refused.status_code == 400
