"""What went wrong, in free text: what must be asked before the next needle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from pydantic import Field

from reliefpath.knowledge.catalogue import Catalogue, Row, folded, load_catalogue
from reliefpath.reference.therapies.injection.person import AdverseEvent
from reliefpath.reference.therapies.injection.plan import Check, Verdict

NOT_UNDERSTOOD = "not-understood"


class AdverseEffect(Row):
    """One sort of harm, and the words that tell of it."""

    name: str
    words: tuple[str, ...] = Field(min_length=1, description="Beginnings of words")
    texts: tuple[str, ...] = Field(default=(), description="Whole texts")
    ask: str = Field(description="What is asked about it before the next needle")
    usual: bool = Field(default=False, description="Whether it passes by itself")


class AdverseEffects(Catalogue):
    """The content of `adverse_effects.yaml`."""

    effects: dict[str, AdverseEffect]


@cache
def adverse_effects() -> AdverseEffects:
    """Return the sorts of harm with their sources."""
    return load_catalogue(files(__package__) / "adverse_effects.yaml", AdverseEffects)


def effects_in(text: str) -> tuple[str, ...]:
    """Return the sorts of harm that a text tells of; one that tells of none is not understood.

    A word counts wherever it stands, a denial too: a question too many is answered in a moment.

    >>> effects_in("Collapsed lung the day after")
    ('lung',)
    >>> effects_in("bruise")
    ('usual',)
    """
    said = folded(text)
    found = tuple(id_ for id_, pattern in _patterns().items() if pattern.search(said))
    return found or (NOT_UNDERSTOOD,)


def adverse_effect_checks(events: Iterable[AdverseEvent]) -> Iterator[Check]:
    """Yield a decision for each sort of harm on record that is more than usual."""
    catalogue = adverse_effects()
    told: dict[str, list[str]] = {}
    for event in events:
        for id_ in effects_in(event.text):
            told.setdefault(id_, []).append(f"{event.on}, {event.text}")
    for id_, texts in told.items():
        row = catalogue.effects.get(id_)
        if row is not None and row.usual:
            continue
        name, ask = (row.name, row.ask) if row else ("Something went wrong", "What was it?")
        source = tuple(str(catalogue.sources[name]) for name in row.source) if row else ()
        says = f"{name}: {'; '.join(texts)}. {ask}"
        yield Check(f"adverse-effect-{id_}", Verdict.DECISION, says, None, source)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {id_: _pattern(row) for id_, row in adverse_effects().effects.items()}


def _pattern(row: AdverseEffect) -> re.Pattern[str]:
    begins, whole = (
        "|".join(re.escape(folded(said)) for said in texts) for texts in (row.words, row.texts)
    )
    return re.compile(rf"\b(?:{begins})" + (rf"|^(?:{whole})\W*$" if whole else ""))
