"""Pages that lead to pages: a click alone returns before the next page is there."""

from __future__ import annotations

from re import Pattern

from playwright.sync_api import Page


def press(page: Page, button: str | Pattern[str]) -> None:
    """Press a button that sends a form, and wait for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def follow(page: Page, link: str | Pattern[str]) -> None:
    """Follow a link, and wait for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("link", name=link).click()
