"""Check-ins are answered by a process of their own, and by the server where that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Thread

import httpx
import polars as pl
import pytest
from fastapi import FastAPI

from reliefpath.web.app import create_app
from reliefpath.web.rate_limit import A_MINUTE
from reliefpath.web.routes import vega
from reliefpath.web.settings import Settings
from reliefpath.web.workers import check_in_proxy as apart

from .check_in import Patient, patient_of
from .conftest import TODAY, Served, free_port, serving
from .mail_server import Post
from .processes import is_gone, until

pytestmark = pytest.mark.long

OWN = """
clinic: Riverside
overrides:
  - {in: limits, row: volume, set: {most: 0.5}, because: Short needles., by: Ana, on: 2026-05-04}
"""
FORM = {"nrs": "3", "area": ["neck-left"], "sign": "none"}


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(replace(settings, apart=True))


@pytest.fixture
def served(app: FastAPI, settings: Settings) -> Iterator[Served]:
    with serving(app) as port:
        server = Served(f"http://127.0.0.1:{port}", settings)
        until(lambda: answers_elsewhere(app, server))
        yield server


def answers_elsewhere(app: FastAPI, server: Served) -> bool:
    """Whether a check-in is answered though the server itself has lost the chart."""
    care, app.state.care = app.state.care, None
    try:
        return httpx.get(f"{server.url}/check-in/nobody").status_code == 404
    finally:
        app.state.care = care


@pytest.fixture
def patient(served: Served) -> Patient:
    return patient_of(served)


def told(answer: httpx.Response) -> tuple[object, ...]:
    """An answer without the moment at which it was given."""
    headers = sorted((k, v) for k, v in answer.headers.items() if k != "date")
    return answer.status_code, headers, answer.content


def test_an_answer_from_elsewhere_is_the_same_as_one_from_here(
    patient: Patient, settings: Settings
) -> None:
    withdrawn = patient.link()
    links = patient.links
    links.withdraw(list(links.of(patient.patient))[-1], patient.patient, "assistant")
    open_, used = patient.link(), patient.link()
    assert httpx.post(used, data=FORM).status_code == 303
    asked = [
        ("GET", open_, {}),
        ("HEAD", open_, {}),
        ("GET", f"{open_}?language=es", {}),
        ("POST", open_, {"data": {"nrs": "no number"}}),
        ("POST", open_, {"data": FORM, "headers": {"Origin": "https://elsewhere.example"}}),
        ("POST", open_, {"content": b"x" * 1_100_000}),
        ("PUT", open_, {}),
        ("POST", used, {"data": FORM}),
        ("GET", f"{used}/thanks", {}),
        ("GET", f"{used}/thanks?other=1&language=es", {}),
        ("GET", withdrawn, {}),
        ("GET", f"{open_}%C3%A9", {}),
        ("GET", f"{open_}/no/such/page", {}),
    ]
    with serving(create_app(settings)) as port:
        for method, address, sent in asked:
            there = httpx.request(method, address, **sent)  # type: ignore[arg-type]
            here = address.replace(patient.served.url, f"http://127.0.0.1:{port}")
            assert told(there) == told(httpx.request(method, here, **sent)), (method, address)  # type: ignore[arg-type]


def test_who_asks_too_often_is_known_elsewhere_by_their_own_address(served: Served) -> None:
    def ask(address: str) -> int:
        asker = {"X-Forwarded-For": address}  # as the proxy on this computer tells
        return httpx.get(f"{served.url}/check-in/nobody", headers=asker).status_code

    with ThreadPoolExecutor(16) as askers:  # one after the other may take longer than the minute
        statuses = Counter(askers.map(ask, ["192.0.2.1"] * (2 * A_MINUTE)))
    assert statuses[429] > 0
    assert ask("192.0.2.2") == 404


def test_check_ins_go_on_while_the_process_is_killed_and_another_is_begun(
    app: FastAPI, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "ANEW_SECONDS", 0.0)
    first = app.state.elsewhere.process
    links, thanked = [patient.link() for _ in range(40)], []

    def send() -> None:
        for link in links:
            answer = httpx.post(link, data=FORM)
            assert answer.status_code == 303
            assert "other" not in answer.headers["location"]
            thanked.append(link)

    sender = Thread(target=send)
    sender.start()
    until(lambda: len(thanked) > 5)
    os.kill(first.pid, signal.SIGKILL)
    sender.join()
    assert len(thanked) == len(links)
    assert len(patient.check_ins()) == len(links)
    assert patient.today("scores").filter(pl.col("measure") == "nrs").height == len(links)
    until(lambda: answers_elsewhere(app, patient.served))
    assert app.state.elsewhere.process.pid != first.pid


def children(process: int) -> set[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text("utf-8")
    return {int(child) for child in listed.split()}


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_server_and_nothing_is_said(
    settings: Settings, tmp_path: Path, end: signal.Signals
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "reliefpath", "serve", settings.chart]
    command += ["--accounts", settings.accounts, "--port", str(port), "--as-of", str(TODAY)]
    command += ["--name", "127.0.0.1"]
    (tmp_path / "clinic.yaml").write_text(OWN, "utf-8")
    told = {"TMPDIR": str(tmp_path), "RELIEFPATH_CLINIC": str(tmp_path / "clinic.yaml")}
    mail = Post("127.0.0.1", 25).environment()
    environment = {**os.environ, "RELIEFPATH_SECRET": "0" * 32, **told, **mail}
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        process_group=0,
    ) as server:
        assert server.stderr

        def has_begun_both() -> bool:
            try:
                drawn = httpx.get(f"http://127.0.0.1:{port}{vega.ADDRESS}", timeout=60)
            except httpx.TransportError:
                return False
            return drawn.status_code == 200

        until(has_begun_both, 60)
        until(lambda: any(tmp_path.glob("reliefpath-*/check-in")), 60)
        begun = children(server.pid)
        assert len(begun) > 2, "what draws, what answers check-ins, and what tidies up after both"
        if end is signal.SIGINT:  # as Ctrl-C in a terminal
            os.killpg(server.pid, end)
        else:
            server.send_signal(end)
        assert server.stderr.read() == b""
    until(lambda: all(map(is_gone, begun)))
