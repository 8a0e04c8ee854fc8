"""The command, run in a process of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .ready import ready


def reliefpath(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own and expect its exit code."""
    done = ready().run([str(argument) for argument in arguments])
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done
