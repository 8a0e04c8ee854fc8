"""The chart as the pages see it: one patient with every look on record, and everybody assessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from threading import RLock

import polars as pl

from reliefpath.chart.care_log import CareLog
from reliefpath.chart.store.chart import Chart, open_chart
from reliefpath.chart.store.writing import Act
from reliefpath.clinic.accounts import Account
from reliefpath.clinic.settings import Settings
from reliefpath.errors import UsageError
from reliefpath.pathway.assessment import assess_episode, assess_parts
from reliefpath.pathway.model import Pathway, default_pathway, load_pathway
from reliefpath.recovery import Priors
from reliefpath.recovery.learned import read_priors


@dataclass
class Care:
    """The chart with the pathway in force, and the advice on every episode, kept up to date."""

    settings: Settings
    chart: Chart
    pathway: Pathway
    priors: Priors | None
    _advice: pl.DataFrame | None = None
    _seen: tuple[int, date] = (-1, date.min)
    _lock: RLock = field(default_factory=RLock)

    @classmethod
    def of(cls, settings: Settings) -> Care:
        """Open the chart.

        Raises:
            UsageError: there is no chart, or a file is not there.
        """
        pathway = default_pathway() if settings.pathway is None else load_pathway(settings.pathway)
        priors = None if settings.prior is None else read_priors(settings.prior)
        return cls(settings, open_chart(settings.chart), pathway, priors)

    @property
    def today(self) -> date:
        """The day for which advice is given."""
        return self.settings.today()

    def everybody(self) -> pl.DataFrame:
        """Return the advice table of all episodes, most urgent first, as it stands now.

        What was recorded since the last time is assessed anew for its patients alone.
        """
        with self._lock:
            head, today = self.chart.head().entry, self.today
            before, day = self._seen
            if self._advice is None or day != today:
                logs = self.chart.care_logs(head)
                self._advice = assess_parts(logs, self.pathway, today, self.priors)
            elif head > before:
                self._advice = self._again(self._advice, before, head)
            self._seen = (head, today)
            return self._advice

    def _again(self, advice: pl.DataFrame, before: int, head: int) -> pl.DataFrame:
        log = self.chart.log()
        new = log.filter(pl.col("entry") > before, pl.col("digest").is_not_null())
        if new.is_empty():
            return advice
        if new["patient"].null_count():
            logs = self.chart.care_logs(head)
            return assess_parts(logs, self.pathway, self.today, self.priors)
        patients = new["patient"].unique()
        logs = (self.chart.care_log_of(patient, head) for patient in patients)
        kept = advice.filter(~pl.col("patient").is_in(patients.implode()))
        return pl.concat([kept, assess_parts(logs, self.pathway, self.today, self.priors)])

    def patient(self, episode: str, worker: Account, page: str) -> CareLog:
        """Return the record of an episode's patient; the audit log tells that it was looked at.

        Raises:
            UsageError: there is no such episode.
        """
        patient = self.chart.patient_of(episode)
        if patient is None:
            raise UsageError(f"no episode `{episode}`")
        self.chart.note(Act(worker.username, "view", None, patient), page=page)
        return self.chart.care_log_of(patient)

    def advice(self, care_log: CareLog, episode: str) -> pl.DataFrame:
        """Return the one row of the advice table about an episode."""
        return assess_episode(care_log, episode, self.pathway, self.today, self.priors)
