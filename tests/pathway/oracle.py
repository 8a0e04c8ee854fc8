"""The pathway of one patient, written to be obvious: SQLite answers, a loop decides."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from reliefpath.pathway.model import Pathway

Row = Mapping[str, Any]


def asked(sql: str, row: Row) -> bool | None:
    """SQLite's answer to a question over the facts of one row; None is unknown."""
    columns = ", ".join(f'? as "{name}"' for name in row)
    with sqlite3.connect(":memory:") as database:
        query = f"select ({sql}) from (select {columns})"
        (answer,) = database.execute(query, list(row.values())).fetchone()
    return None if answer is None else bool(answer)


def answers(pathway: Pathway, row: Row) -> dict[str, bool | None]:
    """The answer to every criterion, which may ask of the status too."""
    known = {**row, "status": holding(pathway, row)[0]}
    return {id_: asked(c.require, known) for id_, (_, c) in pathway.criteria.items()}


def holding(pathway: Pathway, row: Row) -> list[str]:
    """Every status whose question is answered yes, in the order of the pathway, the last always."""
    return [n.value for n, s in pathway.statuses.items() if s.when is None or asked(s.when, row)]


def all_of(parts: Iterable[bool | None]) -> bool | None:
    """Kleene's and: one no is a no, else one unknown leaves it unknown."""
    parts = list(parts)
    if False in parts:
        return False
    return None if None in parts else True
