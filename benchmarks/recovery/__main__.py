"""Run the arena and write its report: python -m benchmarks.recovery."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from .arena import QUICK, Sizes, play
from .report import FOLDER, write


def main(arguments: list[str] | None = None) -> None:
    """Run the arena."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument("--episodes", type=int, help="simulated episodes of each world")
    parser.add_argument("--quick", action="store_true", help="little of everything: does it run?")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the report goes")
    given = parser.parse_args(arguments)
    sizes = QUICK if given.quick else Sizes()
    if given.episodes is not None:
        if given.episodes < 2:
            parser.error("--episodes must be at least 2")
        sizes = replace(sizes, episodes=given.episodes)
    begun = time.perf_counter()
    results = play(sizes)
    page = write(results, (time.perf_counter() - begun) / 60, given.folder)
    print(f"Wrote {page}.")


if __name__ == "__main__":
    main()
