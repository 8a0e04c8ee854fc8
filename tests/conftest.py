"""Generated examples are the same in every run, so that a failure can be had again."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="Keep the documentation's pictures",
    )


BROWSER = {"browser", "page", "phone", "served"}
POSTGRESQL = {"databases", "server", "server_url", "postgres_chart"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "picture" in fixtures:
            item.add_marker("pictured")
        if fixtures & BROWSER:
            item.add_marker("browser")
        if fixtures & POSTGRESQL or "postgresql" in item.nodeid.partition("[")[2]:
            item.add_marker("postgresql")
    # what takes long is begun first: else one worker ends with it while the others wait
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
