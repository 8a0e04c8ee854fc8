"""The chart as the pages see it: one patient with every look on record, and everybody assessed."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar
from zlib import compress, decompress

import polars as pl

from reliefpath.care.patients import PatientCache, PatientState
from reliefpath.care.worklist import WorklistCache
from reliefpath.identity.accounts import Account
from reliefpath.knowledge import SHIPPED, Knowledge
from reliefpath.pathway.model import Pathway, default_file, load_pathway
from reliefpath.recovery import Priors
from reliefpath.recovery.learned import read_priors
from reliefpath.store.chart import Chart, open_chart
from reliefpath.store.writing import AuditEvent

T = TypeVar("T")
HOUR = timedelta(hours=1)


@dataclass
class Care:
    """The chart with the pathway in force, and the advice on every episode, kept up to date."""

    chart: Chart
    pathway: Pathway
    pathway_file: Traversable | Path
    priors: Priors | None
    prior_file: Path | None
    assessed: WorklistCache
    patients: PatientCache
    elsewhere: Callable[..., Any] | None = None
    """Does work on the same care in another process; None does it here."""
    _looked: dict[tuple[str, str], datetime] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        chart: str,
        pathway: Path | None = None,
        prior: Path | None = None,
        today: Callable[[], date] | None = None,
        knowledge: Knowledge = SHIPPED,
    ) -> Care:
        """Open a chart.

        Args:
            chart: an SQLite file, or a database URL.
            pathway: the clinic's pathway file, or None for the one shipped.
            prior: a learned prior, or None.
            today: what day it is, or None for the clinic's clock.
            knowledge: the catalogues, as shipped or as the clinic's own file has them.

        Raises:
            UsageError: there is no chart, or a file is not there.
        """
        opened = open_chart(chart, knowledge)
        rules = load_pathway(pathway, knowledge)
        priors = None if prior is None else read_priors(prior)
        day = today or (lambda: opened.today)
        assessed = WorklistCache(opened, rules, priors, day)
        patients = PatientCache(opened, day)
        return cls(opened, rules, pathway or default_file(), priors, prior, assessed, patients)

    @property
    def knowledge(self) -> Knowledge:
        """The catalogues by which the chart is read."""
        return self.chart.knowledge

    @property
    def today(self) -> date:
        """The day for which advice is given."""
        return self.assessed.today()

    def everybody(self) -> pl.DataFrame:
        """Return the advice on all episodes, most urgent first; see `worklist.rows_of`.

        Raises:
            AssessingError: everybody is being assessed, and it takes long.
        """
        return self.assessed.rows()

    def worklist(self, worker: Account, page: str = "worklist") -> pl.DataFrame:
        """Return the advice on all episodes; the audit log tells that a list of all was looked at.

        It does so once an hour and person: who works with it all day long would fill the log. Whom
        it showed beside the worker's own patients is noted each time; see `note_shown`.
        """
        now = self.chart.clock()
        if now - self._looked.get((worker.username, page), now - HOUR) >= HOUR:
            self.chart.note(AuditEvent(worker.username, "view"), page=page)
            self._looked[worker.username, page] = now
        return self.everybody()

    def note_shown(self, worker: Account, page: str, patients: Iterable[str]) -> None:
        """Keep in the audit log which other care teams' patients a list showed."""
        if shown := sorted(set(patients)):
            self.chart.note(AuditEvent(worker.username, "view"), page=page, shown=shown)

    def work_out(self, state: PatientState, work: Callable[..., T], *given: Hashable) -> T:
        """Return what comes of some work on a patient: done once, and elsewhere where it may be.

        It is kept packed, which takes a tenth of the memory.
        """

        def done() -> T:
            if self.elsewhere is not None:
                known = state.patient, state.entry, state.day
                with suppress(EOFError, OSError):  # it is gone
                    found: T = self.elsewhere(_work_there, work, *known, *given)
                    return found
            return work(self, state, *given)

        packed = state.once((work, *given), lambda: compress(pickle.dumps(done()), 1))
        made: T = pickle.loads(decompress(packed))  # noqa: S301 - packed right here
        return made


def _work_there(
    care: Care, work: Callable[..., T], patient: str, entry: int, day: date, *given: Hashable
) -> T:
    return work(care, PatientState(care.chart, patient, entry, day), *given)
