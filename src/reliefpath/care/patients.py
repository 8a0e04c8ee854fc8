"""One patient at a time, and what follows from their record: worked out once for all who look."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

from reliefpath.care_log.log import CareLog
from reliefpath.store.chart import Chart

LOOK = timedelta(minutes=10)
"""How long a page counts as open: what is part of it and asked for meanwhile is the same look."""
T = TypeVar("T")


@dataclass
class PatientState:
    """A patient on a day, with all that was on record of them by an entry of the audit log."""

    chart: Chart
    patient: str
    entry: int
    day: date
    _looks: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When who last opened which page."""
    _found: dict[Hashable, Future[Any]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def care_log(self) -> CareLog:
        """What is on record."""
        return self.once("care log", lambda: self.chart.care_log_of(self.patient, self.entry))

    @property
    def team(self) -> frozenset[str]:
        """The clinicians of all of the patient's episodes."""
        return self.once("team", lambda: self.chart.clinicians_of(self.patient, self.entry))

    def note_look(self, username: str, page: str) -> None:
        """Keep that somebody opened a page of this state, as the audit log tells."""
        self._looks[username, page] = self.chart.clock()

    def is_open(self, username: str, page: str) -> bool:
        """Return whether somebody opened a page of just this state, and may still look at it."""
        opened = self._looks.get((username, page))
        return opened is not None and self.chart.clock() - opened < LOOK

    def once(self, what: Hashable, work: Callable[[], T]) -> T:
        """Return what comes of some work, which is done once however many ask for it.

        What fails is told to whoever waits for it, and tried again by who asks next.
        """
        with self._lock:
            known = self._found.get(what)
            if known is None:
                mine = self._found[what] = Future()
        if known is not None:
            return known.result()  # type: ignore[no-any-return]
        try:
            mine.set_result(work())
        except BaseException as error:
            self._found.pop(what)
            mine.set_exception(error)
        return mine.result()  # type: ignore[no-any-return]

    def has(self, *what: Hashable) -> bool:
        """Return whether some work was done, or is under way."""
        return what in self._found


@dataclass
class PatientCache:
    """The patients looked at lately, each until something of them is recorded or the day turns.

    Nobody is ever shown a state that lacks what was recorded before they asked, by whatever process
    and in whatever way. What was only noted, such as a look, makes nothing old.
    """

    chart: Chart
    today: Callable[[], date]
    most: int = 2_000
    """Patients that are kept."""
    _states: OrderedDict[str, PatientState] = field(default_factory=OrderedDict)
    _entry: int = 0
    _day: date = date.min
    _lock: Lock = field(default_factory=Lock)

    def state(self, patient: str) -> PatientState:
        """Return a patient as of now."""
        self.refresh()
        with self._lock:
            # before it is read: what is recorded meanwhile makes it old, too
            fresh = PatientState(self.chart, patient, self._entry, self._day)
            state = self._states.setdefault(patient, fresh)
            self._states.move_to_end(patient)
            if len(self._states) > self.most:
                self._states.popitem(last=False)
            return state

    def kept(self, patient: str) -> PatientState | None:
        """Return a patient as looked at before, where nothing is known to have changed since."""
        return self._states.get(patient)

    def refresh(self) -> None:
        """Forget everybody of whom something was recorded, and all of them on another day."""
        head, day = self.chart.head().entry, self.today()
        with self._lock:
            if day != self._day:
                self._states.clear()
                self._day = day
            if head > self._entry:  # else who asked later was faster
                changed = self.chart.changed_since(self._entry) if self._states else None
                for patient in list(self._states) if changed is None else changed:
                    self._states.pop(patient, None)
                self._entry = head
