"""Vega in a process of its own: while it draws, nothing else runs in the process that it is in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from reliefpath.web.workers.process import spawn_child


def picture(spec: dict[str, Any]) -> str:
    """Return a Vega-Lite chart as SVG."""
    return _there(_picture, spec)


def module(exports: str) -> str:
    """Return Vega as one JavaScript module that exports what `exports` says."""
    return _there(_module, exports)


class Drawer:
    """The process.

    A `ProcessPoolExecutor` of one would hold the server's end up until a picture is drawn, and
    outlive a server that is killed unless told otherwise, and then complain of its semaphores.
    """

    def __init__(self) -> None:
        self._line, theirs = Pipe()
        self._alone = Lock()
        self.process = spawn_child(_draw, theirs)
        theirs.close()

    def ask(self, work: Callable[[Any], str], given: object) -> str:
        """Return what comes of some work there.

        Raises:
            EOFError, OSError: the process is gone.
        """
        with self._alone:
            self._line.send((work, given))
            answer, error = self._line.recv()
        if error is not None:
            raise error
        return str(answer)


@cache
def drawer() -> Drawer:
    """Return the process; it takes a moment to be ready."""
    return Drawer()


def _there(work: Callable[[Any], str], given: object) -> str:
    try:
        return drawer().ask(work, given)
    except (EOFError, OSError):  # it was killed, as by a system short of memory
        drawer.cache_clear()
        return drawer().ask(work, given)


def _draw(line: Connection) -> None:
    """Work until the other end is gone."""
    with suppress(EOFError, OSError):
        while True:
            work, given = line.recv()
            try:
                line.send((work(given), None))
            except Exception as e:  # whoever asked is told
                line.send((None, e))


def _picture(spec: dict[str, Any]) -> str:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec)
    return drawn


def _module(exports: str) -> str:
    import vl_convert

    bundle: str = vl_convert.javascript_bundle(exports)
    return bundle
