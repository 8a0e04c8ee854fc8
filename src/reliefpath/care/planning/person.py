"""From a patient's record to what a planner of a needle knows of the person.

A danger is the person's, whichever complaint its row names, and lasts until its end is on record.
An answer that reassures (screened, not pregnant, a weight, a consent) is believed for a while only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import polars as pl

from reliefpath.care_log.follow_up import AGREES, REFUSES
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import FINDINGS
from reliefpath.clock import Moment, day_of, has_time, instant_of
from reliefpath.pathway.advice import Advice
from reliefpath.pathway.facts.findings import ANSWERS
from reliefpath.pathway.model import Pathway
from reliefpath.reference.anatomy import trigger_point
from reliefpath.reference.therapies import SCREENED, agents, finding_kinds, therapies, units
from reliefpath.reference.therapies.injection import (
    AdverseEvent,
    Checked,
    Complaint,
    Examined,
    Given,
    Person,
    Standing,
    Unmet,
)
from reliefpath.reference.therapies.injection.doses import may_inject
from reliefpath.reference.therapies.injection.places import NEEDLES

WEIGHT, CONSENT, PREGNANCY = "weight", "consent", "pregnancy"
NOT_PREGNANT = "not-pregnant"
GRAMS = 3
"""Decimals of a kilogram in which one weight, told twice on a day, agrees."""
QUESTION = {
    **{code: question for question, (_, codes) in ANSWERS.items() for code in codes},
    "needling": "needling",
    "needling-refused": "needling",
    AGREES: "follow-up",
    REFUSES: "follow-up",
    "guardian": "guardian",
    "guardian-refused": "guardian",
    "assent": "assent",
    "assent-refused": "assent",
}
"""What a code answers; of a question the latest answer alone counts."""


class Needle(StrEnum):
    """What is planned, by the code of the consent that it asks for."""

    INJECTION = "injection"
    NEEDLING = "needling"


def person_on(
    care_log: CareLog,
    advice: Advice,
    pathway: Pathway,
    as_of: date | datetime,
    needle: Needle,
    *,
    nothing_new: bool,
    weight_kg: float | None = None,
    height_cm: float | None = None,
) -> Person:
    """Return what is known, on a day or at a moment, of the person whom a needle is planned for.

    Args:
        care_log: what concerns the patient, every episode of theirs.
        advice: on the episode.
        pathway: which gave the advice.
        as_of: the day of the needle, or its moment.
        needle: what is planned.
        weight_kg: measured now; by default the last one on record that is recent enough.
        height_cm: where it is known.
        nothing_new: what was asked about before was asked about again, and nothing is new.
    """
    moment = care_log.moment(as_of)
    mine = care_log.only(advice.episode)
    episode = mine.episodes.row(by_predicate=pl.col("episode") == advice.episode, named=True)
    answers = _Answers(mine, episode, moment, needle, nothing_new=nothing_new)
    weight, weights = answers.weight, [kg for _, kg in answers.weights]
    if weight_kg is not None:
        said = moment.day, round(weight_kg, GRAMS)
        before = [kg for day, kg in answers.weights if (day, round(kg, GRAMS)) != said]
        weight, weights = weight_kg, [*before, weight_kg]
    who = mine.patients.row(0, named=True)
    return Person(
        knowledge=care_log.knowledge,
        on=moment.day,
        birth_date=who["birth_date"],
        weight_kg=weight,
        weight_before_kg=weights[-2] if len(weights) > 1 else None,
        height_cm=height_cm,
        sex=who["sex"],
        findings=tuple(answers.standing),
        screened=frozenset(answers.screened),
        history=tuple(_history(mine, moment)),
        gate=advice.gate,
        unmet=tuple(unmet_of(advice, pathway)),
        at=instant_of(as_of) if isinstance(as_of, datetime) else None,
        zone=moment.zone,
        exams=tuple(latest_exams(mine, moment)),
        complaint=_complaint(episode),
        outdated=answers.outdated,
        renewed=answers.renewed,
        consented_on=answers.consented_on,
        missing=tuple(_missing(mine)),
        adverse_events=tuple(_adverse_events(mine, moment)),
    )


class _Answers:
    """What was found and answered of the person up to a moment, as far as it counts."""

    def __init__(
        self,
        care_log: CareLog,
        episode: Mapping[str, Any],
        moment: Moment,
        needle: Needle,
        *,
        nothing_new: bool,
    ) -> None:
        self._care_log, self._moment, self._needle = care_log, moment, needle
        self._episode, self._nothing_new = episode, nothing_new
        found = care_log.findings_about(episode["episode"], episode["patient"])
        question = pl.col("code").replace_strict(QUESTION, default=None, return_dtype=pl.String)
        question = pl.when(pl.col("kind") == WEIGHT).then(pl.lit(WEIGHT)).otherwise(question)
        rows = found.filter(moment.had_happened).sort("at", "kind", "code")
        latest = pl.col("at") == pl.col("at").max().over("kind", question)
        holds = pl.col("until").is_null() | (pl.col("until") >= moment.day)
        self._rows = rows.with_columns(day=moment.day_of())
        # an answer that ended leaves its question open: the one before it does not hold again
        self._hold = self._rows.filter(question.is_null() | latest, holds)
        self.outdated: dict[str, date] = {}
        self.renewed: dict[str, date] = {}
        self.consented_on: date | None = None
        self.screened = set(self._screening())
        self.weights = [*self._weights(self._rows)]
        self.weight = self._weight()
        self.standing = list(self._standing())

    def _lasts(self, kind: str, day: date) -> bool:
        """Whether an answer of a day is still believed."""
        valid = finding_kinds(self._care_log.knowledge)[kind].valid_days
        days = None if valid is None else valid.plan
        if valid is not None and kind == CONSENT and self._needle is Needle.NEEDLING:
            days = valid.worklist  # to a course, and confirmed each time
        return days is None or (self._moment.day - day).days <= days

    def _asked_again(self, kind: str, day: date) -> bool:
        """Whether a question whose answer is too old was asked again, and nothing is new."""
        (self.renewed if self._nothing_new else self.outdated)[kind] = day
        return self._nothing_new

    def _screening(self) -> Iterable[str]:
        """The kinds that were asked about lately enough, and for this complaint."""
        begun, own = self._episode["started_on"], self._episode["episode"]
        asked = self._hold.filter(code=SCREENED).sort("kind", "day")
        lately = {
            row["kind"]
            for row in asked.iter_rows(named=True)
            if row["episode"] in (None, own)
            and row["day"] >= begun
            and self._lasts(row["kind"], row["day"])
        }
        for kind, day in dict(asked["kind", "day"].iter_rows()).items():
            if kind in lately or self._asked_again(kind, day):
                yield kind

    def _weights(self, rows: pl.DataFrame) -> Iterable[tuple[date, float]]:
        """Weights in kilograms, the oldest first, each with its day."""
        for day, value, unit in rows.filter(kind=WEIGHT)["day", "value", "unit"].iter_rows():
            if value is not None and unit is not None and units()[unit].dimension == "mass":
                yield day, value * units()[unit].factor / units()["kg"].factor

    def _weight(self) -> float | None:
        for day, kg in reversed([*self._weights(self._hold)]):
            if self._lasts(WEIGHT, day):
                return kg
            self.outdated[WEIGHT] = day
            return None
        return None

    def _standing(self) -> Iterable[Standing]:
        rows = self._hold.filter(pl.col("code") != SCREENED, pl.col("kind") != WEIGHT)
        for row in rows.iter_rows(named=True):
            if (row["kind"], row["code"]) == (CONSENT, self._needle):
                if not self._consent_counts(row):
                    self.outdated[CONSENT] = row["day"]
                    continue
                self.consented_on = row["day"]
            elif row["code"] == NOT_PREGNANT:
                day = row["day"]
                if not self._lasts(PREGNANCY, day) and not self._asked_again(PREGNANCY, day):
                    continue
            place = row["muscle"], row["region"], row["side"]
            yield Standing(row["kind"], row["code"], *place, words=row["words"])

    def _consent_counts(self, row: Mapping[str, Any]) -> bool:
        """A course of needling may rest on one consent, an injection on one to itself alone."""
        if not self._lasts(CONSENT, row["day"]):
            return False
        if self._needle is Needle.NEEDLING:
            return True
        done = self._care_log.given.filter(self._moment.had_happened, therapy=self._needle)
        if row["episode"] is not None:
            done = done.filter(episode=row["episode"])
        return not any(
            day_of(at, self._moment.zone) >= row["day"]
            and not (has_time(at) and has_time(row["at"]) and at < row["at"])
            for at in done["at"]
        )


def _history(care_log: CareLog, moment: Moment) -> Iterable[Given]:
    """Every needle and everything injected before, in any episode of the patient."""
    knowledge = care_log.knowledge
    needles = [
        therapy
        for therapy, row in therapies(knowledge).items()
        if row.family in NEEDLES or may_inject(knowledge, therapy)
    ]
    needle = pl.col("therapy").is_in(needles) | pl.col("agent").is_in(list(agents(knowledge)))
    rows = care_log.given.filter(moment.had_happened, needle).sort("at")
    for row in rows.iter_rows(named=True):
        mg, volume = (_amount(row, dimension) for dimension in ("mass", "volume"))
        place = row["therapy"], row["muscle"], row["side"], row["agent"]
        at = row["at"] if has_time(row["at"]) else None
        told = volume if row["volume_ml"] is None else row["volume_ml"]
        yield Given(day_of(row["at"], moment.zone), *place, mg, at, told)


def _amount(row: Mapping[str, Any], dimension: str) -> float | None:
    """What was given, in milligrams or millilitres, if it is told as such."""
    unit, amount = units().get(row["unit"] or ""), row["amount"]
    if unit is None or unit.dimension != dimension or amount is None:
        return None
    return float(amount * unit.factor)


def _adverse_events(care_log: CareLog, moment: Moment) -> Iterable[AdverseEvent]:
    """What went wrong at any treatment before, one that was broken off included."""
    text = pl.col("adverse_effect").str.strip_chars(" \t\n-.")
    rows = care_log.treatments.filter(moment.had_happened, text.str.len_chars() > 0)
    day = moment.day_of().alias("day")
    said = rows.select(day, "adverse_effect").unique().sort("day", "adverse_effect")
    return (AdverseEvent(*row) for row in said.iter_rows())


def latest_exams(care_log: CareLog, moment: Moment) -> Iterable[Examined]:
    """Yield the latest examination of each muscle and side, whichever complaint it was for."""
    place = ("muscle", "side")
    rows = care_log.exams.filter(moment.had_happened).with_columns(
        day=moment.day_of(), active=pl.sql_expr(trigger_point().active.rule)
    )
    latest = rows.filter(pl.col("at") == pl.col("at").max().over(place))
    found = latest.group_by(place).agg(
        pl.col("day").max(), pl.col("active").all(ignore_nulls=False)
    )
    for row in found.sort(place).iter_rows(named=True):
        yield Examined(row["day"], row["muscle"], row["side"], row["active"])


def _missing(care_log: CareLog) -> Iterable[str]:
    """What could not be read of the one patient of a care log."""
    yield from (f"the {name}" for name in sorted(care_log.absent & {"findings", "treatments"}))
    if care_log.incomplete:
        yield "rows that were refused, which `reliefpath check` lists"
    if care_log.in_doubt - care_log.incomplete:
        yield "findings that no catalogue knows: is the clinic's own file in force?"


def _complaint(episode: Mapping[str, Any]) -> Complaint:
    others = (episode["other_regions"] or "").split()
    return Complaint((episode["region"], *others), episode["side"])


def unmet_of(advice: Advice, pathway: Pathway) -> Iterable[Unmet]:
    """Yield why the gate is not open; what is open for one cause is told as one thing."""
    ids = pathway.gate(list(pathway.steps)[-1])
    asked = {criterion.id: criterion for criterion in advice.criteria}
    shut: dict[str, list[str]] = {}
    for id_ in ids:
        answer, to_do = asked[id_].answer, asked[id_].to_do
        if answer is not True:
            cause = pathway.cause_of(id_, answer) or id_
            shut.setdefault(cause, []).append(to_do or pathway.label(id_))
    for name, told in shut.items():
        yield Unmet(name, " ".join(dict.fromkeys(told)))


def renewed_rows(plan: Checked, patient: str, at: date | datetime) -> pl.DataFrame:
    """Return the findings that say that nothing is new: one a question that was asked again."""
    shared = {"patient": patient, "at": instant_of(at)}
    codes = {PREGNANCY: NOT_PREGNANT}
    rows = [{**shared, "kind": k, "code": codes.get(k, SCREENED)} for k in plan.renewed]
    return pl.DataFrame(rows, FINDINGS.schema)
