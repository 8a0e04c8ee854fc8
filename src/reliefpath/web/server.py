"""How a process answers requests: logging nobody's address, and handing over soon."""

from __future__ import annotations

import gc
import sys
from typing import Any

from starlette.types import ASGIApp

SWITCH_SECONDS = 0.0005
"""How soon threads hand over: short requests are not to wait 5 ms each time."""


def run(application: ASGIApp, *, direct: bool = False, **how: Any) -> None:
    """Answer requests until told to stop.

    Args:
        application: what answers.
        direct: whether clients connect themselves, and not a proxy for all of them.
        how: more of what `uvicorn.run` is told, such as where to answer.
    """
    import uvicorn

    from reliefpath.web.connections import DirectProtocol, TimedProtocol

    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what was imported stays: the collector need not look through it
    uvicorn.run(
        application,
        log_level="warning",
        access_log=False,  # addresses of pages name patients, and links to check in are secrets
        server_header=False,
        http=DirectProtocol if direct else TimedProtocol,
        ws="none",
        **how,
    )
