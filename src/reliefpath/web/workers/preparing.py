"""Patients worked out and drawn before somebody opens them: the most urgent first."""

from __future__ import annotations

from asyncio import sleep, to_thread
from contextlib import suppress
from time import monotonic

from reliefpath.care.clinic_chart import Care
from reliefpath.care.worklist import AssessingError
from reliefpath.errors import ReliefPathError
from reliefpath.web.views.charts import Look
from reliefpath.web.views.patient import picture_of, view_of

READY = "ready"


async def keep_ready(care: Care) -> None:
    """Work out whoever is not ready, and anew of whom something was recorded.

    Half of the time is left to the pages.
    """
    while True:
        with suppress(ReliefPathError, AssessingError):
            for patient, episode in await to_thread(not_ready, care):
                begun = monotonic()
                await to_thread(make_ready, care, patient, episode)
                await sleep(monotonic() - begun)
        await sleep(1)


def not_ready(care: Care) -> list[tuple[str, str]]:
    """Return patient and episode of whoever is not ready: half as many as are kept, at most."""
    rows = care.everybody().lazy().filter("in_care").select("patient", "episode")
    urgent = rows.head(care.patients.most // 2).collect()
    care.patients.refresh()
    known = ((*whose, care.patients.kept(whose[0])) for whose in urgent.iter_rows())
    return [
        (patient, episode)
        for patient, episode, state in known
        if state is None or not state.has(READY, episode)
    ]


def make_ready(care: Care, patient: str, episode: str) -> None:
    """Work out an episode and draw its curve; what fails is told to whoever opens the patient."""
    state = care.patients.state(patient)

    def ready() -> None:
        with suppress(Exception):
            if (measure := view_of(care, state, episode).measure) is not None:
                picture_of(care, state, episode, measure, Look())

    state.once((READY, episode), ready)
