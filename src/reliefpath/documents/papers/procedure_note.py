"""The procedure note: what was injected, on what grounds, and how it may be coded."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from reliefpath.documents.papers.case import CONSENT, Case, dose, injected, recorded, where, who
from reliefpath.documents.papers.claim import claim
from reliefpath.documents.papers.examination import examined
from reliefpath.documents.papers.parts import (
    COMPUTED,
    GIVEN,
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
from reliefpath.documents.printing import day_text
from reliefpath.pathway.wording import GATES
from reliefpath.reference.measures import measures
from reliefpath.reference.therapies import SCREENED, AgentKind, agents, finding_kinds
from reliefpath.reference.therapies.injection import Check

TIME_OUT = ("Patient, procedure, site and side confirmed by", "Time of the time-out")
BEFORE_AND_AFTER = (
    "Pain before, 0 to 10, and time",
    "Pain after, 0 to 10, and time",
    "Movement or function before and after",
)
TECHNIQUE = (
    "Technique",
    "Needle",
    "Position of the patient",
    "Skin prepared with",
    "Aspiration before each injection",
)
OBSERVATION = (
    "Observed from, to",
    "State on leaving: breathing, strength, feeling",
    "Left with, and how",
)


def procedure_note(case: Case) -> Paper:
    """Return the procedure note of a plan that nothing blocks."""
    plan = case.plan
    decisions = [c for c in plan.checks if c.id in plan.open_decisions]
    warning = None
    if decisions:
        warning = f"Not acknowledged: {', '.join(c.id for c in decisions)}. See Decisions."
    return Paper(
        "Procedure note: trigger point injection",
        f"{day_text(plan.on)}. To be completed and signed by whoever injected: each empty line is "
        "something that the software cannot know.",
        (
            Section("Patient", (who(case),)),
            Section("Indication", (_indication(case), *examined(case))),
            Section("Consent and screening", (_asked_before(case),)),
            Section("Time-out", tuple(_time_out(case))),
            Section("Scores before and after", tuple(_scores(case))),
            Section(
                "Injection", (injected(case, with_lots=True), _totals(case), *_technique(case))
            ),
            Section("Drawn, given and discarded", (_waste(case),)),
            Section("Response and complications", tuple(_response(case))),
            Section("Observation", (Blanks(OBSERVATION),)),
            Section("Decisions", tuple(_decisions(case))),
            Section("Doses and limits", (_arithmetic(case), *_at_hand(case))),
            Section("Codes, suggested: a biller chooses", tuple(claim(case))),
            Section("Signature", (Blanks(("Name", "Signature", "Date and time")),)),
        ),
        warning,
    )


def _indication(case: Case) -> Table:
    advice, pathway = case.advice, case.pathway
    origin = f"{COMPUTED}, pathway {pathway.pathway} {pathway.edition}"
    weeks = advice.number("weeks_in_care")
    improved = share(advice.improvement.estimate)
    if advice.improvement.estimate is not None:
        low, high = share(advice.improvement.low), share(advice.improvement.high)
        improved += f" (90 % interval {low} to {high})"
    care = NOT_ON_RECORD if weeks is None else f"{weeks:.3g} weeks"
    return facts(
        "Why an injection is given",
        [
            ("Complaint", Said(case.episode["complaint"] or NOT_ON_RECORD, "record")),
            ("Region", Said(case.episode["region"].replace("-", " "), "record")),
            ("Course", Said(str(advice.status), origin)),
            ("In care for", Said(care, origin)),
            ("Improvement", Said(improved, origin)),
        ],
    )


def _time_out(case: Case) -> Iterator[Block]:
    """Each site and side is confirmed on its own before the needle."""
    yield Items(
        tuple(
            Said(f"☐ {where(case.knowledge, *place)}: site and side confirmed", "plan")
            for place in case.places
        )
    )
    yield Blanks(TIME_OUT)


def _scores(case: Case) -> Iterator[Block]:
    """Every measure of the episode by its last total before the day, and what the day brought."""
    rows = case.mine(case.scores).filter(pl.col("item").is_null())
    rows = rows.with_columns(day=pl.col("at").dt.date())
    told = []
    for measure in rows["measure"].unique(maintain_order=True):
        mine, row = rows.filter(measure=measure), measures(case.knowledge)[measure]
        before = mine.filter(pl.col("day") < case.plan.on)
        today = mine.filter(day=case.plan.on)["value"].to_list()
        last = NOT_ON_RECORD
        if before.height:
            last = f"{before['value'][-1]:g}, on {day_text(before['day'][-1])}"
        days = [*before["day"].tail(1), *([case.plan.on] if today else [])]
        of_today = ", then ".join(f"{value:g}" for value in today) or NOT_ON_RECORD
        told.append((Said(row.name), Said(last), Said(of_today), Said("", on_record(*days))))
    if told:
        columns = ("Measure", "Last before", "On this day, in order", "From")
        yield Table("Scores on record", columns, tuple(told))
    yield Blanks(BEFORE_AND_AFTER)


def _technique(case: Case) -> Iterator[Block]:
    """What the record says of how it was done; what it does not say is filled in."""
    told = dict(_found_of_technique(case))
    if told:
        rows = [(what, Said(said, recorded(case))) for what, said in told.items()]
        yield facts("How it was done, as recorded", rows)
    yield Blanks(tuple(what for what in TECHNIQUE if what not in told))


def _waste(case: Case) -> Table:
    rows = []
    for agent in dict.fromkeys(p.agent for p in case.portions):
        mine = [p for p in case.portions if p.agent == agent]
        mg, volume = sum(p.mg for p in mine), sum(p.volume_ml for p in mine)
        unit, given = ("mg", mg) if mg else ("mL", volume)
        opened = case.told.opened_mg.get(agent)
        discarded, origin = f"____________ {unit}", COMPUTED
        if opened is not None:
            discarded, origin = f"{opened:.4g} − {mg:.4g} = {opened - mg:.4g} mg", GIVEN
        rows.append(
            (
                Said(agents(case.knowledge)[agent].name),
                Said(f"____________ {unit}" if opened is None else f"{opened:.4g} mg"),
                Said(f"{given:.4g} {unit}"),
                Said(discarded),
                Said("", origin),
            )
        )
    columns = ("What", "Opened, in single-dose vials", "Given", "Discarded", "From")
    return Table("What was opened and not given is discarded", columns, tuple(rows))


def _asked_before(case: Case) -> Table:
    """Consent, and what the person was asked about since the episode began."""
    begun, kinds = case.episode["started_on"], finding_kinds(case.knowledge)
    rows = case.findings.with_columns(day=pl.col("at").dt.date())
    consent = rows.filter(pl.col("kind") == CONSENT, pl.col("code") != SCREENED)
    told = [("Consent", Said(NOT_ON_RECORD, "record"))]
    if not consent.is_empty():
        last = consent.row(-1, named=True)
        name = kinds[CONSENT].codes[last["code"]].name
        told = [("Consent", Said(name, on_record(last["day"])))]
    for name, kind in kinds.items():
        if kind.screening:
            days = rows.filter(
                pl.col("kind") == name, pl.col("code") == SCREENED, pl.col("day") >= begun
            )["day"]
            said = Said(NOT_ON_RECORD, "record")
            if len(days):
                said = Said("asked about", on_record(days[-1]))
            told.append((kind.meaning, said))
    return facts("Consent and screening", told)


def _totals(case: Case) -> Table:
    rows = []
    for agent in dict.fromkeys(p.agent for p in case.portions):
        mine = [p for p in case.portions if p.agent == agent]
        volume = sum(p.volume_ml for p in mine)
        mg = sum(p.mg for p in mine)
        steps = " + ".join(f"{p.mg:.4g}" for p in mine)
        said = f"{steps} = {mg:.4g} mg" if len(mine) > 1 else dose(mine[0])
        rows.append(
            (
                Said(agents(case.knowledge)[agent].name),
                Said(f"{volume:g} mL"),
                Said(said if mg else "no dose in mg"),
                Said(COMPUTED, COMPUTED),
            )
        )
    return Table("In all", ("What", "Volume", "Dose", "From"), tuple(rows))


def _response(case: Case) -> Iterator[Block]:
    told = {"Response": case.told.response, "Complications": case.told.complications}
    found = dict(_found(case))
    if found:
        yield facts("As recorded", [(w, Said(said, recorded(case))) for w, said in found.items()])
    given = [(what, Said(said, GIVEN)) for what, said in told.items() if said]
    if given:
        yield facts("As told by whoever injected", given)
    if missing := tuple(what for what, said in told.items() if not (said or what in found)):
        yield Blanks(missing)


def _found_of_technique(case: Case) -> Iterator[tuple[str, str]]:
    for what, column in (("Technique", "technique"), ("Needle", "needle")):
        if said := case.given[column].drop_nulls().unique(maintain_order=True).to_list():
            yield what, "; ".join(said)


def _found(case: Case) -> Iterator[tuple[str, str]]:
    """What the rows of the session say of what followed, where it is on record."""
    looked = case.given.drop_nulls("twitch_response")
    if looked.height:
        at = looked.filter("twitch_response").select("muscle", "side").unique(maintain_order=True)
        yield (
            "Local twitch",
            "; ".join(where(case.knowledge, *row) for row in at.iter_rows()) or "none",
        )
    response = case.given["response"].drop_nulls().unique().sort()
    if len(response):
        yield "Response", " and ".join(f"{share(value)} of the pain relieved" for value in response)
    if harm := case.given["adverse_effect"].drop_nulls().unique(maintain_order=True).to_list():
        yield "Complications", "; ".join(harm)


def _decisions(case: Case) -> Iterator[Block]:
    plan, advice = case.plan, case.advice
    pathway = f"pathway {case.pathway.pathway} {case.pathway.edition}"
    rows = [
        ("Result of the plan", Said(str(plan.result), "plan")),
        ("Gate to the injection", Said(GATES[advice.gate], pathway)),
    ]
    if AgentKind.CORTICOSTEROID in case.kinds:
        rows.append(("Reason for a corticosteroid", Said(plan.steroid_reason or "", GIVEN)))
    yield facts("What the plan is", rows)
    for caption, ids in (
        ("Weighed and acknowledged", plan.acknowledged),
        ("Not acknowledged", plan.open_decisions),
    ):
        checks = [c for c in plan.checks if c.id in ids]
        if checks:
            yield _checks(caption, checks)
    if not plan.acknowledged and not plan.open_decisions:
        yield Text(Said("Nothing had to be weighed.", "plan"))


def _checks(caption: str, checks: list[Check]) -> Table:
    return Table(
        caption,
        ("Check", "Said", "Arithmetic", "From"),
        tuple(
            (Said(c.id), Said(c.says, sources=c.source), Said(c.arithmetic or ""), Said("", "plan"))
            for c in checks
        ),
    )


def _arithmetic(case: Case) -> Table:
    held = [c for c in case.plan.checks if c.arithmetic is not None]
    return _checks("What the doses were held against", held)


def _at_hand(case: Case) -> Iterator[Block]:
    if case.plan.at_hand:
        yield Text(Said("At hand against anaesthetic in the blood:", "plan"))
        yield Items(tuple(Said(thing, "plan") for thing in case.plan.at_hand))
