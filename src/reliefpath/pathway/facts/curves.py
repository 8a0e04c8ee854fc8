"""The curve of each episode's measures, and what is plain from its scores alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.pathway.facts.moment import Moment
from reliefpath.recovery import Prior, Priors, Questions, recover, weeks_until_clear

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = tuple[Ints, Floats, Floats, Floats, Floats]
"""What `recover` takes: offsets, weeks, burden, span and what matters."""
CURVE_FACTS = {
    "improvement": "improvement",
    "improvement_low": "low",
    "improvement_high": "high",
    "p_window": "p_window",
    "p_plateau": "p_plateau",
    "p_level": "p_level",
    "p_recovered": "p_recovered",
    "p_worsening": "p_worsening",
    "expected_gain": "expected_gain",
    "level_ahead": "level_ahead",
}
"""The facts that rest on the curve, and which answer of `recover` each is."""
LOOK_AGAIN = "look_again_weeks"
UNLIKELY, LIKELY = 0.2, 0.8
"""Between these `p_level` leaves it open whether a course is level."""


@dataclass(frozen=True)
class Series:
    """The primary measure's scores of all episodes: those of episode i are at offsets[i:i+2]."""

    e: Ints
    offsets: Ints
    day: NDArray[np.datetime64]
    burden: Floats
    span: Floats
    mcid: Floats
    mdc: Floats
    step: Floats

    @property
    def first(self) -> Ints:
        """Index of each episode's first score."""
        return self.offsets[:-1]

    @property
    def last(self) -> Ints:
        """Index of each episode's last score."""
        return self.offsets[1:] - 1

    @property
    def owner(self) -> Ints:
        """The episode, by its place in `e`, of each score."""
        return np.repeat(np.arange(self.e.size), np.diff(self.offsets))


def primary_curves(
    curved: pl.DataFrame, moment: Moment, questions: Questions, priors: Priors
) -> pl.DataFrame:
    """The curve of each episode's primary measure, and what is plain from its scores alone."""
    s, at, episode = _as_series(curved)
    since_recovery, relapse = _since_recovery(s, moment, questions.recovered)
    plain = {
        "e": s.e.astype(np.uint32),
        "setback": _setback(s),
        "flare": _flare(s),
        "weeks_since_recovery": since_recovery,
        "relapse": relapse,
    }
    parts = _prior_of_each(episode, priors)
    curve = _curve(s, at, parts, questions)
    age = (np.datetime64(moment.day, "D") - s.day[s.last]).astype(float) / 7
    # from an old score nobody can tell when the next ones will settle anything
    level = np.where(age <= questions.level_weeks, curve["p_level"], np.nan)
    wait = _weeks_until_clear(s, at, parts, questions, level) - age
    known = {**plain, **curve, LOOK_AGAIN: np.maximum(wait, 0.0)}
    return pl.DataFrame(known, nan_to_null=True)


def second_curves(curved: pl.DataFrame, questions: Questions, priors: Priors) -> pl.DataFrame:
    """The curve of each episode's second measure."""
    s, at, episode = _as_series(curved)
    curve = _curve(s, at, _prior_of_each(episode, priors), questions)
    known = {
        "e": s.e.astype(np.uint32),
        "second_measure": episode["measure"],
        "second_improvement": curve["improvement"],
        "second_low": curve["improvement_low"],
        "second_high": curve["improvement_high"],
        "second_p_level": curve["p_level"],
    }
    return pl.DataFrame(known, nan_to_null=True)


def _as_series(curved: pl.DataFrame) -> tuple[Series, Floats, pl.DataFrame]:
    """Return scores as arrays, the weeks of each, and the row of each episode."""
    e, first = np.unique(curved["e"].to_numpy(), return_index=True)
    episode = curved[first]
    series = Series(
        e.astype(np.int64),
        np.append(first, curved.height).astype(np.int64),
        curved["day"].to_numpy().astype("datetime64[D]"),
        curved["burden"].to_numpy(),
        *(np.nan_to_num(episode[name].to_numpy()) for name in ("span", "mcid", "mdc", "step")),
    )
    return series, curved["weeks"].to_numpy(), episode


def _prior_of_each(episode: pl.DataFrame, priors: Priors) -> list[tuple[Prior, Ints]]:
    """Return the priors and the episodes, by their place, that each is of."""
    if not priors.groups:
        return [(priors.overall, np.arange(episode.height))]
    groups = episode.with_row_index("place").group_by("measure", "region", maintain_order=True)
    return [
        (priors.of(str(measure), str(region)), rows["place"].to_numpy().astype(np.int64))
        for (measure, region), rows in groups
    ]


def _curve(
    s: Series, weeks: Floats, parts: list[tuple[Prior, Ints]], questions: Questions
) -> dict[str, Floats]:
    """What the recovery model says of each episode, under its own prior."""
    found = {name: np.full(s.e.size, np.nan) for name in CURVE_FACTS}
    for prior, places in parts:
        columns, step = _columns(s, weeks, places)
        answers = recover(*columns, questions=questions, prior=prior, step=step)
        for fact, name in CURVE_FACTS.items():
            found[fact][places] = getattr(answers, name)
    return found


def _weeks_until_clear(
    s: Series,
    weeks: Floats,
    parts: list[tuple[Prior, Ints]],
    questions: Questions,
    p_level: Floats,
) -> Floats:
    """Weeks from each episode's latest score until it is expected to be clear if it is level."""
    found = np.where(np.isnan(p_level), np.nan, 0.0)
    for prior, places in parts:
        level = p_level[places]
        unclear = places[(level > UNLIKELY) & (level < LIKELY)]
        if unclear.size:
            columns, step = _columns(s, weeks, unclear)
            found[unclear] = weeks_until_clear(
                *columns, questions=questions, prior=prior, step=step, clear=(UNLIKELY, LIKELY)
            )
    return found


def _columns(s: Series, weeks: Floats, places: Ints) -> tuple[Columns, Floats]:
    """Return the columns that `recover` takes, and the steps, of some episodes by their place."""
    if places.size == s.e.size:
        return (s.offsets, weeks, s.burden, s.span, s.mcid), s.step
    wanted = np.zeros(s.e.size, np.bool_)
    wanted[places] = True
    mine = wanted[s.owner]
    offsets = np.append(0, np.cumsum(np.diff(s.offsets)[places]))
    return (offsets, weeks[mine], s.burden[mine], s.span[places], s.mcid[places]), s.step[places]


def _setback(s: Series) -> Floats:
    """How far, in MDCs, both latest scores are worse than the best pair of scores before them."""
    pair = s.burden.copy()
    pair[1:] = (s.burden[1:] + s.burden[:-1]) / 2
    position = np.arange(s.burden.size) - s.first[s.owner]
    left = np.diff(s.offsets)[s.owner] - position
    pair[(position == 0) | (left <= 2)] = np.inf
    best = np.minimum.reduceat(pair, s.first) if s.e.size else np.empty(0)
    lesser = np.minimum(s.burden[s.last], s.burden[np.maximum(s.last - 1, s.first)])
    setback = (lesser - best) / s.mdc
    setback[~np.isfinite(best)] = np.nan
    return setback


def _flare(s: Series) -> Floats:
    """How far, in MDCs, the latest score is worse than the one before it."""
    before = np.maximum(s.last - 1, s.first)
    flare = (s.burden[s.last] - s.burden[before]) / s.mdc
    return np.where(before < s.last, flare, np.nan)


def _since_recovery(s: Series, moment: Moment, level: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Weeks since the latest recovery began, and whether it was lost.

    It begins with two recovered scores in a row, is lost with a score worse than they by the MCID,
    and stays lost until two recovered scores stand in a row again.
    """
    if not s.e.size:
        return np.empty(0), np.empty(0, np.bool_)
    index, first = np.arange(s.burden.size), s.first[s.owner]
    well = s.burden <= (1 - level) * s.burden[first] + 1e-9
    confirmed = well & np.roll(well, 1) & (index > first)
    latest = np.maximum.accumulate(np.where(confirmed, index, -1))
    lost = (latest >= first) & (s.burden - s.burden[latest] >= s.mcid[s.owner])
    losses = np.cumsum(lost)  # a recovery is what is confirmed between one loss and the next
    last = np.maximum.reduceat(np.where(confirmed, index, -1), s.first)
    same = confirmed & (losses == losses[last][s.owner])
    began = np.minimum.reduceat(np.where(same, index - 1, s.burden.size - 1), s.first)
    weeks = (np.datetime64(moment.day, "D") - s.day[began]).astype(float) / 7
    relapse = (last >= 0) & (losses[s.last] > losses[last])
    return np.where(last >= 0, weeks, np.nan), relapse
