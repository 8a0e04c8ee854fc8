"""The command, run in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def reliefpath(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own and expect its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "reliefpath", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done
