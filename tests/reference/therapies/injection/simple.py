"""A second, deliberately simple look at a plan: what stops it, and what must be weighed first.

It shares no code with the planner, and repeats its numbers, so that a slip in either shows. What
each finding bars is read from the catalogue, which has tests of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import Restriction, finding_kinds
from reliefpath.reference.therapies.injection import Given, Person, Site, Standing

PER_KG = {"lidocaine": 4.5, "bupivacaine": 2.0, "ropivacaine": 3.0, "mepivacaine": 4.4}
CAP = {"lidocaine": 300.0, "bupivacaine": 175.0, "ropivacaine": 200.0, "mepivacaine": 400.0}
ACTS = {"lidocaine": 10, "bupivacaine": 24, "ropivacaine": 26, "mepivacaine": 16}
A_DAY = {"bupivacaine": 400.0, "mepivacaine": 1000.0}
STRONGEST = {"lidocaine": 2.0, "bupivacaine": 0.75, "ropivacaine": 1.0, "mepivacaine": 2.0}
USUAL = {
    "lidocaine": (0.25, 1.0),
    "bupivacaine": (0.25, 0.25),
    "ropivacaine": (0.2, 0.2),
    "mepivacaine": (0.5, 1.0),
}
USUAL_MG = {
    "triamcinolone": (10, 40),
    "methylprednisolone": (20, 40),
    "dexamethasone": (2, 4),
    "betamethasone": (3, 6),
}
EQUAL = {
    "triamcinolone": 1.0,
    "methylprednisolone": 1.0,
    "dexamethasone": 4 / 0.75,
    "betamethasone": 4 / 0.6,
}
FRAIL = {"frailty", "hepatic-disease", "cardiac-conduction-disease", "renal-disease"}
MUSCLES = {
    # region, where it is felt, what of that on the other side too, whether the lung is near
    "gluteus-medius": ("hip", {"hip", "low-back"}, set(), False),
    "piriformis": ("hip", {"hip", "leg"}, set(), False),
    "upper-trapezius": ("neck", {"neck", "head", "jaw"}, set(), True),
    "infraspinatus": ("shoulder", {"shoulder", "arm"}, set(), True),
    "masseter": ("jaw", {"jaw", "head"}, set(), False),
    "iliocostalis-lumborum": ("low-back", {"low-back", "hip"}, set(), False),
    "rectus-abdominis-obliques": (
        "abdomen",
        {"abdomen", "hip", "low-back", "upper-back"},
        {"low-back", "upper-back"},
        True,
    ),
    "intercostals-diaphragm": ("chest", {"chest"}, set(), True),
}
LOCAL = {
    "skin-infection-at-site",
    "open-wound-at-site",
    "acute-muscle-trauma-at-site",
    "malignancy-at-site",
    "non-myofascial-cause-at-site",
    "unsafe-site",
    "lymphoedema-limb",
    "implant",
    "recent-surgery-at-site",
    "recent-injection-at-site",
    "psoriatic-plaque-at-site",
}
WEIGHED_WITH = {
    "diabetes": EQUAL,
    "cardiac-conduction-disease": PER_KG,
    "hepatic-disease": PER_KG,
    "methaemoglobinaemia": PER_KG,
    "g6pd-deficiency": PER_KG,
    "ester-anaesthetic": PER_KG,
    "lipid-emulsion": PER_KG,
    "class-iii-antiarrhythmic": PER_KG,
    "class-i-antiarrhythmic": PER_KG,
    "slows-anaesthetic-clearance": PER_KG,
    "glucose-lowering": EQUAL,
    "renal-disease": PER_KG,
}
NEVER = {"epinephrine", "botulinum-toxin-a"}
SCREENED = {"red-flag", "allergy", "condition", "medicine"}
CLOSE = 1 + 1e-9


def stops(sites: list[Site], person: Person, reason: str | None) -> Iterator[str]:
    """Yield what no acknowledgement helps against."""
    if not person.screened >= SCREENED:
        yield "not screened"
    if person.missing:
        yield "not all was read"
    codes = {(f.kind, f.code) for f in person.findings}
    if ("consent", "injection") not in codes or ("consent", "injection-refused") in codes:
        yield "no consent"
    if person.birth_date is None or years(person) < 18:
        yield "no adult"
    if codes & {("consent", "guardian-refused"), ("consent", "assent-refused")}:
        yield "a refusal"
    for finding, where in findings(sites, person):
        if where == "here" and finding & {Restriction.RED_FLAG, Restriction.CONTRAINDICATION}:
            yield "contraindicated"
        if Restriction.UNKNOWN in finding:
            yield "not understood"
        if where == "here" and steroid(sites) and Restriction.STEROID_CONTRAINDICATION in finding:
            yield "steroid contraindicated"
    places = {(site.muscle, site.side) for site in sites}
    if any(muscle == "intercostals-diaphragm" for muscle, _ in places):
        yield "never needled"
    trunk = any(MUSCLES[muscle][0] in ("low-back", "abdomen") for muscle, _ in places)
    if trunk and ("pregnancy", "pregnant") in codes:
        yield "not there in pregnancy"
    if lung(places) == {"left", "right"} or other_lung(places, person, 24):
        yield "both lungs"
    for site in sites:
        for portion in site.portions:
            percent = portion.concentration / (1 if portion.unit == "percent" else 10)
            if portion.agent in NEVER:
                yield "never planned"
            if percent > 1.01 * CLOSE * STRONGEST.get(portion.agent, 1e9):
                yield "no such strength"
            dose = percent * 10 * portion.volume_ml
            if portion.stated_mg is not None and abs(portion.stated_mg - dose) > 0.01 * dose:
                yield "not the dose that was said"
    share, unknown = anaesthetic(sites, person)
    if unknown:
        yield "unknown dose"
    if share > (0.7 if frail(person) else 1.0) * CLOSE:
        yield "too much anaesthetic"
    for agent, most in A_DAY.items():
        planned = milligrams(sites).get(agent, 0)
        lately = [g for g in person.history if g.agent == agent and recent(g, person, 24)]
        if planned and any(g.mg is None for g in lately):
            yield "unknown dose of the day"
        if planned and planned + sum(g.mg or 0 for g in lately) > most * CLOSE:
            yield "too much in a day"
    if steroid(sites):
        letters = "".join(c if c.isalpha() else " " for c in (reason or "").lower())
        if not any(len(set(word)) > 2 for word in letters.split()):
            yield "steroid without a reason"
        for given in person.history:
            this_year = timedelta(0) <= person.on - given.on < timedelta(days=365)
            if this_year and may_be_steroid(given) and (given.agent is None or given.mg is None):
                yield "unknown steroid"


def asks(sites: list[Site], person: Person) -> Iterator[str]:
    """Yield what must be weighed by name first."""
    places = {(site.muscle, site.side) for site in sites}
    if lung(places):
        yield "the lung is near"
    if other_lung(places, person, 72):
        yield "the other lung"
    if person.gate is not True:
        yield "the gate"
    known = {f.kind for f in person.findings}
    if person.sex != "male" and "pregnancy" not in known:
        yield "pregnancy"
    weighed = {
        Restriction.CAUTION,
        Restriction.ANTICOAGULANT,
        Restriction.NEEDLING_CONTRAINDICATION,
    }
    stopping = {Restriction.RED_FLAG, Restriction.CONTRAINDICATION}
    if steroid(sites):
        stopping |= {Restriction.STEROID_CONTRAINDICATION}
    for finding, where in findings(sites, person):
        if finding & weighed and where == "here":
            yield "a caution"
        if finding & (weighed | stopping) and where == "near":
            yield "something close by"
    for muscle, side in places:
        mine = [e for e in person.exams if e.muscle == muscle and e.side in (side, "both")]
        mine = [e for e in mine if e.on == max(m.on for m in mine)]
        own = [e for e in mine if e.side == side] or mine
        if person.complaint is not None:
            _, felt, crosses, _ = MUSCLES[muscle]
            hurts = set(person.complaint.regions)
            if not own or person.on - own[0].on > timedelta(days=28):
                yield "not examined"
            elif own[0].active is not True:
                yield "not active"
            if not felt & hurts:
                yield "elsewhere"
            elif person.complaint.side not in (None, "both", side) and not crosses & hurts:
                yield "the other side"
        for given in person.history:
            here = given.muscle in (muscle, None) and given.side in (side, "both", None)
            if given.therapy == "injection" and here and person.on - given.on < timedelta(weeks=6):
                yield "the same site"
    yield from unusual(sites)
    share, _ = anaesthetic(sites, person)
    if share > 0.8 * CLOSE:
        yield "close to the maximum"
    if person.weight_kg is not None and set(milligrams(sites)) & set(PER_KG):
        if not 30 <= person.weight_kg <= 150:
            yield "an odd weight"
        if person.weight_before_kg is not None:
            ratio = person.weight_kg / person.weight_before_kg
            if max(ratio, 1 / ratio) > 1.5 * CLOSE:
                yield "another weight"
        if person.height_cm is None:
            if share > 0.5 * CLOSE:
                yield "no height"
        elif person.weight_kg / (person.height_cm / 100) ** 2 > 30 * CLOSE:
            yield "body mass"
    today = [g for g in person.history if g.on == person.on]
    injected = [g for g in today if g.therapy == "injection"]
    volumes = [p.volume_ml for s in sites for p in s.portions]
    volumes += [1e9 if g.volume_ml is None else g.volume_ml for g in injected]
    if sum(volumes) > 10 * CLOSE:
        yield "much volume"
    named = {site.muscle for site in sites} | {g.muscle for g in injected if g.muscle}
    if len(named) + points([g for g in injected if g.muscle is None]) > 4:
        yield "many muscles"
    if len(sites) + points(injected) > 8:
        yield "many points"
    if steroid(sites):
        mg = sum(mg * EQUAL.get(agent, 0) for agent, mg in milligrams(sites).items())
        before = [g for g in person.history if may_be_steroid(g)]
        mg += sum((g.mg or 1e9) * EQUAL.get(g.agent or "", 1) for g in before if g in today)
        days = {g.on for g in before if person.on - g.on < timedelta(days=365)}
        if mg > 40 * CLOSE:
            yield "much steroid"
        if len(days | {person.on}) > 3 or any(person.on - g.on < timedelta(84) for g in before):
            yield "steroid too often"


def points(injected: list[Given]) -> int:
    """At one time and place there are as many points as rows of the agent with the most."""
    found = 0
    for place in {(g.at, g.muscle, g.side) for g in injected}:
        used = [g.agent for g in injected if (g.at, g.muscle, g.side) == place]
        found += max(used.count(agent) for agent in used) * (2 if place[2] == "both" else 1)
    return found


def unusual(sites: list[Site]) -> Iterator[str]:
    for agent, mg in milligrams(sites).items():
        low, high = USUAL_MG.get(agent, (0, 1e9))
        if not low <= mg <= high:
            yield "an unusual dose"
    for portion in [p for site in sites for p in site.portions]:
        percent = portion.concentration / (1 if portion.unit == "percent" else 10)
        low, high = USUAL.get(portion.agent, (0, 1e9))  # type: ignore[assignment]
        if not low * 0.99 <= percent <= high * 1.01:
            yield "an unusual strength"
        if portion.agent == "dextrose":
            yield "beside the pathway"


def findings(sites: list[Site], person: Person) -> Iterator[tuple[set[Restriction], str]]:
    """What each finding bars, and whether it is here, near or far."""
    for found in person.findings:
        bars = set(finding_kinds(SHIPPED)[found.kind].codes[found.code].bars)
        if not set(milligrams(sites)) & set(WEIGHED_WITH.get(found.code, milligrams(sites))):
            bars -= {Restriction.CAUTION}
        yield bars, min(distance(found, site) for site in sites).split()[1]


def distance(found: Standing, site: Site) -> str:
    if found.code not in LOCAL or (found.muscle, found.region, found.side) == (None, None, None):
        return "0 here"
    if found.side not in (None, "both", site.side):
        return "2 far"
    if found.muscle == site.muscle:
        return "0 here"
    region, felt = MUSCLES[site.muscle][:2]
    at = MUSCLES[found.muscle][0] if found.muscle else found.region
    if found.muscle is None and at in (None, region):
        return "0 here"
    return "1 near" if at in felt else "2 far"


def milligrams(sites: list[Site]) -> dict[str, float]:
    mg: dict[str, float] = {}
    for portion in [p for site in sites for p in site.portions]:
        dose = portion.concentration * (10 if portion.unit == "percent" else 1) * portion.volume_ml
        mg[portion.agent] = mg.get(portion.agent, 0) + dose
    return mg


def steroid(sites: list[Site]) -> bool:
    return bool(set(milligrams(sites)) & set(EQUAL))


def anaesthetic(sites: list[Site], person: Person) -> tuple[float, bool]:
    """The share of the maximum, and whether something of it is unknown."""
    mg = milligrams(sites)
    if not set(mg) & set(PER_KG):
        return 0.0, False
    if person.weight_kg is None:
        return 0.0, True
    for given in person.history:
        if given.agent is None and may_be_steroid(given) and recent(given, person, 26):
            return 0.0, True
        if given.agent in PER_KG and recent(given, person, ACTS[given.agent]):
            if given.mg is None:
                return 0.0, True
            mg[given.agent] = mg.get(given.agent, 0) + given.mg
    return sum(
        amount / min(PER_KG[agent] * person.weight_kg, CAP[agent])
        for agent, amount in mg.items()
        if agent in PER_KG
    ), False


def frail(person: Person) -> bool:
    ill = {f.code for f in person.findings if f.kind == "condition"} & FRAIL
    old = person.birth_date is not None and years(person) >= 70
    return bool(ill) or old or (person.weight_kg or 0) < 50


def years(person: Person) -> int:
    assert person.birth_date
    before = person.on.timetuple()[1:3] < person.birth_date.timetuple()[1:3]
    return person.on.year - person.birth_date.year - before


def may_be_steroid(given: Given) -> bool:
    if given.agent is None:
        return given.therapy not in ("dry-needling", "electro-dry-needling", "acupuncture")
    return given.agent in EQUAL


def lung(places: set[tuple[str, str]]) -> set[str]:
    return {side for muscle, side in places if MUSCLES[muscle][3]}


def other_lung(places: set[tuple[str, str]], person: Person, hours: int) -> bool:
    for given in person.history:
        beside = given.muscle is None or MUSCLES[given.muscle][3]
        if given.muscle is None and given.therapy in ("joint-injection", "epidural-injection"):
            beside = False
        across = beside and lung(places) and lung(places) != {given.side}
        if across and (given.on == person.on or recent(given, person, hours)):
            return True
    return False


def recent(given: Given, person: Person, hours: int) -> bool:
    zone = ZoneInfo(person.zone)

    def start(day: date) -> datetime:
        return datetime.combine(day, time(), zone).astimezone(UTC)

    if given.at is None and (person.on - given.on).days <= 1:
        return True
    last = given.at or start(given.on + timedelta(days=1))
    first = person.at or start(person.on)
    return (first - last).total_seconds() < hours * 3600
