"""What the clinic achieves, each number with what it is out of and what it cannot tell."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock, Thread
from time import monotonic
from typing import Annotated

import polars as pl
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reliefpath.care.audit import note
from reliefpath.care.clinic_chart import Care
from reliefpath.care.worklist import AssessingError
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import CARE
from reliefpath.outcomes.answering import Decided, answered_weeks, decided, response
from reliefpath.outcomes.injecting import Injecting, gates_before, injecting, sessions
from reliefpath.outcomes.measured import Share, few
from reliefpath.outcomes.recovering import Recovering, recovering
from reliefpath.web.pages import page
from reliefpath.web.security import require_role

router = APIRouter()
REASONS = 10
REST = 60
"""Counting a large clinic takes a sixtieth of the time at most, so that other pages stay quick."""


@dataclass(frozen=True)
class Outcomes:
    """Everything that the page tells, and of when."""

    at: datetime
    recovering: Recovering
    injecting: Injecting
    response: tuple[Share, ...]
    decided: Decided


@dataclass
class Achieved:
    """The outcomes, counted anew when the care on record, a decision or the day changes.

    A large clinic is counted in the background and not without rest; its page tells of when it is.
    """

    care: Care
    large: int = 500
    """Episodes from which on counting takes longer than a page should."""
    patience: float = 5.0
    """Seconds that a page waits for the first count of a large clinic."""
    _advice: pl.DataFrame | None = None
    _decision: int = 0
    _count: Future[Outcomes] | None = None
    _latest: Outcomes | None = None
    _ended: float = 0.0
    _took: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def outcomes(self) -> Outcomes:
        """Return the outcomes as they stand now; of a large clinic as they were last counted.

        Raises:
            AssessingError: a large clinic is counted for the first time, and that takes long.
        """
        with self._lock:
            advice, decision = self.care.everybody(), self.care.chart.last_decision()
            is_large = advice.height >= self.large
            known = advice is self._advice and decision == self._decision
            counting = self._count is not None and not self._count.done()
            if not known and not counting and self._is_rested:
                self._advice, self._decision, self._count = advice, decision, Future()
                counter = Thread(target=self._run, args=(advice, self._count), daemon=True)
                counter.start()
                if not is_large:
                    counter.join()
            count, latest = self._count, self._latest
        if is_large and latest is not None:
            return latest
        assert count is not None
        try:
            return count.result(self.patience)
        except TimeoutError:
            raise AssessingError(advice["patient"].n_unique()) from None

    @property
    def _is_rested(self) -> bool:
        return monotonic() >= self._ended + REST * self._took

    def _run(self, advice: pl.DataFrame, count: Future[Outcomes]) -> None:
        begun = monotonic()
        try:
            self._latest = self._compute(advice)
            count.set_result(self._latest)
        except Exception as error:  # whoever waits is told, and the next one tries again
            self._advice = None
            count.set_exception(error)
        if advice.height >= self.large:
            self._ended = monotonic()
            self._took = self._ended - begun

    def _compute(self, advice: pl.DataFrame) -> Outcomes:
        care, at = self.care, datetime.now(UTC)
        given, weeks, injected = [], [], []
        for part in care.chart.care_logs():
            weeks.append(answered_weeks(part, care.today))
            given.append(sessions(part))
            whose = part.episodes.filter(pl.col("episode").is_in(given[-1]["episode"].implode()))
            injected.append(part.of_patients(whose["patient"]))
        before = list(gates_before(injected, care.pathway, care.priors))
        urgent = sorted(care.pathway.statuses, key=lambda name: care.pathway.statuses[name].urgency)
        return Outcomes(
            at,
            recovering(advice, [str(name) for name in urgent]),
            injecting(advice, pl.concat(given), before, care.pathway),
            response(pl.concat(weeks)),
            decided(care.chart.decisions()),
        )


@router.get("/outcomes")
def outcomes(
    request: Request, worker: Annotated[Account, Depends(require_role(*CARE))]
) -> Response:
    """Show what the clinic achieves."""
    care: Care = request.app.state.care
    achieved: Achieved = request.app.state.achieved
    told = achieved.outcomes()
    note(care.chart, worker.username, page="outcomes")
    return page(request, "outcomes", o=told, few=few(), today=care.today, shown=REASONS)
