"""Vega in a process of its own: while it draws, nothing else runs in the process that it is in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from reliefpath.web.workers.process import Helper


def picture(spec: dict[str, Any]) -> str:
    """Return a Vega-Lite chart as SVG."""
    return _there(_picture, spec)


def module(exports: str) -> str:
    """Return Vega as one JavaScript module that exports what `exports` says."""
    return _there(_module, exports)


@cache
def drawer() -> Helper:
    """Return the process."""
    return Helper()


def _there(work: Callable[[Any], str], given: object) -> str:
    try:
        return drawer().ask(work, given)
    except (EOFError, OSError):  # it was killed, as by a system short of memory
        drawer.cache_clear()
        return drawer().ask(work, given)


def _picture(spec: dict[str, Any]) -> str:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec)
    return drawn


def _module(exports: str) -> str:
    import vl_convert

    bundle: str = vl_convert.javascript_bundle(exports)
    return bundle
