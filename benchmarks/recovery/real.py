"""Real patients' repeated scores as histories; what was truly so, nobody knows."""

from __future__ import annotations

import csv
import math
import os
import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from .histories import Floats, Histories, Truth

COLUMNS = ["patient", "time", "score", "scale", "arm"]
FOLDER = Path(__file__).parents[2].parent / "shared" / "data"
VARIABLE = "RELIEFPATH_DATA"
WIDTHS = (5, 7, 10, 20, 28, 40, 50, 63, 100)
"""Of scales that start at 0 and whose names don't tell their end."""
MCID = 0.2
"""A placeholder for the change that matters, as a share of the range."""
SMALLEST_STEP = 1e-6
MOST = 0.75
"""Share of the scores that are whole multiples of the step."""
DIGITS = 6
HAIR = 1e-3
"""Shares of a step that are no difference: published scores are rounded."""

Series = dict[str, dict[int, list[float]]]
"""The scores of each day of each patient."""
Episode = tuple[Floats, Floats]
"""The weeks and the burden of one patient."""


def real_histories(folder: Path | None = None) -> list[tuple[str, Histories, Truth]]:
    """Return every data set of a folder: one for each scale of each tidy CSV.

    A tidy CSV has the columns patient, time (weeks), score, scale and arm; lower scores are better.
    A patient who changes arms stays one series. Scores of one day are averaged. There is a history
    for each visit from the second on that has a later one, and all later visits are ahead.

    Args:
        folder: Where to look; the environment's RELIEFPATH_DATA, or else ../shared/data beside
            the repository, if None. If it is missing a line says so and the list is empty.
    """
    place = folder or Path(os.environ.get(VARIABLE) or FOLDER)
    if not place.is_dir():
        print(f"No real data: `{place}` is not a folder; name one in {VARIABLE}.")
        return []
    found = []
    for file in sorted(place.glob("*.csv")):
        scales = read(file)
        for scale, series in scales.items():
            histories, truth = as_histories(scale, series)
            if len(histories):
                found.append((f"{file.stem}: {scale}", histories, truth))
    return found


def read(file: Path) -> dict[str, Series]:
    """Return the series of each scale of a tidy CSV; none of a file with other columns."""
    scales: dict[str, Series] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.DictReader(lines)
        if not set(COLUMNS) <= set(rows.fieldnames or []):
            return {}
        for row in rows:
            week, score = number(row["time"]), number(row["score"])
            if math.isfinite(week) and math.isfinite(score):
                scales[row["scale"]][row["patient"]][round(week * 7)].append(score)
    return dict(scales)


def number(text: str) -> float:
    """Return the number that a field holds; NaN if it holds none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def limits(scale: str, scores: Floats) -> tuple[float, float]:
    """Return the best and the worst score that a scale allows.

    They are the two numbers at the end of its name, if there are, as in `pain_NRS_0_10`; else 0 and
    the smallest known width that holds the largest score. Scores beyond them widen the scale.
    """
    lowest, highest = math.floor(scores.min()), math.ceil(scores.max())
    told = re.search(r"_(\d+)_(\d+)$", scale)
    if told:
        low, high = map(int, told.groups())
    else:
        low, high = 0, next((width for width in WIDTHS if width >= highest), highest)
    return float(min(low, lowest)), float(max(high, highest))


def usual_step(burden: Floats) -> float:
    """Return the distance between neighbouring scores of the scale, told by the scores in use.

    Some published scores are means over days or corrected for missing ones, and lie between the
    scores a patient can give. So it is the largest distance between neighbouring distinct scores of
    which three of four scores are whole multiples; the smallest distance if there is none.

    Args:
        burden: Scores as distances from the best one.
    """
    distances = np.unique(np.round(np.diff(np.unique(burden)), DIGITS))
    distances = distances[distances > SMALLEST_STEP]
    for step in distances[::-1]:
        if np.mean(np.abs(burden / step - np.rint(burden / step)) < HAIR) >= MOST:
            return float(step)
    return float(distances.min(initial=np.inf))


def as_histories(scale: str, series: Series) -> tuple[Histories, Truth]:
    """Return the histories of one scale; the number of a patient is his place in `series`."""
    scores = np.array([x for days in series.values() for day in days.values() for x in day])
    low, high = limits(scale, scores)
    scale_range = max(high - low, SMALLEST_STEP)
    step = min(usual_step(scores - low), scale_range)
    episodes = [episode(days, low) for days in series.values()]
    pairs = [(e, upto) for e, (week, _) in enumerate(episodes) for upto in range(2, week.size)]
    owner = np.array([e for e, _ in pairs], np.int64)
    weeks = [episodes[e][0][:upto] for e, upto in pairs]
    burden = [episodes[e][1][:upto] for e, upto in pairs]
    n = len(pairs)
    histories = Histories(
        np.cumsum([0, *(x.size for x in weeks)]).astype(np.int64),
        np.concatenate([*weeks, np.empty(0)]),
        np.concatenate([*burden, np.empty(0)]),
        np.full(n, scale_range),
        np.full(n, MCID * scale_range),
        np.full(n, step),
        padded([episodes[e][0][upto:] for e, upto in pairs]),
    )
    observed = padded([episodes[e][1][upto:] for e, upto in pairs])
    nobody = np.empty(0)
    return histories, Truth(owner, nobody.astype(bool), nobody.astype(bool), nobody, observed)


def episode(days: dict[int, list[float]], low: float) -> Episode:
    """Return one patient's weeks and burden in order of time."""
    order = sorted(days)
    return np.array(order) / 7, np.array([np.mean(days[day]) for day in order]) - low


def padded(rows: list[Floats]) -> Floats:
    """Return rows of unequal length as an array, NaN beyond their ends."""
    table = np.full((len(rows), max((row.size for row in rows), default=0)), np.nan)
    for line, row in zip(table, rows, strict=True):
        line[: row.size] = row
    return table
