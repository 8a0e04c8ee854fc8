"""Made-up people with secrets; rows carry numbers of their own, by which to find them again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import SCREENED


def crowd(random: Random, patients: int) -> CareLog:
    """Return a care log of some patients, with one to two episodes each."""
    return _Crowd(random).of(patients)


class _Crowd:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.numbers = (n + 0.5 for n in count())
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def of(self, patients: int) -> CareLog:
        for n in range(patients):
            self.patient(n)
        care_log, bad = assemble(
            {name: pl.DataFrame(r) for name, r in self.tables.items()}, SHIPPED
        )
        assert all(b.warning for _, b in bad)
        return care_log

    def row(self, table: str, **values: Any) -> None:
        self.tables.setdefault(table, []).append(values)

    def at(self, day: date) -> datetime:
        clock = timedelta(seconds=self.random.choice([0, 0, self.random.randrange(86_400)]))
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + clock

    def patient(self, n: int) -> None:
        choose, id_ = self.random.randrange, f"MRN{n:03}"
        begin = date(2019, 1, 1) + timedelta(choose(2_000))
        born = date(choose(1925, 2008), choose(1, 13), choose(1, 29))
        sex = self.random.choice(["female", "male", None])
        self.row(
            "patients", patient=id_, name=f"Ada Nr{n}", birth_date=born, sex=sex, language="sw"
        )
        self.finding(id_, begin, "allergy", SCREENED)
        self.finding(id_, begin, "consent", "injection")
        if choose(5) == 0:
            self.finding(id_, begin, "allergy", "metal")
        self.finding(
            *(id_, begin - timedelta(400), "weight", "body-weight"),
            value=next(self.numbers),
            unit="kg",
            until=begin + timedelta(choose(900)),
        )
        for e in range(self.random.choice([1, 1, 2])):
            self.episode(n, e, begin + timedelta(300 * e))

    def finding(self, patient: str, day: date, kind: str, code: str, **more: Any) -> None:
        blank = {"value": None, "unit": None, "until": None}
        values = blank | more
        self.row("findings", patient=patient, at=self.at(day), kind=kind, code=code, **values)

    def episode(self, n: int, e: int, start: date) -> None:
        id_, region = f"CASE{n:03}x{e}", self.random.choice(["neck", "hip"])
        words = {"complaint": f"my {n} hurts", "clinician": "Dr. Grau", "payer": "Acme Care"}
        self.row(
            "episodes", episode=id_, patient=f"MRN{n:03}", region=region, started_on=start, **words
        )
        for visit in range(self.random.randrange(1, 5)):
            self.visit(id_, start + timedelta(9 * visit))

    def visit(self, id_: str, day: date) -> None:
        self.score(id_, self.at(day), "ppt", next(self.numbers))
        together = self.at(day)
        for value, item in enumerate(("carry Mia", "sit at desk", "paint")):
            self.score(id_, together, "psfs", float(value), item)
        words = {"technique": "as Dr. Grau does", "adverse_effect": "fainted in the lift"}
        words |= {"needle": "the thin one of Dr. Grau", "lot": "GRAU-77"}
        volume = next(self.numbers)
        self.row(
            "treatments",
            episode=id_,
            at=self.at(day),
            therapy="injection",
            volume_ml=volume,
            **words,
        )

    def score(
        self, id_: str, at: datetime, measure: str, value: float, item: str | None = None
    ) -> None:
        self.row("scores", episode=id_, at=at, measure=measure, value=value, item=item)
