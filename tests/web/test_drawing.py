"""Pictures are drawn beside the server, and go on being drawn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reliefpath.web.workers.drawing import drawer, picture

from .processes import is_gone, until

POINT = {"data": {"values": [{}]}, "mark": "point"}
SERVER = """
import time
from reliefpath.web.workers.drawing import drawer, picture
if __name__ == "__main__":
    picture({"data": {"values": [{}]}, "mark": "point"})
    print(drawer().process.pid, flush=True)
    time.sleep(60)
"""

ENDING = """
import time
from contextlib import suppress
from threading import Thread
from reliefpath.web.workers.drawing import drawer, picture

def draw():
    # a thread that complains while Python ends can abort it
    with suppress(EOFError, OSError):
        drawer().ask(time.sleep, 3600)

if __name__ == "__main__":
    picture({"data": {"values": [{}]}, "mark": "point"})
    Thread(target=draw, daemon=True).start()
"""


def test_a_picture_is_drawn_again_after_what_draws_was_killed() -> None:
    assert picture(POINT).startswith("<svg")
    drawer().process.kill()
    drawer().process.join()
    assert picture(POINT).startswith("<svg")


def test_what_cannot_be_drawn_is_told_and_the_next_picture_is_drawn() -> None:
    with pytest.raises(ValueError, match="conversion failed"):
        picture({"mark": "no such mark", "data": {"values": [{}]}})
    assert picture(POINT).startswith("<svg")


def test_a_server_that_ends_waits_for_no_picture(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(ENDING, "utf-8")
    subprocess.run([sys.executable, str(script)], check=True, capture_output=True, timeout=600)


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_what_draws_does_not_outlive_the_server_and_nothing_is_said(
    tmp_path: Path, end: str
) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER, "utf-8")
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout
        assert server.stderr
        drawing = int(server.stdout.readline())
        assert not is_gone(drawing)
        getattr(server, end)()
        assert server.stderr.read() == b""
    until(lambda: is_gone(drawing))
