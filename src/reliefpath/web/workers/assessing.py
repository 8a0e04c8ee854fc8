"""Patients worked out in a process of its own: nobody's page waits for another's."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from reliefpath.care.clinic_chart import Care
from reliefpath.pathway.model import Pathway
from reliefpath.recovery import Priors
from reliefpath.web.settings import Settings
from reliefpath.web.workers.process import ANEW_SECONDS, Helper

T = TypeVar("T")


class Assessor:
    """The process, which knows the same care, by the same pathway, as the server."""

    def __init__(self, settings: Settings, care: Care) -> None:
        self._known = settings, care.pathway, care.priors
        self._begin()

    def __call__(self, work: Callable[..., T], *given: Any) -> T:
        """Return what comes of some work on the care there.

        Raises:
            EOFError, OSError: the process is gone; after a while another is begun.
        """
        try:
            return self.helper.ask(work, *given)
        except (EOFError, OSError):
            if monotonic() - self._begun > ANEW_SECONDS:
                self._begin()
            raise

    def _begin(self) -> None:
        self._begun = monotonic()
        self.helper = Helper(_know, *self._known)


def _know(settings: Settings, pathway: Pathway, priors: Priors | None) -> tuple[Care]:
    care = settings.open_care()
    care.pathway, care.priors = pathway, priors  # as read by the server: the files may be newer
    return (care,)
