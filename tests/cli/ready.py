"""A process in which all is imported: each command is run in a fork of it, so that none imports.

`python -m tests.cli.ready` is told on standard input, a line of JSON each, what to run: its
arguments, its environment, where it is, and the files for its output. It answers with exit codes.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import traceback
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[2]
IMPORTED = (
    "polars",
    "pyarrow",
    "pydantic",
    "rich.table",
    "sqlalchemy",
    "sqlglot",
    "typer",
    "yaml",
    "reliefpath.care_log.folder",
    "reliefpath.store.chart",
    "reliefpath.identity.accounts",
    "reliefpath.pathway.advice",
    "reliefpath.documents.papers",
    "reliefpath.pathway.assessment",
    "reliefpath.recovery",
    "reliefpath.cli.render.output",
)


class Ready:
    """The process, which ends with this one."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.cli.ready"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        """Run the command with some arguments, here and in this environment."""
        assert self._process.stdin
        assert self._process.stdout
        with TemporaryFile("w+b") as out, TemporaryFile("w+b") as err:
            files = [f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in (out, err)]
            job = {
                "arguments": arguments,
                "files": files,
                "at": os.getcwd(),
                "in": dict(os.environ),
            }
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            said = [_read(file) for file in (out, err)]
        return subprocess.CompletedProcess(["reliefpath", *arguments], code, *said)


@cache
def ready() -> Ready:
    """Return the process."""
    return Ready()


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _run(job: dict[str, Any]) -> NoReturn:
    """Be the command, as it would begin here and in this environment."""
    os.environ.clear()
    os.environ.update(job["in"])
    sys.path[:0] = [path for path in job["in"].get("PYTHONPATH", "").split(os.pathsep) if path]
    os.chdir(job["at"])
    for number, path in enumerate(["/dev/null", *job["files"]]):
        os.dup2(os.open(path, os.O_RDWR), number)
    from reliefpath.cli import main

    code: object = 0
    try:
        main(job["arguments"])
    except SystemExit as e:
        code = e.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    # what ends a process, but for the second that it takes to take all apart
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def serve() -> None:
    """Run what is told, until nobody is there to tell."""
    for name in IMPORTED:
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            _run(json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
