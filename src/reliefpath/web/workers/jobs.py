"""Work that takes longer than a page may: one at a time, in the background."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock, Thread

from reliefpath.errors import ReliefPathError

LOG = logging.getLogger("reliefpath.web")
FAILED = "it failed: ask whoever keeps this server"


@dataclass(frozen=True)
class Outcome:
    """How the last run ended."""

    at: datetime
    good: bool
    says: tuple[str, ...]


class Job:
    """One kind of work, of which the last outcome is kept."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self.outcome: Outcome | None = None
        self._lock = Lock()

    def start(self, work: Callable[[], tuple[bool, tuple[str, ...]]]) -> None:
        """Begin the work, unless it is under way; it returns whether all is well, and says what."""
        with self._lock:
            if self.since is not None:
                return
            self.since = datetime.now(UTC)
        Thread(target=self._run, args=(work,), daemon=True).start()

    def _run(self, work: Callable[[], tuple[bool, tuple[str, ...]]]) -> None:
        good = False
        says: tuple[str, ...] = (FAILED,)
        try:
            good, says = work()
        except (ReliefPathError, OSError) as e:
            says = (str(e),)
        except Exception as e:  # told by where it was alone: its text may tell of a patient
            where = "".join(traceback.format_tb(e.__traceback__))
            LOG.error("%s in the background\n%s", type(e).__name__, where)
        finally:
            self.outcome, self.since = Outcome(datetime.now(UTC), good, says), None
