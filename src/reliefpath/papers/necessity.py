"""The summary of medical necessity: what was tried, what it brought, what the payer asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from reliefpath.anatomy import trigger_point, trigger_point_catalogue
from reliefpath.measures import measures, sources
from reliefpath.pages import day_text
from reliefpath.papers.case import Case, draft_warning, injected, where, who
from reliefpath.papers.catalogue import cited
from reliefpath.papers.parts import (
    COMPUTED,
    NOT_ON_RECORD,
    Blanks,
    Block,
    Items,
    Paper,
    Said,
    Section,
    Table,
    Text,
    facts,
    on_record,
    share,
)
from reliefpath.therapies import Family, agents, counted_as, therapies
from reliefpath.therapies.coverage import Asked, coverage_catalogue
from reliefpath.therapies.injection.intervals import INJECTION

ANSWERS = {True: "met", False: "not met", None: "unknown"}
FLAGS = {True: "yes", False: "no", None: NOT_ON_RECORD}
DRY_NEEDLING = "dry-needling"
SIGNS = {
    "taut_band": "Taut band",
    "tender_spot": "Hypersensitive spot",
    "referred_pain": "Referred pain",
    "recognised": "Recognised",
    "twitch_response": "Twitch",
}


def medical_necessity(case: Case) -> Paper:
    """Return the summary that goes to a payer."""
    return Paper(
        "Summary of medical necessity: trigger point injection",
        f"What is on record up to {day_text(case.plan.on)}. What is not known is said to be so.",
        (
            Section("Coverage is uncertain", (_uncertain(),)),
            Section("Patient", (who(case), injected(case))),
            Section("Conservative care tried", (_tried(case),)),
            Section("Scores on the same scale", tuple(_scores(case))),
            Section("Improvement", (_improvement(case),)),
            Section("Trigger points at the latest examination", tuple(_examined(case))),
            Section("Earlier injections", (_earlier(case),)),
            Section("What the payer asks", tuple(_asked(case))),
            Section("The plan", (_plan(case),)),
            Section("Signature", (Blanks(("Name", "Signature", "Date")),)),
        ),
        draft_warning(case.plan),
    )


def _uncertain() -> Text:
    catalogue = coverage_catalogue()
    asking = [
        name
        for row in catalogue.coverage.values()
        if row.conservative_weeks is not None or row.pain_above is not None
        for name in row.source
    ]
    cites = cited(catalogue.sources, dict.fromkeys(asking))
    return Text(Said(catalogue.uncertain, sources=cites), strong=True)


def _tried(case: Case) -> Table:
    """Every therapy less invasive than an injection, and what is not on record of it."""
    least = therapies()[INJECTION].invasiveness
    done = case.mine(case.treatments).with_columns(day=pl.col("at").dt.date())
    given = [
        name
        for name, row in therapies().items()
        if row.invasiveness < least and name in set(done["therapy"])
    ]
    rows = [_course(name, done.filter(pl.col("therapy") == name)) for name in given]
    for what, wanted in (
        ("Education", _family(Family.EDUCATION)),
        ("Exercise", _family(Family.EXERCISE)),
        ("Dry needling", counted_as(DRY_NEEDLING)),
    ):
        if not set(wanted) & set(given):
            missing = Said(NOT_ON_RECORD, "record")
            rows.append((Said(what), Said("0"), missing, Said("record", "record")))
    columns = ("What", "Days", "Each day, with what was reported", "From")
    return Table("Care of this episode less invasive than an injection", columns, tuple(rows))


def _family(family: Family) -> list[str]:
    return [name for name, row in therapies().items() if row.family is family]


def _course(therapy: str, rows: pl.DataFrame) -> tuple[Said, ...]:
    days = sorted(set(rows["day"]))
    told = []
    for day in days:
        mine = rows.filter(pl.col("day") == day)
        reports = [
            f"{what} {', '.join(map(share, values.unique(maintain_order=True)))}"
            for what, column in (("adherence", "adherence"), ("relief", "response"))
            if (values := mine[column].drop_nulls()).len()
        ]
        said = f" ({'; '.join(reports)})" if reports else ""
        told.append(f"{day.isoformat()}{said}")
    origin = on_record(*days)
    if therapies()[therapy].family is Family.EXERCISE and rows["adherence"].drop_nulls().is_empty():
        told.append(f"adherence {NOT_ON_RECORD}")
    return (
        Said(therapies()[therapy].name),
        Said(str(len(days))),
        Said(", ".join(told)),
        Said(origin, origin),
    )


def _scores(case: Case) -> Iterator[Block]:
    rows = case.mine(case.scores)
    if rows.is_empty():
        yield Text(Said(f"Scores: {NOT_ON_RECORD}.", "record"))
    keys = rows.select("measure", "item").unique(maintain_order=True)
    for measure, item in keys.iter_rows():
        row = measures()[measure]
        same = rows.filter(
            pl.col("measure") == measure, pl.col("item").eq_missing(pl.lit(item, pl.String))
        )
        least, most = f"{row.low:g}", "" if row.high is None else f" to {row.high:g}"
        name = row.name if item is None else f"{row.name}, {item}"
        yield Table(
            f"{name}: {least}{most} {row.unit}, {row.better} is better",
            ("Date", "Score", "Given by", "From"),
            tuple(
                (
                    Said(at.date().isoformat()),
                    Said(f"{value:g}"),
                    Said(by or NOT_ON_RECORD),
                    Said("", on_record(at.date())),
                )
                for at, value, by in same["at", "value", "reported_by"].iter_rows()
            ),
        )


def _improvement(case: Case) -> Items:
    advice, pathway = case.advice, case.pathway
    said = list(_first_to_last(case))
    origin = f"{COMPUTED} by the recovery curve, pathway {pathway.pathway} {pathway.edition}"
    if advice["improvement"] is None:
        said.append(Said("Improvement by the recovery curve: unknown", origin))
    else:
        said.append(
            Said(
                f"Improvement by the recovery curve, from the start of care towards well: "
                f"{share(advice['improvement'])}, 90 % interval {share(advice['improvement_low'])} "
                f"to {share(advice['improvement_high'])}",
                origin,
            )
        )
    return Items(tuple(said))


def _first_to_last(case: Case) -> Iterator[Said]:
    """The change of each total from its first to its last score, as plain arithmetic."""
    rows = case.mine(case.scores).filter(pl.col("item").is_null())
    for measure in rows["measure"].unique(maintain_order=True):
        row = measures()[measure]
        mine = rows.filter(pl.col("measure") == measure)
        first, last = mine["value"][0], mine["value"][-1]
        begun, ended = mine["at"][0].date(), mine["at"][-1].date()
        if mine.height < 2:
            yield Said(f"{row.name}: one score, no change can be told", on_record(begun))
        elif row.well is None or first == row.well:
            yield Said(f"{row.name}: from {first:g} to {last:g}", on_record(begun, ended))
        else:
            yield Said(
                f"{row.name}: ({first:g} − {last:g}) / ({first:g} − {row.well:g}) = "
                f"{share((first - last) / (first - row.well))} of the way to {row.well:g}",
                on_record(begun, ended),
                cited(sources(), row.source),
            )


def _examined(case: Case) -> Iterator[Block]:
    rows = case.mine(case.exams).with_columns(
        day=pl.col("at").dt.date(),
        present=pl.sql_expr(trigger_point().present.rule),
    )
    latest = rows.filter(pl.col("day") == pl.col("day").max())
    seen = {(muscle, side) for muscle, side in latest["muscle", "side"].iter_rows()}
    found = [_exam(row) for row in latest.iter_rows(named=True)]
    for site in dict.fromkeys((site.muscle, site.side) for site in case.plan.sites):
        if not {site, (site[0], "both")} & seen:
            missing = (Said(NOT_ON_RECORD, "record"),) * (len(SIGNS) + 2)
            place = Said(f"{where(*site)} (planned)")
            found.append((place, *missing, Said("", "record")))
    columns = ("Muscle", *SIGNS.values(), "Pressure threshold", "Trigger point", "From")
    caption = f"Examination: {NOT_ON_RECORD}"
    if not latest.is_empty():
        caption = f"Examination of {day_text(latest['day'][0])}"
    yield Table(caption, columns, tuple(found))
    definition = trigger_point().present
    cites = cited(trigger_point_catalogue().sources, definition.source)
    because = " ".join(definition.because.split())
    yield Items((Said(f"When it is called a trigger point: {because}", sources=cites),))


def _exam(row: Mapping[str, Any]) -> tuple[Said, ...]:
    pressure = NOT_ON_RECORD if row["pressure_kpa"] is None else f"{row['pressure_kpa']:g} kPa"
    present = {True: "yes", False: "no", None: "unknown"}[row["present"]]
    return (
        Said(where(row["muscle"], row["side"])),
        *(Said(FLAGS[row[sign]]) for sign in SIGNS),
        Said(pressure),
        Said(present),
        Said("", on_record(row["day"])),
    )


def _earlier(case: Case) -> Block:
    """Every injection before, in whichever episode."""
    rows = case.treatments.with_columns(day=pl.col("at").dt.date()).filter(
        pl.col("therapy") == INJECTION, pl.col("day") < case.plan.on
    )
    if rows.is_empty():
        return Text(Said("No trigger point injection is on record.", "record"))
    latest = case.mine(rows)["day"].max()
    return Table(
        "Trigger point injections before, of every episode",
        ("Date", "Where", "What", "Relief told", "On the same scale", "From"),
        tuple(
            (
                Said(row["day"].isoformat()),
                Said(where(row["muscle"], row["side"])),
                Said(_given(row)),
                Said(share(row["response"])),
                _on_the_scale(case, row, latest),
                Said("", f"{on_record(row['day'])}, episode {row['episode']}"),
            )
            for row in rows.iter_rows(named=True)
        ),
    )


def _on_the_scale(case: Case, row: Mapping[str, Any], latest: object) -> Said:
    """The relief that the scores show, and how long: told of this episode's latest injection."""
    advice = case.advice
    known = advice["injection_relief_weeks"] is not None
    if not known or row["episode"] != advice["episode"] or row["day"] != latest:
        return Said(NOT_ON_RECORD)
    best, now = share(advice["injection_relief"]), share(advice["injection_relief_now"])
    lasted = f"a half or more for {advice['injection_relief_weeks']:.3g} weeks"
    return Said(f"{best} at best on {advice['measure']}, {lasted}; {now} at the latest score")


def _given(row: Mapping[str, Any]) -> str:
    name = NOT_ON_RECORD if row["agent"] is None else agents()[row["agent"]].name
    if row["amount"] is None:
        return f"{name}, amount {NOT_ON_RECORD}"
    return f"{name}, {row['amount']:g} {row['unit'] or f'unit {NOT_ON_RECORD}'}"


def _asked(case: Case) -> Iterator[Block]:
    catalogue, asked = coverage_catalogue(), case.plan.coverage
    names = list(dict.fromkeys(each.payer for each in asked))
    policies = ", ".join(catalogue.coverage[name].name for name in names) or "none"
    payer = case.episode["payer"] or NOT_ON_RECORD
    yield Text(Said(f"Payer: {payer}. Policies asked: {policies}.", "record and plan"))
    if not asked:
        yield Text(Said(f"The payer's criteria: {NOT_ON_RECORD}.", "record"))
    for name in names:
        row = catalogue.coverage[name]
        cites = cited(catalogue.sources, row.source)
        yield Table(
            row.name,
            ("Asked, and what is so here", "Answer", "From"),
            tuple(_criteria((each for each in asked if each.payer == name), cites)),
        )
        yield Items((Said(row.note, sources=cites),))


def _criteria(asked: Iterable[Asked], cites: tuple[str, ...]) -> Iterator[tuple[Said, ...]]:
    for each in asked:
        yield Said(each.says, sources=cites), Said(ANSWERS[each.met]), Said("", "record")


def _plan(case: Case) -> Table:
    gate = {True: "open", False: "closed", None: "unknown"}[case.advice["gate"]]
    pathway = f"pathway {case.pathway.pathway} {case.pathway.edition}"
    return facts(
        "What the plan is",
        [
            ("Result of the plan", Said(str(case.plan.result), "plan")),
            ("Gate to the injection", Said(gate, pathway)),
        ],
    )
