"""An open gate stands up to a second, slow look at the patient's rows."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from reliefpath.pathway.assessment import assess
from reliefpath.pathway.model import load_pathway

from .objections import objections
from .random_courses import ON, care_log_of, random_records

COUNT = int(os.environ.get("RELIEFPATH_COURSES", "20000"))
PART = 20_000
SEED = int(os.environ.get("RELIEFPATH_SEED", "13"))


@pytest.mark.parametrize("part", range(-(-COUNT // PART)))
def test_no_open_gate_of_twenty_thousand_courses_meets_an_objection(part: int) -> None:
    records = random_records(min(PART, COUNT - part * PART), SEED + part)
    advice = assess(care_log_of(records), load_pathway(), ON)
    said = {row["episode"]: row for row in advice.iter_rows(named=True)}
    opened, alone = 0, Counter[str]()
    for record in records:
        name = record["patients"][0]["patient"]
        against = objections(record, name, ON)
        row = said[name]
        if row["gate"]:
            opened += 1
            assert row["status"] == "plateaued"
            assert row["in_care"]
            assert not against, (name, against)
        if len(against) == 1:
            alone.update(against)
    # the look is worth something only if gates open, and each objection stands alone somewhere
    assert opened > len(records) / 20
    assert set(alone) >= EACH


EACH = {
    *("ended", "died", "flare", "recovered", "no course of exercise", "exercise stopped"),
    *("exercise not done", "no course of dry needling", "injected lately", "not asked", "danger"),
    *("no consent", "old consent", "three injections"),
    *(f"the patient disagrees: {measure}" for measure in ("pgic", "groc", "sane")),
}
