"""The programme as one page for the patient: nothing to load, to print or to read on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from markupsafe import Markup
from pydantic import Field

from reliefpath.documents.exercise.drawing import drawing_svg, drawings
from reliefpath.documents.printing import template
from reliefpath.knowledge.catalogue import Catalogue, Row, load_catalogue
from reliefpath.knowledge.languages import Speech, speech
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies.exercise.catalogue import Exercise, exercise_rules
from reliefpath.reference.therapies.exercise.programme import Item, Programme, Rest

WEEK = 7


class Alarm(Row):
    """When to stop and get help."""

    says: str
    emergency: bool = False
    regions: tuple[str, ...] = Field(default=(), description="Whose; empty is everybody's")
    findings: tuple[str, ...] = Field(description="Red flags of `findings.yaml`")


class Words(Catalogue):
    """The content of `words.yaml`."""

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
    start: str
    feel: str
    unlike: str
    drawn: str
    days: tuple[str, ...] = Field(min_length=WEEK, max_length=WEEK)
    good_to_know: str
    stop_title: str
    emergency: str
    clinic: str
    phone: str
    nothing: str
    signed: str
    proposal: str
    footer: str
    warnings: dict[str, Alarm]


@dataclass(frozen=True)
class Card:
    """One exercise on the page."""

    row: Exercise
    dose: str
    often: str
    side: str | None
    start: str | None
    drawing: Markup | None


@cache
def words() -> Words:
    """Return what the page says."""
    return load_catalogue(files(__package__) / "words.yaml", Words)


def handout(
    programme: Programme,
    *,
    on: date | None = None,
    name: str | None = None,
    language: str = "en",
    signed_on: date | None = None,
) -> str:
    """Return a programme as one HTML page that needs nothing else.

    Args:
        programme: what is to be done.
        on: the day that stands on it.
        name: whose it is.
        language: in which it speaks.
        signed_on: the day on which a clinician signed it; without one it says it is a proposal.

    Raises:
        UsageError: the page does not speak the language.
    """
    say, said = speech(language, "reliefpath.reference.therapies.exercise", __package__), words()
    known = muscles(programme.need.knowledge)
    # what a clinician chose beside the active muscles has its warnings too
    served = {m for item in programme.items for m in item.serves or item.row.muscles}
    here = {known[m].region.value for m in served}
    if programme.need.region:
        here.add(programme.need.region)
    warnings = [w for w in said.warnings.values() if not w.regions or here & set(w.regions)]
    return template(__package__, "handout.html.jinja").render(
        say=say,
        words=said,
        on=on,
        name=name,
        status=say(said.signed, day=say.day(signed_on)) if signed_on else say(said.proposal),
        is_signed=signed_on is not None,
        rest=_rest(programme, say),
        cards=[_card(item, programme.rest, say) for item in programme.items],
        reminders=programme.reminders,
        emergencies=[w.says for w in warnings if w.emergency],
        calls=[w.says for w in warnings if not w.emergency],
    )


def _rest(programme: Programme, say: Speech) -> str | None:
    if (rest := programme.rest) is None:
        return None
    first, second = map(say.day, rest.begins)
    until = say.day(rest.light_until)
    after_needle = exercise_rules(programme.need.knowledge).after_needle
    return say(after_needle.says, until=until, first=first, second=second)


def _card(item: Item, rest: Rest | None, say: Speech) -> Card:
    said, dose = words(), item.dose
    if dose.minutes is not None:
        text = say(said.minutes, minutes=dose.minutes)
    elif dose.seconds is not None:
        text = say(said.hold, sets=dose.sets, seconds=dose.seconds)
    else:
        text = say(said.times, sets=dose.sets, repetitions=dose.repetitions)
    daily = dose.per_week == WEEK
    often = say(said.every_day) if daily else say(said.a_week, number=dose.per_week)
    start = rest.heavy_from(item) if rest else None
    drawn = say(said.drawn, exercise=say(item.row.name))
    drawing = drawings().get(item.exercise)
    return Card(
        row=item.row,
        dose=text,
        often=often,
        side=None if item.sides is None else say(said.side[item.sides]),
        start=say(said.start, day=say.day(start)) if start else None,
        drawing=Markup(drawing_svg(drawing, drawn)) if drawing else None,  # noqa: S704 our own
    )
