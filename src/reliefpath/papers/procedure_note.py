"""The procedure note: what was injected, on what grounds, and how it may be coded."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from reliefpath.anatomy import Region, muscles
from reliefpath.pages import day_text
from reliefpath.papers.case import CONSENT, Case, dose, injected, recorded, where, who
from reliefpath.papers.catalogue import Line, cited, codes
from reliefpath.papers.parts import (
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
from reliefpath.therapies import SCREENED, AgentKind, agents, finding_kinds
from reliefpath.therapies.injection import Check

WHOLE = 1e-9
"""Units that differ by less than this from a whole number are one."""


def procedure_note(case: Case) -> Paper:
    """Return the procedure note of a plan that nothing blocks."""
    plan = case.plan
    decisions = [c for c in plan.checks if c.id in plan.open_decisions]
    warning = None
    if decisions:
        warning = f"Not acknowledged: {', '.join(c.id for c in decisions)}. See Decisions."
    return Paper(
        "Procedure note: trigger point injection",
        f"{day_text(plan.on)}. To be completed and signed by whoever injected.",
        (
            Section("Patient", (who(case), _asked_before(case))),
            Section("Injection", (injected(case, with_lots=True), _totals(case))),
            Section("Response and complications", tuple(_response(case))),
            Section("Decisions", tuple(_decisions(case))),
            Section("Doses and limits", (_arithmetic(case), *_at_hand(case))),
            Section("Codes, suggested: a biller chooses", tuple(_codes(case))),
            Section("Signature", (Blanks(("Name", "Signature", "Date and time")),)),
        ),
        warning,
    )


def _asked_before(case: Case) -> Table:
    """Consent, and what the person was asked about since the episode began."""
    begun = case.episode["started_on"]
    rows = case.findings.with_columns(day=pl.col("at").dt.date())
    consent = rows.filter(pl.col("kind") == CONSENT, pl.col("code") != SCREENED)
    told = [("Consent", Said(NOT_ON_RECORD, "record"))]
    if not consent.is_empty():
        last = consent.row(-1, named=True)
        name = finding_kinds()[CONSENT].codes[last["code"]].name
        told = [("Consent", Said(name, on_record(last["day"])))]
    for name, kind in finding_kinds().items():
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
                Said(agents()[agent].name),
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


def _found(case: Case) -> Iterator[tuple[str, str]]:
    """What the rows of the session say, where it is on record."""
    for what, column in (("Technique", "technique"), ("Needle", "needle")):
        if said := case.given[column].drop_nulls().unique(maintain_order=True).to_list():
            yield what, "; ".join(said)
    looked = case.given.drop_nulls("twitch_response")
    if looked.height:
        at = looked.filter("twitch_response").select("muscle", "side").unique(maintain_order=True)
        yield "Local twitch", "; ".join(where(*row) for row in at.iter_rows()) or "none"
    response = case.given["response"].drop_nulls().unique().sort()
    if len(response):
        yield "Response", " and ".join(f"{share(value)} of the pain relieved" for value in response)
    if harm := case.given["adverse_effect"].drop_nulls().unique(maintain_order=True).to_list():
        yield "Complications", "; ".join(harm)


def _decisions(case: Case) -> Iterator[Block]:
    plan, advice = case.plan, case.advice
    gate = {True: "open", False: "closed", None: "unknown"}[advice["gate"]]
    pathway = f"pathway {case.pathway.pathway} {case.pathway.edition}"
    rows = [
        ("Result of the plan", Said(str(plan.result), "plan")),
        ("Gate to the injection", Said(gate, pathway)),
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
        yield Items(tuple(Said(f"At hand: {thing}", "plan") for thing in case.plan.at_hand))


def _codes(case: Case) -> Iterator[Block]:
    yield _procedure(case)
    counting = codes().counting
    if len(muscles_injected(case)) != len(sides_injected(case)):
        counting = (*counting, codes().both_sides)
    yield Items(tuple(map(_line, counting)))
    yield _drugs(case)
    yield Items((_line(codes().on_the_claim), _line(codes().rounding)))
    yield _diagnoses(case)
    yield Items((_line(codes().covered_lists),))


def muscles_injected(case: Case) -> list[str]:
    """Return the muscles that are injected, each once whatever its side and its points."""
    return list(dict.fromkeys(site.muscle for site in case.plan.sites))


def sides_injected(case: Case) -> list[tuple[str, str]]:
    """Return the muscles that are injected, left and right each on its own."""
    return list(dict.fromkeys((site.muscle, site.side) for site in case.plan.sites))


def _procedure(case: Case) -> Table:
    counts = {len(muscles_injected(case)): "each muscle once"}
    counts.setdefault(len(sides_injected(case)), "left and right of a muscle as two")
    rows = [
        (
            Said(f"CPT {code}"),
            Said(row.name, sources=cited(codes().sources, row.source)),
            Said(f"{count} counted, {how}; {len(case.plan.sites)} points"),
            Said("", COMPUTED),
        )
        for count, how in counts.items()
        for code, row in codes().procedures.items()
        if row.fits(count)
    ]
    return Table("Procedure", ("Code", "Stands for", "Muscles", "From"), tuple(rows))


def _drugs(case: Case) -> Table:
    rows = []
    for agent in dict.fromkeys(p.agent for p in case.portions):
        mg = sum(p.mg for p in case.portions if p.agent == agent)
        name, row = agents()[agent].name, codes().drug_units.get(agent)
        if row is not None:
            units = mg / row.mg
            whole = abs(units - round(units)) < WHOLE
            code, arithmetic = row.code, f"{mg:.4g} mg / {row.mg:g} mg a unit = {units:.4g} units"
            if not whole:
                arithmetic += ", not a whole number"
            sources = cited(codes().sources, row.source)
        elif agents()[agent].kind is AgentKind.LOCAL_ANAESTHETIC:
            code, arithmetic = "none", codes().bundled.says
            sources = cited(codes().sources, codes().bundled.source)
        else:
            code, arithmetic, sources = NOT_ON_RECORD, "No code is in the sources", ()
        origin = Said("", COMPUTED)
        rows.append((Said(name), Said(code, sources=sources), Said(arithmetic), origin))
    return Table("Drugs", ("Drug", "Code", "Units", "From"), tuple(rows))


def _diagnoses(case: Case) -> Table:
    regions = {muscles()[muscle].region for muscle in muscles_injected(case)}
    regions |= {region for region in Region if region.value == case.episode["region"]}
    rows = tuple(
        (
            Said(code),
            Said(row.name, sources=cited(codes().sources, row.source)),
            Said(", ".join(r.replace("-", " ") for r in row.regions if r in regions)),
            Said("suggested, choose", "suggested"),
        )
        for code, row in codes().diagnoses.items()
        if regions & set(row.regions)
    )
    return Table("Diagnosis, ICD-10-CM", ("Code", "Stands for", "Region", "From"), rows)


def _line(line: Line) -> Said:
    return Said(line.says, sources=cited(codes().sources, line.source))
