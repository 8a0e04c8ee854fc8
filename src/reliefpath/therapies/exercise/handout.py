"""The programme as one page for the patient: nothing to load, to print or to read on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import Field

from reliefpath.anatomy import muscles
from reliefpath.errors import UsageError
from reliefpath.knowledge import Catalogue, Record, Row, load_catalogue
from reliefpath.pages import template
from reliefpath.therapies.exercise.catalogue import Exercise
from reliefpath.therapies.exercise.programme import Item, Programme

WEEK = 7


class Alarm(Row):
    """When to stop and get help."""

    says: str
    emergency: bool = False
    regions: tuple[str, ...] = Field(default=(), description="Whose; empty is everybody's")
    findings: tuple[str, ...] = Field(description="Red flags of `findings.yaml`")


class Language(Record):
    """What the page says in one language."""

    title: str
    name: str
    date: str
    intro: str
    softer: str
    side: dict[str, str]
    times: str
    hold: str
    minutes: str
    a_week: str
    every_day: str
    feel: str
    unlike: str
    days: tuple[str, ...] = Field(min_length=WEEK, max_length=WEEK)
    good_to_know: str
    stop_title: str
    emergency: str
    clinic: str
    phone: str
    nothing: str
    footer: str
    warnings: dict[str, Alarm]


class Words(Catalogue):
    """The content of `words.yaml`."""

    languages: dict[str, Language]


@dataclass(frozen=True)
class Card:
    """One exercise on the page."""

    row: Exercise
    dose: str
    often: str
    side: str | None


@cache
def words() -> Words:
    """Return what the page says, by language."""
    return load_catalogue(files(__package__) / "words.yaml", Words)


def handout(
    programme: Programme, *, on: date | None = None, name: str | None = None, language: str = "en"
) -> str:
    """Return a programme as one HTML page that needs nothing else.

    Raises:
        UsageError: the page does not speak the language.
    """
    said = words().languages.get(language)
    if said is None:
        raise UsageError(f"no handout in `{language}`: {', '.join(words().languages)}")
    here = {muscles()[m].region.value for item in programme.items for m in item.serves}
    if programme.need.region:
        here.add(programme.need.region)
    warnings = [w for w in said.warnings.values() if not w.regions or here & set(w.regions)]
    return template(__package__, "handout.html.jinja").render(
        language=language,
        words=said,
        on=on,
        name=name,
        cards=[_card(item, said) for item in programme.items],
        reminders=programme.reminders,
        emergencies=[w.says for w in warnings if w.emergency],
        calls=[w.says for w in warnings if not w.emergency],
    )


def _card(item: Item, said: Language) -> Card:
    dose = item.dose
    if dose.minutes is not None:
        text = said.minutes.format(minutes=dose.minutes)
    elif dose.seconds is not None:
        text = said.hold.format(sets=dose.sets, seconds=dose.seconds)
    else:
        text = said.times.format(sets=dose.sets, repetitions=dose.repetitions)
    often = said.every_day if dose.per_week == WEEK else said.a_week.format(number=dose.per_week)
    return Card(item.row, text, often, None if item.sides is None else said.side[item.sides])
