"""A server that is killed has lost nothing for which it said thank you."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

import httpx
import polars as pl
import pytest

from reliefpath.care.check_in.links import Links
from reliefpath.store.chart import Chart, open_chart
from reliefpath.web.settings import Settings

from .fire import SECRET

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("RELIEFPATH_CHECK_IN_KILLS", "20"))
PEOPLE = 20
FORM = {"nrs": "3", "area": ["neck-left"], "sign": "none"}


@dataclass
class Phones:
    """Patients who send one check-in after the other."""

    url: str
    links: Iterator[tuple[str, str]]
    thanked: list[str] = field(default_factory=list)
    """Patients, once for each thank you."""
    seconds: list[float] = field(default_factory=list)
    unsure: tuple[str, str] | None = None
    """Whose answer was lost, and the link."""

    def send(self, patient: str, token: str) -> None:
        begin = time.perf_counter()
        self.unsure = patient, token
        answer = httpx.post(f"{self.url}/check-in/{token}", data=FORM)
        assert answer.status_code == 303, answer.text
        assert "other" not in answer.headers["location"]
        self.unsure = None
        self.thanked.append(patient)
        self.seconds.append(time.perf_counter() - begin)

    def go_on(self) -> None:
        """Send until nobody answers; first again what is not sure."""
        try:
            if self.unsure:
                self.send(*self.unsure)
            for patient, token in self.links:
                self.send(patient, token)
        except httpx.TransportError:
            return


def links(chart: Chart) -> Iterator[tuple[str, str]]:
    made = Links(chart, SECRET)
    goes_on = chart.care_log().episodes.filter(pl.col("ended_on").is_null())
    episodes = goes_on.unique("patient", keep="first").sort("patient")
    for episode, patient in cycle(episodes.head(PEOPLE).select("episode", "patient").rows()):
        yield patient, made.make(episode, patient, "assistant")


def wait_for(port: int) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)


def set_fire(
    fire: subprocess.Popen[str],
    job: dict[str, str | int],
    phones: Phones,
    chart: Chart,
    chance: random.Random,
) -> Counter[str]:
    """Serve and kill; return how often each patient checked in."""
    assert fire.stdin
    assert fire.stdout
    done: Counter[str] = Counter()
    for _ in range(KILLS):
        fire.stdin.write(json.dumps(job) + "\n")
        fire.stdin.flush()
        server = int(fire.stdout.readline())
        wait_for(int(job["port"]))
        sender = threading.Thread(target=phones.go_on)
        sender.start()
        time.sleep(chance.uniform(0.1, 0.8))
        os.kill(server, signal.SIGKILL)
        sender.join()
        assert int(fire.stdout.readline()) == -signal.SIGKILL
        told = Counter(phones.thanked)
        done = Counter(chart.log().filter(action="check-in")["patient"].to_list())
        assert not told - done
        assert (done - told).total() <= 1  # whose answer was lost on its way
    return done


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_no_check_in_that_was_thanked_for_is_lost_and_none_is_there_twice(
    settings: Settings, port: int
) -> None:
    chart, chance = open_chart(settings.chart), random.Random(1)
    phones = Phones(f"http://127.0.0.1:{port}", links(chart))
    job: dict[str, str | int] = {
        "chart": settings.chart,
        "accounts": settings.accounts,
        "port": port,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.web.fire"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as fire:
        done = set_fire(fire, job, phones, chart, chance)
    care_log = chart.care_log()
    new = pl.col("at").dt.time() > dt.time()  # the demo clinic's are of midnight
    scores = care_log.scores.filter(new, measure="nrs").join(care_log.episodes, on="episode")
    assert Counter(scores["patient"]) == done
    marks = care_log.findings.filter(new, kind="pain-area")
    assert Counter(marks["patient"]) == done
    assert not chart.verify().wrong
    times = sorted(phones.seconds)
    assert times, "every server was killed before it answered"
    sys.stdout.write(
        f"\n{KILLS} kills, {len(times)} check-ins thanked for; "
        f"median {times[len(times) // 2] * 1e3:.0f} ms, "
        f"p99 {times[int(len(times) * 0.99)] * 1e3:.0f} ms\n"
    )
    chart.close()
