"""The numbers that a pathway states once, by name, and that its rules and texts refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import sqlglot
from pydantic import Field, model_validator
from sqlglot.errors import SqlglotError

from reliefpath.errors import nearest
from reliefpath.knowledge.catalogue import Place, Record, Row
from reliefpath.pathway.facts import Combine

Share = Annotated[float, Field(ge=0, le=1)]
PartT = TypeVar("PartT")
IN_SQL = frozenset({"when", "require", "applies"})
"""The keys of a pathway's file under which SQL stands."""
WITH_FACTS = frozenset({"if_no", "if_unknown", "next", "say"})
"""The keys of texts that mention facts and parameters."""
IN_TEXTS = WITH_FACTS | {"title", "about", "label", "because", "cite"}
"""The keys of all texts that may mention a parameter."""
NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
)
_NAMED = re.compile(r"(?<!\{)\{(\w+)(?::(\w*))?\}(?!\})")


class Rule(Row):
    """Anything the pathway decides, with the reason and its sources."""

    because: str = Field(description="The reason, in a sentence a clinician accepts")


class Parameter(Rule):
    """A number that rules and texts refer to by its name."""

    label: str | None = Field(
        default=None, description="What a page calls it; by default its name, in words"
    )
    value: float
    unit: str | None = Field(
        default=None, description="`share` and `probability` are told in percent"
    )
    limits: tuple[str, ...] = Field(default=(), description="The facts that are held against it")


class RecoverySettings(Rule):
    """What the recovery model is asked for."""

    window: tuple[Share, Share] = Field(description="Improvement at which an injection can help")
    recovered: Share = Field(description="Improvement that counts as recovered")
    horizon_weeks: float = Field(
        gt=0, description="How far ahead a plateau looks, and how far back a level course"
    )
    level_weeks: float = Field(gt=0, description="How far ahead a level course looks")
    recovered_weeks: float = Field(
        default=2.0, ge=0, description="For how long scores have to be recovered to count"
    )
    lost_weeks: float = Field(
        default=2.0, ge=0, description="For how long scores have to be worse to lose a recovery"
    )
    lost_scatter: float = Field(
        default=1.7, ge=0, description="By how many times the scatter of scores a recovery is lost"
    )
    loss: float = Field(
        default=0.8, gt=0, description="How much of what matters is lost by whom is worse again"
    )
    combine: Combine = Field(
        description="How pain and function make one improvement: the `primary` measure's alone, or "
        "`pooled`, each weighted by how sure it is"
    )

    @model_validator(mode="after")
    def _in_order(self) -> RecoverySettings:
        low, high = self.window
        if not low < high <= self.recovered:
            raise ValueError("expected window low < window high <= recovered")
        return self


class TrialSettings(Rule):
    """What counts as a trial of conservative care."""

    gap_weeks: float = Field(gt=0, description="A longer gap between two records ends a course")
    lately_weeks: float = Field(gt=0, description="How far back *lately* goes")
    needling_days_apart: int = Field(
        ge=1, description="Days from a session of dry needling that counts to the next that does"
    )


@dataclass(frozen=True)
class Value:
    """A parameter's value, and where it stands in the file."""

    name: str
    label: str
    place: tuple[str, ...]
    number: float
    unit: str | None = None
    limits: tuple[str, ...] = ()

    @property
    def in_percent(self) -> bool:
        """Whether texts tell it in percent."""
        return self.unit in ("share", "probability")

    @property
    def sql(self) -> str:
        """The value as a rule has it."""
        return f"{self.number:.12g}"

    def told(self, form: str | None, *, begins: bool = False) -> str:
        """Return the value as a text tells it: `75 %`; `75` as `number`; `six` in `words`."""
        number = 100 * self.number if self.in_percent else self.number
        if form == "words" and (word := in_words(number)):
            return word.capitalize() if begins else word
        return f"{number:.6g}" + (" %" if self.in_percent and not form else "")


def in_words(number: float) -> str | None:
    """Return a small whole number in words.

    >>> in_words(6)
    'six'
    """
    return NUMBER_WORDS[int(number)] if number in range(len(NUMBER_WORDS)) else None


FORMS = (None, "number", "words")
_IMPROVEMENT = ("improvement", "level_ahead")
_LEVEL = ("p_level", "p_plateau", "expected_gain")


def settings_of(recovery: RecoverySettings, trial: TrialSettings | None) -> Iterator[Value]:
    """Yield the settings of the recovery model and of a trial, which are parameters as well."""
    r, low = recovery, ("recovery", "window")
    yield Value("window_low", "Window, from", (*low, "0"), r.window[0], "share", _IMPROVEMENT)
    yield Value("window_high", "Window, to", (*low, "1"), r.window[1], "share", _IMPROVEMENT)
    told: tuple[tuple[str, str, str | None, tuple[str, ...]], ...] = (
        ("recovered", "Recovered, from", "share", _IMPROVEMENT),
        ("horizon_weeks", "Weeks that a plateau looks ahead", None, _LEVEL),
        ("level_weeks", "Weeks that a level course looks ahead", None, _LEVEL),
        ("recovered_weeks", "Weeks that scores have to stay recovered", None, ()),
        ("lost_weeks", "Weeks of worse scores that lose a recovery", None, ()),
        ("lost_scatter", "Times the scatter by which a recovery is lost", None, ()),
        ("loss", "Share of what matters that is lost by whom is worse again", None, ()),
    )
    for name, label, unit, limits in told:
        yield Value(name, label, ("recovery", name), getattr(r, name), unit, limits)
    if trial is not None:
        for name, label in (
            ("gap_weeks", "Weeks without a record that end a course"),
            ("lately_weeks", "Weeks that “lately” goes back"),
            ("needling_days_apart", "Days between sessions of dry needling that count"),
        ):
            yield Value(name, label, ("trial", name), getattr(trial, name))


def value_of(name: str, parameter: Parameter) -> Value:
    """Return the value of a parameter of the pathway's own."""
    p, place = parameter, ("parameters", name, "value")
    label = p.label or name.replace("_", " ").capitalize()
    return Value(name, label, place, p.value, p.unit, p.limits)


def in_sql(sql: str, values: Mapping[str, Value]) -> str:
    """Return a rule with the value in the place of each parameter's name."""
    try:
        tokens = sqlglot.tokenize(sql)
    except SqlglotError:  # it is refused for what it is
        return sql
    for token in reversed(tokens):
        if token.token_type.name == "VAR" and token.text in values:
            sql = sql[: token.start] + values[token.text].sql + sql[token.end + 1 :]
    return sql


def in_text(text: str, values: Mapping[str, Value]) -> str:
    """Return a text with the value in the place of each parameter, `{window_low}`."""

    def told(found: re.Match[str]) -> str:
        name, form = found.groups()
        if name not in values or form not in FORMS:
            return found.group()
        return values[name].told(form, begins=found.start() == 0)

    return _NAMED.sub(told, text)


def with_values(part: PartT, values: Mapping[str, Value], key: str = "") -> PartT:
    """Return part of a pathway with the values in all its rules and texts."""
    made: Any = part
    if isinstance(part, Record):
        fields: dict[str, Any] = {name: getattr(part, name) for name in type(part).model_fields}
        new = {name: with_values(inside, values, name) for name, inside in fields.items()}
        made = part.model_copy(
            update={name: inside for name, inside in new.items() if inside is not fields[name]}
        )
    elif isinstance(part, dict):
        made = {name: with_values(inside, values, str(name)) for name, inside in part.items()}
    elif isinstance(part, str) and key in IN_SQL:
        made = in_sql(part, values)
    elif isinstance(part, str) and key in IN_TEXTS:
        made = in_text(part, values)
    return made  # type: ignore[no-any-return]


def texts_in(part: object, keys: frozenset[str], place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield every text under some keys of part of a pathway, with its place."""
    if isinstance(part, str):
        if place and place[-1] in keys:
            yield place, part
        return
    inside: Any = ()
    if isinstance(part, Record):
        inside = ((name, getattr(part, name)) for name in type(part).model_fields)
    elif isinstance(part, dict):
        inside = part.items()
    for name, value in inside:
        yield from texts_in(value, keys, (*place, str(name)))


def unknown_in(text: str, values: Mapping[str, Value]) -> Iterator[str]:
    """Yield what is wrong with the names in a text, which may be of parameters alone."""
    for name, form in _NAMED.findall(text):
        if name not in values:
            yield f"unknown parameter `{name}`{nearest(name, values)}"
        elif (form or None) not in FORMS:
            yield misshapen(name, form)


def misshapen(name: str, form: str) -> str:
    """Return how a form of telling a parameter is refused that nobody knows."""
    return f"`{name}` is not told as `{form}`: {{{name}}}, {{{name}:number}} or {{{name}:words}}"
