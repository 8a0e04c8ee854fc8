"""What the papers of one planned injection are written from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import polars as pl

from reliefpath.care.planning.examined import latest_exam
from reliefpath.care.planning.given import refuse_unplanned_lots
from reliefpath.care_log.log import CareLog
from reliefpath.clock import wall
from reliefpath.documents.papers.catalogue import Codes, Line, codes, words
from reliefpath.documents.papers.parts import NOT_ON_RECORD, Said, Table, facts, on_record
from reliefpath.documents.printing import day_text
from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.languages import ENGLISH, Speech, speech
from reliefpath.pathway.advice import Advice, assess_episode
from reliefpath.pathway.model import Pathway
from reliefpath.recovery import Priors
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import SCREENED, AgentKind, finding_kinds
from reliefpath.reference.therapies.coverage import Coverage, coverage_catalogue, policies_asked
from reliefpath.reference.therapies.injection import Check, Plan, Portion, Site, Verdict

CONSENT, PREGNANCY = "consent", "pregnancy"
DECIMAL = 1e-6
"""Milligrams that nobody can draw."""
LineT = TypeVar("LineT", bound=Line)


@dataclass(frozen=True)
class Answer:
    """What a clinician answers, by name, to what a payer asks and no record can tell."""

    by: str
    words: str

    def __post_init__(self) -> None:
        for what, said in (("the clinician's name", self.by), ("the answer", self.words)):
            if not said.strip():
                raise UsageError(f"{what} is blank: an answer needs a name and words")


@dataclass(frozen=True)
class Told:
    """What only the people in the room can tell."""

    lots: Mapping[str, str] = field(default_factory=dict)
    """The lot of each agent."""
    response: str | None = None
    complications: str | None = None
    opened_mg: Mapping[str, float] = field(default_factory=dict)
    """What the single-dose vials that were opened held, of each agent."""
    diagnoses: tuple[str, ...] = ()
    """The codes that a clinician chose; by default those of the muscles alone."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """To what the payer asks, by its id."""


@dataclass(frozen=True)
class Case:
    """A plan, and what is on record of the episode up to its day."""

    plan: Plan
    pathway: Pathway
    advice: Advice
    patient: Mapping[str, Any]
    episode: Mapping[str, Any]
    treatments: pl.DataFrame
    """Of every episode of the patient, the earliest first, as are scores, exams and findings; `at`
    is on the clinic's wall clock."""
    scores: pl.DataFrame
    exams: pl.DataFrame
    findings: pl.DataFrame
    told: Told
    given: pl.DataFrame
    """The session itself, where it is on record; not among the treatments."""
    language: str = ENGLISH.language
    """Of what the patient reads."""

    @property
    def knowledge(self) -> Knowledge:
        """The catalogues by which it was planned."""
        return self.pathway.knowledge

    @property
    def say(self) -> Speech:
        """What the patient reads, said in their language."""
        return speech(self.language, "reliefpath.reference.anatomy", __package__)

    @property
    def kinds(self) -> frozenset[AgentKind]:
        """The kinds of agent that are planned."""
        return frozenset(portion.kind(self.knowledge) for portion in self.portions)

    @property
    def portions(self) -> list[Portion]:
        """Everything that is planned, site by site."""
        return [portion for site in self.plan.sites for portion in site.portions]

    @property
    def places(self) -> list[tuple[str, str]]:
        """The muscles and sides that are planned, each once."""
        return list(dict.fromkeys((site.muscle, site.side) for site in self.plan.sites))

    @property
    def by_lung(self) -> list[tuple[str, str]]:
        """Those of them that lie beside or over the lung."""
        known = muscles(self.knowledge)
        return [place for place in self.places if known[place[0]].pneumothorax]

    @property
    def standing(self) -> list[tuple[str, str, str | None]]:
        """Kind, code and own words of what holds of the person, of whichever complaint."""
        on = self.plan.on
        rows = self.findings.filter(
            pl.col("until").is_null() | (pl.col("until") >= on),
            pl.col("code").ne_missing(SCREENED),
        )
        found = list(dict.fromkeys(rows["kind", "code", "words"].iter_rows()))
        pregnancy = [each for each in found if each[0] == PREGNANCY]
        return [each for each in found if each[0] != PREGNANCY or each == pregnancy[-1]]

    def found(self, about: Iterable[str]) -> list[tuple[str, str | None]]:
        """Return which findings a line is about, each as `kind code`, with its own words."""
        asked = set(about)
        return [
            (f"{kind} {code}", words)
            for kind, code, words in self.standing
            if asked & _about(self.knowledge, kind, code)
        ]

    def lines(self, lines: Iterable[LineT]) -> list[LineT]:
        """Return the lines that are said of this plan and this patient."""
        return [
            line
            for line in lines
            if (line.only is None or line.only in self.kinds)
            and (not line.lung or self.by_lung)
            and (not line.about or self.found(line.about))
        ]

    def mine(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of this episode."""
        return rows.filter(pl.col("episode") == self.episode["episode"])

    @property
    def policies(self) -> list[Coverage]:
        """The policies of the patient's payer that the plan was held against."""
        known = coverage_catalogue(self.knowledge).coverage
        return [known[name] for name in policies_asked(self.plan.coverage)]

    def exam(self, muscle: str, side: str) -> dict[str, Any] | None:
        """Return the latest examination of one muscle on one side."""
        return latest_exam(self.exams, self.plan.on, muscle, side)


def _about(knowledge: Knowledge, kind: str, code: str) -> set[str]:
    """What a line may be about for a finding to call for it."""
    kinds = finding_kinds(knowledge)
    row = kinds[kind].codes.get(code) if kind in kinds else None
    bars = () if row is None else row.bars
    return {kind, f"{kind} {code}", *(f"{kind} {bar}" for bar in bars)}


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
        UsageError: the episode is not there or has not begun, or something is told of an agent that
            is not planned, a code that is unknown, or a vial that held less than was given.
    """
    told = told or Told()
    _refuse_slips(told, plan, codes(care_log.knowledge))
    advice = assess_episode(care_log, episode, pathway, as_of, priors)
    who = care_log.patients.row(by_predicate=pl.col("patient") == advice.patient, named=True)
    moment, mine = care_log.moment(as_of), care_log.only(episode)
    begun = mine.episodes.row(by_predicate=pl.col("episode") == episode, named=True)
    at_clinic = wall(pl.col("at"), care_log.zone)
    return Case(
        plan=plan,
        pathway=pathway,
        advice=advice,
        patient=who,
        episode=begun,
        treatments=moment.before(mine.given).sort("at", maintain_order=True),
        scores=moment.before(mine.scores).sort("at", maintain_order=True),
        exams=moment.before(mine.exams).sort("at", maintain_order=True),
        findings=moment.before(mine.findings).sort("at", maintain_order=True),
        told=told,
        given=mine.given.clear() if given is None else given.with_columns(at_clinic),
        language=language,
    )


def _refuse_slips(told: Told, plan: Plan, known: Codes) -> None:
    refuse_unplanned_lots(told.lots, plan.sites)
    dose: dict[str, float] = {}
    for portion in (p for site in plan.sites for p in site.portions):
        dose[portion.agent] = dose.get(portion.agent, 0.0) + portion.mg
    for agent, mg in told.opened_mg.items():
        if agent not in dose:
            raise UsageError(f"a vial is told of `{agent}`, not planned{nearest(agent, dose)}")
        if not dose[agent] - DECIMAL <= mg < float("inf"):
            raise UsageError(
                f"vials of {agent} with {mg:g} mg in all hold less than the {dose[agent]:.4g} mg "
                "that are given: tell all that were opened"
            )
    for code in told.diagnoses:
        if code not in known.diagnoses:
            raise UsageError(
                f"unknown diagnosis `{code}`{nearest(code, known.diagnoses)}: one of "
                f"{', '.join(known.diagnoses)}, or one that the clinic's own file adds"
            )


def barring(plan: Plan) -> list[Check]:
    """Return what blocks a plan, besides a consent that is not given yet."""
    return [c for c in plan.blocking if c.id != CONSENT or c.verdict is Verdict.BLOCKED]


def draft_warning(plan: Plan, say: Speech = ENGLISH) -> str | None:
    """Return what stands on a patient's papers of a plan that is blocked by more than a missing
    consent; the clinic is told why elsewhere.
    """
    if not barring(plan):
        return None
    return say("Draft, not to be used: this injection is not to be given as planned.")


def person(case: Case) -> Table:
    """Return who it is and which day, as a patient reads it."""
    say, patient = case.say, case.patient
    birth = patient["birth_date"]
    rows = {
        "Name": patient["name"],
        "Record number": patient["patient"],
        "Date of birth": birth and say.day(birth),
        "Clinician": case.episode["clinician"],
        "Day of the injection": say.day(case.plan.on),
    }
    told = (
        (Said(say(what)), Said(value or "____________", "record")) for what, value in rows.items()
    )
    columns = (say("What"), say("About you"))
    return Table(say("Who it is for"), columns, tuple(told), has_origin=False)


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
            ("Policy asked", Said("; ".join(row.name for row in case.policies) or "none", "plan")),
            ("Day of the plan", Said(day_text(on), "plan")),
        ],
    )


def known(value: str | None) -> Said:
    """Return what the record says, or that it says nothing."""
    return Said(value or NOT_ON_RECORD, "record")


def plain_place(knowledge: Knowledge, muscle: str, side: str, say: Speech) -> str:
    """Return where a site is, as a patient says it.

    >>> plain_place(Knowledge.shipped(), "gluteus-medius", "left", ENGLISH)
    'Gluteus medius (hip or buttock), left'
    """
    row = muscles(knowledge)[muscle]
    return f"{say(row.name)} ({say(words().places[row.region])}), {say(side)}"


def where(knowledge: Knowledge, muscle: str | None, side: str | None) -> str:
    """Return where something was done, as far as it is on record."""
    name = NOT_ON_RECORD if muscle is None else muscles(knowledge)[muscle].name
    return f"{name}, {side or f'side {NOT_ON_RECORD}'}"


def injected_plainly(case: Case) -> Table:
    """Return what is injected where, as a patient reads it."""
    say = case.say
    rows = tuple(
        (
            Said(plain_place(case.knowledge, site.muscle, site.side, say)),
            Said(say(portion.row(case.knowledge).name)),
            Said(f"{portion.volume_ml:g} mL" + (f" ({portion.mg:.4g} mg)" if portion.mg else "")),
        )
        for site in case.plan.sites
        for portion in site.portions
    )
    columns = tuple(map(say, ("Where", "What", "How much")))
    return Table(say("What is injected"), columns, rows, has_origin=False)


def injected(case: Case, *, with_lots: bool = False) -> Table:
    """Return what is injected where, with how each dose comes about."""
    columns = ("Where", "What", "Strength and volume", "Dose", "From")
    origin = Said("plan", "plan") if case.given.is_empty() else Said(recorded(case))
    rows: Sequence[tuple[Said, ...]] = [
        (
            Said(where(case.knowledge, site.muscle, site.side)),
            Said(portion.row(case.knowledge).name),
            Said(strength(portion)),
            Said(dose(portion)),
            origin,
        )
        for site in case.plan.sites
        for portion in site.portions
    ]
    if not with_lots:
        return Table("What is injected", columns, tuple(rows))
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


def dose(portion: Portion) -> str:
    """Return the dose of a portion with its arithmetic."""
    if not portion.mg:
        return "no dose in mg"
    return f"{portion.mg_per_ml:g} mg/mL × {portion.volume_ml:g} mL = {portion.mg:.4g} mg"
