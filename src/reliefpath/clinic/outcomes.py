"""What the clinic achieves, each number with what it is out of and what it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Annotated

import polars as pl
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reliefpath.chart.store.writing import Act
from reliefpath.clinic.accounts import Account
from reliefpath.clinic.care import Care
from reliefpath.clinic.pages import page
from reliefpath.clinic.roles import CARE
from reliefpath.clinic.security import needs
from reliefpath.outcomes.answering import Decided, answered_weeks, decided, response
from reliefpath.outcomes.injecting import Injecting, gates_before, injecting, sessions
from reliefpath.outcomes.measured import Share, few
from reliefpath.outcomes.recovering import Recovering, recovering

router = APIRouter()
REASONS = 10


@dataclass(frozen=True)
class Outcomes:
    """Everything that the page tells."""

    recovering: Recovering
    injecting: Injecting
    response: tuple[Share, ...]
    decided: Decided


@dataclass
class Achieved:
    """The outcomes, kept until the care on record, a decision or the day changes."""

    care: Care
    _advice: pl.DataFrame | None = None
    _decision: int = 0
    _outcomes: Outcomes | None = None
    _lock: Lock = field(default_factory=Lock)

    def outcomes(self) -> Outcomes:
        """Return the outcomes as they stand now."""
        with self._lock:
            advice, decision = self.care.everybody(), self.care.chart.last_decision()
            known = advice is self._advice and decision == self._decision
            if self._outcomes is None or not known:
                self._outcomes = self._compute(advice)
                self._advice, self._decision = advice, decision
            return self._outcomes

    def _compute(self, advice: pl.DataFrame) -> Outcomes:
        care = self.care
        given, weeks, injected = [], [], []
        for part in care.chart.care_logs():
            weeks.append(answered_weeks(part, care.today))
            given.append(sessions(part))
            whose = part.episodes.filter(pl.col("episode").is_in(given[-1]["episode"].implode()))
            injected.append(part.of_patients(whose["patient"]))
        before = list(gates_before(injected, care.pathway, care.priors))
        urgent = sorted(care.pathway.statuses, key=lambda name: care.pathway.statuses[name].urgency)
        return Outcomes(
            recovering(advice, [str(name) for name in urgent]),
            injecting(advice, pl.concat(given), before, care.pathway),
            response(pl.concat(weeks)),
            decided(care.chart.decisions()),
        )


@router.get("/outcomes")
def outcomes(request: Request, worker: Annotated[Account, Depends(needs(*CARE))]) -> Response:
    """Show what the clinic achieves."""
    care: Care = request.app.state.care
    achieved: Achieved = request.app.state.achieved
    told = achieved.outcomes()
    care.chart.note(Act(worker.username, "view"), page="outcomes")
    return page(request, "outcomes", o=told, few=few(), today=care.today, shown=REASONS)
