"""A demo clinic served to a real browser."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from starlette.types import ASGIApp

from reliefpath.care import clinic_chart as care
from reliefpath.care.worklist import WorklistCache
from reliefpath.identity import passwords
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.simulation import demo_clinic
from reliefpath.store.chart import create_chart
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app
from reliefpath.web.connections import TimedProtocol
from reliefpath.web.settings import Always, Settings

from .browsing import press
from .clients import Client, client_of
from .desk import Desk

TODAY = date(2026, 3, 31)
PASSWORD = "conservative-first"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@dataclass(frozen=True)
class Served:
    """A clinic at an address."""

    url: str
    settings: Settings

    def sign_in(self, page: Page, role: str) -> Page:
        """Sign in with the account called as its role."""
        page.goto(f"{self.url}/sign-in")
        page.get_by_label("User name").fill(role)
        page.get_by_label("Password").fill(PASSWORD)
        press(page, "Sign in")
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        return page


@pytest.fixture(autouse=True)
def patient_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that wait for an assessment rather than say that it is under way: machines differ."""
    monkeypatch.setattr(care, "WorklistCache", partial(WorklistCache, patience=120.0))


@pytest.fixture(scope="session", autouse=True)
def slow_passwords() -> Iterator[PasswordHasher]:
    """What makes passwords slow to guess, which the tests, who make hundreds, do without."""
    slow = passwords._HASHER
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_HASHER", quick)
        yield slow


@pytest.fixture(scope="session")
def demo_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart of 60 demo patients, to copy."""
    file = tmp_path_factory.mktemp("clinic") / "demo.chart"
    chart = create_chart(str(file))
    chart.load(demo_clinic(60, 1, TODAY), "demo", AuditEvent("import", "import"))
    chart.close()
    return file


@pytest.fixture(scope="session")
def demo_accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An account of each role, called like it, to copy."""
    file = tmp_path_factory.mktemp("accounts") / "accounts"
    accounts = Accounts(str(file))
    for role in Role:
        accounts.add(role, role.capitalize(), role, PASSWORD)
    accounts.engine.dispose()
    return file


@pytest.fixture
def settings(demo_chart: Path, demo_accounts: Path, tmp_path: Path) -> Settings:
    """A copy of the demo clinic, with an account of each role, called like it."""
    chart = tmp_path / "clinic.chart"
    shutil.copy(demo_chart, chart)
    shutil.copy(demo_accounts, tmp_path / "accounts")
    return Settings(
        str(chart),
        str(tmp_path / "accounts"),
        secret=b"0" * 32,
        secure=False,
        today=Always(TODAY),
    )


def free_port() -> int:
    """A port at which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(
    app: ASGIApp, port: int | None = None, protocol: type[TimedProtocol] = TimedProtocol
) -> Iterator[int]:
    """A real server on a port of its own."""
    port = port or free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="error", http=protocol, ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield port
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    """The clinic, served to a browser."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(create_app(replace(settings, address=url)), port):
        yield Served(url, settings)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


Picture = Callable[[Page | Locator, str], None]


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """What keeps a picture under a name where `--pictures` asks for it; see the documentation."""
    folder: Path | None = request.config.getoption("--pictures")

    def keep(shown: Page | Locator, name: str) -> None:
        if folder is not None:
            shown.screenshot(path=folder / f"{name}.png", animations="disabled")

    return keep


@pytest.fixture
def elsewhere() -> str:
    """Another address that pages may lead to: none."""
    return "http://127.0.0.1"


@pytest.fixture
def page(browser: Browser, served: Served, elsewhere: str) -> Iterator[Page]:
    """A page in which nothing goes wrong unseen: an error on the console, a request elsewhere.

    It closes before its server does, so that no picture still on its way is refused.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    ours = ("http://127.0.0.1", "data:", "blob:", elsewhere)
    page.on("request", lambda r: None if r.url.startswith(ours) else wrong.append(r.url))
    yield page
    context.close()
    assert not wrong


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The application of that clinic."""
    return create_app(settings)


@pytest.fixture
def clinician(app: FastAPI) -> Client:
    """Who treats there."""
    return client_of(app, "clinician")


@pytest.fixture
def desk(settings: Settings) -> Desk:
    """The director before the record of a patient whose gate is open."""
    app = create_app(settings)
    return Desk(client_of(app, "director"), app.state.care.chart)
