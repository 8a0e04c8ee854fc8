"""A course that has turned, in words: worse, or a second recovery, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from reliefpath.pathway.wording import fact_in_words

EVEN = 0.5
"""From an even chance on a turn is told."""
TURNS = (
    ("p_worse", "worse_weeks", "Worse"),
    ("p_second_recovery", "second_recovery_weeks", "A second recovery"),
)
"""The facts of each turn, its probability and how long before the latest score it began."""


def turns(facts: Mapping[str, Any], as_of: date) -> Iterator[str]:
    """Yield what has turned, since when and how sure: `Worse since about 3 June, 83 % sure`.

    Args:
        facts: Those of an episode.
        as_of: The day on which they were so.
    """
    for chance, weeks, words in TURNS:
        if facts[chance] is not None and facts[chance] >= EVEN and facts[weeks] is not None:
            ago = (facts["weeks_since_score"] or 0.0) + facts[weeks]
            since = as_of - timedelta(days=round(7 * ago))
            year = "" if since.year == as_of.year else f" {since.year}"
            sure = fact_in_words(chance, facts[chance])
            yield f"{words} since about {since.day} {since:%B}{year}, {sure} sure"
