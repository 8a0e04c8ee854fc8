"""A catalogue as shipped and a clinic's overrides, made one; refused unless it holds together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reliefpath.errors import KnowledgeError, Problem, nearest
from reliefpath.knowledge.catalogue import (
    Catalogue,
    CatalogueT,
    Place,
    Row,
    cited_rows,
    line_of,
    load_catalogue,
    read_yaml,
    unknown_sources,
)
from reliefpath.knowledge.clinic_file import SHELVES, Change, Clinic, Override
from reliefpath.knowledge.plain import plain_problem

ID = re.compile(r"[A-Za-z0-9]+([.-][A-Za-z0-9]+)*")


def amended(
    name: str, file: Traversable | Path, model: type[CatalogueT], clinic: Clinic, context: object
) -> tuple[CatalogueT, list[Change]]:
    """Return a catalogue with a clinic's overrides, and what they changed.

    Args:
        name: what the clinic's file calls the catalogue.
        file: the catalogue as shipped.
        model: its model.
        clinic: the clinic's file.
        context: what the model's validators are given.

    Raises:
        KnowledgeError: an override names what is not there, or the result is not sound.
    """
    shipped = load_catalogue(file, model, context=context)
    changes = _changes(name, shipped, clinic)
    content = read_yaml(file, KnowledgeError)

    def validate(changes: Sequence[Change]) -> CatalogueT:
        return model.model_validate(_with(content, changes, clinic), context=context)

    try:
        result = validate(changes)
    except ValidationError as e:
        raise KnowledgeError(
            _unsound(detail, changes, clinic) or _together(detail, validate, changes, clinic)
            for detail in e.errors()
        ) from None
    if problems := list(_uncited(result, changes, clinic)):
        raise KnowledgeError(problems)
    return result, changes


def _changes(name: str, shipped: Catalogue, clinic: Clinic) -> list[Change]:
    """Find the row of every override of a catalogue."""
    rows = Rows(name, shipped)
    problems: list[Problem] = []
    found: dict[Place, Change] = {}
    for number, override in clinic.of(name):
        place = rows.place(override.row)
        if place is None:
            says = rows.missing(override.row)
            problems.append(clinic.problem(number, ("row",), override.row, says))
            continue
        if place in found:
            line = line_of(clinic.file, ("overrides", found[place].number))
            says = f"is overridden in line {line} already; say all of it there"
            problems.append(clinic.problem(number, ("row",), override.row, says))
        row = rows.known.get(place)
        if row is not None:
            problems += _unknown_keys(number, override, row, clinic)
        like = "" if row else rows.like(override.row)
        found[place] = Change(number, override, place, _shipped(row, override), like)
    for id_ in sorted(shipped.sources.keys() & clinic.content.sources.keys()):
        line, says = line_of(clinic.file, ("sources", id_)), f"is a source of `{name}` already"
        problems.append(
            Problem(clinic.file.name, line, f"sources.{id_}", None, f"{says}; choose another name")
        )
    if problems:
        raise KnowledgeError(problems)
    return list(found.values())


def _unknown_keys(number: int, override: Override, row: Row, clinic: Clinic) -> Iterator[Problem]:
    keys = type(row).model_fields
    for key in override.set.keys() - keys.keys():
        yield clinic.problem(number, ("set", key), None, f"unknown key{nearest(key, keys)}")


def _shipped(row: Row | None, override: Override) -> dict[str, Any] | None:
    """What the keys were that an override sets."""
    if row is None:
        return None
    was = row.model_dump(mode="json")
    return {key: was.get(key) for key in override.set if key != "source"}


def _with(content: dict[str, Any], changes: Sequence[Change], clinic: Clinic) -> dict[str, Any]:
    """Return a catalogue's content as the clinic has it."""
    own = {change.id: clinic.source(change) for change in changes}
    content = {**deepcopy(content), "sources": content["sources"] | clinic.content.sources | own}
    for change in changes:
        *above, last = change.place
        group: dict[Any, Any] = content
        for step in above:
            group = group[step]
        group[last] = _row(group.get(last, {}), change)
    return content


def _row(shipped: dict[str, Any], change: Change) -> dict[str, Any]:
    """A row as the clinic has it: its first source is the override itself, which tells the rest."""
    wanted = change.override.set
    row = {**shipped, **wanted}
    cited = row.get("source", [])
    if isinstance(cited, list):
        row["source"] = [change.id, *cited]
    if "source_of" in shipped and "source_of" not in wanted:
        apart = shipped["source_of"].items()
        row["source_of"] = {key: names for key, names in apart if key not in wanted}
    return row


def _unsound(detail: Any, changes: Sequence[Change], clinic: Clinic) -> Problem | None:
    """What the model says of one override, where it says it of one."""
    change = _owner(detail["loc"], changes)
    if change is None:
        return None
    key = tuple(detail["loc"])[len(change.place) :]
    says = plain_problem(detail)
    if detail["type"] == "missing" and change.shipped is None:
        says = f"`{change.override.row}` is a new row{change.like}, and a new row needs it"
    elif detail["type"] == "extra_forbidden":
        says = "unknown key"
    return clinic.problem(change.number, ("set", *key), detail["input"], says)


def _owner(place: Place, changes: Iterable[Change]) -> Change | None:
    """Return the override of the innermost row around a place."""
    around = [c for c in changes if c.place == tuple(place)[: len(c.place)]]
    return max(around, key=lambda change: len(change.place), default=None)


def _together(
    detail: Any,
    validate: Callable[[Sequence[Change]], object],
    changes: Sequence[Change],
    clinic: Clinic,
) -> Problem:
    """What is wrong with the catalogue as a whole, at the first override that makes it so."""
    first = changes[-1]
    for n in range(1, len(changes)):
        try:
            validate(changes[:n])
        except ValidationError:
            first = changes[n - 1]
            break
    return clinic.problem(first.number, ("set",), None, plain_problem(detail))


def _uncited(catalogue: Catalogue, changes: Sequence[Change], clinic: Clinic) -> Iterator[Problem]:
    """Yield the sources that an override names and nobody defines."""
    for place, name in unknown_sources(catalogue):
        if change := _owner(place, changes):
            key = ("set", *place[len(change.place) :])
            says = f"unknown source{nearest(name, catalogue.sources)}; define it under `sources`"
            yield clinic.problem(change.number, key, name, says)


class Rows:
    """The rows of a catalogue, by the names under which a clinic knows them."""

    def __init__(self, name: str, shipped: Catalogue) -> None:
        self.name = name
        self.shelf = SHELVES[name]
        self.known = {
            place: row
            for place, row in cited_rows(shipped)
            if not any(isinstance(step, int) for step in place)  # a place in a list is no name
        }
        self.groups = {place[:-1] for place in self.known if _in_dict(shipped, place)}

    def place(self, said: str) -> Place | None:
        """Return where a row is, or a new one would be; None where there can be none."""
        wanted = (said, f"{self.shelf.block}.{said}")
        for dotted in wanted:
            for place in self.known:
                if _dotted(place) == dotted:
                    return place
        for dotted in wanted:
            for group in self.groups - {(self.shelf.closed,)}:
                id_ = dotted.removeprefix(f"{_dotted(group)}.")
                if id_ != dotted and ID.fullmatch(id_) and not self._inside(dotted):
                    return (*group, id_)
        return None

    def like(self, said: str) -> str:
        """Return the name of the row that may be meant, as a question."""
        return nearest(said, {_dotted(p).removeprefix(f"{self.shelf.block}.") for p in self.known})

    def missing(self, said: str) -> str:
        """Return what to say of a row that is not there and cannot be added."""
        says = f"`{self.name}` has no such row{self.like(said)}"
        if not self.shelf.closed:
            says += "; the id of a new one is of letters and digits, with hyphens between"
        else:
            says += f"; those of `{self.shelf.closed}` are asked for by name, so none can be added"
        return says

    def _inside(self, dotted: str) -> bool:
        """Return whether a name would lie inside a row that is there."""
        return any(dotted.startswith(f"{_dotted(place)}.") for place in self.known)


def _dotted(place: Iterable[int | str]) -> str:
    return ".".join(map(str, place))


def _in_dict(shipped: Catalogue, place: Place) -> bool:
    part: Any = shipped
    for step in place[:-1]:
        part = part[step] if isinstance(part, dict) else getattr(part, str(step))
    return isinstance(part, dict)
