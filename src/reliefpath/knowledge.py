"""Clinical knowledge as data: YAML rows, each with its source and how sure that source is.

Every knowledge file has a `sources` block and blocks of rows. A row names its sources by their ids:

    sources:
      abbott-2014: {cite: "Abbott & Schmitt 2014, JOSPT 44:560", url: https://..., certainty: read}
    measures:
      psfs: {name: Patient-Specific Functional Scale, ..., source: [abbott-2014]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from reliefpath.errors import ContentError, KnowledgeError, Problem, nearest


class Certainty(StrEnum):
    """How sure a source is, weakest last."""

    READ = "read"
    """The text or abstract of the source was read."""
    DERIVED = "derived"
    """Calculated from sources that were read."""
    SECONDARY = "secondary"
    """Only a secondary summary was read: to be re-checked against the primary source."""
    UNVERIFIED = "unverified"
    """Commonly stated, source not read: a clinic signs it off before it gates care."""
    HOUSE = "house"
    """The clinic's own choice, without a published source: its medical director signs it off."""

    @property
    def needs_signature(self) -> bool:
        """Whether a medical director must sign off what rests on it."""
        return self in (Certainty.UNVERIFIED, Certainty.HOUSE)


class Record(BaseModel):
    """Base of everything read from YAML: immutable, and no key that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Record):
    """Where a piece of knowledge comes from."""

    cite: str = Field(description="Authors, year, journal; or the name of the policy or guideline")
    url: str | None = Field(default=None, description="Where it can be read")
    certainty: Certainty = Field(description="How sure it is")

    def __str__(self) -> str:
        return f"{self.cite} [{self.certainty}]"


class Row(Record):
    """A row of a catalogue; `source` names entries of the file's `sources` block."""

    source: tuple[str, ...] = Field(min_length=1, description="Ids from the file's `sources`")

    def citations(self) -> dict[str, tuple[str, ...]]:
        """Return the source ids the row itself names, by the key that names them."""
        return {"source": self.source}


Place = tuple[int | str, ...]
RecordT = TypeVar("RecordT", bound=Record)


class Catalogue(Record):
    """Base of a knowledge file's content."""

    sources: dict[str, Source]


CatalogueT = TypeVar("CatalogueT", bound=Catalogue)


def read_yaml(file: Traversable | Path, error: type[ContentError]) -> CommentedMap:
    """Read a YAML mapping whose nodes know their lines.

    Raises:
        error: the file is not YAML, or not a mapping.
    """
    try:
        content = YAML().load(file.read_text("utf-8"))
    except MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else None
        problem = Problem(file.name, line, None, None, f"not valid YAML: {e.problem}")
        raise error([problem]) from None
    except UnicodeDecodeError:
        raise error([Problem(file.name, None, None, None, "not UTF-8 text")]) from None
    if not isinstance(content, CommentedMap):
        raise error([Problem(file.name, 1, None, None, "expected a mapping of keys to values")])
    return content


def line_of(content: Any, path: Place) -> int | None:
    """Return the line, from 1, of the node of `content` at `path` or of its nearest parent."""
    line = None
    for key in path:
        if isinstance(content, CommentedMap) and key in content:
            line = content.lc.key(key)[0] + 1
        elif isinstance(content, CommentedSeq) and isinstance(key, int) and key < len(content):
            line = content.lc.item(key)[0] + 1
        else:
            break
        content = content[key]
    return line


def validate(
    model: type[RecordT], content: CommentedMap, file: str, error: type[ContentError]
) -> RecordT:
    """Validate `content` as `model`; every problem is told with its line.

    Raises:
        error: at least one value is not what the model expects.
    """
    try:
        return model.model_validate(content)
    except ValidationError as e:
        raise error(_problem(content, file, model, detail) for detail in e.errors()) from None


def _problem(content: CommentedMap, file: str, model: type[Record], detail: Any) -> Problem:
    path = tuple(detail["loc"])
    expected = str(detail["msg"])
    value = None
    if detail["type"] == "extra_forbidden":
        expected = f"unknown key{nearest(str(path[-1]), _keys(model))}"
    elif isinstance(detail["input"], str | int | float | bool):
        value = str(detail["input"])
    return Problem(file, line_of(content, path), ".".join(map(str, path)), value, expected)


def _keys(model: type[Record]) -> set[str]:
    """All keys that `model` and the models inside it know."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}


def cited_rows(part: object, path: Place = ()) -> Iterator[tuple[Place, Row]]:
    """Yield every row in `part`, itself included, with its path below it."""
    if isinstance(part, Row):
        yield path, part
    if isinstance(part, Record):
        inside: Iterable[tuple[int | str, object]] = (
            (name, getattr(part, name)) for name in type(part).model_fields
        )
    elif isinstance(part, dict):
        inside = part.items()
    elif isinstance(part, tuple):
        inside = enumerate(part)
    else:
        return
    for key, value in inside:
        yield from cited_rows(value, (*path, key))


def load_catalogue(
    file: Traversable | Path,
    model: type[CatalogueT],
    error: type[ContentError] = KnowledgeError,
) -> CatalogueT:
    """Read a knowledge file as `model`.

    Raises:
        error: the file breaks its model or a row names a source it does not define.
    """
    content = read_yaml(file, error)
    catalogue = validate(model, content, file.name, error)
    problems = [
        Problem(
            file.name,
            line_of(content, (*path, key)),
            ".".join(map(str, (*path, key))),
            name,
            f"unknown source{nearest(name, catalogue.sources)}",
        )
        for path, row in cited_rows(catalogue)
        for key, names in row.citations().items()
        for name in names
        if name not in catalogue.sources
    ]
    if problems:
        raise error(problems)
    return catalogue
