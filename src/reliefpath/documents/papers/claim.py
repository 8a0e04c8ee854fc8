"""How an injection may be coded: a biller chooses, and is responsible."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from reliefpath.documents.papers.case import Case
from reliefpath.documents.papers.catalogue import Codes, DrugUnit, Line, Procedure, cited, codes
from reliefpath.documents.papers.parts import (
    COMPUTED,
    GIVEN,
    NOT_ON_RECORD,
    Block,
    Items,
    Said,
    Table,
)
from reliefpath.reference.anatomy import Region, muscles
from reliefpath.reference.therapies import AgentKind, agents

WHOLE = 1e-9
"""Units that differ by less than this from a whole number are one."""


def claim(case: Case) -> Iterator[Block]:
    """Yield the codes of procedure, drugs and diagnosis, with what to ask before they are sent."""
    counts, known = procedures(case), codes(case.knowledge)
    yield _procedure(case, counts)
    yield _items(known, [*known.counting, *([known.both_sides] * (len(counts) > 1))])
    yield _drugs(case)
    yield _items(known, _about_drugs(case))
    yield _diagnoses(case)
    yield _items(known, [known.covered_lists])


def procedures(case: Case) -> dict[str, tuple[Procedure, str]]:
    """Return the codes of the procedure with how many muscles are counted; two where it hangs on
    how left and right are counted, and nobody knows how this payer does it.
    """
    once = len({muscle for muscle, _ in case.places})
    twice = len(case.places)
    as_two = _said(case, "sides_are_muscles")
    ways = {once: "each muscle once", twice: "left and right of a muscle as two"}
    if as_two is not None:
        ways = {twice: ways[twice]} if as_two else {once: ways[once]}
    elif once == twice:
        ways = {once: "each muscle once"}
    return {
        code: (row, f"{count} counted, {how}")
        for count, how in ways.items()
        for code, row in codes(case.knowledge).procedures.items()
        if row.fits(count)
    }


def diagnoses(case: Case) -> dict[str, str]:
    """Return the codes of the diagnosis that were chosen; else those of the muscles alone."""
    known = codes(case.knowledge).diagnoses
    if chosen := case.told.diagnoses:
        return {code: known[code].name for code in chosen}
    regions = {muscles(case.knowledge)[muscle].region for muscle, _ in case.places}
    return {
        code: row.name
        for code, row in known.items()
        if row.of_the_muscle and regions & set(row.regions)
    }


def _said(case: Case, what: str) -> bool | None:
    """What the payer's policies say, where all say the same."""
    told = {getattr(row, what) for row in case.policies}
    return told.pop() if len(told) == 1 else None


def _procedure(case: Case, counts: dict[str, tuple[Procedure, str]]) -> Table:
    rows = tuple(
        (
            Said(f"CPT {code}"),
            Said(row.name, sources=cited(codes(case.knowledge).sources, row.source)),
            Said(f"{counted}; {_counted(len(case.plan.sites), 'point')}"),
            Said("", COMPUTED),
        )
        for code, (row, counted) in counts.items()
    )
    return Table("Procedure", ("Code", "Stands for", "Muscles", "From"), rows)


def _drugs(case: Case) -> Table:
    rows, known, injected = [], codes(case.knowledge), agents(case.knowledge)
    for agent in dict.fromkeys(p.agent for p in case.portions):
        mg = sum(p.mg for p in case.portions if p.agent == agent)
        name, row = injected[agent].name, known.drug_units.get(agent)
        if row is not None:
            code, units = row.code, _units(case, mg, row)
            wasted, sources = _wasted(case, agent, mg, row), cited(known.sources, row.source)
        elif injected[agent].kind is AgentKind.LOCAL_ANAESTHETIC:
            code, units, wasted = "none", known.bundled.says, "none"
            sources = cited(known.sources, known.bundled.source)
        else:
            code, units, wasted, sources = NOT_ON_RECORD, "No code is in the sources", "", ()
        cells = (Said(name), Said(code, sources=sources), Said(units), Said(wasted))
        rows.append((*cells, Said("", COMPUTED)))
    return Table("Drugs", ("Drug", "Code", "Units", "Wasted", "From"), tuple(rows))


def _units(case: Case, mg: float, row: DrugUnit) -> str:
    units = mg / row.mg
    said = f"{mg:.4g} mg / {row.mg:g} mg a unit ({row.unit}) = {_counted(units, 'unit')}"
    if abs(units - round(units)) < WHOLE:
        return said
    if _said(case, "units_round_up"):
        return f"{said}, billed as {_whole(units)}"
    return f"{said}, not a whole number"


def _wasted(case: Case, agent: str, mg: float, row: DrugUnit) -> str:
    """Which modifier stands, and with how many units, where the vials are told."""
    opened = case.told.opened_mg.get(agent)
    if not _said(case, "wasted_drug_modifiers"):
        return "ask the payer"
    if opened is None:
        return "JW or JZ: ____________"
    if opened - mg < row.mg * WHOLE:
        return "JZ"
    left = math.floor((opened - _whole(mg / row.mg) * row.mg) / row.mg + WHOLE)
    if left < 1:
        return f"no JW: the {opened - mg:.4g} mg discarded lie within a unit"
    return f"JW, {_counted(left, 'unit')} ({opened - mg:.4g} mg discarded)"


def _counted(number: float, thing: str) -> str:
    return f"{number:.4g} {thing}" if number == 1 else f"{number:.4g} {thing}s"


def _whole(units: float) -> int:
    return math.ceil(units - WHOLE)


def _about_drugs(case: Case) -> Iterator[Line]:
    known = codes(case.knowledge)
    yield known.on_the_claim
    if not any(p.agent in known.drug_units for p in case.portions):
        return
    yield known.rounding.known if _said(case, "units_round_up") else known.rounding.unknown
    if _said(case, "wasted_drug_modifiers"):
        told = set(case.told.opened_mg)
        if told >= {p.agent for p in case.portions if p.agent in known.drug_units}:
            yield from (known.wasted.discarded, known.wasted.nothing, known.wasted.within_a_unit)
        else:
            yield known.wasted.to_tell
    else:
        yield known.wasted.unknown


def _diagnoses(case: Case) -> Table:
    columns = ("Code", "Stands for", "Region", "From")
    caption, held = "Diagnosis, ICD-10-CM", codes(case.knowledge)
    known = held.diagnoses
    regions = {muscles(case.knowledge)[muscle].region for muscle, _ in case.places}
    regions |= {region for region in Region if region.value == case.episode["region"]}
    chosen = case.told.diagnoses or [c for c, row in known.items() if regions & set(row.regions)]
    origin = Said("chosen", GIVEN) if case.told.diagnoses else Said("suggested, choose")
    rows = tuple(
        (
            Said(code),
            Said(known[code].name, sources=cited(held.sources, known[code].source)),
            Said(", ".join(r.replace("-", " ") for r in known[code].regions if r in regions)),
            origin,
        )
        for code in chosen
    )
    return Table(caption, columns, rows)


def _items(known: Codes, lines: Iterable[Line]) -> Items:
    return Items(tuple(Said(x.says, sources=cited(known.sources, x.source)) for x in lines))
