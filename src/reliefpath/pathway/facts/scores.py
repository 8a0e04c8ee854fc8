"""Facts of the scores: recovery on the measure followed, what is left, and what else says so."""

from __future__ import annotations

import numpy as np
import polars as pl

from reliefpath.care_log.doubts import doubtful_scores
from reliefpath.knowledge import Knowledge
from reliefpath.pathway.facts.curves import primary_curves, second_curves
from reliefpath.pathway.facts.episodes import Episodes, Rows
from reliefpath.pathway.facts.groups import Flags, Floats, Ints, Known
from reliefpath.pathway.facts.pooling import Combine, together
from reliefpath.pathway.facts.relief import relief
from reliefpath.pathway.facts.series import Scores
from reliefpath.pathway.facts.treatments import sessions_of
from reliefpath.recovery import Priors, Targets

FEWEST = 3
"""Scores that a curve needs."""


def known_scores(
    scores: pl.DataFrame, given: Rows, episodes: Episodes, knowledge: Knowledge
) -> Scores:
    """Return the scores known, with how long after an injection and a dry needling each was.

    `given` are the treatments of the episodes.
    """
    injections, needlings = (
        sessions_of(knowledge, therapy, given) for therapy in ("injection", "dry-needling")
    )
    return Scores.of(scores, episodes, injections, needlings, knowledge)


def score_facts(
    s: Scores,
    targets: Targets,
    priors: Priors,
    combine: Combine,
) -> Known:
    """Return the facts of the scores, one value an episode in their order."""
    moment = s.episodes.moment
    recent = moment.weeks_from(s.day) <= targets.horizon_weeks
    measure, primary = _primary(s)
    first = s.curved(primary)
    other = np.where(first >= 0, s.curved(_second(s, primary, recent)), -1)
    followed, beside = s.series(first), s.series(other)
    curves = {
        **_each(first, primary_curves(followed, moment, targets, priors)),
        **_each(other, second_curves(beside, targets, priors)),
        **_each(first, relief(followed, targets.recovered)),
    }
    curves |= {name: np.nan_to_num(curves[name]) for name in ("relieved", "slipping", "well_now")}
    name = s.measures.name
    return {
        "measure": pl.Series(name[measure].tolist(), dtype=pl.String),
        "second_measure": pl.Series(name[s.order[other]].tolist(), dtype=pl.String),
        "baseline": s.baseline[primary],
        "current": s.current[primary],
        "current_worst": s.worst[primary],
        "score_count": np.where(primary >= 0, s.count[primary], np.nan),
        "weeks_since_score": moment.weeks_from(s.day[primary]),
        "residual": s.last[primary],
        **together(curves, targets, combine),
        **_beside_the_curve(s, recent),
    }


def _each(chosen: Ints, found: dict[str, Floats]) -> dict[str, Floats]:
    """What was found of the series chosen, one value an episode; NaN where none was."""
    known = np.full((len(found), chosen.size), np.nan)
    known[:, chosen >= 0] = list(found.values())
    return dict(zip(found, known, strict=True))


def _primary(s: Scores) -> tuple[Ints, Ints]:
    """Each episode's primary measure: the one named, else the most scored that has a curve.

    Returns:
        Its place in the catalogue and its series; -1 where there is none.
    """
    place, asked = s.measures.place, s.episodes.table["primary_measure"]
    named = np.array([place.get(name, -1) for name in asked], np.int64)
    chosen = s.most_scored(~np.isnan(s.last))
    measure = np.where(named >= 0, named, s.order[chosen])
    return measure, s.of_measure(measure)


def _second(s: Scores, primary: Ints, recent: Flags) -> Ints:
    """The series beside each episode's primary one.

    The measure of function, or of pain where function is primary, that was scored most often, if
    it has enough scores for a curve and the latest lies within the horizon.
    """
    m = s.measures
    construct = m.construct[s.order]
    other = m.compared[s.order] & (construct != construct[np.append(primary, -1)][s.e])
    enough = (s.count >= FEWEST) & (s.first > 0) & recent
    return s.most_scored(other & enough)


def _beside_the_curve(s: Scores, recent: Flags) -> dict[str, Floats]:
    """What other measures say: can a scale show what is left, the patient's word, function."""
    m = s.measures
    known, mcid = ~np.isnan(s.last), m.mcid[s.order]
    shows = m.compared[s.order] & recent & known & ~np.isnan(mcid)
    function = s.most_scored((m.construct == "function")[s.order] & known)
    first = np.where(s.first > 0, s.first, np.nan)[function]
    return {
        "residual_visible": np.where(s.any(shows), s.any(shows & (s.last >= mcid)), np.nan),
        "own_estimate": _of_the_whole(s, "sane", recent) / 100,
        "groc": _of_the_whole(s, "groc", recent),
        "pgic": _of_the_whole(s, "pgic", recent),
        "function_improvement": 1 - s.last[function] / first,
    }


def _of_the_whole(s: Scores, measure: str, recent: Flags) -> Floats:
    """What the patient says of the whole by a measure, where it was asked lately."""
    series = s.of_measure(np.full(s.episodes.size, s.measures.place[measure]))
    return np.where(recent[series], s.current[series], np.nan)


def scale_facts(scores: pl.DataFrame, episodes: Episodes, knowledge: Knowledge) -> Known:
    """Return whether a measure's scale seems to have changed on the way, and of which.

    Whoever corrects the rows ends the doubt; see `reliefpath.care_log.doubts`.
    """
    listed: dict[str, set[str]] = {}
    doubtful = doubtful_scores(scores, knowledge, episodes.moment)
    for episode, measure in zip(doubtful["episode"], doubtful["measure"], strict=True):
        listed.setdefault(episode, set()).add(measure)
    told = [", ".join(sorted(listed.get(e, ()))) or None for e in episodes.table["episode"]]
    return {
        "scale_in_doubt": np.array([names is not None for names in told]),
        "scales_in_doubt": pl.Series(told, dtype=pl.String),
    }
