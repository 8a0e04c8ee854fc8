"""Pictures are drawn beside the server, and go on being drawn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from reliefpath.clinic.drawing import picture

POINT = {"data": {"values": [{}]}, "mark": "point"}
SERVER = """
import time
from reliefpath.clinic.drawing import _asked, picture
if __name__ == "__main__":
    picture({"data": {"values": [{}]}, "mark": "point"})
    print(_asked(__import__("os").getpid).result(), flush=True)
    time.sleep(60)
"""


def test_a_picture_is_drawn_again_after_what_draws_was_killed() -> None:
    from reliefpath.clinic import drawing

    assert picture(POINT).startswith("<svg")
    os.kill(drawing._asked(os.getpid).result(), signal.SIGKILL)
    assert picture(POINT).startswith("<svg")


def test_what_draws_does_not_outlive_a_server_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER, "utf-8")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as server:
        assert server.stdout
        drawer = Path(f"/proc/{int(server.stdout.readline())}")
        assert drawer.exists()
        server.kill()
    ends = time.monotonic() + 10
    while drawer.exists() and "Z" not in (drawer / "stat").read_text("utf-8").split(")")[1]:
        assert time.monotonic() < ends
        time.sleep(0.05)
