"""What the check-in asks and tells, read from `words.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import Field, model_validator

from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import Catalogue, Row, load_catalogue
from reliefpath.knowledge.languages import Speech, speech
from reliefpath.reference.therapies import finding_kinds

SIGN, EFFECT = "red-flag", "after-effect"


class Scale(Row):
    """How a measure, or an item of it, is asked, and what its ends mean."""

    asks: str
    least: str
    most: str


class Sign(Row):
    """Something that a patient ticks if it is so; its id is the finding."""

    asks: str
    emergency: bool = False


class Effect(Sign):
    """What may follow a treatment."""

    after: Literal["exercise", "needle", "corticosteroid"]


class Count(Row):
    """So many days, or times."""

    value: int = Field(gt=0)


class Line(Row):
    """A line of the page."""

    says: str


class SafetyNet(Line):
    """What to do now."""

    title: str


class Words(Catalogue):
    """The content of `words.yaml`."""

    scales: dict[str, Scale]
    curves: dict[str, str]
    done: dict[str, str] = Field(description="Share of the exercises done to how it is called")
    each: dict[str, str] = Field(description="Share of one exercise done to how it is called")
    recent_days: Count = Field(description="Days for which a needle's effects are asked about")
    unanswered: Count = Field(description="Mails without an answer after which none is sent")
    effects: dict[str, Effect]
    signs: dict[str, Sign]
    emergency: SafetyNet
    today: SafetyNet
    nobody_reads: Line
    next: tuple[Line, ...]

    @model_validator(mode="after")
    def _asks_about_findings(self) -> Self:
        for kind, asked in ((SIGN, self.signs), (EFFECT, self.effects)):
            if unknown := set(asked) - set(finding_kinds(SHIPPED)[kind].codes):
                raise ValueError(f"no such {kind}: {', '.join(sorted(unknown))}")
        return self


@cache
def words() -> Words:
    """Return what the check-in says, with its sources."""
    return load_catalogue(files(__package__) / "words.yaml", Words)


def speech_of(language: str) -> Speech:
    """Return a language as the check-in speaks it."""
    return speech(language, "reliefpath.reference.therapies.exercise", str(__package__))


def after_exercise() -> list[str]:
    """Return the effects that a check-in asks about as those of exercise."""
    return [code for code, effect in words().effects.items() if effect.after == "exercise"]
