"""The command, run in a process of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .ready import ready


def reliefpath(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own and expect its exit code."""
    said = [str(argument) for argument in arguments]
    of_its_own = "--clinic" in said or "RELIEFPATH_CLINIC" in os.environ
    done = ready(*() if of_its_own else ("all",)).run(said)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done
