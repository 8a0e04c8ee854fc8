"""The letter of medical necessity: to one payer, of one case, by the criteria of one policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from reliefpath.documents.papers.case import Answer, Case, barring, injected, known, where
from reliefpath.documents.papers.catalogue import cited
from reliefpath.documents.papers.claim import diagnoses, procedures
from reliefpath.documents.papers.examination import examined
from reliefpath.documents.papers.parts import (
    COMPUTED,
    NOT_ON_RECORD,
    Blanks,
    Block,
    Paper,
    Said,
    Section,
    Table,
    Text,
    facts,
    on_record,
    share,
)
from reliefpath.documents.printing import day_text
from reliefpath.errors import UsageError, nearest
from reliefpath.reference.measures import measures, sources
from reliefpath.reference.therapies import Family, Therapy, agents, counted_as, therapies
from reliefpath.reference.therapies.coverage import (
    ANSWERS,
    PAYER,
    POLICY,
    SELF_PAY,
    Asked,
    Coverage,
    coverage_catalogue,
    policies_asked,
)
from reliefpath.reference.therapies.injection import Plan
from reliefpath.reference.therapies.injection.intervals import INJECTION

DRY_NEEDLING = "dry-needling"
MEMBER = ("Member number", "Reference of the request, if there is one")
SIGNATURE = ("Name, degree and licence", "Clinic, telephone and fax", "Signature", "Date")


def why_no_letter(plan: Plan, answers: Mapping[str, Answer]) -> list[str]:
    """Return why no letter is written to a payer, and what would change that; nothing, if one is.

    Raises:
        UsageError: an answer is of nothing that is uncertain.
    """
    asked = [a for a in plan.coverage if a.of_this_payer]
    _refuse_other_answers(asked, answers)
    if blocking := barring(plan):
        return [f"the plan is blocked by {c.id}: {c.says}" for c in blocking]
    names = policies_asked(plan.coverage)
    if not names:
        return [a.says for a in asked] or ["no payer is on record: name it"]
    if len(names) > 1:
        return [
            "a letter goes to one policy, and these are several: name one of them as the payer, "
            f"{', '.join(names)}"
        ]
    if names == [SELF_PAY]:
        return ["the patient pays, so there is nobody to write to"]
    return [
        *(f"{a.id} is not met: {a.says}" for a in asked if a.met is False),
        *(
            f"{a.id} is uncertain: {a.says}. A clinician has to answer it by name"
            for a in asked
            if a.met is None and a.id not in answers
        ),
    ]


def medical_necessity(case: Case) -> Paper:
    """Return the letter that goes to the payer; see `why_no_letter` for when there is none."""
    [policy] = case.policies
    return Paper(
        "Letter of medical necessity: trigger point injection",
        f"To {policy.contractor or policy.name}. {day_text(case.plan.on)}.",
        (
            Section("Whom it is about", (_about(case, policy), Blanks(MEMBER))),
            Section("The case", tuple(_case(case))),
            Section("What is asked for", tuple(_request(case))),
            Section("Examination", examined(case)[:1]),
            Section("Conservative care", (_tried(case),)),
            Section("Scores", tuple(_scores(case))),
            Section("Earlier injections", (_earlier(case),)),
            Section("Your criteria", tuple(_criteria(case, policy))),
            Section("Signature", (Blanks(SIGNATURE),)),
        ),
        is_plain=True,
    )


def _refuse_other_answers(asked: list[Asked], told: Mapping[str, Answer]) -> None:
    open_ = [a.id for a in asked if a.met is None and a.payer != PAYER]
    for id_ in told:
        if id_ not in open_:
            uncertain = ", ".join(open_) or "nothing"
            raise UsageError(
                f"`{id_}` is not uncertain{nearest(id_, open_)}, so no answer is due: uncertain is "
                f"{uncertain}"
            )


def _about(case: Case, policy: Coverage) -> Table:
    patient, episode = case.patient, case.episode
    birth = patient["birth_date"]
    return facts(
        "Patient and policy",
        [
            ("Name", known(patient["name"])),
            ("Date of birth", known(birth and day_text(birth))),
            ("Our record", Said(patient["patient"], "record")),
            ("Clinician", known(episode["clinician"])),
            ("Policy", Said(policy.name, "policy")),
            ("Planned for", Said(day_text(case.plan.on), "plan")),
        ],
    )


def _case(case: Case) -> Iterator[Block]:
    """The case in a few sentences, each from the record."""
    episode, advice = case.episode, case.advice
    region = episode["region"].replace("-", " ")
    complaint = f": {episode['complaint'].rstrip('.')}" if episode["complaint"] else ""
    begun = day_text(episode["started_on"])
    who = case.patient["name"] or f"The patient of our record {case.patient['patient']}"
    weeks = advice.number("weeks_in_care")
    since = "" if weeks is None else f", {weeks:.0f} weeks before this letter"
    said = [
        Said(
            f"{who} has been in our care for pain in the {region} since {begun}{since}{complaint}.",
            on_record(episode["started_on"]),
        ),
        *_first_to_last(case),
        _improvement(case),
    ]
    for each in said:
        yield Text(each)


def _improvement(case: Case) -> Said:
    advice, pathway = case.advice, case.pathway
    origin = f"{COMPUTED} by the recovery curve, pathway {pathway.pathway} {pathway.edition}"
    if advice.improvement.estimate is None:
        return Said("How much better the patient is overall is not known from the scores.", origin)
    low, high = share(advice.improvement.low), share(advice.improvement.high)
    return Said(
        f"Over all scores the patient is {share(advice.improvement.estimate)} of the way to well "
        f"(90 % interval {low} to {high}). Status of the course: {advice.status}.",
        origin,
    )


def _first_to_last(case: Case) -> Iterator[Said]:
    """The change of each total from its first to its last score, as plain arithmetic."""
    rows = case.mine(case.scores).filter(pl.col("item").is_null())
    for measure in rows["measure"].unique(maintain_order=True):
        row = measures(case.knowledge)[measure]
        mine = rows.filter(pl.col("measure") == measure)
        first, last = mine["value"][0], mine["value"][-1]
        begun, ended = mine["at"][0].date(), mine["at"][-1].date()
        origin = on_record(begun, ended)
        if mine.height < 2:
            yield Said(f"{row.name} was {first:g} on {day_text(begun)}, its only score.", origin)
            continue
        change = ""
        if row.well is not None and first != row.well:
            change = (
                f": ({first:g} − {last:g}) / ({first:g} − {row.well:g}) = "
                f"{share((first - last) / (first - row.well))} of the way to {row.well:g}"
            )
        yield Said(
            f"{row.name} went from {first:g} on {day_text(begun)} to {last:g} on "
            f"{day_text(ended)}{change}.",
            origin,
            cited(sources(case.knowledge), row.source),
        )


def _request(case: Case) -> Iterator[Block]:
    procedure = [
        (Said(f"CPT {code}"), Said(row.name), Said("", COMPUTED))
        for code, (row, _) in procedures(case).items()
    ]
    diagnosis = [
        (Said(f"ICD-10-CM {code}"), Said(name), Said("", COMPUTED))
        for code, name in diagnoses(case).items()
    ]
    yield Table("Codes", ("Code", "Stands for", "From"), (*procedure, *diagnosis))
    yield injected(case)
    if reason := case.plan.steroid_reason:
        yield Text(Said(f"Why a corticosteroid: {reason.rstrip('.')}.", "plan"))


def _tried(case: Case) -> Table:
    """Every therapy less invasive than an injection, and what is not on record of it."""
    known = therapies(case.knowledge)
    least = known[INJECTION].invasiveness
    done = case.mine(case.treatments).with_columns(day=pl.col("at").dt.date())
    given = [
        name
        for name, row in known.items()
        if row.invasiveness < least and name in set(done["therapy"])
    ]
    rows = [_course(known[name], done.filter(pl.col("therapy") == name)) for name in given]
    for what, wanted in (
        ("Education", _family(known, Family.EDUCATION)),
        ("Exercise", _family(known, Family.EXERCISE)),
        ("Dry needling", counted_as(case.knowledge, DRY_NEEDLING)),
    ):
        if not set(wanted) & set(given):
            missing = Said(NOT_ON_RECORD, "record")
            rows.append((Said(what), Said("0"), missing, Said("record", "record")))
    columns = ("What", "Days", "Each day, with what was reported", "From")
    return Table("Care of this complaint less invasive than an injection", columns, tuple(rows))


def _family(known: Mapping[str, Therapy], family: Family) -> list[str]:
    return [name for name, row in known.items() if row.family is family]


def _course(therapy: Therapy, rows: pl.DataFrame) -> tuple[Said, ...]:
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
    if therapy.family is Family.EXERCISE and rows["adherence"].drop_nulls().is_empty():
        told.append(f"adherence {NOT_ON_RECORD}")
    return (
        Said(therapy.name),
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
        row = measures(case.knowledge)[measure]
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


def _earlier(case: Case) -> Block:
    """Every injection before, in whichever episode."""
    rows = case.treatments.with_columns(day=pl.col("at").dt.date()).filter(
        pl.col("therapy") == INJECTION, pl.col("day") < case.plan.on
    )
    if rows.is_empty():
        return Text(Said("No trigger point injection is on record.", "record"))
    latest = case.mine(rows)["day"].max()
    return Table(
        "Trigger point injections before, of every complaint",
        ("Date", "Where", "What", "Relief told", "On the same scale", "From"),
        tuple(
            (
                Said(row["day"].isoformat()),
                Said(where(case.knowledge, row["muscle"], row["side"])),
                Said(_given(case, row)),
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
    measure, weeks = advice.improvement.measure, advice.number("injection_relief_weeks")
    is_latest = row["episode"] == advice.episode and row["day"] == latest
    if not is_latest or measure is None or weeks is None:
        return Said(NOT_ON_RECORD)
    best, now = (share(advice.number(f"injection_relief{end}")) for end in ("", "_now"))
    lasted = f"a half or more for {weeks:.3g} weeks"
    scale = measures(case.knowledge)[measure].name
    return Said(f"{scale}: {best} at best, {lasted}; {now} at the latest score")


def _given(case: Case, row: Mapping[str, Any]) -> str:
    name = NOT_ON_RECORD if row["agent"] is None else agents(case.knowledge)[row["agent"]].name
    if row["amount"] is None:
        return f"{name}, amount {NOT_ON_RECORD}"
    return f"{name}, {row['amount']:g} {row['unit'] or f'unit {NOT_ON_RECORD}'}"


def _criteria(case: Case, policy: Coverage) -> Iterator[Block]:
    cites = cited(coverage_catalogue(case.knowledge).sources, policy.source)
    asked = [a for a in case.plan.coverage if a.of_this_payer and a.id != POLICY]
    if not asked:
        yield Text(
            Said(f"{policy.name} gives no numbers to meet. It says: {policy.note}", "", cites)
        )
        return
    answers = case.told.answers
    yield Table(
        policy.name,
        ("You ask", "Answer", "From"),
        tuple(
            (
                Said(each.says[:1].upper() + each.says[1:], sources=cites),
                Said(_answer(each, answers)),
                Said("", "record" if each.id not in answers else answers[each.id].by),
            )
            for each in asked
        ),
    )


def _answer(asked: Asked, answers: Mapping[str, Answer]) -> str:
    if asked.id in answers:
        return f"{answers[asked.id].by}: {answers[asked.id].words}"
    return ANSWERS[asked.met].capitalize()
