"""The curve of each episode's measures, and what is plain from its scores alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reliefpath.clock import Moment
from reliefpath.pathway.facts.groups import Flags, Floats, Ints, Names
from reliefpath.recovery import Prior, Priors, Targets, recover, weeks_until_clear
from reliefpath.recovery.injection import injection_effect

Days = NDArray[np.datetime64]
Columns = tuple[Ints, Floats, Floats, Floats, Floats]
"""What `recover` takes: offsets, weeks, burden, scale_range and what matters."""
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
    "injection_effect": "injection_effect",
}
"""The facts that rest on the curve, and which answer of `recover` each is."""
LOOK_AGAIN = "look_again_weeks"
UNLIKELY, LIKELY = 0.2, 0.8
"""Between these `p_level` leaves it open whether a course is level."""


@dataclass(frozen=True)
class Series:
    """Scores that a curve can follow, a series of an episode: those of i are at offsets[i:i+2]."""

    e: Ints
    measure: Names
    region: Names
    offsets: Ints
    day: Days
    weeks: Floats
    burden: Floats
    injected: Floats
    """Weeks from the injection before each score, NaN without one."""
    since_latest: Flags
    """Whether that is the episode's latest."""
    needled: Floats
    """Weeks from the dry needling before each score."""
    scale_range: Floats
    mcid: Floats
    mdc: Floats
    step: Floats

    @cached_property
    def effect(self) -> Floats:
        """How much of an injection's effect is in each score, from 0 to 1."""
        return injection_effect(self.injected)

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
    s: Series, moment: Moment, targets: Targets, priors: Priors
) -> dict[str, Floats]:
    """The curve of each episode's primary measure, and what is plain from its scores alone."""
    since_recovery, relapse, slipping = _since_recovery(s, moment, targets.recovered)
    plain = {
        "setback": _setback(s),
        "flare": _flare(s),
        "weeks_since_recovery": since_recovery,
        "relapse": relapse.astype(float),
        "slipping": slipping.astype(float),
    }
    parts = _prior_of_each(s, priors)
    curve = _curve(s, parts, targets)
    age = moment.weeks_from(s.day[s.last])
    # from an old score nobody can tell when the next ones will settle anything
    level = np.where(age <= targets.level_weeks, curve["p_level"], np.nan)
    wait = _weeks_until_clear(s, parts, targets, level) - age
    return {**plain, **curve, LOOK_AGAIN: np.maximum(wait, 0.0)}


def second_curves(s: Series, targets: Targets, priors: Priors) -> dict[str, Floats]:
    """The curve of each episode's second measure."""
    curve = _curve(s, _prior_of_each(s, priors), targets)
    return {
        "second_improvement": curve["improvement"],
        "second_low": curve["improvement_low"],
        "second_high": curve["improvement_high"],
        "second_p_level": curve["p_level"],
    }


def _prior_of_each(s: Series, priors: Priors) -> list[tuple[Prior, Ints]]:
    """Return the priors and the episodes, by their place, that each is of."""
    if not priors.groups:
        return [(priors.overall, np.arange(s.e.size))]
    places: dict[tuple[str, str], list[int]] = {}
    for place, group in enumerate(zip(s.measure, s.region, strict=True)):
        places.setdefault(group, []).append(place)
    return [(priors.of(str(m), str(r)), np.array(mine)) for (m, r), mine in places.items()]


def _curve(s: Series, parts: list[tuple[Prior, Ints]], targets: Targets) -> dict[str, Floats]:
    """What the recovery model says of each episode, under its own prior."""
    found = {name: np.full(s.e.size, np.nan) for name in CURVE_FACTS}
    for prior, places in parts:
        columns, told = _columns(s, places)
        answers = recover(*columns, targets=targets, prior=prior, **told)
        for fact, name in CURVE_FACTS.items():
            found[fact][places] = getattr(answers, name)
    return found


def _weeks_until_clear(
    s: Series,
    parts: list[tuple[Prior, Ints]],
    targets: Targets,
    p_level: Floats,
) -> Floats:
    """Weeks from each episode's latest score until it is expected to be clear if it is level."""
    found = np.where(np.isnan(p_level), np.nan, 0.0)
    for prior, places in parts:
        level = p_level[places]
        unclear = places[(level > UNLIKELY) & (level < LIKELY)]
        if unclear.size:
            columns, told = _columns(s, unclear)
            found[unclear] = weeks_until_clear(
                *columns, targets=targets, prior=prior, clear=(UNLIKELY, LIKELY), **told
            )
    return found


def _columns(s: Series, places: Ints) -> tuple[Columns, dict[str, Any]]:
    """Return what `recover` takes of some episodes by their place: columns, steps and effects."""
    if places.size == s.e.size:
        columns = (s.offsets, s.weeks, s.burden, s.scale_range, s.mcid)
        return columns, {"step": s.step, "effect": s.effect}
    wanted = np.zeros(s.e.size, np.bool_)
    wanted[places] = True
    mine = wanted[s.owner]
    offsets = np.append(0, np.cumsum(np.diff(s.offsets)[places]))
    columns = (offsets, s.weeks[mine], s.burden[mine], s.scale_range[places], s.mcid[places])
    return columns, {"step": s.step[places], "effect": s.effect[mine]}


def _setback(s: Series) -> Floats:
    """How far, in MDCs, both latest scores are worse than the best pair of scores before them.

    A pair that an injection's effect is in does not count: what passes was not gained.
    """
    pair = s.burden.copy()
    pair[1:] = (s.burden[1:] + s.burden[:-1]) / 2
    position = np.arange(s.burden.size) - s.first[s.owner]
    left = np.diff(s.offsets)[s.owner] - position
    passing = (s.effect > 0) | np.append(False, s.effect[:-1] > 0)[: s.burden.size]
    pair[(position == 0) | (left <= 2) | passing] = np.inf
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


def well(s: Series, level: float) -> Flags:
    """Whether each score is at the recovered level."""
    found: Flags = s.burden <= (1 - level) * s.burden[s.first[s.owner]] + 1e-9
    return found


def _since_recovery(s: Series, moment: Moment, level: float) -> tuple[Floats, Flags, Flags]:
    """Weeks since the latest recovery began, whether it was lost, and whether it is slipping.

    It begins with two recovered scores in a row, the later without an injection's effect; is lost
    with a score worse than they by the MCID, and stays lost until two recovered scores stand in a
    row again. It slips where the two latest scores are no longer recovered.
    """
    if not s.e.size:
        return np.empty(0), np.empty(0, np.bool_), np.empty(0, np.bool_)
    index, first = np.arange(s.burden.size), s.first[s.owner]
    is_well = well(s, level)
    before = np.roll(is_well, 1)
    confirmed = is_well & before & (index > first) & (s.effect == 0)
    latest = np.maximum.accumulate(np.where(confirmed, index, -1))
    lost = (latest >= first) & (s.burden - s.burden[latest] >= s.mcid[s.owner])
    losses = np.cumsum(lost)  # a recovery is what is confirmed between one loss and the next
    last = np.maximum.reduceat(np.where(confirmed, index, -1), s.first)
    same = confirmed & (losses == losses[last][s.owner])
    began = np.minimum.reduceat(np.where(same, index - 1, s.burden.size - 1), s.first)
    weeks = moment.weeks_from(s.day[began])
    relapse = (last >= 0) & (losses[s.last] > losses[last])
    slipping = (last >= 0) & ~relapse & ~is_well[s.last] & ~before[s.last]
    return np.where(last >= 0, weeks, np.nan), relapse, slipping
