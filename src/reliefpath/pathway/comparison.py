"""What two pathways do not share, and what a copy lacks of the pathway as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reliefpath.pathway.model import Criterion, Pathway


def differences(before: Pathway, after: Pathway) -> list[str]:
    """Return a line for every value that was added (+), removed (-) or changed (~)."""
    old = dict(_values(before.model_dump(mode="json")))
    new = dict(_values(after.model_dump(mode="json")))
    lines = []
    for path in dict.fromkeys((*old, *new)):
        if path not in new:
            lines.append(f"- {path}: {old[path]}")
        elif path not in old:
            lines.append(f"+ {path}: {new[path]}")
        elif old[path] != new[path]:
            lines.append(f"~ {path}: {old[path]} -> {new[path]}")
    order_before, order_after = list(before.statuses), list(after.statuses)
    if order_before != order_after and set(order_before) == set(order_after):
        lines.append(f"~ order of statuses: {_listed(order_before)} -> {_listed(order_after)}")
    return lines


def lacking(own: Pathway, shipped: Pathway) -> dict[str, Criterion]:
    """Return the criteria as shipped that a copy lacks, by id.

    What shares neither name nor any criterion with it is no copy, and lacks nothing.
    """
    if own.pathway != shipped.pathway and own.criteria.keys().isdisjoint(shipped.criteria):
        return {}
    return {id_: c for id_, (_, c) in shipped.criteria.items() if id_ not in own.criteria}


def _values(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below `part` with its dotted path; a list is one value."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _values(value, f"{path}.{key}" if path else key)
    else:
        yield path, part


def _listed(names: list[Any]) -> str:
    return ", ".join(map(str, names))
