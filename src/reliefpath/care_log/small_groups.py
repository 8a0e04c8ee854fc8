"""Nobody stands out: whatever is shown of one patient or one finding, enough others share."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reliefpath.knowledge import Knowledge, derived
from reliefpath.reference.therapies import SCREENED, Restriction, finding_kinds
from reliefpath.reference.therapies.findings import FindingKind

KNOWN_BY_MANY = ("sex", "age", "regions")
"""What a neighbour may know of a patient, and look for in shared records."""
UNKNOWN_SEX = "unknown"
STEPS: tuple[tuple[str, ...], ...] = ((), ("sex",), ("age",), ("sex", "age"))
"""What is hidden of those who stand out otherwise, least first."""


@dataclass(frozen=True)
class Guarded:
    """The patients who may be shown, with `sex` and `age` as they may be shown."""

    people: pl.DataFrame
    sex_hidden: int
    age_hidden: int
    left_out: int


def guard_people(people: pl.DataFrame, fewest: int) -> Guarded:
    """Hide sex, age or both of patients whom fewer than `fewest` are like, or leave them out.

    `people` has one row a patient: `patient` and the columns of `KNOWN_BY_MANY`.
    """
    hidden = {
        "sex": pl.lit(UNKNOWN_SEX).alias("sex"),
        "age": pl.lit(None, people.schema["age"]).alias("age"),
    }
    shown, rest = people.clear(), people
    for step in STEPS:
        tried = pl.concat([shown, rest.with_columns(hidden[name] for name in step)])
        shown = tried.filter(pl.len().over(KNOWN_BY_MANY) >= fewest)
        rest = rest.join(shown, on="patient", how="anti")
    before = shown.join(people, on="patient", suffix="_before")
    sex, age = (
        before.filter(pl.col(name).ne_missing(pl.col(f"{name}_before"))).height
        for name in ("sex", "age")
    )
    return Guarded(shown, sex, age, rest.height)


def guard_findings(
    findings: pl.DataFrame, fewest: int, knowledge: Knowledge
) -> tuple[pl.DataFrame, list[str]]:
    """Leave out findings that fewer than `fewest` patients have; return the rest and their names.

    Nothing may follow from the gap: of a patient who loses one, that its kind was asked about is
    left out too, and of a kind that is never asked about as a whole, such as consent, all of it,
    and that other kinds were asked about which stand in the way of the same.
    """
    asked = [name for name, kind in finding_kinds(knowledge).items() if kind.screening]
    telling = (pl.col("code") == SCREENED) | ~pl.col("kind").is_in(asked)
    gone: set[str] = set()
    while True:
        few = pl.col("patient").n_unique().over("kind", "code") < fewest
        rare = findings.filter(few)
        if rare.is_empty():
            return findings, sorted(gone)
        gone |= set(rare.select(pl.concat_str("kind", pl.lit("/"), "code")).to_series())
        gaps = rare.join(_answering(knowledge), on=["kind", "code"]).select(
            "patient", kind="answers"
        )
        gap = pl.struct("patient", "kind").is_in(gaps.to_struct().implode())
        findings = findings.filter(~few & ~(gap & telling))


@derived
def _answering(knowledge: Knowledge) -> pl.DataFrame:
    """Of which kinds each finding tells: of its own; where that is never asked about as a whole,
    also of those that are and that may bar the same.
    """
    kinds = finding_kinds(knowledge)
    rows = [
        (name, code, other)
        for name, kind in kinds.items()
        for code, finding in kind.codes.items()
        for other, asked in kinds.items()
        if other == name or (asked.screening and not kind.screening and _bars(asked, finding.bars))
    ]
    return pl.DataFrame(rows, ["kind", "code", "answers"], orient="row")


def _bars(kind: FindingKind, bars: tuple[Restriction, ...]) -> bool:
    return any(set(bars) & set(finding.bars) for finding in kind.codes.values())
