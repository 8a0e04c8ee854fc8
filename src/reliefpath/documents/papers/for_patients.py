"""The papers that a patient reads: the consent before, and the sheet for after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from reliefpath.documents.papers.case import (
    Case,
    draft_warning,
    injected_plainly,
    person,
    plain_place,
)
from reliefpath.documents.papers.catalogue import Alarm, CheckIn, Line, cited, words
from reliefpath.documents.papers.parts import (
    Blanks,
    Block,
    Items,
    Paper,
    Said,
    Section,
    Table,
    Text,
)
from reliefpath.knowledge.languages import Speech
from reliefpath.reference.therapies.injection.intervals import WEEK

HOURS_A_DAY = 24


def consent(case: Case) -> Paper:
    """Return the paper on which a patient consents, or does not."""
    say, says = case.say, words()
    return Paper(
        say("Consent to a trigger point injection"),
        say("Read this at your own pace and ask whatever you like before you sign."),
        (
            Section(say("About you"), (person(case),)),
            Section(say("What it is"), (_items(case, says.what_it_is), injected_plainly(case))),
            Section(
                say("What studies show"),
                (
                    Text(_line(case, says.plateau), strong=True),
                    Text(_line(case, says.in_short)),
                    _items(case, says.studies),
                ),
            ),
            Section(say("What else can be done"), (_items(case, says.alternatives),)),
            Section(
                say("What can go wrong"),
                (_items(case, says.risks), Text(Said(say("For you in particular:"))), _own(case)),
            ),
            Section(say("How often"), (_items(case, says.rates),)),
            Section(say("Your choice"), (_items(case, says.rights),)),
            Section(say("Signatures"), _signatures(say)),
        ),
        draft_warning(case.plan, say),
        say,
        is_plain=True,
    )


def _own(case: Case) -> Items:
    """The risks of this patient at these places, or that none is on record."""
    lines = case.lines(words().own_risks) or [words().no_own_risks]
    return _items(case, lines)


def _signatures(say: Speech) -> tuple[Block, ...]:
    def blanks(*labels: str) -> Blanks:
        return Blanks(tuple(map(say, labels)))

    return (
        Text(Said(say("I consent to this injection. My questions were answered."))),
        blanks("Name of the patient", "Signature of the patient", "Date and time"),
        Text(Said(say("If somebody else decides for the patient, or with them:"))),
        blanks("Name of the parent or guardian", "Signature of the parent or guardian"),
        Text(Said(say("If an interpreter helped:"))),
        blanks("Name of the interpreter and language", "Signature of the interpreter"),
        Text(Said(say("I do not consent."))),
        blanks("Signature of whoever refuses", "Date of the refusal"),
        Text(Said(say("I explained this injection, its risks and the alternatives."))),
        blanks("Name of the clinician", "Signature of the clinician", "Date"),
        Text(Said(say("Who injects, if it is somebody else:"))),
        blanks("Name of the person who injects"),
    )


def after_care(case: Case) -> Paper:
    """Return the sheet that a patient takes home."""
    say, says, on = case.say, words(), case.say.day(case.plan.on)
    alarms = tuple(_alarm(case, line) for line in case.lines(says.come_back))
    days = tuple(_check_in(case, row) for row in says.check_ins)
    columns = tuple(map(say, ("When", "Day", "What we ask")))
    places = "; ".join(plain_place(case.knowledge, *place, say) for place in case.places)
    return Paper(
        say("After your trigger point injection"),
        say("Injected on {day}: {places}.", day=on, places=places),
        (
            Section(
                say("Get help at once"),
                (Text(_line(case, says.at_once), strong=True), Items(alarms)),
            ),
            Section(
                say("Call us the same day"),
                (Text(_line(case, says.call_at_once)), _items(case, says.call_us)),
            ),
            Section(say("What to do"), (_items(case, says.after_care),)),
            Section(
                say("How are you?"),
                (
                    Text(Said(say("We ask you on these days. Tell us sooner if you get worse."))),
                    Table(say("Check-ins"), columns, days, has_origin=False),
                ),
            ),
            Section(say("Whom to call"), (Blanks((say("Clinic"), say("Outside opening hours"))),)),
            Section(say("About you"), (person(case), injected_plainly(case))),
        ),
        draft_warning(case.plan, say),
        say,
        is_plain=True,
    )


def _items(case: Case, lines: Iterable[Line]) -> Items:
    return Items(tuple(_line(case, line) for line in case.lines(lines)))


def _line(case: Case, line: Line) -> Said:
    """What a line says, with what was found of the patient and where the lung is near."""
    say = case.say
    names, something = words().names, words().names["something"]
    found = dict.fromkeys(
        own or say(names.get(each, something)) for each, own in case.found(line.about)
    )
    places = "; ".join(plain_place(case.knowledge, *place, say) for place in case.by_lung)
    filled = {"found": "; ".join(found), "places": places}
    gaps = {gap: text for gap, text in filled.items() if f"{{{gap}}}" in line.says}
    return Said(say(line.says, **gaps), sources=cited(words().sources, line.source))


def _alarm(case: Case, line: Alarm) -> Said:
    say, said = case.say, _line(case, line)
    if line.hours is None:
        return said
    end = say.day(case.plan.on + timedelta(days=line.hours / HOURS_A_DAY))
    until = say("Look out for it for {hours} hours, until {day}.", hours=line.hours, day=end)
    return Said(f"{said.text} {until}", sources=said.sources)


def _check_in(case: Case, row: CheckIn) -> tuple[Said, ...]:
    say, on = case.say, case.plan.on
    if row.weeks is not None:
        when = say("{weeks} weeks", weeks=row.weeks)
        told = say.weekday(on + timedelta(days=row.weeks * WEEK))
    else:
        assert row.days is not None
        first, last = (say.day(on + timedelta(days=days)) for days in row.days)
        when = say("{first} to {last} days", first=row.days[0], last=row.days[1])
        told = say("{first} to {last}", first=first, last=last)
    cites = cited(words().sources, row.source)
    return Said(when, sources=cites), Said(told), Said(say(row.name))
