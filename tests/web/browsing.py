"""Pages that lead to pages, as a click alone returns before the next is there; and their faults."""

from __future__ import annotations

from collections.abc import Iterator
from re import Pattern

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def press(page: Page, button: str | Pattern[str]) -> None:
    """Press a button that sends a form, and wait for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def follow(page: Page, link: str | Pattern[str]) -> None:
    """Follow a link, and wait for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("link", name=link).click()


def violations(page: Page) -> Iterator[str]:
    """What keeps somebody from using a page: it is too wide, or axe finds fault, light or dark."""
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield f"{page.url} is wider than the screen"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for found in Axe().run(page).response["violations"]:
            yield f"{page.url} {scheme}: {found['id']} {found['nodes'][0]['html']}"
