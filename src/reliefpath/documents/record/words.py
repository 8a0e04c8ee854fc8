"""A record in a patient's words: names instead of codes, with units, and dates as people write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from reliefpath.care_log.schema import GIVEN, REPORTERS, TABLES, Kind
from reliefpath.clock import has_time
from reliefpath.documents.printing import day_text
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.measures import measures
from reliefpath.reference.therapies import SCREENED, agents, finding_kinds, therapies, units
from reliefpath.reference.therapies.exercise import Dose, exercises, read_shares
from reliefpath.store.tables import HISTORIES

Row = Mapping[str, Any]
PARTS = ("repetitions", "seconds", "minutes")
NAMES = {
    "patients": "About you",
    "episodes": "Complaint",
    "scores": "Score",
    "treatments": "Treatment",
    "exams": "Examination",
    "findings": "Finding",
    "visits": "Visit",
    "decisions": "Decision on advice",
    "programmes": "Exercise programme",
}
"""What a row of each table is called."""
LABELS = {
    "name": "Name",
    "sex": "Sex",
    "language": "Preferred language",
    "episode": "The clinic's name for it",
    "primary_measure": "Followed with",
}
"""What a column is called where its declared meaning is not plain enough."""
ACTIONS = {
    "view": "Looked",
    "open": "Opened for a reason, though of another care team",
    "refused": "Was refused a look",
    "export": "Copied out",
    "backup": "Made a safety copy",
    "import": "Entered",
    "enter": "Entered",
    "correct": "Corrected",
    "withdraw": "Withdrew an error",
    "clear": "Examined a warning sign and cleared it",
    "end-care": "Ended care",
    "reopen-care": "Took care up again",
    "hand-over": "Handed care over",
    "merge": "Joined two records of yours",
    "unmerge": "Took two records apart again",
    "decide": "Decided on advice",
    "visit": "Said what became of a visit",
    "seen": "Saw what is new",
    "term": "Said what a medicine or an allergen is",
    "check-in": "Checked in",
    "check-in-link": "Made a link to check in",
    "withdraw-link": "Withdrew a link to check in",
    "reminders-agreed": "Agreed to be reminded by mail",
    "reminders-ended": "Ended reminders by mail",
}
"""What was done, by the audit log's word for it."""
CATALOGUES: Mapping[str, Callable[[Knowledge], Mapping[str, Any]]] = {
    "measure": measures,
    "primary_measure": measures,
    "therapy": therapies,
    "muscle": muscles,
    "agent": agents,
    "unit": lambda _: units(),
}


def time_text(value: str, zone: tzinfo = UTC) -> str:
    """Return a date, or a time as clocks of `zone` showed it, in words.

    >>> time_text("2026-01-05T16:30:00Z")
    '5 January 2026, 16:30'
    """
    if len(value) == len("2026-01-05"):
        return day_text(date.fromisoformat(value))
    at = datetime.fromisoformat(value)
    if not has_time(at):
        return day_text(at.date())
    local = at.astimezone(zone)
    return f"{day_text(local.date())}, {local:%H:%M}"


def label(name: str, column: str) -> str:
    """Return what a column says, in words."""
    return LABELS.get(column, HISTORIES[name][column].meaning)


@dataclass(frozen=True)
class Wording:
    """Rows of a record in words."""

    knowledge: Knowledge
    """The catalogues that name what the codes stand for."""
    zone: tzinfo = UTC
    """Whose clocks tell the time of day."""

    def words(self, name: str, column: str, values: Row) -> str:
        """Return a value of a row of the table `name` in words; empty where nothing is known."""
        value = values[column]
        if value is None:
            return ""
        if column == "programme":
            return "; ".join(self._programme(values))
        match HISTORIES[name][column].kind:
            case Kind.DATE:
                return day_text(date.fromisoformat(value))
            case Kind.INSTANT:
                return time_text(value, self.zone)
            case Kind.FLAG:
                return "yes" if value else "no"
            case Kind.NUMBER:
                return f"{value:.10g}"
        if column in CATALOGUES:
            row = CATALOGUES[column](self.knowledge).get(value)
            return str(row.name if row else value)  # a clinic's own file may have named it
        if column == "code":
            found = finding_kinds(self.knowledge)[values["kind"]].codes.get(value)
            return found.name if found else str(value)
        if HISTORIES[name][column].kind is Kind.CODE:
            return str(value).replace("-", " ")
        return str(value)

    def title(self, name: str, values: Row) -> str:
        """Return what a row is about, in few words."""
        match name:
            case "scores":
                return self.words(name, "measure", values)
            case "treatments":
                return self.words(name, "therapy", values)
            case "exams":
                return f"Examination: {self._site(name, values)}"
            case "findings":
                return self.words(name, "code", values)
            case "episodes":
                return f"{self.words(name, 'region', values).capitalize()} complaint"
        return NAMES[name]

    def details(self, name: str, values: Row) -> str:
        """Return what else a row says, in a line."""
        parts = {
            "scores": self._score,
            "treatments": self._treatment,
            "exams": _exam,
            "findings": self._finding,
            "visits": self._visit,
            "decisions": _decision,
            "programmes": self._programme,
        }[name](values)
        return "; ".join(part for part in parts if part)

    def _site(self, name: str, values: Row) -> str:
        return ", ".join(filter(None, (self.words(name, c, values) for c in ("muscle", "side"))))

    def _amount(self, name: str, amount: str, values: Row) -> str:
        return " ".join(
            filter(None, (self.words(name, amount, values), self.words(name, "unit", values)))
        )

    def _score(self, values: Row) -> Iterator[str]:
        measure = measures(self.knowledge)[values["measure"]]
        value, item = self.words("scores", "value", values), values["item"]
        if item is None:
            yield f"{value} {measure.unit}"
        else:
            labels = measure.items.labels if measure.items else {}
            yield f"{labels.get(item, item)}: {value}"
        if (by := values["reported_by"]) not in (None, "patient"):
            yield f"given by your {by}" if by in REPORTERS else f"given by: {by}"

    def _done(self, values: Row) -> Iterator[str]:
        known = exercises(self.knowledge)
        for id_, share in read_shares(values["exercises"]).items():
            yield f"{known[id_].name if id_ in known else id_}: {share:.0%}"

    def _treatment(self, values: Row) -> Iterator[str]:
        if values["status"] not in (None, GIVEN):
            yield f"not given: {self.words('treatments', 'status', values)}"
        yield self._site("treatments", values)
        yield self.words("treatments", "technique", values)
        if values["needle"] is not None:
            yield f"needle {values['needle']}"
        amount = self._amount("treatments", "amount", values)
        yield " ".join(filter(None, (self.words("treatments", "agent", values), amount)))
        if values["volume_ml"] is not None:
            yield f"{values['volume_ml']:g} millilitres injected"
        if values["lot"] is not None:
            yield f"lot {values['lot']}"
        if values["adherence"] is not None:
            yield f"{values['adherence']:.0%} of the programme done"
            yield from self._done(values)
        if values["response"] is not None:
            yield f"{values['response']:.0%} of the pain relieved"
        if values["twitch_response"] is not None:
            yield (
                "the muscle twitched" if values["twitch_response"] else "the muscle did not twitch"
            )
        if values["adverse_effect"] is not None:
            yield f"went wrong: {values['adverse_effect']}"

    def _programme(self, values: Row) -> Iterator[str]:
        known = exercises(self.knowledge)
        for row in values["programme"]["exercises"]:
            item = known.get(row["exercise"])
            told = {part: row.get(part) for part in PARTS}
            dose = Dose(row.get("sets", 1), **told, per_week=row["per_week"])
            yield f"{item.name if item else row['exercise']}: {dose}"

    def _visit(self, values: Row) -> Iterator[str]:
        yield self.words("visits", "status", values)
        if values["clinician"] is not None:
            yield f"with {values['clinician']}"
        if values["note"] is not None:
            yield f"note: {values['note']}"

    def _finding(self, values: Row) -> Iterator[str]:
        kind = finding_kinds(self.knowledge)[values["kind"]]
        yield kind.codes[SCREENED].because if values["code"] == SCREENED else kind.meaning
        yield self._site("findings", values) or self.words("findings", "region", values)
        if values["words"] is not None:
            yield f"as recorded: {values['words']}"
        yield self._amount("findings", "value", values)
        if values["until"] is not None:
            yield f"until {day_text(date.fromisoformat(values['until']))}"


def _exam(values: Row) -> Iterator[str]:
    flags = [c for c in TABLES["exams"].columns if c.kind is Kind.FLAG]
    for found, said in ((True, "found"), (False, "not found")):
        meanings = [c.meaning for c in flags if values[c.name] is found]
        if meanings:
            yield f"{said}: {', '.join(m[0].lower() + m[1:] for m in meanings)}"
    if values["pressure_kpa"] is not None:
        yield f"pressure began to hurt at {values['pressure_kpa']:g} kilopascals"


def _decision(values: Row) -> Iterator[str]:
    advice = values["advice"]
    followed = values["decision"] == "agreed"
    yield "your clinician followed the advice" if followed else "your clinician decided otherwise"
    yield f"ReliefPath saw: {advice['status']}"
    yield f"and advised: {advice['next_step']}"
