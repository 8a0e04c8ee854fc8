"""What payers ask before they pay for an injection: `coverage.yaml`, asked of one patient."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import Literal, Self

from pydantic import Field, model_validator

from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Record, Row

ANSWERS = {True: "met", False: "not met", None: "uncertain"}
PAYER = "payer"
"""What is asked where no policy of the payer is on file: who it is."""
POLICY = "policy"
"""What says which policy was asked."""
SELF_PAY = "self-pay"
"""The policy of whom nobody pays for."""


class Sessions(Record):
    """The most sessions in a rolling window."""

    most: int = Field(gt=0)
    days: int = Field(gt=0)
    per: Literal["person", "region"]


class Repeat(Record):
    """What the last session must have brought."""

    relief: float = Field(gt=0, le=1, description="Share of the pain, on the same scale")
    weeks: float | None = Field(default=None, description="How long it must have lasted")
    at_once: bool = Field(
        default=False, description="Whether the relief on the day must have been measured"
    )


class Coverage(Row):
    """One contractor's policy, as long as it is in force."""

    name: str
    payer: str = Field(default="", description="Whose policy it is; else the row is its own payer")
    called: tuple[str, ...] = Field(
        default=(), description="What a record may call the payer, besides the ids"
    )
    contractor: str | None = Field(default=None, description="Who decides for the payer")
    jurisdiction: str | None = Field(default=None, description="Where the policy holds")
    effective_from: date | None = Field(
        default=None, description="First day in force; in force from ever where it was not read"
    )
    effective_until: date | None = Field(default=None, description="Last day in force, if it ended")
    last_read: date | None = Field(default=None, description="When the text was last looked at")
    symptom_weeks: float | None = None
    conservative_weeks: float | None = Field(
        default=None, description="Weeks of conservative care that failed; 0 is any"
    )
    active_programme: bool = Field(
        default=False, description="Whether the patient must be taking part in active care now"
    )
    signs: int | None = Field(
        default=None, gt=0, description="Signs of a trigger point at every planned site"
    )
    pain_above: float | None = Field(default=None, description="Pain from 0 to 10")
    regions: int | None = Field(default=None, gt=0, description="The most body regions a session")
    sessions: Sessions | None = None
    same_site_weeks: float | None = None
    any_site_weeks: float | None = None
    repeat: Repeat | None = None
    not_covered: tuple[str, ...] = Field(default=(), description="Agents that are not paid for")
    sides_are_muscles: bool | None = Field(
        default=None, description="Whether left and right count as two muscles, where it says so"
    )
    units_round_up: bool | None = Field(
        default=None, description="Whether a part of a drug's unit counts as one, where it says so"
    )
    wasted_drug_modifiers: bool | None = Field(
        default=None, description="Whether a claim says by JW or JZ what was wasted"
    )
    note: str

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        begins, ends = self.effective_from, self.effective_until
        if begins is not None and ends is not None and ends < begins:
            raise ValueError("a policy ends before it begins")
        return self

    def in_force(self, on: date) -> bool:
        """Return whether it is in force on a day."""
        begun = self.effective_from is None or self.effective_from <= on
        return begun and (self.effective_until is None or on <= self.effective_until)


class ConservativeCare(Row):
    """From which improvement on nobody can say that conservative care has failed."""

    large_improvement: float = Field(gt=0, le=1, description="Share of the way to well")
    because: str


class Programme(Row):
    """How lately a patient must have reported on a programme to be taking part in it."""

    reported_within_weeks: float = Field(gt=0)
    because: str


class CoverageCatalogue(Catalogue):
    """The content of `coverage.yaml`."""

    coverage: dict[str, Coverage]
    conservative_care: ConservativeCare
    programme: Programme


@derived
def coverage_catalogue(knowledge: Knowledge) -> CoverageCatalogue:
    """Return the policies with their sources."""
    return catalogue(knowledge, "coverage", files(__package__) / "coverage.yaml", CoverageCatalogue)


@dataclass(frozen=True)
class Claim:
    """What a payer would be told; null is not known."""

    symptom_weeks: float | None
    """At least; they began before care did."""
    conservative_weeks: float | None
    improvement: float | None
    """Share of the way to well under conservative care."""
    programme_weeks_ago: float | None
    """Since the last report on exercise."""
    programme_adherence: float | None
    """In that report."""
    signs: tuple[int, int]
    """Of a trigger point at the planned site with the fewest: at least and at most so many, by its
    latest exam."""
    pain: float | None
    """Now, from 0 to 10."""
    regions: tuple[str, ...]
    """Body regions of the muscles that are planned."""
    sessions_days_ago: tuple[int, ...]
    """Of each session before, in days."""
    region_sessions_days_ago: tuple[int, ...]
    """The same, of these regions alone."""
    same_site_weeks: float | None
    """Since the last session at one of these sites; null where there was none."""
    any_site_weeks: float | None
    relief: float | None
    """Share of the pain that the last session relieved."""
    relief_weeks: float | None
    relief_at_once: float | None
    """Share of the pain relieved on the day of the last session."""
    agents: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """One thing that a payer asks, answered: true, false, or null where nobody can tell yet."""

    payer: str
    id: str
    met: bool | None
    says: str
    policies: tuple[str, ...] = ()
    """The rows of `coverage.yaml` that ask it."""
    of_this_payer: bool = True
    """Whether it is the patient's payer who asks; else nobody knows who the payer is."""


def asked_by(names: Sequence[str], claim: Claim, knowledge: Knowledge) -> list[Asked]:
    """Return everything that some policies ask; what two of one payer ask alike is asked once."""
    found: dict[tuple[str, str, bool | None, str], list[str]] = {}
    catalogue = coverage_catalogue(knowledge)
    for name in names:
        for asked in _asked(catalogue.coverage[name], claim, catalogue):
            found.setdefault((payer_of(knowledge, name), *asked), []).append(name)
    return [Asked(*asked, tuple(policies)) for asked, policies in found.items()]


def asked_of_payer(called: str | None, on: date, claim: Claim, knowledge: Knowledge) -> list[Asked]:
    """Return what the payer that a record names asks on a day.

    Where no policy of it is on file every one in force is asked, and the first thing says so.
    """
    known = coverage_catalogue(knowledge).coverage
    if in_force := policies_in_force(knowledge, called, on):
        return asked_by(in_force, claim, knowledge)
    if names := policies_called(knowledge, called):
        ended = "; ".join(f"{known[name].name}, {_dates(known[name])}" for name in names)
        return [
            Asked(
                PAYER,
                "not-in-force",
                None,
                f"no policy of `{called}` on file is in force on {on}: {ended}. Ask the payer",
            )
        ]
    all_names = [name for name, row in known.items() if row.in_force(on)]
    who = "no payer is on record" if called is None else f"no policy of `{called}` is on file"
    payers = dict.fromkeys(payer_of(knowledge, name) for name in all_names)
    told = Asked(
        PAYER,
        "unknown",
        None,
        f"{who}, so every policy in force was asked, for information. Name the payer, one of "
        f"{', '.join(payers)}",
    )
    others = (
        replace(asked, of_this_payer=False)
        for asked in asked_by(all_names, claim, knowledge)
        if asked.id != POLICY
    )
    return [told, *others]


def payer_of(knowledge: Knowledge, name: str) -> str:
    """Return the payer of a policy."""
    return coverage_catalogue(knowledge).coverage[name].payer or name


def policies_called(knowledge: Knowledge, called: str | None) -> list[str]:
    """Return the policies that a name on record means, in force or not.

    Several words may each mean something: `Medicare Noridian` means those rows alone of which both
    are said. A name that says nothing known means none.

    >>> policies_called(Knowledge.shipped(), "Cigna PPO")
    ['evicore']
    """
    known = coverage_catalogue(knowledge).coverage
    if called in known:
        return [called]
    said = _words(called or "")
    heard = {
        name: _heard(said, (name, payer_of(knowledge, name), *row.called))
        for name, row in known.items()
    }
    most = max(heard.values(), default=0)
    return [name for name, count in heard.items() if count == most] if most else []


def policies_in_force(knowledge: Knowledge, called: str | None, on: date) -> list[str]:
    """Return the policies that a name on record means and that are in force on a day."""
    known = coverage_catalogue(knowledge).coverage
    return [name for name in policies_called(knowledge, called) if known[name].in_force(on)]


def refuse_unknown_payer(knowledge: Knowledge, name: str) -> None:
    """Refuse a payer that is asked for by name and not on file.

    Raises:
        UsageError: neither a policy nor a payer is called so.
    """
    rows = coverage_catalogue(knowledge).coverage
    known = dict.fromkeys([*(payer_of(knowledge, row) for row in rows), *rows])
    if name not in known and not policies_called(knowledge, name):
        raise UsageError(f"unknown payer `{name}`{nearest(name, known)}: {', '.join(known)}")


def _words(text: str) -> str:
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.casefold()))} "


def _heard(said: str, names: Iterable[str]) -> int:
    """How many words of a text are in names that it says whole."""
    phrases = {_words(name) for name in names}
    return len({word for phrase in phrases if phrase in said for word in phrase.split()})


def _dates(row: Coverage) -> str:
    begins = f"from {row.effective_from}" if row.effective_from else ""
    ends = f"until {row.effective_until}" if row.effective_until else ""
    return " ".join(filter(None, (begins, ends))) or "(dates not read)"


def policies_asked(coverage: Iterable[Asked]) -> list[str]:
    """Return the policies of the patient's payer that were asked, whatever they ask."""
    told = (a for a in coverage if a.id == POLICY and a.of_this_payer)
    return [name for asked in told for name in asked.policies]


def _asked(
    row: Coverage, claim: Claim, catalogue: CoverageCatalogue
) -> Iterator[tuple[str, bool | None, str]]:
    read = f", read on {row.last_read}" if row.last_read else ""
    yield POLICY, True, f"its policy is {row.name}, in force {_dates(row)}{read}"
    if row.symptom_weeks is not None:
        yield (
            "symptoms",
            _least(claim.symptom_weeks, row.symptom_weeks) or None,
            f"symptoms for {row.symptom_weeks:g} weeks; here at least {_told(claim.symptom_weeks)}",
        )
    if row.conservative_weeks is not None:
        large = catalogue.conservative_care.large_improvement
        yield _conservative(row.conservative_weeks, claim, large)
    if row.active_programme:
        yield _programme(claim, catalogue.programme.reported_within_weeks)
    if row.signs is not None:
        fewest, most = claim.signs
        here = f"{fewest}" if fewest == most else f"{fewest} to {most}, for not all was examined"
        yield (
            "signs",
            True if fewest >= row.signs else False if most < row.signs else None,
            f"at least {row.signs} signs of a trigger point in every muscle that is injected; "
            f"here, in the muscle with the fewest, {here}",
        )
    if row.pain_above is not None:
        met = None if claim.pain is None else claim.pain > row.pain_above
        yield "pain", met, f"pain above {row.pain_above:g} of 10; here {_told(claim.pain)}"
    if row.regions is not None:
        places = ", ".join(region.replace("-", " ") for region in claim.regions)
        yield (
            "regions",
            len(claim.regions) <= row.regions,
            f"at most {row.regions} body region{'s' if row.regions > 1 else ''} in one session; "
            f"here {len(claim.regions)}: {places}",
        )
    yield from _intervals(row, claim)
    if row.repeat is not None and claim.sessions_days_ago:
        yield from _repeat(row.repeat, claim)
    for agent in row.not_covered:
        if agent in claim.agents:
            yield f"agent-{agent}", False, f"{agent} is not covered"


def _conservative(weeks: float, claim: Claim, large: float) -> tuple[str, bool | None, str]:
    """Care that has brought much has not plainly failed; whether it has is for a clinician."""
    least = f"{_weeks(weeks)} of conservative care" if weeks else "conservative care"
    tried, brought = claim.conservative_weeks, claim.improvement
    met = _least(tried, weeks)
    if tried == 0:
        met = False
    if met and (brought is None or brought >= large):
        met = None
    gain = "an unknown improvement" if brought is None else f"an improvement of {brought:.0%}"
    return (
        "conservative",
        met,
        f"{least} that has failed; here {_told(tried)} weeks, which brought {gain}",
    )


def _programme(claim: Claim, within: float) -> tuple[str, bool | None, str]:
    ago, adherence, met = claim.programme_weeks_ago, claim.programme_adherence, None
    if ago is not None and ago <= within and adherence is not None:
        met = adherence > 0
    here = "no exercise is on record"
    if ago is not None:
        done = "no adherence told" if adherence is None else f"{adherence:.0%} done"
        here = f"last reported {ago:.3g} weeks ago, {done}"
    return (
        "programme",
        met,
        f"active participation in a rehabilitation or home exercise programme that goes on; {here}",
    )


def _intervals(row: Coverage, claim: Claim) -> Iterator[tuple[str, bool | None, str]]:
    if row.sessions is not None:
        days = claim.region_sessions_days_ago
        if row.sessions.per == "person":
            days = claim.sessions_days_ago
        count = sum(0 <= ago < row.sessions.days for ago in days) + 1
        yield (
            "sessions",
            count <= row.sessions.most,
            f"at most {row.sessions.most} sessions a {row.sessions.per} in {row.sessions.days} "
            f"days; with this one {count}",
        )
    for id_, least_weeks, weeks, what in (
        ("same-site", row.same_site_weeks, claim.same_site_weeks, "at the same site"),
        ("any-site", row.any_site_weeks, claim.any_site_weeks, "anywhere"),
    ):
        if least_weeks is not None:
            met = True if weeks is None else weeks >= least_weeks
            last = "none before" if weeks is None else f"the last {weeks:.3g} weeks ago"
            yield id_, met, f"{_weeks(least_weeks)} since the last session {what}; {last}"


def _repeat(repeat: Repeat, claim: Claim) -> Iterator[tuple[str, bool | None, str]]:
    yield (
        "relief",
        _least(claim.relief, repeat.relief),
        f"the last session relieved at least {repeat.relief:.0%}; here {_share(claim.relief)}",
    )
    if repeat.weeks is not None:
        yield (
            "relief-weeks",
            _least(claim.relief_weeks, repeat.weeks),
            f"and that for {repeat.weeks:g} weeks; here {_told(claim.relief_weeks)}",
        )
    if repeat.at_once:
        yield (
            "relief-at-once",
            None if claim.relief_at_once is None else True,
            "relief measured on the day of the last session, before and after; here "
            f"{_share(claim.relief_at_once)}",
        )


def _least(value: float | None, least: float) -> bool | None:
    return None if value is None else value >= least


def _weeks(weeks: float) -> str:
    return "1 week" if weeks == 1 else f"{weeks:g} weeks"


def _told(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0%}"
