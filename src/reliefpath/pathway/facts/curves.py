"""The curve of each episode's measures, and what is plain from its scores alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reliefpath.clock import Moment
from reliefpath.pathway.facts.courses import FAR
from reliefpath.pathway.facts.groups import Flags, Floats, Ints, Names
from reliefpath.pathway.flare import is_flare
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
    "p_worse": "p_worse",
    "worse_weeks": "worse_weeks",
    "p_second_recovery": "p_second",
    "second_recovery_weeks": "second_weeks",
    "expected_gain": "expected_gain",
    "level_ahead": "level_ahead",
    "injection_effect": "injection_effect",
}
"""The facts that rest on the curve, and which answer of `recover` each is."""
LOOK_AGAIN = "look_again_weeks"
USUAL_SCATTER, HELD_BY = 0.6, 2
"""What scatter is taken for beforehand, in MCIDs, and for how many differences that counts."""
NEIGHBOURS = 3.0
"""Weeks up to which two scores differ by scatter alone, but for a step."""
UNLIKELY, LIKELY = 0.2, 0.9
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
    within: Floats
    """The variance of the scores of each occasion."""
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

    @property
    def before(self) -> Ints:
        """Index of each episode's score before the last, or its only one."""
        return np.maximum(self.last - 1, self.first)

    @property
    def without_flares(self) -> Series:
        """The same without each latest score that is a flare."""
        latest, before = self.burden[self.last], self.burden[self.before]
        apart = self.weeks[self.last] - self.weeks[self.before]
        count, effect = np.diff(self.offsets), self.effect[self.before]
        flare = is_flare(latest, before, apart, self.mdc, count, effect)
        if not flare.any():
            return self
        kept = np.ones(self.burden.size, np.bool_)
        kept[self.last[flare]] = False
        counts = np.diff(self.offsets) - flare
        by_score = ("day", "weeks", "burden", "within", "injected", "since_latest", "needled")
        return replace(
            self,
            offsets=np.append(0, np.cumsum(counts)),
            **{name: getattr(self, name)[kept] for name in by_score},
        )


def primary_curves(
    s: Series, moment: Moment, targets: Targets, priors: Priors
) -> dict[str, Floats]:
    """The curve of each episode's primary measure, and what is plain from its scores alone."""
    scatter = _scatter(s)
    since_recovery, relapse, slipping = _since_recovery(s, moment, targets, scatter)
    plain = {
        "setback": _setback(s),
        "flare": _flare(s),
        "scatter": scatter,
        "weeks_since_recovery": since_recovery,
        "relapse": relapse.astype(float),
        "slipping": slipping.astype(float),
    }
    s = s.without_flares
    parts = _prior_of_each(s, priors)
    curve = _curve(s, parts, targets)
    age = moment.weeks_from(s.day[s.last])
    # from an old score nobody can tell when the next ones will settle anything
    level = np.where(age <= targets.level_weeks, curve["p_level"], np.nan)
    wait = _weeks_until_clear(s, parts, targets, level) - age
    return {**plain, **curve, LOOK_AGAIN: np.maximum(wait, 0.0)}


def second_curves(s: Series, targets: Targets, priors: Priors) -> dict[str, Floats]:
    """The curve of each episode's second measure."""
    s = s.without_flares
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
    lesser = np.minimum(s.burden[s.last], s.burden[s.before])
    setback = (lesser - best) / s.mdc
    setback[~np.isfinite(best)] = np.nan
    return setback


def _flare(s: Series) -> Floats:
    """How far, in MDCs, the latest score is worse than the one before it."""
    flare = (s.burden[s.last] - s.burden[s.before]) / s.mdc
    return np.where(s.before < s.last, flare, np.nan)


def _scatter(s: Series) -> Floats:
    """Standard deviation of single scores, in MCIDs, by how much neighbours differ.

    Half the mean square of the differences between occasions (von Neumann et al. 1941), the largest
    left out, since a step is no scatter, and the mean variance within them; with `USUAL_SCATTER` as
    that of as many more differences as `HELD_BY`. What lies further apart than `NEIGHBOURS` differs
    by the course.
    """
    if not s.e.size:
        return np.empty(0)
    count = np.diff(s.offsets)
    close = np.diff(s.weeks, append=np.inf) <= NEIGHBOURS
    close[s.last] = False
    apart = np.where(close, np.diff(s.burden, append=0.0) ** 2 / 2, 0.0)
    others = np.add.reduceat(apart, s.first) - np.maximum.reduceat(apart, s.first)
    many = np.maximum(np.add.reduceat(close.astype(float), s.first) - 1, 0)
    between = (HELD_BY * (USUAL_SCATTER * s.mcid) ** 2 + others) / (HELD_BY + many)
    within = np.add.reduceat(s.within, s.first) / count
    return np.where(count > 1, np.sqrt(between + within) / s.mcid, np.nan)


def _since_recovery(
    s: Series, moment: Moment, targets: Targets, scatter: Floats
) -> tuple[Floats, Flags, Flags]:
    """Weeks since the latest recovery began, whether it was lost, and whether it is slipping.

    Both need time as well as scores. A recovery begins with a recovered score, and is confirmed by
    another some weeks later, without an injection's effect, where the mean from the one to the
    other is recovered too. It is lost where a score and the mean of some time before it, all since
    it was confirmed, are worse than that mean by as much of the MCID as counts as worse and by more
    than scatter explains, and stays lost until another is confirmed. It slips where the two latest
    scores are no longer recovered.
    """
    if not s.e.size:
        return np.empty(0), np.empty(0, np.bool_), np.empty(0, np.bool_)
    index, limit = np.arange(s.burden.size), _well_until(s, targets.recovered)
    is_well = s.burden <= limit
    began, level = _some_time_before(s, targets.recovered_weeks)
    confirmed = is_well & (began >= 0) & is_well[began] & (level <= limit) & (s.effect == 0)
    latest = np.maximum.accumulate(np.where(confirmed, index, -1))
    since, mean = _some_time_before(s, targets.lost_weeks)
    matters = s.mcid * np.fmax(targets.loss, targets.lost_scatter * scatter)
    worse = np.minimum(s.burden, mean) - level[latest] >= matters[s.owner] - 1e-9
    lost = worse & (latest >= s.first[s.owner]) & (since > latest)
    losses = np.cumsum(lost)  # a recovery is what is confirmed between one loss and the next
    last = np.maximum.reduceat(np.where(confirmed, index, -1), s.first)
    same = confirmed & (losses == losses[last][s.owner])
    start = np.minimum.reduceat(np.where(same, began, s.burden.size - 1), s.first)
    weeks = moment.weeks_from(s.day[start])
    relapse = (last >= 0) & (losses[s.last] > losses[last])
    slipping = (last >= 0) & ~relapse & ~is_well[s.last] & ~is_well[s.before]
    return np.where(last >= 0, weeks, np.nan), relapse, slipping


def _some_time_before(s: Series, weeks: float) -> tuple[Ints, Floats]:
    """The latest score of the episode so many weeks or more before each, and the mean from there.

    Without one that is -1, and the mean is the score itself.
    """
    day = s.day.astype("datetime64[D]").astype(np.int64)
    order = s.owner * FAR + day
    found = np.searchsorted(order, order - round(7 * weeks), side="right") - 1
    found = np.where(found >= s.first[s.owner], found, -1)
    total = np.append(0.0, np.cumsum(s.burden))
    index = np.arange(s.burden.size)
    begin = np.where(found >= 0, found, index)
    return found, (total[index + 1] - total[begin]) / (index + 1 - begin)


def well(s: Series, level: float) -> Flags:
    """Whether each score is at the recovered level."""
    found: Flags = s.burden <= _well_until(s, level)
    return found


def _well_until(s: Series, level: float) -> Floats:
    """The burden up to which each score is at the recovered level."""
    found: Floats = (1 - level) * s.burden[s.first[s.owner]] + 1e-9
    return found
