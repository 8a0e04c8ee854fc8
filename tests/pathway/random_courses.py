"""Random courses of patients who are nearly ready for an injection, with a few things amiss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.knowledge import SHIPPED

Rows = list[dict[str, Any]]
Record = dict[str, Rows]
START = datetime(2024, 1, 1, 9, tzinfo=UTC)
WEEKS = 16
ON = (START + timedelta(weeks=WEEKS)).date()
DANGERS = [
    ("red-flag", "foot-drop"),
    ("allergy", "lidocaine"),
    ("condition", "systemic-infection"),
    ("condition", "severe-bleeding-disorder"),
]


def week(number: float) -> datetime:
    """A moment so many weeks after care began."""
    return START + timedelta(days=round(number * 7, 3))


def record(name: str, random: Random) -> Record:
    """One person: a plain candidate to whom up to three things happened."""
    found = _plain(name, random)
    for change in random.sample(CHANGES, random.choice((0, 1, 1, 1, 2, 3))):
        change(found, random)
    return found


def _plain(name: str, random: Random) -> Record:
    start, level = random.choice(((8, 1), (9, 2), (10, 2)))
    fall = [start, start - 3, start // 2, level + 1]
    pain = dict(zip((0, 2, 4, 6), fall, strict=True))
    pain |= {w: level + random.choice((0, 0, 0, 1)) for w in (8, 10, 12, 14, 16)}
    function = {0: 2, 2: 5, 4: 7, 6: 8, 10: 8, 16: 8}
    own = {"episode": name}
    return {
        "patients": [{"patient": name, "died_on": None}],
        "episodes": [
            {
                "episode": name,
                "patient": name,
                "region": "neck",
                "side": random.choice((None, "right", "both")),
                "primary_measure": "nrs",
                "started_on": START.date(),
                "ended_on": None,
            }
        ],
        "scores": [
            own | {"at": week(w), "measure": measure, "value": float(value)}
            for measure, course in (("nrs", pain), ("psfs", function))
            for w, value in course.items()
        ],
        "treatments": [
            own | {"at": week(0), "therapy": "education", "muscle": None, "adherence": None},
            *(_exercise(name, w, 0.9) for w in (1, 4, 7, 10, 13, 15)),
            *(_needled(name, w, "upper-trapezius") for w in (3, 4, 5, 6)),
        ],
        "exams": [
            {
                "episode": name,
                "at": week(WEEKS),
                "muscle": "upper-trapezius",
                "side": "right",
                "taut_band": True,
                "tender_spot": True,
                "recognised": True,
            }
        ],
        "findings": [
            *(_finding(name, 0, kind, "screened") for kind in ASKED),
            _finding(name, 15, "consent", "injection"),
        ],
    }


ASKED = ("red-flag", "allergy", "condition", "medicine")


def _exercise(name: str, at: float, adherence: float) -> dict[str, Any]:
    row = {"episode": name, "at": week(at), "therapy": "exercise"}
    return row | {"muscle": None, "adherence": adherence}


def _needled(name: str, at: float, muscle: str | None) -> dict[str, Any]:
    row = {"episode": name, "at": week(at), "therapy": "dry-needling"}
    return row | {"muscle": muscle, "adherence": None}


def _finding(
    name: str, at: float, kind: str, code: str, episode: str | None = None
) -> dict[str, Any]:
    row = {"patient": name, "at": week(at), "kind": kind, "code": code}
    return row | {"episode": episode, "until": None}


def _name(r: Record) -> str:
    name: str = r["patients"][0]["patient"]
    return name


def _scored(r: Record, random: Random, measure: str, values: list[float]) -> None:
    at = WEEKS - random.choice((0, 0, 1, 5, 6, 7))
    value = float(random.choice(values))
    r["scores"].append(
        {"episode": _name(r), "at": week(at + 0.01), "measure": measure, "value": value}
    )


def _later(r: Record, random: Random) -> None:
    """The latest scores of pain are other ones."""
    pain = [row for row in r["scores"] if row["measure"] == "nrs"]
    for row in pain[-random.choice((1, 1, 2, 3)) :]:
        row["value"] = float(min(10, max(0, row["value"] + random.choice((-2, -1, 1, 2, 3, 4)))))


def _one_more(r: Record, random: Random) -> None:
    """A second score on the last day."""
    value = float(random.randint(0, 6))
    r["scores"].append(
        {"episode": _name(r), "at": week(WEEKS + 0.02), "measure": "nrs", "value": value}
    )


def _ends(r: Record, random: Random) -> None:
    r["episodes"][0]["ended_on"] = ON + timedelta(days=random.choice((-9, -1, 0, 9)))


def _dies(r: Record, random: Random) -> None:
    r["patients"][0]["died_on"] = ON + timedelta(days=random.choice((-9, -1, 0, 9)))


def _other_episode(r: Record, random: Random) -> None:
    """Another complaint, with injections or a danger of its own."""
    name, other = _name(r), f"{_name(r)}-other"
    region = random.choice(("neck", "hip", "low-back"))
    begun = week(-60).date()
    r["episodes"].append(
        {
            "episode": other,
            "patient": name,
            "region": region,
            "primary_measure": None,
            "started_on": begun,
            "ended_on": random.choice((None, week(-1).date())),
        }
    )
    for at in random.sample((-40, -30, -20, -10, 5, 9.9, 10, 10.1, 15), random.randint(0, 3)):
        row = {"episode": other, "at": week(at), "therapy": "injection"}
        r["treatments"].append(row | {"muscle": "gluteus-medius", "adherence": None})
    if random.random() < 0.3:
        kind, code = random.choice(DANGERS)
        r["findings"].append(_finding(name, random.choice((-50, 3)), kind, code, other))


def _injected(r: Record, random: Random) -> None:
    row = {"episode": _name(r), "at": week(random.choice((8, 9.9, 10, 10.1, 15, 16)))}
    row |= {"therapy": "injection", "muscle": "upper-trapezius", "adherence": None}
    r["treatments"].append(row)


def _consents(r: Record, random: Random) -> None:
    found = [row for row in r["findings"] if row["kind"] != "consent"]
    for _ in range(random.randint(0, 2)):
        code = random.choice(("injection", "injection", "injection-refused"))
        at = random.choice((-12, -10, -10.1, 0, 8, 15.5))
        found.append(_finding(_name(r), at + random.random() / 100, "consent", code))
    r["findings"] = found


def _screened(r: Record, random: Random) -> None:
    row = random.choice([row for row in r["findings"] if row["code"] == "screened"])
    row["at"] = week(random.choice((-1, -0.2, 0.1, 9)))


def _danger(r: Record, random: Random) -> None:
    kind, code = random.choice(DANGERS)
    row = _finding(_name(r), random.choice((-90, 3, 16)), kind, code)
    row["until"] = random.choice((None, ON - timedelta(days=1), ON))
    r["findings"].append(row)


def _exercises(r: Record, random: Random) -> None:
    """Exercise at other times, or done otherwise."""
    kept = [row for row in r["treatments"] if row["therapy"] != "exercise"]
    span = random.sample(range(1, 17), random.randint(1, 6))
    done = (0.0, 0.5, 0.7, 0.75, 0.9, 1.0, 1.0)
    r["treatments"] = kept + [_exercise(_name(r), at, random.choice(done)) for at in sorted(span)]


def _stops(r: Record, random: Random) -> None:
    """Exercise that is not recorded any more."""
    last = week(random.choice((9.8, 10, 10.2, 8)))
    r["treatments"] = [
        row for row in r["treatments"] if row["therapy"] != "exercise" or row["at"] <= last
    ]


def _needles(r: Record, random: Random) -> None:
    """Dry needling on other days, or of other muscles."""
    kept = [row for row in r["treatments"] if row["therapy"] != "dry-needling"]
    muscles = (None, "upper-trapezius", "levator-scapulae", "gluteus-medius")
    days = random.sample(range(20, 40), random.randint(2, 7))
    r["treatments"] = kept + [_needled(_name(r), d / 7, random.choice(muscles)) for d in days]


def _other_side(r: Record, random: Random) -> None:
    """The complaint, what was found or what was needled is on a side that may be another one."""
    sides = (None, "left", "right", "both")
    r["episodes"][0]["side"] = random.choice(sides)
    for row in (*r["exams"], *r["treatments"]):
        row["side"] = random.choice(sides[1:] if row in r["exams"] else sides)


CHANGES: list[Callable[[Record, Random], None]] = [
    _later,
    _one_more,
    _ends,
    _dies,
    _other_episode,
    _injected,
    _consents,
    _screened,
    _danger,
    _exercises,
    _stops,
    _needles,
    _other_side,
    lambda r, random: _scored(r, random, "pgic", [1, 2, 3, 5]),
    lambda r, random: _scored(r, random, "groc", [-5, 0, 2, 3, 6]),
    lambda r, random: _scored(r, random, "sane", [20, 39, 40, 80, 95, 96]),
]


def care_log_of(records: list[Record]) -> CareLog:
    """One care log of many records."""
    frames = {}
    for name, table in TABLES.items():
        rows = [row for record in records for row in record.get(name, ())]
        columns = {key: [row.get(key) for row in rows] for key in table.schema}
        frames[name] = pl.DataFrame(columns, schema=table.schema)
    return CareLog.of(frames.__getitem__, SHIPPED)


def random_records(count: int, seed: int) -> list[Record]:
    """So many persons, the same for the same seed."""
    return [record(f"p{i}", Random(f"{seed} {i}")) for i in range(count)]
