"""What the papers of one planned injection are written from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import polars as pl

from reliefpath.anatomy import muscles
from reliefpath.chart.care_log import CareLog
from reliefpath.languages import ENGLISH, Speech, speech
from reliefpath.pages import day_text
from reliefpath.papers.catalogue import Line
from reliefpath.papers.parts import NOT_ON_RECORD, Said, Table, facts, on_record
from reliefpath.pathway.assessment import assess_episode
from reliefpath.pathway.given import refuse_unplanned_lots
from reliefpath.pathway.model import Pathway
from reliefpath.recovery import Priors
from reliefpath.therapies import AgentKind
from reliefpath.therapies.injection import Plan, Portion, Result, Site, Verdict

CONSENT = "consent"
LineT = TypeVar("LineT", bound=Line)


@dataclass(frozen=True)
class Told:
    """What only the person who injects can tell."""

    lots: Mapping[str, str] = field(default_factory=dict)
    """The lot of each agent."""
    response: str | None = None
    complications: str | None = None


@dataclass(frozen=True)
class Case:
    """A plan, and what is on record of the episode up to its day."""

    plan: Plan
    pathway: Pathway
    advice: Mapping[str, Any]
    patient: Mapping[str, Any]
    episode: Mapping[str, Any]
    treatments: pl.DataFrame
    """Of every episode of the patient, the earliest first, as are scores, exams and findings."""
    scores: pl.DataFrame
    exams: pl.DataFrame
    findings: pl.DataFrame
    told: Told
    given: pl.DataFrame
    """The session itself, where it is on record; not among the treatments."""
    language: str = ENGLISH.language
    """Of what the patient reads."""

    @property
    def say(self) -> Speech:
        """What the patient reads, said in their language."""
        return speech(self.language, "reliefpath.anatomy", __package__)

    @property
    def kinds(self) -> frozenset[AgentKind]:
        """The kinds of agent that are planned."""
        return frozenset(portion.kind for portion in self.portions)

    @property
    def portions(self) -> list[Portion]:
        """Everything that is planned, site by site."""
        return [portion for site in self.plan.sites for portion in site.portions]

    def lines(self, lines: Iterable[LineT]) -> list[LineT]:
        """Return the lines that are said of this plan."""
        return [line for line in lines if line.only is None or line.only in self.kinds]

    def mine(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of this episode."""
        return rows.filter(pl.col("episode") == self.episode["episode"])


def case_of(
    care_log: CareLog,
    episode: str,
    plan: Plan,
    pathway: Pathway,
    as_of: date | datetime,
    *,
    priors: Priors | None = None,
    told: Told | None = None,
    given: pl.DataFrame | None = None,
    language: str = ENGLISH.language,
) -> Case:
    """Gather what the papers of a plan are written from.

    Args:
        care_log: what concerns the patient, every episode of theirs, without the session itself.
        episode: the complaint that is injected.
        plan: what `plan_for` made of it on that day.
        pathway: whose gate was asked.
        as_of: the day of the injection; what had happened before counts.
        priors: what recovery is expected to look like.
        told: what is known only from the injection itself.
        given: the rows of the session, where it is on record; see `given.without_session`.
        language: of what the patient reads.

    Raises:
        UsageError: the episode is not there or has not begun, or a lot is of nothing planned.
    """
    told = told or Told()
    refuse_unplanned_lots(told.lots, plan.sites)
    [row] = assess_episode(care_log, episode, pathway, as_of, priors).to_dicts()
    who = care_log.patients.row(by_predicate=pl.col("patient") == row["patient"], named=True)
    moment, mine = care_log.moment(as_of), care_log.only(episode)
    return Case(
        plan=plan,
        pathway=pathway,
        advice=row,
        patient=who,
        episode=mine.episodes.row(by_predicate=pl.col("episode") == episode, named=True),
        treatments=moment.before(mine.given).sort("at", maintain_order=True),
        scores=moment.before(mine.scores).sort("at", maintain_order=True),
        exams=moment.before(mine.exams).sort("at", maintain_order=True),
        findings=moment.before(mine.findings).sort("at", maintain_order=True),
        told=told,
        given=mine.treatments.clear() if given is None else given,
        language=language,
    )


def draft_warning(plan: Plan, say: Speech = ENGLISH) -> str | None:
    """Return what stands on the papers of a plan that is blocked by more than a missing consent."""
    barring = [c for c in plan.blocking if c.id != CONSENT or c.verdict is Verdict.BLOCKED]
    if plan.result is not Result.BLOCKED or not barring:
        return None
    because = " ".join(c.says for c in barring)
    return say("Draft, not to be used. The plan is blocked: {because}", because=because)


def person(case: Case) -> Table:
    """Return who it is and which day, as a patient reads it."""
    say, patient = case.say, case.patient
    birth = patient["birth_date"]
    record, plan = say("record"), say("plan")
    rows = {
        "Name": (patient["name"], record),
        "Record": (patient["patient"], record),
        "Date of birth": (birth and say.day(birth), record),
        "Clinician": (case.episode["clinician"], record),
        "Day of the plan": (say.day(case.plan.on), plan),
    }
    missing = say(NOT_ON_RECORD)
    told = ((say(what), Said(value or missing, origin)) for what, (value, origin) in rows.items())
    return facts(say("Who it is for"), told, say)


def who(case: Case) -> Table:
    """Return who it is, which complaint and which day, for the clinician."""
    patient, episode, on = case.patient, case.episode, case.plan.on
    region = episode["region"].replace("-", " ")
    since = on_record(episode["started_on"])
    return facts(
        "Patient and episode",
        [
            ("Name", known(patient["name"])),
            ("Record", Said(patient["patient"], "record")),
            (
                "Date of birth",
                known(patient["birth_date"] and day_text(patient["birth_date"])),
            ),
            (
                "Episode",
                Said(
                    f"{episode['episode']}: {region}, since {day_text(episode['started_on'])}",
                    since,
                ),
            ),
            ("Complaint", known(episode["complaint"])),
            ("Clinician", known(episode["clinician"])),
            ("Payer", known(episode["payer"])),
            ("Day of the plan", Said(day_text(on), "plan")),
        ],
    )


def known(value: str | None) -> Said:
    """Return what the record says, or that it says nothing."""
    return Said(value or NOT_ON_RECORD, "record")


def place(site: Site, say: Speech = ENGLISH) -> str:
    """Return where a site is."""
    return f"{say(muscles()[site.muscle].name)}, {say(site.side)}"


def where(muscle: str | None, side: str | None) -> str:
    """Return where something was done, as far as it is on record."""
    name = NOT_ON_RECORD if muscle is None else muscles()[muscle].name
    return f"{name}, {side or f'side {NOT_ON_RECORD}'}"


def injected(case: Case, say: Speech = ENGLISH, *, with_lots: bool = False) -> Table:
    """Return what is injected where, with how each dose comes about."""
    columns = tuple(map(say, ("Where", "What", "Strength and volume", "Dose", "From")))
    rows: Sequence[tuple[Said, ...]] = [
        (
            Said(place(site, say)),
            Said(say(portion.row.name)),
            Said(strength(portion)),
            Said(dose(portion, say)),
            Said(say("plan"), say("plan")) if case.given.is_empty() else Said(recorded(case)),
        )
        for site in case.plan.sites
        for portion in site.portions
    ]
    if not with_lots:
        return Table(say("What is injected"), columns, tuple(rows))
    lots = [_lot(case, site, p) for site in case.plan.sites for p in site.portions]
    return Table(
        "What is injected",
        (*columns[:4], "Lot", "From"),
        tuple((*row[:4], lot, row[4]) for row, lot in zip(rows, lots, strict=True)),
    )


def recorded(case: Case) -> str:
    """Return the origin of what the rows of the session say."""
    return on_record(*case.given["at"].dt.date())


def _lot(case: Case, site: Site, portion: Portion) -> Said:
    rows = case.given.filter(muscle=site.muscle, side=site.side, agent=portion.agent)
    lot = case.told.lots.get(portion.agent) or next(iter(rows["lot"].drop_nulls()), None)
    return Said(lot or "lot: ____________")


def strength(portion: Portion) -> str:
    """Return the strength and volume of a portion."""
    unit = "%" if portion.unit == "percent" else "mg/mL"
    said = f"{portion.concentration:g} {unit}, " if portion.concentration else ""
    return f"{said}{portion.volume_ml:g} mL"


def dose(portion: Portion, say: Speech = ENGLISH) -> str:
    """Return the dose of a portion with its arithmetic."""
    if not portion.mg:
        return say("no dose in mg")
    return f"{portion.mg_per_ml:g} mg/mL × {portion.volume_ml:g} mL = {portion.mg:.4g} mg"
