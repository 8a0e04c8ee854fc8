"""Vega in a process of its own: while it draws, nothing else runs in the process that it is in."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


def picture(spec: dict[str, Any]) -> str:
    """Return a Vega-Lite chart as SVG."""
    return _there(_picture, spec)


def module(exports: str) -> str:
    """Return Vega as one JavaScript module that exports what `exports` says."""
    return _there(_module, exports)


def warm() -> None:
    """Begin to start what draws, which takes a while."""
    _asked(_picture, {"data": {"values": [{}]}, "mark": "point"})


def _there(work: Callable[..., T], *given: Any) -> T:
    try:
        return _asked(work, *given).result()
    except BrokenProcessPool:  # it was killed, as by a system short of memory
        _drawer.cache_clear()
        return _asked(work, *given).result()


def _asked(work: Callable[..., T], *given: Any) -> Future[T]:
    return _drawer().submit(work, *given)


@cache
def _drawer() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, get_context("spawn"), _end_with_the_server)


def _end_with_the_server() -> None:
    """Not to outlive a server that was killed."""
    server = parent_process()
    assert server is not None

    def watch() -> None:
        server.join()
        os._exit(0)

    Thread(target=watch, daemon=True).start()


def _picture(spec: dict[str, Any]) -> str:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec)
    return drawn


def _module(exports: str) -> str:
    import vl_convert

    bundle: str = vl_convert.javascript_bundle(exports)
    return bundle
