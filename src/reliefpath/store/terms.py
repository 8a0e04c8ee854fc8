"""What clinicians said that words are: recorded once, and from then on how findings are read."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.catalogue import folded
from reliefpath.reference.therapies import NOT_UNDERSTOOD, finding_kinds
from reliefpath.reference.therapies.terms import code_of
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.reading import terms_on_record
from reliefpath.store.tables import AUDIT, ROWS, TERMS, holding, stored
from reliefpath.store.writing import AuditEvent

TERM = "term"
"""The audit log's word for saying what words are."""


@dataclass(frozen=True)
class Question:
    """Words on record that nobody understands yet."""

    kind: str
    words: str
    patients: int
    """How many have them on record."""


@dataclass(frozen=True)
class Term:
    """What words are, who said so and when."""

    kind: str
    words: str
    code: str
    name: str
    """What the code is called; the code itself where no catalogue knows it any more."""
    by: str
    recorded_at: str


def questions_of(chart: Chart) -> list[Question]:
    """Return the words on record that nobody understands yet, those of most patients first."""
    rows = ROWS["findings"]
    query = sa.select(rows.c.kind, rows.c.words, rows.c.patient).where(
        rows.c.code == NOT_UNDERSTOOD, rows.c.words.is_not(None), holding(rows)
    )
    with read_transaction(chart.engine) as connection:
        found, said = connection.execute(query).all(), terms_on_record(connection)
    asked: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for kind, words, patient in found:
        key = kind, folded(words)
        if (
            code_of(chart.knowledge, kind, words) is None
            and said.get(key, NOT_UNDERSTOOD) == NOT_UNDERSTOOD
        ):
            asked.setdefault(key, (words, set()))[1].add(patient)
    questions = [Question(kind, words, len(who)) for (kind, _), (words, who) in asked.items()]
    return sorted(questions, key=lambda q: (-q.patients, q.kind, folded(q.words)))


def terms_of(chart: Chart) -> list[Term]:
    """Return what clinicians said that words are, by kind and words."""
    rows = ROWS["terms"]
    with read_transaction(chart.engine) as connection:
        at = stored(AUDIT.c.at, connection.dialect.name)
        query = sa.select(rows.c.kind, rows.c.words, rows.c.code, AUDIT.c.by, at.label("at"))
        query = query.join(AUDIT, AUDIT.c.entry == rows.c.entry).where(holding(rows))
        said = connection.execute(query).all()
    kinds = finding_kinds(chart.knowledge)
    found = []
    for row in said:
        known = kinds[row.kind].codes.get(row.code)
        name = known.name if known else row.code
        found.append(Term(row.kind, row.words, row.code, name, row.by, row.at))
    return sorted(found, key=lambda term: (term.kind, folded(term.words)))


def set_term(chart: Chart, kind: str, words: str, code: str, act: AuditEvent) -> None:
    """Record what words are: findings in these words, past and to come, are read as the code.

    What was said before of the same words is corrected; `not-understood` takes it back.

    Raises:
        UsageError: the kind is never in words, there is no such code, the catalogue knows the
            words, or it is said already.
    """
    _check(chart.knowledge, kind, words, code)
    row = {"kind": kind, "words": words.strip(), "code": code}
    with chart.change(act) as change:
        change.detail.update(row)
        rows = change.touch("terms")
        mine = sa.select(rows.c.id, rows.c.words, rows.c.code).where(
            rows.c.kind == kind, holding(rows)
        )
        before = [b for b in change.connection.execute(mine) if folded(b.words) == folded(words)]
        if any(b.code == code for b in before):
            raise UsageError(f"`{words}` is known as the {kind} `{code}` already")
        if before:
            change.supersede("terms", {**row, "supersedes": before[0].id}, withdrawn=False)
        else:
            change.add("terms", pl.DataFrame([row], TERMS.schema))


def _check(knowledge: Knowledge, kind: str, words: str, code: str) -> None:
    kinds = finding_kinds(knowledge)
    open_kinds = [name for name, row in kinds.items() if row.takes_words]
    if kind not in open_kinds:
        raise UsageError(f"`{kind}` is not recorded in words: one of {', '.join(open_kinds)}")
    if not folded(words) or "\0" in words:
        raise UsageError("say which words are meant")
    codes = kinds[kind].codes
    if code not in codes:
        meant = code_of(knowledge, kind, code)
        hint = f" (did you mean `{meant}`?)" if meant else f": one of {', '.join(codes)}"
        raise UsageError(f"there is no {kind} `{code}`{hint}")
    if known := code_of(knowledge, kind, words):
        raise UsageError(f"`{words}` is the {kind} `{known}` by the catalogue")
