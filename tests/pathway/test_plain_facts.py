"""The facts of many small records are what somebody would work out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from reliefpath.pathway.facts import facts

from .plain_facts import (
    ASKED,
    Record,
    Row,
    exam_facts,
    finding_facts,
    score_facts,
    treatment_facts,
)
from .random_courses import care_log_of

START = datetime(2024, 1, 1, tzinfo=UTC)
ON = date(2025, 3, 1)
PEOPLE = 500
HOURS = (0, 9, 9, 15)
"""At midnight where only the day is known."""
SCALES: dict[str, tuple[float, ...]] = {
    "nrs": (0, 0, 1, 2, 3, 4, 6, 8, 9, 10),
    "psfs": (10, 10, 9.5, 8, 6, 3, 1),
    "peg": (0, 0.5, 1, 2, 5, 8),
    "ndi": (0, 4, 7, 7.5, 10, 40),
    "vas": (0, 5, 15, 16, 32, 60, 90),
    "sane": (20, 86, 95, 100),
    "groc": (-3, 2, 5),
    "pgic": (1, 3),
    "ppt": (120, 300),
}
PLACES = ("upper-trapezius", "gluteus-medius", "sternocleidomastoid-clavicular", "temporalis")
SIDES = ("left", "right", "both", None)


def any_record(name: str, random: Random, fill: Callable[[Record, Random], None]) -> Record:
    """One person with one or two complaints."""
    record: Record = {table: [] for table in ("scores", "treatments", "exams", "findings")}
    record["patients"] = [{"patient": name}]
    record["episodes"] = [
        {
            "episode": f"{name}-{i}",
            "patient": name,
            "region": random.choice(("neck", "hip", "head", "low-back")),
            "other_regions": random.choice((None, None, "head jaw", "hip")),
            "side": random.choice(SIDES),
            "started_on": START.date(),
            "ended_on": random.choice((None, None, ON - timedelta(days=40))),
            "primary_measure": random.choice((None, None, "nrs", "psfs", "peg", "vas")),
        }
        for i in range(random.choice((1, 2)))
    ]
    fill(record, random)
    return record


def moments(random: Random, most: int, span: int) -> list[datetime]:
    """Some moments of the last days, more than one on some of them, and perhaps one later."""
    days = random.sample(range(-1, span), random.randint(0, min(most, span)))
    days += random.sample(days, random.randint(0, len(days) // 3))
    midnight = datetime.combine(ON, datetime.min.time(), UTC)
    return [midnight - timedelta(days=day) + timedelta(hours=random.choice(HOURS)) for day in days]


def treatment(episode: str, at: datetime, therapy: str, random: Random, **more: Any) -> Row:
    empty = dict.fromkeys(("muscle", "side", "agent", "amount", "unit", "adverse_effect"))
    told = {"adherence": None, "response": random.choice((None, 0.0, 0.4, 0.8))}
    return {"episode": episode, "at": at, "therapy": therapy, **empty, **told, **more}


def scored(record: Record, random: Random) -> None:
    """Courses of scores, mostly better than they began, and needles between them."""
    for episode in record["episodes"]:
        own, named = episode["episode"], episode["primary_measure"]
        measures = dict.fromkeys(random.sample(sorted(SCALES), random.randint(1, 3)))
        for measure in measures | ({named: None} if named and random.random() < 0.8 else {}):
            values = SCALES[measure]
            at = sorted({*moments(random, 12, random.choice((12, 60, 150)))})
            near = values[: random.choice((3, 4, 6, 10))]
            said = [random.choice(near) for _ in at]
            said[:1] = [random.choice((values[-1], values[-1], values[-2], near[0]))][: len(at)]
            row = {"episode": own, "measure": measure}
            record["scores"] += [row | {"at": t, "value": v} for t, v in zip(at, said, strict=True)]
        for therapy in ("injection", "injection", "dry-needling"):
            for day in moments(random, 1, random.choice((12, 120))):
                record["treatments"].append(treatment(own, day, therapy, random))


THERAPIES = (
    *("injection", "injection", "exercise", "exercise", "stretching", "dry-needling"),
    *("electro-dry-needling", "education", "manual", "acupuncture", "joint-injection"),
)
AGES = (-1, 0, 1, 2, 3, 6, 27, 28, 29, 41, 42, 43, 84, 85, 89, 90, 91, 364, 365, 366)
"""Days ago, at the limits of the weeks and years that count; one is tomorrow."""


def treated(record: Record, random: Random) -> None:
    """Every kind of treatment, at the limits of the windows, some of it on record twice."""
    for episode in record["episodes"]:
        therapies = random.sample(THERAPIES, random.choice((1, 2, 2, 6)))
        for _ in range(random.randint(0, 9)):
            day = ON - timedelta(days=random.choice(AGES))
            at = datetime(day.year, day.month, day.day, random.choice(HOURS), tzinfo=UTC)
            therapy = random.choice(therapies)
            row = treatment(
                *(episode["episode"], at, therapy, random),
                muscle=random.choice((None, *PLACES)),
                side=random.choice(SIDES),
                adverse_effect=random.choice((None, None, "bruise")),
            )
            if "injection" in therapy:
                row["agent"] = random.choice(("triamcinolone", "dexamethasone", "lidocaine", None))
                row["amount"] = random.choice((None, 3.0, 10.0, 10.0, 40.0))
                row["unit"] = row["amount"] and random.choice(("mg", "mg", "mcg", "g", "ml"))
            if therapy in ("exercise", "stretching"):
                row["adherence"] = random.choice((None, 0.0, 0.5, 0.75, 1.0))
            record["treatments"] += [row] * random.choice((1, 1, 1, 2))


def examined(record: Record, random: Random) -> None:
    """Examinations with signs that were found, were not, or were not noted."""
    for episode in record["episodes"]:
        for at in moments(random, 3, random.choice((3, 40))):
            for muscle in random.sample(PLACES, random.choice((1, 1, 2))):
                signs = {sign: random.choice((True, True, True, False, None)) for sign in SIGNS}
                row = {"episode": episode["episode"], "at": at, "muscle": muscle, **signs}
                record["exams"].append(row | {"side": random.choice(SIDES[:3])})


SIGNS = ("taut_band", "tender_spot", "referred_pain", "recognised")
FINDINGS = (
    *(("red-flag", "foot-drop"), ("red-flag", "cauda-equina"), ("allergy", "lidocaine")),
    *(("allergy", "not-understood"), ("medicine", "not-understood"), ("medicine", "warfarin")),
    *(("condition", "skin-infection-at-site"), ("condition", "systemic-infection")),
    *(("condition", "diabetes"), ("pregnancy", "pregnant"), ("pregnancy", "not-pregnant")),
    *(("consent", "injection"), ("consent", "injection"), ("consent", "injection-refused")),
    *(("consent", "needling"), ("consent", "needling-refused")),
)


def found(record: Record, random: Random) -> None:
    """Screenings, dangers and answers, of the person or of a complaint, and what used them up."""
    names = [episode["episode"] for episode in record["episodes"]]
    asked = [(kind, "screened") for kind in ASKED if random.random() < 0.9]
    ages = (-1, 0, 1, 27, 28, 29, 181, 182, 183, (ON - START.date()).days)
    for kind, code in [*asked, *random.sample(FINDINGS, random.choice((0, 1, 1, 2, 4)))]:
        age = random.choice((*ages, ages[-1] + 1))
        at = datetime.combine(ON, datetime.min.time(), UTC) - timedelta(days=age)
        row = {"patient": record["patients"][0]["patient"], "at": at, "kind": kind, "code": code}
        row["episode"] = random.choice((None, None, *names))
        row["until"] = random.choice((None, None, None, ON, ON - timedelta(days=1)))
        places = (*((None, None, side) for side in SIDES), (PLACES[0], None, None))
        row |= dict(
            zip(
                ("muscle", "region", "side"),
                random.choice((*places, (PLACES[1], None, "left"), (None, "jaw", None))),
                strict=True,
            )
        )
        record["findings"].append(row)
    for name in names:
        for age in random.sample((-1, 0, 1, 28, 29, 182, 183, 184), random.choice((0, 0, 1, 2))):
            day = datetime.combine(ON, datetime.min.time(), UTC) - timedelta(days=age)
            record["treatments"].append(treatment(name, day, "injection", random))


CASES = {
    "scores": (scored, score_facts),
    "treatments": (treated, treatment_facts),
    "exams": (examined, exam_facts),
    "findings": (found, finding_facts),
}


@pytest.mark.parametrize(("fill", "facts_of"), CASES.values(), ids=CASES)
def test_the_facts_are_those_that_are_worked_out_by_hand(
    fill: Callable[[Record, Random], None], facts_of: Callable[[Record, Row, date], Row]
) -> None:
    random = Random(1)
    records = [any_record(f"p{i:03}", random, fill) for i in range(PEOPLE)]
    told = {r["episode"]: r for r in facts(care_log_of(records), ON).iter_rows(named=True)}
    for record in records:
        for episode in record["episodes"]:
            row = told[episode["episode"]]
            for name, value in facts_of(record, episode, ON).items():
                exact = isinstance(value, str | bool | None)
                expected = value if exact else pytest.approx(value, abs=6e-5)
                assert row[name] == expected, (name, episode, record)
