"""A server that is killed: `python -m tests.web.fire`, told on standard input what to serve.

Each line is a job as JSON: chart, accounts and port. A child is forked for each, so that imports
are paid once; its process id is told, and once it has ended, how.
"""

from __future__ import annotations

import json
import os
import sys

import uvicorn

from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from .conftest import TODAY

SECRET = b"0" * 32


def serve(job: dict[str, str | int]) -> None:
    settings = Settings(
        str(job["chart"]), str(job["accounts"]), SECRET, secure=False, today=lambda: TODAY
    )
    # without what a server begins with: its time is short
    uvicorn.run(create_app(settings), port=int(job["port"]), log_level="error", lifespan="off")


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(json.loads(line))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
