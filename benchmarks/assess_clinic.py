"""How long the main job takes on clinics of growing size, against only reading the same files.

The peer is `pandas.read_csv` on the same six files, as a whole process too, in the same run. Both
take turns, and the best of each counts, since the machine may be shared.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

AS_OF = date(2026, 3, 31)
READ_ONLY = """
import sys, pandas
for file in sys.argv[1:]:
    pandas.read_csv(file)
"""


def main() -> None:
    """Print a table of whole-process times, where the time goes, and the time of one episode."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--episodes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options.add_argument("--turns", type=int, default=3)
    options.add_argument("--folder", type=Path, default=Path("build/bench"))
    given = options.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    print("episodes      rows   assess  read_csv  ratio  us/episode  peak MB")
    for episodes in given.episodes:
        clinic = made(given.folder, episodes)
        advice = given.folder / "advice.parquet"
        ours = [sys.executable, "-m", "reliefpath", "assess", str(clinic)]
        ours += ["--as-of", str(AS_OF), "--format", "parquet", "--out", str(advice)]
        peer = [sys.executable, "-c", READ_ONLY, *map(str, sorted(clinic.glob("*.csv")))]
        turns = [(run(ours), run(peer)) for _ in range(given.turns)]
        (mine, memory), (theirs, _) = (min(results) for results in zip(*turns, strict=True))
        rows = sum(file.read_bytes().count(b"\n") - 1 for file in clinic.glob("*.csv"))
        print(
            f"{episodes:8,} {rows:9,} {mine:7.2f}s {theirs:8.2f}s {mine / theirs:5.1f}x"
            f" {mine / episodes * 1e6:11.0f} {memory:8.0f}",
            flush=True,
        )
    where_the_time_goes(clinic)
    one_episode(made(given.folder, given.episodes[0]))


def made(folder: Path, episodes: int) -> Path:
    """Return a clinic's folder, written anew only when it is not there."""
    from reliefpath.care_log.folder import write_folder
    from reliefpath.simulation import demo_clinic

    clinic = folder / f"clinic-{episodes}"
    if not clinic.is_dir():
        write_folder(demo_clinic(round(episodes / 1.06), 1, AS_OF), clinic)
    return clinic


def run(command: list[str], *, quiet: bool = False) -> tuple[float, float]:
    """Return the seconds and the peak memory, in MB, of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL if quiet else None)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def where_the_time_goes(clinic: Path) -> None:
    """Print the seconds of each stage of a warm process."""
    from reliefpath.care_log.folder import read_folder
    from reliefpath.pathway.assessment import assess
    from reliefpath.pathway.model import load_pathway

    stages: list[tuple[str, float]] = []

    def progress(stage: str) -> None:
        stages.append((stage, time.perf_counter()))

    progress("reading and checking")
    care_log = read_folder(clinic).care_log
    advice = assess(care_log, load_pathway(), AS_OF, progress=progress)
    progress("writing")
    advice.write_parquet(clinic / "advice.parquet")
    progress("end")
    (clinic / "advice.parquet").unlink()
    print(f"\nwhere the time goes, {advice.height:,} episodes, imports left out:")
    for (stage, start), (_, end) in itertools.pairwise(stages):
        print(f"  {stage:<22} {end - start:6.2f} s")


def one_episode(clinic: Path) -> None:
    """Print the time of one episode's advice in a warm process."""
    from reliefpath.care_log.folder import read_folder
    from reliefpath.pathway.assessment import assess
    from reliefpath.pathway.model import load_pathway

    care_log = read_folder(clinic).care_log
    mine = care_log.only("demo-0001")
    pathway = load_pathway()
    best = fastest(lambda: assess(mine, pathway, AS_OF))
    whole = fastest(lambda: assess(care_log.only("demo-0001"), pathway, AS_OF))
    print(
        f"\none episode, warm: {best * 1e3:.1f} ms; found in its clinic too: {whole * 1e3:.1f} ms"
    )


def fastest(job: Callable[[], object], turns: int = 50) -> float:
    """Return the seconds of the fastest turn, after two to warm up."""
    job(), job()
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
