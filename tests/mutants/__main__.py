"""`python -m tests.mutants`: run the tests on a random sample of mutants, and list the survivors.

Each mutant is a copy of the source with one change, on which tests run until one fails: those that
run the changed line first, the quickest of them foremost. A survivor is a change that nobody would
notice.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pickle
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import pytest

from .covering import Covering, watch
from .making import SOURCE, Mutant, mutants

ROOT = SOURCE.parents[1]
FOLDERS = ("tests/reference/therapies", "tests/care", "tests/pathway")
FIRST = ("thresholds", "boundaries", "limits", "doses", "agents", "safety")
"""Tests of the data, which are likeliest to fail where a number of it has changed."""
QUICK = 12
"""So many tests that run a line are tried alone: to collect all of them takes longer than those."""
FEWER = {"RELIEFPATH_PLANS": "500", "RELIEFPATH_COURSES": "2000"}
UNTRIED = 3
"""How a process ends that could not run the tests."""
SECONDS = 600
"""A mutant that takes longer is caught: it would hang whoever runs it."""
FORK = get_context("fork")
LIBRARIES = ("polars", "pyarrow", "pydantic", "sqlalchemy", "sqlglot")
"""Imported once, before any mutant is: each is then a fork."""
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider")


def test_files() -> list[str]:
    """Return the files of the tests of what is mutated."""
    files = (f for folder in FOLDERS for f in (ROOT / folder).rglob("test_*.py"))
    return sorted(str(f.relative_to(ROOT)) for f in files if "exercise" not in f.parts)


def tests_of(mutant: Mutant, covering: Covering) -> Iterator[list[str]]:
    """Yield the tests that run the changed line, or are of the data, and then all of them."""
    files = test_files()
    if mutant.file.endswith(".py"):
        running = covering.of(mutant.file, mutant.line)
        yield running[:QUICK]
        yield running[QUICK:]
    else:
        yield [file for file in files if any(f"test_{word}" in file for word in FIRST)]
    yield files


def try_mutant(mutant: Mutant, covering: Covering, source: str) -> None:
    """Run the tests on a copy of the source with the change, and exit with 1 once one fails.

    Exits with `UNTRIED` where the tests could not be run, which tells nothing of the mutant.
    """
    copy = Path(source) / "reliefpath"
    shutil.copytree(SOURCE, copy, copy_function=shutil.copy2)  # with the compiled curve
    (copy / mutant.file).write_text(mutant.text, "utf-8")
    _go_by(source)
    end: int = pytest.ExitCode.OK
    for tests in filter(None, tests_of(mutant, covering)):
        end = pytest.main([*OPTIONS, *tests])
        if end in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
            sys.exit(1)  # interrupted where a file cannot even be imported
    if end:
        sys.exit(UNTRIED)


def find_covering(file: str) -> None:
    """Write to a file which lines the tests run."""
    _go_by(str(SOURCE.parent))
    covering = watch(test_files(), f"{file}.coverage")
    Path(file).write_bytes(pickle.dumps(covering))


def _go_by(source: str) -> None:
    sys.path.insert(0, source)
    os.environ |= {**FEWER, "PYTHONPATH": source}
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def try_all(chosen: Sequence[Mutant], covering: Covering, workers: int) -> list[bool]:
    """Return whether a test failed on each mutant, several at a time."""
    found: dict[int, bool] = {}
    waiting = list(enumerate(chosen))[::-1]
    running: dict[int, tuple[ForkProcess, TemporaryDirectory[str], float]] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            number, mutant = waiting.pop()
            folder = TemporaryDirectory()
            process = FORK.Process(target=try_mutant, args=(mutant, covering, folder.name))
            process.start()
            running[number] = process, folder, monotonic() + SECONDS
        wait([process.sentinel for process, *_ in running.values()], timeout=5)
        for number, (process, folder, until) in [*running.items()]:
            if process.is_alive() and monotonic() < until:
                continue
            process.kill()
            process.join()
            folder.cleanup()
            del running[number]
            if process.exitcode == UNTRIED:
                raise SystemExit("the tests could not be run")
            found[number] = process.exitcode != 0
            told = "caught" if found[number] else "SURVIVED"
            mutant = chosen[number]
            print(f"{len(found)} {told}: {mutant.file}:{mutant.line}: {mutant.change}", flush=True)
            if not found[number]:
                print(f"    {mutant.code}", flush=True)
    return [found[number] for number in range(len(chosen))]


def main() -> None:
    """Run a sample and print what survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    every = mutants()
    chosen = random.Random(asked.seed).sample(every, min(asked.sample, len(every)))
    print(f"{len(chosen)} of {len(every)} mutants, seed {asked.seed}", flush=True)
    for library in LIBRARIES:
        importlib.import_module(library)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "covering"
        process = FORK.Process(target=find_covering, args=(str(file),))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit("the tests fail without a change: nothing can be told of one")
        covering = pickle.loads(file.read_bytes())
    found = try_all(chosen, covering, asked.workers)
    for kind, suffix in (("code", ".py"), ("data", ".yaml")):
        mine = [ok for m, ok in zip(chosen, found, strict=True) if m.file.endswith(suffix)]
        if mine:
            print(f"{kind}: {sum(mine)} of {len(mine)} caught ({sum(mine) / len(mine):.0%})")
    print(f"all: {sum(found)} of {len(found)} caught ({sum(found) / len(found):.0%})")


if __name__ == "__main__":
    main()
