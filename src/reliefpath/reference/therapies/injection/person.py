"""What is known of the person for whom a needle is planned, on the day of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies.findings import finding_kinds

BOTH = "both"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Standing:
    """A finding that holds on the day, and where it was found if it has a place."""

    kind: str
    code: str
    muscle: str | None = None
    region: str | None = None
    side: str | None = None
    words: str | None = None
    """What was recorded, in its own words."""

    def is_local(self, knowledge: Knowledge) -> bool:
        """Return whether it concerns its own place alone, and the place is on record."""
        row = finding_kinds(knowledge)[self.kind].codes[self.code]
        return row.local and bool(self.muscle or self.region or self.side)

    @property
    def place(self) -> str:
        """Where it was found, as an id: `upper-trapezius-left`."""
        return "-".join(filter(None, (self.muscle or self.region, self.side)))

    def is_at(self, muscle: str, side: str, knowledge: Knowledge) -> bool:
        """Return whether a needle in a muscle meets its place."""
        if self.muscle is not None:
            here = self.muscle == muscle
        else:
            here = self.region in (None, muscles(knowledge)[muscle].region)
        return here and self.side in (None, BOTH, side)

    def is_near(self, muscle: str, side: str, knowledge: Knowledge) -> bool:
        """Return whether a muscle lies in the region of its place, or reaches into it."""
        known = muscles(knowledge)
        region = self.region if self.muscle is None else known[self.muscle].region
        near = region is None or region in known[muscle].reaches
        return near and self.side in (None, BOTH, side)


@dataclass(frozen=True)
class Given:
    """A needle or an injection before, at one site, with one agent."""

    on: date
    """The day at the clinic."""
    therapy: str
    muscle: str | None
    side: str | None
    agent: str | None
    mg: float | None
    """Null where the amount is not known."""
    at: datetime | None = None
    """The instant; null where the time of day is not known."""
    volume_ml: float | None = None
    """Null where the volume is not known."""


@dataclass(frozen=True)
class AdverseEvent:
    """What went wrong at a treatment before, as it was written."""

    on: date
    text: str


@dataclass(frozen=True)
class Examined:
    """What the latest examination of one muscle found on one side."""

    on: date
    muscle: str
    side: str
    active: bool | None
    """Whether it held an active trigger point; null where a sign was not noted."""


@dataclass(frozen=True)
class Complaint:
    """Where it hurts."""

    regions: tuple[str, ...]
    """The complaint's own region first."""
    side: str | None = None


@dataclass(frozen=True)
class Unmet:
    """Why the gate is not open: a criterion, or several that are open for one cause."""

    id: str
    says: str
    """What would open it."""


@dataclass(frozen=True)
class Person:
    """What is known of the person on the day of the plan."""

    knowledge: Knowledge
    """The catalogues by which it is known, and against which a plan is held."""
    on: date
    birth_date: date | None
    weight_kg: float | None
    weight_before_kg: float | None
    """The weight on record before the present one."""
    height_cm: float | None
    sex: str | None
    findings: tuple[Standing, ...]
    screened: frozenset[str]
    """Kinds of finding that were asked about, lately enough to be believed."""
    history: tuple[Given, ...] = ()
    """Every needle and injection before, of every episode."""
    gate: bool | None = None
    """Whether the pathway's gate to the injection is open."""
    unmet: tuple[Unmet, ...] = ()
    """Why it is not."""
    at: datetime | None = None
    """When the needle is planned; null where only the day is."""
    zone: str = "UTC"
    """The clinic's time zone."""
    exams: tuple[Examined, ...] = ()
    """The latest of each muscle and side."""
    complaint: Complaint | None = None
    """Null where no complaint is told: then no site is held against it."""
    outdated: Mapping[str, date] = field(default_factory=dict, hash=False)
    """Kinds of finding whose last answer no longer counts, with its day."""
    renewed: Mapping[str, date] = field(default_factory=dict, hash=False)
    """Kinds of which nothing is new since that day, as the clinician says."""
    consented_on: date | None = None
    """The day of the consent that counts."""
    adverse_events: tuple[AdverseEvent, ...] = ()
    missing: tuple[str, ...] = ()
    """What of the record is known to be missing, such as rows that were refused."""

    def __post_init__(self) -> None:
        for what, number in (("weight", self.weight_kg), ("height", self.height_cm)):
            if number is not None and not 0 < number < float("inf"):
                raise UsageError(f"{what} is {number:g}: expected more than 0")
        if self.birth_date is not None and self.birth_date > self.on:
            raise UsageError("the birth date lies after the day of the plan")

    @property
    def age(self) -> int | None:
        """Whole years."""
        if self.birth_date is None:
            return None
        before = (self.on.month, self.on.day) < (self.birth_date.month, self.birth_date.day)
        return self.on.year - self.birth_date.year - before

    def has(self, kind: str, codes: Iterable[str]) -> list[str]:
        """Return which of some findings of a kind hold."""
        return sorted({f.code for f in self.findings if f.kind == kind} & set(codes))

    def within(self, given: Given, hours: float) -> bool:
        """Return whether something may have been given less than so many hours before.

        What is not known to have a time of day is taken for as late as its day allows, and counts
        until the end of the next day at least; a plan of a day, for as early as the day allows.
        """
        if given.at is None and given.on >= self.on - timedelta(days=1):
            return True
        return self._begins - (given.at or self._midnight(given.on + timedelta(days=1))) < (
            hours * HOUR
        )

    @property
    def _begins(self) -> datetime:
        return self.at or self._midnight(self.on)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)
