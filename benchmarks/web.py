"""How long a page and a save take while a clinic of 200 clinicians is at work.

Locust opens pages of a real server as 200 clinicians do, each one every half minute, while
check-ins are recorded in the same chart at 2,000 an hour, so that the worklist is assessed anew for
each. It shares the cores with what it measures.
"""

from __future__ import annotations

import argparse
import csv
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from reliefpath.chart.store.chart import Chart, create_chart
from reliefpath.chart.store.writing import Act
from reliefpath.clinic.accounts import Accounts
from reliefpath.clinic.roles import Role
from reliefpath.virtual import demo_clinic

AS_OF = date(2026, 3, 31)


def main() -> None:
    """Print p50 and p99 of each page and of a save."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--patients", type=int, default=1_000)
    options.add_argument("--clinicians", type=int, default=200)
    options.add_argument("--check-ins", type=int, default=2_000, help="an hour")
    options.add_argument("--seconds", type=int, default=120)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chart = create_chart(str(folder / "clinic.chart"))
        chart.load(demo_clinic(given.patients, 1, AS_OF), "demo", Act("bench", "import"))
        tokens = sessions(folder, given.clinicians)
        with served(folder) as url:
            load = opened(folder, url, tokens, given.clinicians, given.seconds)
            saves = saved(chart, given.check_ins, given.seconds)
            load.wait()
        print(
            f"{os.cpu_count()} cores, {given.patients:,} patients, {given.clinicians} clinicians, "
            f"{given.check_ins:,} check-ins an hour, {given.seconds} s\n"
        )
        print("                      times  failed    p50     p99")
        with (folder / "load_stats.csv").open() as stats:
            for row in csv.DictReader(stats):
                line(
                    row["Name"], row["Request Count"], row["Failure Count"], row["50%"], row["99%"]
                )
        milliseconds = pl.Series(saves) * 1e3
        p50, p99 = (milliseconds.quantile(q) or 0 for q in (0.5, 0.99))
        line("save of a check-in", str(len(saves)), "0", f"{p50:.0f}", f"{p99:.0f}")


def line(name: str, times: str, failed: str, p50: str, p99: str) -> None:
    """Print one line."""
    print(f"{name:20} {times:>6} {failed:>7} {p50:>6} {p99:>7} ms")


def sessions(folder: Path, number: int) -> list[str]:
    """Return the tokens of who signed in this morning."""
    accounts = Accounts(str(folder / "clinic.chart.accounts"))
    accounts.add("clinician", "Clinician", Role.CLINICIAN, "conservative-first")
    return [accounts.begin("clinician") for _ in range(number)]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Yield the address of a server, once it answers and has assessed everybody."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "reliefpath", "serve", str(folder / "clinic.chart")]
    command += ["--port", str(port), "--plain-http", "--as-of", str(AS_OF)]
    server, url = subprocess.Popen(command, stdout=subprocess.DEVNULL), f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/sign-in").close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def opened(
    folder: Path, url: str, tokens: list[str], clinicians: int, seconds: int
) -> subprocess.Popen[bytes]:
    """Begin to open pages."""
    first = urllib.request.Request(f"{url}/worklist", headers={"Cookie": f"reliefpath={tokens[0]}"})
    urllib.request.urlopen(first).close()
    file = Path(__file__).with_name("web_load.py")
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--host", url]
    command += ["-u", str(clinicians), "-r", str(max(1, clinicians // 10)), "-t", f"{seconds}s"]
    command += ["--csv", str(folder / "load"), "--only-summary", "--loglevel", "ERROR"]
    environment = {**os.environ, "RELIEFPATH_BENCH_TOKENS": " ".join(tokens)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def saved(chart: Chart, an_hour: int, seconds: int) -> list[float]:
    """Record check-ins evenly, and return how long each took."""
    episodes = chart.care_log().scores.select("episode", "measure").unique(maintain_order=True)
    took, begun = [], time.perf_counter()
    for i in range(max(1, an_hour * seconds // 3600)):
        time.sleep(max(0.0, begun + i * 3600 / an_hour - time.perf_counter()))
        episode, measure = episodes.row(i % episodes.height)
        score = {"episode": episode, "measure": measure, "value": 1.0}
        score["at"] = datetime(2026, 3, 31, i // 3600, i // 60 % 60, i % 60, tzinfo=UTC)
        before = time.perf_counter()
        chart.enter({"scores": pl.DataFrame([score])}, Act("bench", "check-in"))
        took.append(time.perf_counter() - before)
    return took


if __name__ == "__main__":
    main()
