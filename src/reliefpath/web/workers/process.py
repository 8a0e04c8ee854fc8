"""Processes beside the server, which leave Ctrl-C to it and end with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from threading import Lock, Thread
from typing import Any, TypeVar

T = TypeVar("T")
ANEW_SECONDS = 30.0
"""How long a process that ended is left alone before another is started."""


def spawn_child(work: Callable[..., None], *given: Any) -> SpawnProcess:
    """Start a process that does some work, and return it."""
    process = get_context("spawn").Process(target=_work, args=(work, given), daemon=True)
    with _deaf_to_ctrl_c():
        process.start()
    return process


class Helper:
    """A process that does what it is asked, one thing at a time.

    A `ProcessPoolExecutor` of one would hold the server's end up until its work is done, and
    outlive a server that is killed unless told otherwise, and then complain of its semaphores.
    """

    def __init__(self, know: Callable[..., tuple[Any, ...]] = tuple, *given: Any) -> None:
        """Begin the process; it takes a moment to be ready.

        Args:
            know: returns what is known there, and handed on to all work.
            given: what it is told.
        """
        self._line, theirs = Pipe()
        self._alone = Lock()
        self.process = spawn_child(_help, theirs, know, given)
        theirs.close()

    def ask(self, work: Callable[..., T], *given: Any) -> T:
        """Return what comes of some work there.

        Raises:
            EOFError, OSError: the process is gone.
        """
        with self._alone:
            self._line.send((work, given))
            answer, error = self._line.recv()
        if error is not None:
            raise error
        return answer  # type: ignore[no-any-return]


def _help(line: Connection, know: Callable[..., tuple[Any, ...]], told: tuple[Any, ...]) -> None:
    """Work until the other end is gone."""
    known = know(*told)
    with suppress(EOFError, OSError):
        while True:
            work, given = line.recv()
            try:
                line.send((work(*known, *given), None))
            except Exception as e:  # whoever asked is told
                line.send((None, e))


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started meanwhile never hears it, not even while it is on its way."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would hear for us again, once it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(work: Callable[..., None], given: tuple[Any, ...]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    work(*given)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(0)
