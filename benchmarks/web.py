"""How long a page and a save take while a clinic of 200 clinicians is at work.

Locust opens pages of a real server as 200 clinicians do, each one every half minute, while patients
follow their links and check in, 2,000 of them an hour, so that the worklist is assessed anew for
each. The page to sign in at, which asks nothing of the chart, is what the server, the network and
Locust take themselves: everything shares the same cores. The server has been up for a while, as in
a clinic since the night. Then the same clinic gets larger, until one answer in a hundred takes more
than a second.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from reliefpath.care.check_in.links import Links
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.simulation import demo_clinic
from reliefpath.store.chart import create_chart
from reliefpath.store.writing import AuditEvent

Row = dict[str, str]
AS_OF = date(2026, 3, 31)
WARMING = 20
"""Seconds in which clinicians arrive, which are not counted."""
PEER = "sign-in page"
ACCOUNTS = "accounts"
PLAN = "plan.json"
TOTAL = "Aggregated"
SLOW = 1_000
"""Milliseconds that one answer in a hundred may take."""
PHONES = 50
"""Patients at once, each checking in now and then."""


def main() -> None:
    """Print p50 and p99 of each page and of a save, and how large the clinic may get."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--patients", type=int, default=1_000)
    options.add_argument("--clinicians", type=int, default=200)
    options.add_argument("--check-ins", type=int, default=2_000, help="an hour")
    options.add_argument("--seconds", type=int, default=120)
    options.add_argument("--up", type=int, default=600, help="seconds that the server is up before")
    options.add_argument("--times", type=float, nargs="*", default=(2, 3, 4, 6, 8, 12, 16))
    options.add_argument("--chart", help="URL of an empty database; by default a file")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, secret = Path(name), secrets.token_hex(32)
        given.chart = given.chart or str(folder / "clinic.chart")
        plan = planned(folder, secret, given)
        with served(folder, secret, given.chart) as url:
            session = f"__Host-reliefpath={plan['sessions'][0]}"
            first = urllib.request.Request(f"{url}/worklist", headers={"Cookie": session})
            while urllib.request.urlopen(first).status == 202:  # everybody is being assessed
                time.sleep(1)
            time.sleep(given.up)
            print(
                f"{os.cpu_count()} cores, {given.patients:,} patients, {given.clinicians} "
                f"clinicians, {given.check_ins:,} check-ins an hour, {given.seconds} s\n"
            )
            table(load(folder, url, plan, given.seconds))
            larger(folder, url, plan, given)


def table(rows: list[Row]) -> None:
    """Print how long each page took."""
    peer = next(float(row["50%"]) for row in rows if row["Name"] == PEER) or 1.0
    print(f"{'':20}  times  failed     p50      p99   p50 to that of the {PEER}")
    for row in rows:
        print(
            f"{row['Name']:20} {row['Request Count']:>6} {row['Failure Count']:>7}"
            f" {row['50%']:>4} ms {row['99%']:>5} ms {float(row['50%']) / peer:8.1f} x"
        )


def larger(folder: Path, url: str, plan: dict[str, Any], given: argparse.Namespace) -> None:
    """Print p99 of all answers while the clinic gets larger, until it passes one second."""
    print("\ntimes this clinic   answers a second   failed   p50      p99")
    for times in given.times:
        more = plan | {
            "clinicians": round(given.clinicians * times),
            "check_ins_an_hour": given.check_ins * times,
        }
        load(folder, url, more, given.seconds)
        row = all_of(folder)
        print(
            f"{times:17g} {float(row['Requests/s']):18.1f} {row['Failure Count']:>8}"
            f" {row['50%']:>5} ms {row['99%']:>5} ms",
            flush=True,
        )
        if float(row["99%"]) > SLOW:
            print(f"p99 passes one second by {times:g} times this clinic")
            return
    print("p99 stays below one second")


def planned(folder: Path, secret: str, given: argparse.Namespace) -> dict[str, Any]:
    """Fill a chart and return what Locust goes by: sessions, episodes, and a link a check-in."""
    chart = create_chart(given.chart)
    care_log = demo_clinic(given.patients, 1, AS_OF)
    chart.load(care_log, "demo", AuditEvent("bench", "import"))
    accounts = Accounts(str(folder / ACCOUNTS))
    # who may open every patient
    accounts.add("director", "Director", Role.DIRECTOR, "conservative-first")
    episodes = care_log.episodes.drop_nulls("primary_measure").rows(named=True)
    links = Links(chart, secret.encode())
    all_times = 1 + sum(given.times)
    check_ins = round(given.check_ins * all_times * (given.seconds + WARMING) / 3600) + 1
    whose = [episodes[i % len(episodes)] for i in range(check_ins)]
    return {
        "clinicians": given.clinicians,
        "phones": PHONES,
        "check_ins_an_hour": given.check_ins,
        "sessions": [accounts.begin("director") for _ in range(given.clinicians)],
        "episodes": [(e["episode"], e["primary_measure"]) for e in episodes],
        "links": [links.make(e["episode"], e["patient"], "bench") for e in whose],
    }


@contextmanager
def served(folder: Path, secret: str, chart: str) -> Iterator[str]:
    """Yield the address of a server, as behind a proxy, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "reliefpath", "serve", chart]
    command += ["--accounts", str(folder / ACCOUNTS), "--as-of", str(AS_OF)]
    command += ["--port", str(port), "--proxy", "127.0.0.1", "--name", "127.0.0.1"]
    environment = {**os.environ, "RELIEFPATH_SECRET": secret}
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    url = f"http://127.0.0.1:{port}"
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


def load(folder: Path, url: str, plan: dict[str, Any], seconds: int) -> list[Row]:
    """Open pages and check in until the time is over; return what Locust tells of each."""
    (folder / PLAN).write_text(json.dumps(plan), "utf-8")
    people = plan["clinicians"] + plan["phones"]
    file = Path(__file__).with_name("web_load.py")
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--host", url]
    command += ["-u", str(people), "-r", str(max(1, people // WARMING))]
    command += ["-t", f"{seconds + WARMING}s", "--reset-stats", "--csv", str(folder / "load")]
    command += ["--only-summary", "--loglevel", "ERROR"]
    environment = {**os.environ, "RELIEFPATH_BENCH_PLAN": str(folder / PLAN)}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    used = round(plan["check_ins_an_hour"] * (seconds + WARMING) / 3600) + 1
    del plan["links"][-used:]  # they are taken from the end
    return [row for row in stats(folder) if row["Name"] != TOTAL]


def all_of(folder: Path) -> Row:
    """Return what Locust tells of all answers."""
    return next(row for row in stats(folder) if row["Name"] == TOTAL)


def stats(folder: Path) -> list[Row]:
    """Return what Locust told last."""
    with (folder / "load_stats.csv").open() as told:
        return list(csv.DictReader(told))


if __name__ == "__main__":
    main()
