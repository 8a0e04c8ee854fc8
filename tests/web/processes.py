"""Processes that a server has begun."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def until(so: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < ends, "it never was so"
        time.sleep(0.02)


def is_gone(process: int) -> bool:
    """Return whether a process has ended, though nobody may have asked how."""
    try:
        return "Z" in Path(f"/proc/{process}/stat").read_text("utf-8").split(")")[1]
    except (FileNotFoundError, ProcessLookupError):
        return True
