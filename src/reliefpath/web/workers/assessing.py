"""Patients worked out in a process of its own: nobody's page waits for another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from reliefpath.care.clinic_chart import Care
from reliefpath.web.settings import Settings
from reliefpath.web.workers.process import Helper

T = TypeVar("T")


class Assessor:
    """The process, which knows the care of some settings; one that died is begun anew."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.helper = Helper(_known, settings)

    def __call__(self, work: Callable[..., T], *given: Any) -> T:
        """Return what comes of some work on the care there."""
        try:
            return self.helper.ask(work, *given)
        except (EOFError, OSError):  # it was killed, as by a system short of memory
            self.helper = Helper(_known, self._settings)
            return self.helper.ask(work, *given)


def _known(settings: Settings) -> tuple[Care]:
    return (settings.open_care(),)
