"""The episodes of the same complaint before and after one: how they went, and what helped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reliefpath.care.ending import WORDS
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.recurrence import related
from reliefpath.pathway.advice import assess_episode
from reliefpath.pathway.model import Pathway
from reliefpath.recovery import Priors
from reliefpath.web.views.ledger import tried_named


@dataclass(frozen=True)
class RelatedEpisode:
    """An episode that may be of the same complaint as another.

    Attributes:
        episode, started_on, ended_on: Which it is, and when it was.
        end: Why care ended, in words; None where it goes on, or nobody said.
        status: How it stood by its end, or today where it goes on.
        tried: What was done, by name.
        relief: Share of the pain that its latest injection relieved; None where none did, or it is
            not known.
        injected: Whether there was an injection.
    """

    episode: str
    started_on: date
    ended_on: date | None
    end: str | None
    status: str
    tried: tuple[str, ...]
    relief: float | None
    injected: bool


def related_episodes(
    care_log: CareLog, episode: str, pathway: Pathway, today: date, priors: Priors | None
) -> list[RelatedEpisode]:
    """Return the episodes before and after one that may be of the same complaint."""
    found = []
    for row in related(care_log, episode).iter_rows(named=True):
        if row["started_on"] > today:
            continue
        by = min(row["ended_on"] or today, today)
        advice = assess_episode(care_log, row["episode"], pathway, by, priors)
        tried = tried_named(care_log, row["episode"], by)
        found.append(
            RelatedEpisode(
                *(row["episode"], row["started_on"], row["ended_on"]),
                end=WORDS.get(row["end_reason"]),
                status=str(advice.status),
                tried=tuple(dict.fromkeys(each["name"] for each in tried)),
                relief=advice.number("injection_relief"),
                injected=any(each["therapy"] == "injection" for each in tried),
            )
        )
    return found
