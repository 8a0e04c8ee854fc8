"""The care log's schema: seven tidy tables, declared once; readers and writers derive from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import polars as pl

from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import REGIONS, muscles
from reliefpath.reference.anatomy.body_map import region_names
from reliefpath.reference.measures import measures
from reliefpath.reference.therapies import agents, finding_kinds, therapies, units
from reliefpath.reference.therapies.terms import agent_names


class Kind(Enum):
    """The types a column can have; `expected` is how a refusal words it."""

    TEXT = "text"
    CODE = "a code"
    DATE = "a date, YYYY-MM-DD"
    INSTANT = "a date, YYYY-MM-DD, or a time with its zone, YYYY-MM-DDThh:mm:ss+hh:mm"
    NUMBER = "a number, with a point for decimals"
    FLAG = "true or false"

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type; an instant that is a date alone is midnight UTC: see `clock`."""
        return _DTYPES[self]


_DTYPES: dict[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.CODE: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.INSTANT: pl.Datetime("us", "UTC"),
    Kind.NUMBER: pl.Float64(),
    Kind.FLAG: pl.Boolean(),
}


Codes = tuple[str, ...] | Callable[[Knowledge], Collection[str]]
"""The codes of a column, as they are or as the catalogues have them; none means any text."""


@dataclass(frozen=True)
class Column:
    """A column of a care-log table."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    codes: Codes = ()
    low: float | None = None
    high: float | None = None
    absent: str = ""
    """What is not known where an optional column is not there; empty where nothing changes."""
    prose: bool = False
    """Whether it is free text, which may go on over several lines."""
    names: Callable[[Knowledge], Mapping[str, str]] | None = None
    """What else the codes are called, folded; what no name is like is then not guessed at."""
    takes_names: bool = False
    """Whether a name is taken for its code; else it is asked whether that is meant."""

    def codes_in(self, knowledge: Knowledge) -> tuple[str, ...]:
        """Return the codes allowed; none means any text."""
        return tuple(self.codes(knowledge) if callable(self.codes) else self.codes)


@dataclass(frozen=True)
class Table:
    """A table of the care log."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    unique: bool = False
    """Whether the first column names each row once."""
    optional: bool = False
    """Whether nothing is unknown without it: no rule asks for its rows."""
    schema: dict[str, pl.DataType] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", {c.name: c.kind.dtype for c in self.columns})

    def __getitem__(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    def has_lines(self, name: str) -> bool:
        """Return whether values of a column may go on over several lines."""
        return name not in self.schema or self[name].prose


def _text(
    name: str, meaning: str, *, required: bool = False, absent: str = "", prose: bool = False
) -> Column:
    return Column(name, Kind.TEXT, meaning, required, absent=absent, prose=prose)


def _code(name: str, meaning: str, codes: Codes, *, required: bool = False, **more: Any) -> Column:
    return Column(name, Kind.CODE, meaning, required, codes, **more)


def _date(name: str, meaning: str, *, required: bool = False, absent: str = "") -> Column:
    return Column(name, Kind.DATE, meaning, required, absent=absent)


def _number(
    name: str,
    meaning: str,
    low: float | None = None,
    high: float | None = None,
    *,
    required: bool = False,
    absent: str = "",
) -> Column:
    return Column(name, Kind.NUMBER, meaning, required, low=low, high=high, absent=absent)


def _flag(name: str, meaning: str, *, absent: str = "") -> Column:
    return Column(name, Kind.FLAG, meaning, absent=absent)


_AT = Column("at", Kind.INSTANT, "When it happened", required=True)
_PATIENT = _text("patient", "The person's identifier", required=True)
_EPISODE = _text("episode", "The episode's identifier", required=True)
SIDES = ("left", "right", "both")
RECOVERED, DEATH = "recovered", "death"
END_REASONS = (RECOVERED, "discharge", "referral", "moved", DEATH, "other")
GIVEN = "given"
REPORTERS = ("patient", "proxy", "clinician")
PLANNED, ATTENDED, CANCELLED, NOT_ATTENDED = "planned", "attended", "cancelled", "not-attended"
TREATMENT_STATUSES = (GIVEN, CANCELLED, NOT_ATTENDED, PLANNED)
"""What became of a treatment; only what was given, or does not say, counts."""
VISIT_STATUSES = (PLANNED, ATTENDED, CANCELLED, NOT_ATTENDED)
TO_COME = (PLANNED, CANCELLED)
"""What can be said of a day that has not come yet."""

PATIENTS = Table(
    "patients",
    "a person",
    (
        _PATIENT,
        _text("name", "What the person is called"),
        _date("birth_date", "Date of birth", absent="How old the patient is"),
        _code("sex", "Sex, as the record states it", ("female", "male", "other", "unknown")),
        _text(
            "language",
            "Preferred language, as a BCP 47 tag such as `en` or `es`",
            absent="Whether papers are needed in another language than English",
        ),
        _date("died_on", "When the person died", absent="Whether the patient has died"),
    ),
    unique=True,
)
EPISODES = Table(
    "episodes",
    "a complaint followed from start to end",
    (
        _EPISODE,
        _PATIENT,
        _code("region", "Where it hurts", REGIONS, required=True, names=lambda _: region_names()),
        _date("started_on", "When care began", required=True),
        _date(
            "ended_on",
            "When care ended",
            absent="Whether care has ended: each episode counts as under way",
        ),
        _text("complaint", "The complaint in the patient's words", prose=True),
        _code("primary_measure", "The outcome measure that the curve follows", measures),
        _text("clinician", "Who is responsible"),
        _text("payer", "Who pays", absent="What the payer asks for"),
        _code("side", "Which side hurts", SIDES, absent="Which side hurts"),
        _text(
            "other_regions",
            "Where else it hurts: regions, separated by spaces",
            absent="Whether it hurts elsewhere",
        ),
        _code("end_reason", "Why care ended", END_REASONS),
        _text("facility", "The clinic or site where the patient is treated"),
    ),
    unique=True,
)
SCORES = Table(
    "scores",
    "one measure, or one item of it, at one time",
    (
        _EPISODE,
        _AT,
        _code("measure", "The outcome measure", measures, required=True),
        _number("value", "The score, on the measure's own scale", required=True),
        _text(
            "item",
            "The item scored; empty for the measure's total",
            absent="Whether a row is an item: each counts as a total",
        ),
        _text("reported_by", "Who gave it: `patient`, `clinician`, `proxy`, or as it was put"),
    ),
)
TREATMENTS = Table(
    "treatments",
    "one thing done, at one site, with one agent",
    (
        _EPISODE,
        _AT,
        _code("therapy", "What was done", therapies, required=True),
        _code("muscle", "Where", muscles, absent="Where it was given"),
        _code("side", "Which side", SIDES, absent="On which side it was given"),
        _text("technique", "How it was done", prose=True),
        _text("needle", "Thickness and length, such as `0.30 x 40 mm` or `25 G x 38 mm`"),
        _code(
            "agent",
            "What was injected",
            agents,
            absent="What was injected",
            names=agent_names,
            takes_names=True,
        ),
        _number("amount", "How much, in `unit`", 0, absent="How much was injected"),
        _code("unit", "The unit of `amount`", lambda _: units(), absent="How much was injected"),
        _number("volume_ml", "Volume injected, in millilitres", 0, absent="How much was injected"),
        _text("lot", "Lot number of what was injected, as on the vial"),
        _number(
            "adherence",
            "Share of the prescribed programme done since the last report",
            0,
            1,
            absent="Whether the programme was done",
        ),
        _text(
            "exercises",
            "How much of each exercise was done, as `EXERCISE=SHARE` with a space between; "
            "`adherence` is their mean",
        ),
        _number("response", "Share of the pain relieved by it", 0, 1, absent="Whether it helped"),
        _flag("twitch_response", "A local twitch was seen or felt"),
        _text(
            "adverse_effect",
            "What went wrong, in a few words",
            absent="Whether anything went wrong",
            prose=True,
        ),
        _code(
            "status",
            "Whether it was given; empty where it was",
            TREATMENT_STATUSES,
            absent="Whether it was given: each row counts as given",
        ),
        _text("facility", "The clinic or site where it was given"),
    ),
)
EXAMS = Table(
    "exams",
    "one muscle examined",
    (
        _EPISODE,
        _AT,
        _code("muscle", "The muscle", muscles, required=True),
        _code("side", "Which side", SIDES, required=True),
        _flag("taut_band", "A taut band is felt", absent="Whether the trigger point is active"),
        _flag(
            "tender_spot",
            "A hypersensitive spot lies in it",
            absent="Whether the trigger point is active",
        ),
        _flag(
            "referred_pain",
            "Pressure refers a sensation elsewhere",
            absent="Whether the trigger point is active",
        ),
        _flag(
            "recognised",
            "The patient recognises the sensation as theirs",
            absent="Whether the trigger point is active",
        ),
        _flag("twitch_response", "A local twitch is seen or felt"),
        _number("pressure_kpa", "Pressure pain threshold, in kilopascals", 0),
    ),
)
FINDINGS = Table(
    "findings",
    "anything else known about the person that a rule may ask for",
    (
        _PATIENT,
        _AT,
        _code("kind", "What sort of finding", finding_kinds, required=True),
        _code("code", "The finding, a code of its kind", (), required=True),
        _text(
            "episode",
            "The episode it belongs to; empty when it belongs to the person",
            absent="Which complaint it belongs to: it counts for the person",
        ),
        _number("value", "The amount, where it has one, in `unit`", 0, absent="How much it is"),
        _code("unit", "The unit of `value`", lambda _: units(), absent="How much it is"),
        _date(
            "until",
            "The last day on which it holds; empty while it still does",
            absent="Until when it holds: it counts as still so",
        ),
        _code(
            "muscle",
            "The muscle in which it was found",
            muscles,
            absent="Where it was found",
        ),
        _code(
            "region",
            "The region in which it was found",
            REGIONS,
            absent="Where it was found",
            names=lambda _: region_names(),
        ),
        _code("side", "The side on which it was found", SIDES, absent="On which side it was found"),
        _text(
            "words",
            "What was recorded, in its own words, where no code says it",
            absent="What was recorded where no code says it",
            prose=True,
        ),
    ),
)
VISITS = Table(
    "visits",
    "an appointment of a patient, and what became of it",
    (
        _text("visit", "The visit's identifier", required=True),
        _EPISODE,
        Column("at", Kind.INSTANT, "When it is, or was", required=True),
        _code("status", "What became of it", VISIT_STATUSES, required=True),
        _text("clinician", "Whom the patient sees"),
        _text("note", "What was written down about it", prose=True),
        _text("facility", "The clinic or site where it takes place"),
    ),
    unique=True,
    optional=True,
)
TABLES = {t.name: t for t in (PATIENTS, EPISODES, SCORES, TREATMENTS, EXAMS, FINDINGS, VISITS)}
