"""Which tests run a line of the source, and how long each takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

import pytest
from coverage import Coverage

from .making import SOURCE


@dataclass(frozen=True)
class Covering:
    """The tests by the lines that they run, quickest first."""

    tests: dict[tuple[str, int], list[str]]
    """By the file below the source and the line; what was cached is run by its first test alone."""

    def of(self, file: str, line: int) -> list[str]:
        """Return the tests that run a line, by their ids without parameters."""
        return self.tests.get((file, line), [])


class Watch:
    """A pytest plugin that notes which test runs, and how long it takes."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        name = item.nodeid.partition("[")[0]
        self.coverage.switch_context(name)
        began = monotonic()
        done = yield
        self.seconds[name] += monotonic() - began
        self.coverage.switch_context("")
        return done


def watch(files: Sequence[str], data_file: str) -> Covering:
    """Run the tests of some files, and return which lines each of them runs."""
    coverage = Coverage(data_file=data_file, config_file=False, source=[str(SOURCE)])
    watched = Watch(coverage)
    coverage.start()
    if pytest.main(["-q", "-p", "no:cacheprovider", *files], [watched]):
        raise SystemExit("the tests fail without a change: nothing can be told of one")
    coverage.stop()
    tests: dict[tuple[str, int], list[str]] = {}
    data = coverage.get_data()
    for measured in data.measured_files():
        name = measured.removeprefix(f"{SOURCE}/")
        for line, names in data.contexts_by_lineno(measured).items():
            known = {n for n in names if n}
            tests[name, line] = sorted(known, key=watched.seconds.__getitem__)
    return Covering(tests)
