"""`python -m tests.mutants`: run the tests on a random sample of mutants, and list the survivors.

Each mutant is a copy of the source with one change, on which the tests of its subject run until one
fails. A survivor is a change that nobody would notice.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from .making import SOURCE, Mutant, mutants

ROOT = SOURCE.parents[1]
SUBJECTS = {"therapies": "tests/therapies", "pathway": "tests/pathway"}
"""Where the tests of a folder are: they run first, since one of them is likeliest to fail."""
LAST = ("test_laws.py", "test_own_episodes.py")
"""What takes long and hardly ever fails alone."""
MINUTES = 10


def caught(mutant: Mutant) -> bool:
    """Return whether a test fails on a mutant, or none can even begin."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "src" / "reliefpath"
        shutil.copytree(SOURCE, copy, copy_function=shutil.copy2)  # with the compiled curve
        (copy / mutant.file).write_text(mutant.text, "utf-8")
        options = ("-x", "-q", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *options, *tests_of(mutant)]
        environment = {
            **os.environ,
            "PYTHONPATH": str(copy.parent),
            "RELIEFPATH_PLANS": "500",
            "RELIEFPATH_COURSES": "500",
        }
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                capture_output=True,
                timeout=MINUTES * 60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return True
        return done.returncode != 0


def tests_of(mutant: Mutant) -> list[str]:
    """Return the files of tests, those of the mutant's own subject first and the slow ones last."""
    own = SUBJECTS[mutant.file.split("/")[0]]
    files = [f for folder in SUBJECTS.values() for f in (ROOT / folder).rglob("test_*.py")]
    names = [str(file.relative_to(ROOT)) for file in files if "exercise" not in file.parts]
    return sorted(names, key=lambda n: (n.endswith(LAST), not n.startswith(own), n))


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
    with ThreadPoolExecutor(asked.workers) as workers:
        found = list(workers.map(_tried, chosen))
    for kind, suffix in (("code", ".py"), ("data", ".yaml")):
        mine = [ok for m, ok in zip(chosen, found, strict=True) if m.file.endswith(suffix)]
        if mine:
            print(f"{kind}: {sum(mine)} of {len(mine)} caught ({sum(mine) / len(mine):.0%})")
    print(f"all: {sum(found)} of {len(found)} caught ({sum(found) / len(found):.0%})")


def _tried(mutant: Mutant) -> bool:
    if found := caught(mutant):
        return found
    print(f"survived: {mutant.file}:{mutant.line}: {mutant.change} in `{mutant.code}`", flush=True)
    return False


if __name__ == "__main__":
    main()
