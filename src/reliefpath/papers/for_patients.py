"""The papers that a patient reads: the consent before, and the sheet for after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from reliefpath.anatomy import muscle_catalogue, muscles
from reliefpath.pages import day_text
from reliefpath.papers.case import Case, draft_warning, injected, person, place
from reliefpath.papers.catalogue import Alarm, CheckIn, Line, cited, words
from reliefpath.papers.parts import (
    COMPUTED,
    Blanks,
    Items,
    Paper,
    Said,
    Section,
    Table,
    Text,
)
from reliefpath.therapies import therapies, therapy_catalogue
from reliefpath.therapies.injection.intervals import INJECTION, WEEK

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS_A_DAY = 24


def consent(case: Case) -> Paper:
    """Return the paper on which a patient consents, or does not."""
    says, row = words(), therapies()[INJECTION]
    cites = cited(therapy_catalogue().sources, row.source)
    others = (
        *(_therapy(name) for name in says.alternatives.therapies),
        *map(_line, case.lines(says.alternatives.others)),
    )
    return Paper(
        "Consent to a trigger point injection",
        "Read this at your own pace and ask whatever you like before you sign.",
        (
            Section("About you", (person(case),)),
            Section("What it is", (_items(case, says.what_it_is), injected(case))),
            Section(
                "What studies show",
                (
                    Text(_line(says.plateau), strong=True),
                    Text(_line(says.in_short)),
                    Items(
                        (
                            Said(f"For it: {row.evidence}", sources=cites),
                            Said(f"Against it: {row.against}", sources=cites),
                        )
                    ),
                ),
            ),
            Section("What else can be done", (Items(others),)),
            Section("What can go wrong", (_items(case, says.risks), _near(case))),
            Section("How often", (_items(case, says.rates),)),
            Section("Your choice", (_items(case, says.rights),)),
            Section(
                "Signatures",
                (
                    Text(Said("I consent to this injection. My questions were answered.")),
                    Blanks(("Name of the patient", "Signature", "Date and time")),
                    Text(Said("I do not consent.")),
                    Blanks(("Signature of the patient", "Date of the refusal")),
                    Text(Said("I explained this injection, its risks and the alternatives.")),
                    Blanks(("Name of the clinician", "Signature of the clinician", "Date")),
                ),
            ),
        ),
        draft_warning(case.plan),
    )


def after_care(case: Case) -> Paper:
    """Return the sheet that a patient takes home."""
    says = words()
    alarms = tuple(_alarm(case, line) for line in case.lines(says.come_back))
    days = tuple(_check_in(case, row) for row in says.check_ins)
    return Paper(
        "After your trigger point injection",
        f"Injected on {day_text(case.plan.on)}: {'; '.join(map(place, case.plan.sites))}.",
        (
            Section("Come back at once", (Text(_line(says.at_once), strong=True), Items(alarms))),
            Section("What to do", (_items(case, says.after_care),)),
            Section(
                "How are you?",
                (
                    Text(Said("We ask you on these days. Tell us sooner if you get worse.")),
                    Table("Check-ins", ("When", "Day", "What we ask", "From"), days),
                ),
            ),
            Section("Whom to call", (Blanks(("Clinic", "Outside opening hours")),)),
            Section("About you", (person(case), injected(case))),
        ),
        draft_warning(case.plan),
    )


def _items(case: Case, lines: Iterable[Line]) -> Items:
    return Items(tuple(map(_line, case.lines(lines))))


def _line(line: Line) -> Said:
    return Said(line.says, sources=cited(words().sources, line.source))


def _therapy(name: str) -> Said:
    row = therapies()[name]
    cites = cited(therapy_catalogue().sources, row.source)
    return Said(f"{row.name}. For it: {row.evidence} Against it: {row.against}", sources=cites)


def _near(case: Case) -> Table:
    """What lies near each muscle that is injected."""
    lung = ("", "Beside the lung. ", "Over the lung. ")
    sources = muscle_catalogue().sources
    rows = tuple(
        (
            Said(muscles()[muscle].name),
            Said(
                f"{lung[muscles()[muscle].pneumothorax]}{muscles()[muscle].hazards}",
                sources=cited(sources, muscles()[muscle].source),
            ),
        )
        for muscle in dict.fromkeys(site.muscle for site in case.plan.sites)
    )
    return Table("What the needle must not meet", ("Muscle", "Near it"), rows)


def _alarm(case: Case, line: Alarm) -> Said:
    said = _line(line)
    if line.hours is None:
        return said
    end = case.plan.on + timedelta(days=line.hours / HOURS_A_DAY)
    until = f"Look out for it for {line.hours} hours, until {day_text(end)}."
    return Said(f"{said.text} {until}", sources=said.sources)


def _check_in(case: Case, row: CheckIn) -> tuple[Said, ...]:
    on = case.plan.on
    if row.weeks is not None:
        day = on + timedelta(days=row.weeks * WEEK)
        when, told = f"{row.weeks} weeks", f"{DAYS[day.weekday()]}, {day_text(day)}"
    else:
        assert row.days is not None
        first, last = (on + timedelta(days=days) for days in row.days)
        when = f"{row.days[0]} to {row.days[1]} days"
        told = f"{day_text(first)} to {day_text(last)}"
    cites = cited(words().sources, row.source)
    return Said(when, sources=cites), Said(told), Said(row.name), Said("", COMPUTED)
