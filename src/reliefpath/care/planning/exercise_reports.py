"""What was reported of exercise and pain: by check-ins and at visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

import polars as pl

from reliefpath.care.check_in.words import EFFECT, after_exercise
from reliefpath.care.planning.given import EXERCISE
from reliefpath.care_log.log import CareLog
from reliefpath.clock import Moment
from reliefpath.reference.therapies import counted_as
from reliefpath.reference.therapies.exercise import CheckIn, read_shares

PAIN = "nrs"


def check_ins(
    care_log: CareLog, episode: str, moment: Moment, since: date | datetime | None
) -> list[CheckIn]:
    """Return what was reported of exercise and pain, a day each, the pain at the start first.

    The care log has no row that says how long a flare lasted: that stays unknown.

    Args:
        care_log: what concerns the patient.
        episode: the complaint that is exercised for.
        moment: what had happened by then counts.
        since: the day of the exam, or the moment at which a programme was signed; what was
            reported by then is not of that programme.
    """
    scores = moment.before(care_log.scores.filter(episode=episode, measure=PAIN)).filter(
        pl.col("item").is_null()
    )
    done = moment.before(care_log.given.filter(episode=episode)).filter(
        pl.col("therapy").is_in(counted_as(care_log.knowledge, EXERCISE))
    )
    effects = moment.before(care_log.findings).filter(
        pl.col("kind") == EFFECT,
        pl.col("code").is_in(after_exercise()),
        pl.col("episode").is_null() | (pl.col("episode") == episode),
    )
    if since is None:
        return _by_day(scores, done, effects)
    at = pl.col("at")
    is_new = at > since if isinstance(since, datetime) else at.dt.date() > since
    before = scores.filter(~is_new).sort("at", "value")[-1:]
    start = [CheckIn(at.date(), pain=pain) for at, pain in before["at", "value"].iter_rows()]
    return [*start, *_by_day(*(rows.filter(is_new) for rows in (scores, done, effects)))]


def _by_day(scores: pl.DataFrame, done: pl.DataFrame, effects: pl.DataFrame) -> list[CheckIn]:
    """What was reported on each day: the latest pain, the least that was done, what went wrong."""
    days: dict[date, CheckIn] = {}
    for at, value in scores.sort("at", "value")["at", "value"].iter_rows():
        days[at.date()] = replace(days.get(at.date(), CheckIn(at.date())), pain=value)
    told = ("at", "adherence", "adverse_effect", "exercises")
    for at, share, harm, each in done.sort("at", "adherence")[told].iter_rows():
        day = days.get(at.date(), CheckIn(at.date()))
        shares = [s for s in (day.adherence, share) if s is not None]
        days[at.date()] = replace(
            day,
            adherence=min(shares, default=None),
            adverse_effect=day.adverse_effect or (harm is not None) or None,
            each=_least(day.each, read_shares(each)),
        )
    for at in effects["at"]:
        day = days.get(at.date(), CheckIn(at.date()))
        days[at.date()] = replace(day, adverse_effect=True)
    return [days[on] for on in sorted(days)]


def _least(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {id_: min(each.get(id_, 1.0) for each in (one, other)) for id_ in {**one, **other}}
