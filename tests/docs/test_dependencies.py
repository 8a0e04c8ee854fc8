"""The page of dependencies says what is installed, what each weighs, and what it is for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
ROW = re.compile(
    r"^\| `(?P<name>[\w-]+)` \| (?P<own>\d+) \| (?P<all>\d+) \| (?P<why>[^|]+) \|", re.M
)
TOLD = {row["name"]: row for row in ROW.finditer(PAGE)}
NEEDED = {
    canonicalize_name(Requirement(line).name)
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "dependencies"
    ]
}
MB = 1e6


@cache
def megabytes(name: str) -> float:
    """What a package's own files weigh, without what Python compiles of them."""
    files = metadata.distribution(name).files or ()
    places = (Path(str(file.locate())) for file in files if file.suffix != ".pyc")
    return sum(place.stat().st_size for place in places if place.is_file()) / MB


def needs(name: str) -> Iterator[str]:
    for line in metadata.requires(name) or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield canonicalize_name(needed.name)


def with_all(*names: str) -> float:
    """What packages weigh with everything that they need."""
    found: set[str] = set()
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs(name)
    return sum(map(megabytes, found))


def test_every_dependency_has_its_row_and_no_row_is_left_over() -> None:
    assert set(TOLD) == NEEDED
    assert all(row["why"].strip() for row in TOLD.values())


@pytest.mark.parametrize("name", TOLD)
def test_a_dependency_weighs_what_the_page_says(name: str) -> None:
    for told, real in ((TOLD[name]["own"], megabytes(name)), (TOLD[name]["all"], with_all(name))):
        assert abs(float(told) - real) <= max(1.0, real / 4), (told, real)


def test_all_of_them_weigh_what_the_page_says() -> None:
    total = re.search(r"weighs about (\d+) MB", PAGE)
    assert total
    assert float(total[1]) == pytest.approx(with_all(*NEEDED), rel=0.15)
