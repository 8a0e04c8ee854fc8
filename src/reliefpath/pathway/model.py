"""The pathway: the whole protocol as data, refused unless every part of it is sound."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr

from reliefpath.errors import PathwayError, Problem, UsageError, nearest
from reliefpath.knowledge import SHIPPED, Knowledge, derived
from reliefpath.knowledge.catalogue import Catalogue, Row, line_of, load_catalogue
from reliefpath.pathway.facts import Trial, schema
from reliefpath.pathway.facts.declared import STATUS, askable
from reliefpath.pathway.parameters import (
    IN_TEXTS,
    WITH_FACTS,
    Parameter,
    RecoverySettings,
    Rule,
    TrialSettings,
    Value,
    settings_of,
    texts_in,
    unknown_in,
    value_of,
    with_values,
)
from reliefpath.pathway.sql import Question, SqlError
from reliefpath.pathway.wording import WordingError, facts_in
from reliefpath.recovery import Targets
from reliefpath.reference.therapies import therapies

FOLLOW_UP = "follow-up"
"""The step under which the check-ins that are due are listed."""
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


RESERVED = {*schema(), "episode", "patient", "status", "gate", "notes", "pathway"}
"""Columns of the advice that a criterion's column must not replace."""


class StatusName(StrEnum):
    """What an episode can be; exactly one holds."""

    GATHERING = "gathering"
    RECOVERING = "recovering"
    STALLED = "stalled"
    PLATEAUED = "plateaued"
    RECOVERED = "recovered"
    LASTING = "lasting"
    WORSENING = "worsening"
    RECURRED = "recurred"
    REFERRED = "referred"


class Criterion(Rule):
    """One yes / no / unknown question over the facts, and what to do when it is not yes."""

    label: str | None = Field(
        default=None, description="What a page calls it; by default its id, in words"
    )
    applies: str | None = Field(
        default=None,
        description="Boolean SQL over facts: where it is false the answer is yes, and a page says "
        "that the criterion does not apply; by default it always does",
    )
    require: str = Field(description="Boolean SQL over facts; null is unknown")
    shows: tuple[str, ...] = Field(default=(), description="Further facts shown with the answer")
    if_no: str = Field(description="What to do when the answer is no; `{fact}` becomes its value")
    if_unknown: str = Field(description="What to measure when the answer is unknown")
    ends_care: bool = Field(
        default=False,
        description="Whether a no ends the care: it is the next step, and nothing else is asked",
    )


class Step(Rule):
    """One rung of the ladder; its gate is its criteria and those of every rung before it."""

    name: str
    therapies: tuple[str, ...] = Field(default=(), description="Ids of its therapies")
    criteria: dict[Id, Criterion]


class FollowUp(Rule):
    """Check-ins that are due after a treatment or a recovery."""

    name: str
    criteria: dict[Id, Criterion]


class Status(Rule):
    """When an episode has a status, and what follows."""

    when: str | None = Field(default=None, description="Boolean SQL over facts; none on the last")
    urgency: int = Field(ge=1, le=9, description="1 is seen first")
    asks: tuple[str, ...] = Field(
        default=(), description="Steps or criteria; the first open one is the next step"
    )
    gate: str | None = Field(default=None, description="The step the episode is kept from")
    next: str = Field(description="The next step when nothing asked is open")


class Note(Rule):
    """What a clinician should know beside the answer."""

    when: str = Field(description="Boolean SQL over facts")
    statuses: tuple[StatusName, ...] = Field(default=(), description="Only these; none means all")
    say: str


class Cause(Rule):
    """What several criteria are open for at once."""

    criteria: tuple[Id, ...] = Field(min_length=1)
    answered: bool = Field(
        default=False, description="Whether they are answered no, and not left unknown"
    )


class Pathway(Catalogue):
    """The whole protocol: statuses, steps with their criteria, follow-up, notes."""

    pathway: Id = Field(description="Its name")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="Changed with every change of it")
    title: str
    about: str
    owner: str = Field(description="Who answers for it")
    approved_by: str | None = Field(description="Who signed it off; empty until someone did")
    approved_on: date | None = None
    recovery: RecoverySettings
    trial: TrialSettings | None = Field(
        default=None, description="What counts as a trial; as in the pathway as shipped by default"
    )
    parameters: dict[Name, Parameter] = Field(
        default_factory=dict,
        description="Numbers that rules and texts refer to by name, beside those of `recovery` and "
        "`trial`",
    )
    statuses: dict[StatusName, Status] = Field(min_length=1)
    steps: dict[Id, Step] = Field(min_length=1)
    follow_up: FollowUp
    notes: dict[Id, Note] = Field(default_factory=dict)
    causes: dict[Id, Cause] = Field(
        default_factory=dict,
        description="Criteria that are open for one thing: a clinician weighs them as one",
    )
    _knowledge: Knowledge = PrivateAttr(SHIPPED)
    _as_written: Pathway | None = PrivateAttr(None)

    def model_post_init(self, context: Any, /) -> None:
        """Take the knowledge that it was read with."""
        self._knowledge = context or SHIPPED

    @property
    def knowledge(self) -> Knowledge:
        """The catalogues that it was read with."""
        return self._knowledge

    @property
    def as_written(self) -> Pathway:
        """The pathway as its file has it: parameters by name where it has their values."""
        return self._as_written or self

    @cached_property
    def values(self) -> dict[str, Value]:
        """The value of every parameter, in the order of the file."""
        settings = {v.name: v for v in settings_of(self.recovery, self.trial)}
        return settings | {name: value_of(name, p) for name, p in self.parameters.items()}

    @property
    def edition(self) -> str:
        """Its version as every advice names it, the clinic's file, if any, after a `+`."""
        return self.knowledge.edition(self.version)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of its whole content: two pathways with one fingerprint give one advice."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        counts = {
            "statuses": len(self.statuses),
            "steps": len(self.steps),
            "criteria": len(self.criteria),
            "notes": len(self.notes),
        }
        counted = ", ".join(f"{count} {what}" for what, count in counts.items())
        return f"<Pathway: {self.pathway} {self.edition}; {counted}>"

    def __str__(self) -> str:
        return repr(self)

    @cached_property
    def targets(self) -> Targets:
        """What the recovery model is asked for."""
        r = self.recovery
        return Targets(
            r.window,
            r.recovered,
            r.horizon_weeks,
            r.level_weeks,
            r.loss,
            r.recovered_weeks,
            r.lost_weeks,
            r.lost_scatter,
        )

    @cached_property
    def counted_trial(self) -> Trial:
        """What counts as a trial of conservative care."""
        t = self.trial
        return Trial() if t is None else Trial(t.gap_weeks, t.lately_weeks, t.needling_days_apart)

    @cached_property
    def groups(self) -> dict[str, dict[str, Criterion]]:
        """The criteria by step, follow-up first."""
        steps = {name: step.criteria for name, step in self.steps.items()}
        return {FOLLOW_UP: self.follow_up.criteria, **steps}

    @cached_property
    def step_names(self) -> dict[str, str]:
        """What each step is called, follow-up last."""
        steps = {id_: step.name for id_, step in self.steps.items()}
        return {**steps, FOLLOW_UP: self.follow_up.name}

    @cached_property
    def criteria(self) -> dict[str, tuple[str, Criterion]]:
        """Every criterion by id, with the step it belongs to."""
        return {
            id_: (group, criterion)
            for group, criteria in self.groups.items()
            for id_, criterion in criteria.items()
        }

    def label(self, id_: str) -> str:
        """Return what a page calls a criterion."""
        return self.criteria[id_][1].label or id_.replace("-", " ").capitalize()

    @cached_property
    def ends(self) -> list[str]:
        """The ids of the criteria that end the care when their answer is no."""
        return [id_ for id_, (_, criterion) in self.criteria.items() if criterion.ends_care]

    def cause_of(self, criterion: str, answer: bool | None) -> str | None:
        """Return the cause for which a criterion is open together with others, if it has one."""
        for name, cause in self.causes.items():
            if criterion in cause.criteria and cause.answered is (answer is not None):
                return name
        return None

    def asked(self, status: Status) -> list[str]:
        """Return the ids of the criteria that `status` asks about, in order."""
        return [id_ for name in status.asks for id_ in self.groups.get(name, (name,))]

    def gate(self, step: str) -> list[str]:
        """Return the ids of the criteria that must all hold before `step`."""
        ladder = list(self.steps)
        passed = ladder[: ladder.index(step) + 1]
        return [id_ for name in passed for id_ in self.steps[name].criteria]

    @property
    def expressions(self) -> list[tuple[tuple[str, ...], str]]:
        """Every rule in SQL, with its place in the file."""
        statuses, notes = self.statuses.items(), self.notes.items()
        return [
            *((("statuses", str(name), "when"), s.when) for name, s in statuses if s.when),
            *(((*path, "require"), c.require) for path, c in _criteria(self)),
            *((("notes", name, "when"), note.when) for name, note in notes),
        ]

    def needs_signature(self, row: Row) -> bool:
        """Whether a medical director must sign off what rests on a rule's sources."""
        return any(self.sources[name].certainty.needs_signature for name in row.source)

    def cite(self, row: Row) -> list[str]:
        """Return the sources of a rule, each with its certainty."""
        return [str(self.sources[name]) for name in row.source]


@derived
def _default(knowledge: Knowledge) -> Pathway:
    return _load(default_file(), knowledge)


def default_file() -> Traversable:
    """Return the file of the pathway as shipped."""
    return files(__package__) / "relief-plus.yaml"


def load_pathway(file: str | Path | None = None, knowledge: Knowledge = SHIPPED) -> Pathway:
    """Read and check a pathway file; None is the pathway as shipped.

    Args:
        file: A pathway in YAML, such as `reliefpath pathway copy` writes.
        knowledge: The catalogues that it names, as shipped or with a clinic's own file.

    Raises:
        UsageError: there is no such file.
        PathwayError: it has problems; it lists every one of them, with its line.
    """
    if file is None:
        return _default(knowledge)
    file = Path(file)
    if not file.is_file():
        raise UsageError(f"`{file}` is not a file; expected a pathway in YAML")
    return _load(file, knowledge)


def _load(file: Traversable | Path, knowledge: Knowledge) -> Pathway:
    written = load_catalogue(file, Pathway, PathwayError, context=knowledge)
    pathway = with_values(written, written.values)
    pathway._as_written = written
    problems = [
        Problem(file.name, line_of(file, path), ".".join(map(str, path)), value, expected)
        for path, value, expected in _unsound(pathway)
    ]
    if problems:
        raise PathwayError(problems)
    return pathway


Path_ = tuple[str, ...]
Unsound = Iterator[tuple[Path_, str | None, str]]


def _criteria(pathway: Pathway) -> Iterator[tuple[Path_, Criterion]]:
    for group, criteria in pathway.groups.items():
        parent = ("follow_up",) if group == FOLLOW_UP else ("steps", group)
        for id_, criterion in criteria.items():
            yield (*parent, "criteria", id_), criterion


def _unsound(pathway: Pathway) -> Unsound:
    """What no schema can say: SQL, placeholders, names, and the order of statuses."""
    yield from _unsound_parameters(pathway)
    yield from _unsound_sql(pathway)
    yield from _unsound_texts(pathway)
    yield from _unsound_statuses(pathway)
    yield from _unsound_names(pathway)


def _unsound_parameters(pathway: Pathway) -> Unsound:
    known = {v.name for v in settings_of(pathway.recovery, pathway.trial)}
    for name, parameter in pathway.parameters.items():
        if name in known or name in askable():
            kind = "setting" if name in known else "fact"
            yield ("parameters", name), name, f"is the name of a {kind}; choose another"
        for fact in parameter.limits:
            if fact not in schema():
                expected = f"unknown fact{nearest(fact, schema())}"
                yield ("parameters", name, "limits"), fact, expected
    for place, text in texts_in(pathway, IN_TEXTS - WITH_FACTS):
        for expected in unknown_in(text, pathway.values):
            yield tuple(map(str, place)), text, expected


def _unsound_sql(pathway: Pathway) -> Unsound:
    conditions = [((*path, "applies"), c.applies) for path, c in _criteria(pathway) if c.applies]
    for path, sql in (*pathway.expressions, *conditions):
        # a status cannot ask what the status is
        known = schema() if path[0] == "statuses" else askable()
        try:
            Question.of(sql, known, {STATUS: list(StatusName)}, pathway.values)
        except SqlError as e:
            yield path, sql, str(e)


def _unsound_texts(pathway: Pathway) -> Unsound:
    for place, text in texts_in(pathway, WITH_FACTS):
        try:
            facts_in(text, pathway.values)
        except WordingError as e:
            yield tuple(map(str, place)), text, str(e)


def _unsound_statuses(pathway: Pathway) -> Unsound:
    *first, last = pathway.statuses
    for name in first:
        if pathway.statuses[name].when is None:
            yield ("statuses", name), None, "`when` is missing; only the last status has none"
    if pathway.statuses[last].when is not None:
        expected = "the last status takes every episode that is left: remove its `when`"
        yield ("statuses", last, "when"), pathway.statuses[last].when, expected
    for name, status in pathway.statuses.items():
        known = (*pathway.groups, *pathway.criteria)
        for step in status.asks:
            if step not in known:
                expected = f"unknown step or criterion{nearest(step, known)}"
                yield ("statuses", name, "asks"), step, expected
        if status.gate is not None and status.gate not in pathway.steps:
            hint = nearest(status.gate, pathway.steps)
            yield ("statuses", name, "gate"), status.gate, f"unknown step{hint}"


def _unsound_names(pathway: Pathway) -> Unsound:
    seen: set[str] = set()
    for path, criterion in _criteria(pathway):
        id_ = path[-1]
        if id_ in seen:
            yield path, id_, "stands more than once; every criterion needs a name of its own"
        seen.add(id_)
        if id_ in RESERVED:
            yield path, id_, "is the name of a column of the advice; choose another"
        for name in criterion.shows:
            if name not in schema():
                yield (*path, "shows"), name, f"unknown fact{nearest(name, schema())}"
    for name, cause in pathway.causes.items():
        for id_ in cause.criteria:
            if id_ not in pathway.criteria:
                hint = nearest(id_, pathway.criteria)
                yield ("causes", name, "criteria"), id_, f"unknown criterion{hint}"
    if FOLLOW_UP in pathway.steps:
        yield ("steps", FOLLOW_UP), FOLLOW_UP, "is the name of the check-ins; choose another"
    ranks, known = [0], therapies(pathway.knowledge)
    for name, step in pathway.steps.items():
        for therapy in step.therapies:
            if therapy not in known:
                hint = nearest(therapy, known)
                yield ("steps", name, "therapies"), therapy, f"unknown therapy{hint}"
            elif known[therapy].invasiveness < ranks[-1]:
                expected = "steps must go from the least to the most invasive"
                yield ("steps", name, "therapies"), therapy, expected
            else:
                ranks.append(known[therapy].invasiveness)
