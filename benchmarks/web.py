"""How long a page and a save take while a clinic of 200 clinicians is at work.

Locust opens pages of a real server as 200 clinicians do, each one every half minute, while patients
follow their links and check in, 2,000 of them an hour, so that the worklist is assessed anew for
each. The page to sign in at, which asks nothing of the chart, is what the server, the network and
Locust take themselves: everything shares the same cores.
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

AS_OF = date(2026, 3, 31)
WARMING = 20
"""Seconds in which clinicians arrive, which are not counted."""
PEER = "sign-in page"
ACCOUNTS = "accounts"
PHONES = 50
"""Patients at once, each checking in now and then."""


def main() -> None:
    """Print p50 and p99 of each page and of a save."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--patients", type=int, default=1_000)
    options.add_argument("--clinicians", type=int, default=200)
    options.add_argument("--check-ins", type=int, default=2_000, help="an hour")
    options.add_argument("--seconds", type=int, default=120)
    options.add_argument("--chart", help="URL of an empty database; by default a file")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, secret = Path(name), secrets.token_hex(32)
        given.chart = given.chart or str(folder / "clinic.chart")
        plan = planned(folder, secret, given)
        (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
        with served(folder, secret, given.chart) as url:
            session = f"__Host-reliefpath={plan['sessions'][0]}"
            first = urllib.request.Request(f"{url}/worklist", headers={"Cookie": session})
            while urllib.request.urlopen(first).status == 202:  # everybody is being assessed
                time.sleep(1)
            load(folder, url, given.clinicians + PHONES, given.seconds)
        with (folder / "load_stats.csv").open() as stats:
            rows = [row for row in csv.DictReader(stats) if row["Name"] != "Aggregated"]
    print(
        f"{os.cpu_count()} cores, {given.patients:,} patients, {given.clinicians} clinicians, "
        f"{given.check_ins:,} check-ins an hour, {given.seconds} s\n"
    )
    peer = next(float(row["50%"]) for row in rows if row["Name"] == PEER) or 1.0
    print(f"{'':20}  times  failed     p50      p99   p50 to that of the {PEER}")
    for row in rows:
        print(
            f"{row['Name']:20} {row['Request Count']:>6} {row['Failure Count']:>7}"
            f" {row['50%']:>4} ms {row['99%']:>5} ms {float(row['50%']) / peer:8.1f} x"
        )


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
    check_ins = given.check_ins * (given.seconds + WARMING) // 3600 + 1
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


def load(folder: Path, url: str, people: int, seconds: int) -> None:
    """Open pages and check in until the time is over."""
    file = Path(__file__).with_name("web_load.py")
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--host", url]
    command += [
        "-u",
        str(people),
        "-r",
        str(max(1, people // WARMING)),
        "-t",
        f"{seconds + WARMING}s",
    ]
    command += ["--reset-stats", "--csv", str(folder / "load"), "--only-summary"]
    command += ["--loglevel", "ERROR"]
    environment = {**os.environ, "RELIEFPATH_BENCH_PLAN": str(folder / "plan.json")}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main()
