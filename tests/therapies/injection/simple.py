"""A second, deliberately simple look at a plan: may it be called ready at all?

It shares no code with the planner, and repeats its numbers, so that a slip in either shows.
"""

from __future__ import annotations

from datetime import timedelta

from reliefpath.therapies import Bar, finding_kinds
from reliefpath.therapies.injection import Person, Site

PER_KG = {"lidocaine": 4.5, "bupivacaine": 2.0, "ropivacaine": 3.0, "mepivacaine": 4.4}
CAP = {"lidocaine": 300.0, "bupivacaine": 175.0, "ropivacaine": 200.0, "mepivacaine": 400.0}
STRONGEST = {"lidocaine": 2.0, "bupivacaine": 0.75, "ropivacaine": 1.0, "mepivacaine": 2.0}
EQUAL = {
    "triamcinolone": 1.0,
    "methylprednisolone": 1.0,
    "dexamethasone": 4 / 0.75,
    "betamethasone": 4 / 0.6,
}
FRAIL = {"frailty", "hepatic-disease", "cardiac-conduction-disease"}
BESIDE_THE_LUNG = {"upper-trapezius", "rhomboids", "infraspinatus", "levator-scapulae"}
NEVER = {"epinephrine", "botulinum-toxin-a"}
CLOSE = 1 + 1e-9


def broken(sites: list[Site], person: Person, reason: str | None) -> str | None:
    """Return a limit that a plan breaks for which no acknowledgement helps, or None."""
    codes = {(f.kind, f.code) for f in person.findings}
    if not {"red-flag", "allergy", "condition", "medicine"} <= person.screened:
        return "not screened"
    if ("consent", "injection") not in codes or ("consent", "injection-refused") in codes:
        return "no consent"
    if person.birth_date is None:
        return "no age"
    mg: dict[str, float] = {}
    for site in sites:
        if site.muscle == "intercostals-diaphragm":
            return "never needled"
        for portion in site.portions:
            per_ml = portion.concentration * (10 if portion.unit == "percent" else 1)
            if portion.agent in NEVER:
                return "never planned"
            if per_ml / 10 > 1.02 * STRONGEST.get(portion.agent, 1e9):
                return "no such strength"
            dose = per_ml * portion.volume_ml
            if portion.stated_mg is not None and abs(portion.stated_mg - dose) > 0.011 * dose:
                return "not the dose that was said"
            mg[portion.agent] = mg.get(portion.agent, 0) + dose
    if {s.side for s in sites if s.muscle in BESIDE_THE_LUNG} == {"left", "right"}:
        return "both sides of the chest"
    bars = {bar for kind, code in codes for bar in finding_kinds()[kind].codes[code].bars}
    if bars & {Bar.RED_FLAG, Bar.CONTRAINDICATION}:
        return "contraindicated"
    if set(mg) & set(PER_KG):
        if person.weight_kg is None:
            return "no weight"
        for given in person.history:
            if given.on == person.on and given.agent in PER_KG:
                if given.mg is None:
                    return "unknown dose today"
                mg[given.agent] = mg.get(given.agent, 0) + given.mg
        share = sum(
            amount / min(PER_KG[agent] * person.weight_kg, CAP[agent])
            for agent, amount in mg.items()
            if agent in PER_KG
        )
        most = 0.7 if {code for kind, code in codes if kind == "condition"} & FRAIL else 1.0
        if share > most * CLOSE:
            return "too much anaesthetic"
    if set(mg) & set(EQUAL):
        if not reason:
            return "steroid without a reason"
        if Bar.STEROID_CONTRAINDICATION in bars:
            return "steroid contraindicated"
        for given in person.history:
            recent = timedelta(0) <= person.on - given.on < timedelta(days=365)
            if recent and (given.agent is None or (given.mg is None and given.agent in EQUAL)):
                return "unknown steroid"
    return None


def to_be_weighed(sites: list[Site], person: Person) -> bool:
    """Return whether a plan breaks a limit that must be acknowledged by name."""
    mg = sum(
        p.concentration * (10 if p.unit == "percent" else 1) * p.volume_ml * EQUAL.get(p.agent, 0)
        for s in sites
        for p in s.portions
    )
    days = {
        given.on
        for given in person.history
        if given.agent in EQUAL and 0 <= (person.on - given.on).days < 365
    }
    recent = any((person.on - day).days < 84 for day in days)
    too_often = mg > 0 and (len(days | {person.on}) > 3 or recent)
    volume = sum(p.volume_ml for s in sites for p in s.portions)
    return (
        mg > 40 * CLOSE
        or too_often
        or volume > 10 * CLOSE
        or len(sites) > 8
        or len({s.muscle for s in sites}) > 4
        or person.gate is not True
    )
