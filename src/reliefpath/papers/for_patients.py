"""The papers that a patient reads: the consent before, and the sheet for after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from reliefpath.anatomy import muscle_catalogue, muscles
from reliefpath.languages import Speech
from reliefpath.papers.case import Case, draft_warning, injected, person, place
from reliefpath.papers.catalogue import Alarm, CheckIn, Line, cited, words
from reliefpath.papers.parts import (
    COMPUTED,
    Blanks,
    Block,
    Items,
    Paper,
    Said,
    Section,
    Table,
    Text,
)
from reliefpath.therapies import therapies, therapy_catalogue
from reliefpath.therapies.injection.intervals import INJECTION, WEEK

HOURS_A_DAY = 24


def consent(case: Case) -> Paper:
    """Return the paper on which a patient consents, or does not."""
    say, says, row = case.say, words(), therapies()[INJECTION]
    cites = cited(therapy_catalogue().sources, row.source)
    others = (
        *(_therapy(name, say) for name in says.alternatives.therapies),
        *(_line(line, say) for line in case.lines(says.alternatives.others)),
    )
    evidence = (
        Said(say("For it: {evidence}", evidence=say(row.evidence)), sources=cites),
        Said(say("Against it: {against}", against=say(row.against)), sources=cites),
    )
    return Paper(
        say("Consent to a trigger point injection"),
        say("Read this at your own pace and ask whatever you like before you sign."),
        (
            Section(say("About you"), (person(case),)),
            Section(say("What it is"), (_items(case, says.what_it_is), injected(case, say))),
            Section(
                say("What studies show"),
                (
                    Text(_line(says.plateau, say), strong=True),
                    Text(_line(says.in_short, say)),
                    Items(evidence),
                ),
            ),
            Section(say("What else can be done"), (Items(others),)),
            Section(say("What can go wrong"), (_items(case, says.risks), _near(case))),
            Section(say("How often"), (_items(case, says.rates),)),
            Section(say("Your choice"), (_items(case, says.rights),)),
            Section(say("Signatures"), _signatures(say)),
        ),
        draft_warning(case.plan, say),
        say,
    )


def _signatures(say: Speech) -> tuple[Block, ...]:
    def blanks(*labels: str) -> Blanks:
        return Blanks(tuple(map(say, labels)))

    return (
        Text(Said(say("I consent to this injection. My questions were answered."))),
        blanks("Name of the patient", "Signature", "Date and time"),
        Text(Said(say("I do not consent."))),
        blanks("Signature of the patient", "Date of the refusal"),
        Text(Said(say("I explained this injection, its risks and the alternatives."))),
        blanks("Name of the clinician", "Signature of the clinician", "Date"),
    )


def after_care(case: Case) -> Paper:
    """Return the sheet that a patient takes home."""
    say, says = case.say, words()
    alarms = tuple(_alarm(case, line) for line in case.lines(says.come_back))
    days = tuple(_check_in(case, row) for row in says.check_ins)
    columns = tuple(map(say, ("When", "Day", "What we ask", "From")))
    places = "; ".join(place(site, say) for site in case.plan.sites)
    return Paper(
        say("After your trigger point injection"),
        say("Injected on {day}: {places}.", day=say.day(case.plan.on), places=places),
        (
            Section(
                say("Come back at once"),
                (Text(_line(says.at_once, say), strong=True), Items(alarms)),
            ),
            Section(say("What to do"), (_items(case, says.after_care),)),
            Section(
                say("How are you?"),
                (
                    Text(Said(say("We ask you on these days. Tell us sooner if you get worse."))),
                    Table(say("Check-ins"), columns, days),
                ),
            ),
            Section(say("Whom to call"), (Blanks((say("Clinic"), say("Outside opening hours"))),)),
            Section(say("About you"), (person(case), injected(case, say))),
        ),
        draft_warning(case.plan, say),
        say,
    )


def _items(case: Case, lines: Iterable[Line]) -> Items:
    return Items(tuple(_line(line, case.say) for line in case.lines(lines)))


def _line(line: Line, say: Speech) -> Said:
    return Said(say(line.says), sources=cited(words().sources, line.source))


def _therapy(name: str, say: Speech) -> Said:
    row = therapies()[name]
    told = say(
        "{therapy}. For it: {evidence} Against it: {against}",
        therapy=say(row.name),
        evidence=say(row.evidence),
        against=say(row.against),
    )
    return Said(told, sources=cited(therapy_catalogue().sources, row.source))


def _near(case: Case) -> Table:
    """What lies near each muscle that is injected."""
    say, sources = case.say, muscle_catalogue().sources
    lung = ("", say("Beside the lung."), say("Over the lung."))
    rows = tuple(
        (
            Said(say(row.name)),
            Said(
                f"{lung[row.pneumothorax]} {say(row.hazards)}".strip(),
                sources=cited(sources, row.source),
            ),
        )
        for row in map(muscles().__getitem__, dict.fromkeys(s.muscle for s in case.plan.sites))
    )
    return Table(say("What the needle must not meet"), (say("Muscle"), say("Near it")), rows)


def _alarm(case: Case, line: Alarm) -> Said:
    say, said = case.say, _line(line, case.say)
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
    return Said(when, sources=cites), Said(told), Said(say(row.name)), Said("", say(COMPUTED))
