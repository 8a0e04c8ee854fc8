"""What payers ask before they pay for an injection: `coverage.yaml`, asked of one patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from reliefpath.knowledge import Catalogue, Record, Row
from reliefpath.overrides import catalogue


class Sessions(Record):
    """The most sessions in a rolling window."""

    most: int = Field(gt=0)
    days: int = Field(gt=0)
    per: Literal["person", "region"]


class Repeat(Record):
    """What the last session must have brought."""

    relief: float = Field(gt=0, le=1, description="Share of the pain, on the same scale")
    weeks: float | None = Field(default=None, description="How long it must have lasted")


class Coverage(Row):
    """One payer's policy."""

    name: str
    symptom_weeks: float | None = None
    conservative_weeks: float | None = Field(
        default=None, description="Weeks of conservative care that failed; 0 is any"
    )
    pain_above: float | None = Field(default=None, description="Pain from 0 to 10")
    sessions: Sessions | None = None
    same_site_weeks: float | None = None
    any_site_weeks: float | None = None
    repeat: Repeat | None = None
    not_covered: tuple[str, ...] = Field(default=(), description="Agents that are not paid for")
    note: str


class CoverageCatalogue(Catalogue):
    """The content of `coverage.yaml`."""

    coverage: dict[str, Coverage]
    uncertain: str


@cache
def coverage_catalogue() -> CoverageCatalogue:
    """Return the policies with their sources."""
    return catalogue("coverage", files(__package__) / "coverage.yaml", CoverageCatalogue)


@dataclass(frozen=True)
class Claim:
    """What a payer would be told; null is not known."""

    symptom_weeks: float | None
    """At least; they began before care did."""
    conservative_weeks: float | None
    pain: float | None
    """Now, from 0 to 10."""
    sessions_days_ago: tuple[int, ...]
    """Of each session before, in days."""
    region_sessions_days_ago: tuple[int, ...]
    """The same, of this region alone."""
    same_site_weeks: float | None
    """Since the last session at one of these sites; null where there was none."""
    any_site_weeks: float | None
    relief: float | None
    """Share of the pain that the last session relieved."""
    relief_weeks: float | None
    agents: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """One thing that a payer asks, answered: true, false, or null for unknown."""

    payer: str
    id: str
    met: bool | None
    says: str


def asked_of(payer: str, claim: Claim) -> list[Asked]:
    """Return everything a payer asks, with its answer."""
    return [
        Asked(payer, id_, met, says)
        for id_, met, says in _asked(coverage_catalogue().coverage[payer], claim)
    ]


def _asked(row: Coverage, claim: Claim) -> Iterator[tuple[str, bool | None, str]]:
    if row.symptom_weeks is not None:
        yield (
            "symptoms",
            _least(claim.symptom_weeks, row.symptom_weeks) or None,
            f"symptoms for {row.symptom_weeks:g} weeks; here at least {_told(claim.symptom_weeks)}",
        )
    if row.conservative_weeks is not None:
        least = f"{row.conservative_weeks:g} weeks" if row.conservative_weeks else "some"
        tried = claim.conservative_weeks
        met = _least(tried, row.conservative_weeks)
        if tried == 0:
            met = False
        yield "conservative", met, f"{least} of conservative care; here {_told(tried)} weeks"
    if row.pain_above is not None:
        met = None if claim.pain is None else claim.pain > row.pain_above
        yield "pain", met, f"pain above {row.pain_above:g} of 10; here {_told(claim.pain)}"
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
            yield id_, met, f"{least_weeks:g} weeks since the last session {what}; {last}"
    if row.repeat is not None and claim.sessions_days_ago:
        yield from _repeat(row.repeat, claim)
    for agent in row.not_covered:
        if agent in claim.agents:
            yield f"agent-{agent}", False, f"{agent} is not covered"


def _repeat(repeat: Repeat, claim: Claim) -> Iterator[tuple[str, bool | None, str]]:
    relief = _least(claim.relief, repeat.relief)
    here = "unknown" if claim.relief is None else f"{claim.relief:.0%}"
    yield "relief", relief, f"the last session relieved at least {repeat.relief:.0%}; here {here}"
    if repeat.weeks is not None:
        yield (
            "relief-weeks",
            _least(claim.relief_weeks, repeat.weeks),
            f"and that for {repeat.weeks:g} weeks; here {_told(claim.relief_weeks)}",
        )


def _least(value: float | None, least: float) -> bool | None:
    return None if value is None else value >= least


def _told(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"


def payers_of(name: str | None) -> Sequence[str]:
    """Return the policies that a payer's name on record calls for: its own, or all of them."""
    known = coverage_catalogue().coverage
    return [name] if name in known else list(known)
