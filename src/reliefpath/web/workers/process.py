"""Processes beside the server, which leave Ctrl-C to it and end with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.context import SpawnProcess
from threading import Thread
from typing import Any


def spawn_child(work: Callable[..., None], *given: Any) -> SpawnProcess:
    """Start a process that does some work, and return it."""
    process = get_context("spawn").Process(target=_work, args=(work, given), daemon=True)
    with _deaf_to_ctrl_c():
        process.start()
    return process


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
