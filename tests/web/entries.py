"""The one counter of entries: one is one click, one tap, one value chosen or one text typed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from re import Pattern

from playwright.sync_api import Locator, Page

from . import browsing
from .jobs import Job


@dataclass
class Entries:
    """Who works on a page, and what they have done so far."""

    page: Page
    job: Job = field(default_factory=lambda: Job(0))

    def click(self, place: Locator) -> None:
        place.click()
        self._clicked()

    def check(self, place: Locator) -> None:
        """Tick a box, or choose one of several buttons."""
        place.check()
        self._clicked()

    def tick(self, label: str) -> None:
        self.check(self.page.get_by_label(label))

    def press(self, button: str | Pattern[str]) -> None:
        browsing.press(self.page, button)
        self._clicked()

    def follow(self, link: str | Pattern[str]) -> None:
        browsing.follow(self.page, link)
        self._clicked()

    def choose(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(value)
        self.job = replace(self.job, chosen=self.job.chosen + 1)

    def type(self, label: str, text: str, *, exact: bool = False) -> None:
        self.type_in(self.page.get_by_label(label, exact=exact), text)

    def type_in(self, place: Locator, text: str) -> None:
        place.fill(text)
        self.job = replace(
            self.job,
            typed=self.job.typed + 1,
            characters=self.job.characters + len(text),
        )

    def _clicked(self) -> None:
        self.job = replace(self.job, clicks=self.job.clicks + 1)
