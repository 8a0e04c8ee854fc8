"""Fresh databases of both kinds, empty or with a chart, and the tiny clinic's care log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from care_log.clinic import write
from reliefpath.care_log.folder import read_folder
from reliefpath.care_log.log import CareLog
from reliefpath.store.chart import Chart, create_chart, open_chart

from .server import Server, own_server

KINDS = ("sqlite", "postgresql")


class Databases:
    """Makes databases on a server, and drops them all in the end."""

    def __init__(self, url: str) -> None:
        self.base, _, self.query = url.partition("?")
        self.base = self.base.rsplit("/", 1)[0]
        self.made: list[str] = []
        self.admin = psycopg.connect(url, autocommit=True)

    def new(self, template: str = "template0", more: str = "") -> str:
        name = f"test_{uuid4().hex}"
        self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} {more}")
        self.made.append(name)
        return f"{self.base}/{name}{'?' if self.query else ''}{self.query}"

    def drop_all(self) -> None:
        for name in self.made:
            self.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        self.admin.close()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Where a PostgreSQL server answers: `$TEST_DATABASE_URL`, or one started for the tests."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
    else:
        for server in own_server(safe=False):
            yield server.url("postgres")


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that a test may kill."""
    yield from own_server(safe=True)


@pytest.fixture
def databases(server_url: str) -> Iterator[Databases]:
    made = Databases(server_url)
    yield made
    made.drop_all()


@pytest.fixture(scope="session")
def chart_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite chart without rows, to copy."""
    path = tmp_path_factory.mktemp("template") / "clinic.chart"
    create_chart(str(path)).close()
    return path


@pytest.fixture(scope="session")
def chart_template(server_url: str) -> Iterator[str]:
    """The name of a PostgreSQL database that holds a chart without rows, to copy."""
    made = Databases(server_url)
    url = made.new()
    create_chart(url).close()
    yield made.made[0]
    made.drop_all()


def copy_of_template(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh chart, by where it is."""
    if kind == "sqlite":
        path = tmp_path / f"{uuid4().hex}.chart"
        shutil.copy(request.getfixturevalue("chart_file"), path)
        return str(path)
    databases: Databases = request.getfixturevalue("databases")
    return databases.new(request.getfixturevalue("chart_template"))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database: the path of no file yet, or a URL."""
    if request.param == "sqlite":
        return str(tmp_path / "clinic.chart")
    databases: Databases = request.getfixturevalue("databases")
    return databases.new()


@pytest.fixture(params=KINDS)
def new_chart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Chart]]:
    """Makes a fresh chart without any row, of either kind, each time it is called."""
    opened: list[Chart] = []

    def new() -> Chart:
        opened.append(open_chart(copy_of_template(request.param, request, tmp_path)))
        return opened[-1]

    yield new
    for chart in opened:
        chart.close()


@pytest.fixture
def chart(new_chart: Callable[[], Chart]) -> Chart:
    """A fresh chart of either kind."""
    return new_chart()


@pytest.fixture
def sqlite_chart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chart]:
    opened = open_chart(copy_of_template("sqlite", request, tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def postgres_chart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chart]:
    opened = open_chart(copy_of_template("postgresql", request, tmp_path))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def care_log(tmp_path_factory: pytest.TempPathFactory) -> CareLog:
    """The tiny clinic."""
    return read_folder(write(tmp_path_factory.mktemp("clinic"))).care_log
