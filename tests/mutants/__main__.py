"""`python -m tests.mutants`: run the tests on a random sample of mutants, and list the survivors.

Each mutant is a copy of the source with one change, on which the tests of its subject run until one
fails. A survivor is a change that nobody would notice.
"""

from __future__ import annotations

import argparse
import importlib
import os
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

from .making import SOURCE, Mutant, mutants, unchanged

ROOT = SOURCE.parents[1]
SUBJECTS = {"therapies": "tests/therapies", "pathway": "tests/pathway"}
"""Where the tests of a folder are: they run first, since one of them is likeliest to fail."""
LAST = ("test_laws.py", "test_own_episodes.py", "test_random_courses.py", "test_what_if.py")
"""What takes long and hardly ever fails alone."""
FEWER = {"RELIEFPATH_PLANS": "500", "RELIEFPATH_COURSES": "2000"}
UNTRIED = 3
"""How a process ends that could not run the tests."""
SECONDS = 600
"""A mutant that takes longer is caught: it would hang whoever runs it."""
FORK = get_context("fork")
LIBRARIES = ("numba", "polars", "pyarrow", "pydantic", "sqlalchemy", "sqlglot")
"""Imported once, before any mutant is: each is then a fork."""


def tests_of(mutant: Mutant) -> Iterator[list[str]]:
    """Yield the files of tests: of the mutant's own subject, of the other, and what takes long."""
    own = SUBJECTS[mutant.file.split("/")[0]]
    files = [f for folder in SUBJECTS.values() for f in (ROOT / folder).rglob("test_*.py")]
    names = sorted(str(file.relative_to(ROOT)) for file in files if "exercise" not in file.parts)
    yield [name for name in names if name.startswith(own) and not name.endswith(LAST)]
    yield [name for name in names if not name.startswith(own) and not name.endswith(LAST)]
    yield [name for name in names if name.endswith(LAST)]


def try_mutant(mutant: Mutant, source: str) -> None:
    """Run the tests on a copy of the source with the change, and exit with 1 once one fails.

    Exits with `UNTRIED` where the tests could not be run, which tells nothing of the mutant.
    """
    copy = Path(source) / "reliefpath"
    shutil.copytree(SOURCE, copy, copy_function=shutil.copy2)  # with the compiled curve
    (copy / mutant.file).write_text(mutant.text, "utf-8")
    sys.path.insert(0, source)
    os.environ |= {**FEWER, "PYTHONPATH": source}
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    for files in tests_of(mutant):
        end = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files])
        if end in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
            sys.exit(1)  # interrupted where a file cannot even be imported
        if end:
            sys.exit(UNTRIED)


def try_all(chosen: Sequence[Mutant], workers: int) -> list[bool]:
    """Return whether a test failed on each mutant, several at a time."""
    found: dict[int, bool] = {}
    waiting = list(enumerate(chosen))[::-1]
    running: dict[int, tuple[ForkProcess, TemporaryDirectory[str], float]] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            number, mutant = waiting.pop()
            folder = TemporaryDirectory()
            process = FORK.Process(target=try_mutant, args=(mutant, folder.name))
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
                raise RuntimeError("the tests could not be run")
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
    if try_all([unchanged()], 1) == [True]:
        raise SystemExit("the tests fail without a change: nothing can be told of one")
    found = try_all(chosen, asked.workers)
    for kind, suffix in (("code", ".py"), ("data", ".yaml")):
        mine = [ok for m, ok in zip(chosen, found, strict=True) if m.file.endswith(suffix)]
        if mine:
            print(f"{kind}: {sum(mine)} of {len(mine)} caught ({sum(mine) / len(mine):.0%})")
    print(f"all: {sum(found)} of {len(found)} caught ({sum(found) / len(found):.0%})")


if __name__ == "__main__":
    main()
