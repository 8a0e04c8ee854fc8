"""Medicines, allergens and agents as they are recorded: by name, in words, or by code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import polars as pl

from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.catalogue import folded
from reliefpath.reference.therapies import NOT_UNDERSTOOD, finding_kinds
from reliefpath.reference.therapies.terms import code_of

Terms = Mapping[tuple[str, str], str]
"""The code that a clinician said words are, by the kind of finding and the words, folded."""
_Change = Callable[[str, str, str | None], tuple[str, str | None]]
"""From kind, code and words of a finding to its code and words."""


def understand(findings: pl.DataFrame, knowledge: Knowledge) -> pl.DataFrame:
    """Return findings with a code in the place of each name, and the name among the words.

    A medicine or an allergen that no catalogue knows is kept in its own words as `not-understood`.
    """
    said = findings.select("kind", "code").unique().drop_nulls()
    kinds = finding_kinds(knowledge)
    if all(code in kinds[kind].codes for kind, code in said.iter_rows()):
        return resolve(findings, knowledge)  # each pair once is far quicker than each row
    known = [
        (pl.col("kind") == name) & pl.col("code").is_in(list(kind.codes))
        for name, kind in kinds.items()
    ]
    named = findings.select(~pl.any_horizontal(known).fill_null(True)).to_series()
    return resolve(_with(findings, named, partial(_named, knowledge)), knowledge)


def resolve(
    findings: pl.DataFrame, knowledge: Knowledge, terms: Terms | None = None
) -> pl.DataFrame:
    """Return findings with the code of what was not understood, where it is known meanwhile."""
    lost = (findings["code"] == NOT_UNDERSTOOD).fill_null(False)
    if not lost.any():
        return findings
    return _with(findings, lost, partial(resolved, knowledge, terms=terms or {}))


def resolved(
    knowledge: Knowledge, kind: str, code: str, words: str | None, terms: Terms
) -> tuple[str, str | None]:
    """Return the code that words are known as meanwhile, else the one they have, and the words."""
    if words is None:
        return code, None
    return code_of(knowledge, kind, words) or terms.get((kind, folded(words)), code), words


def _named(knowledge: Knowledge, kind: str, name: str, words: str | None) -> tuple[str, str | None]:
    """The code and the words of a finding whose code is a name or in words."""
    code = code_of(knowledge, kind, name)
    if code is None and not finding_kinds(knowledge)[kind].takes_words:
        return name, words  # to be refused
    both = name if words in (None, name) else f"{name} ({words})"
    return code or NOT_UNDERSTOOD, both


def _with(findings: pl.DataFrame, rows: pl.Series, change: _Change) -> pl.DataFrame:
    """The findings with code and words of some rows changed."""
    place = rows.arg_true()
    said = findings[place].select("kind", "code", "words")
    new = [change(*row) for row in said.iter_rows()]
    code, words = (
        findings[name].scatter(place, [row[n] for row in new])
        for n, name in enumerate(("code", "words"))
    )
    return findings.with_columns(code, words)
