"""Clinical knowledge as data: YAML rows, each with its source and how sure that source is.

Every knowledge file has a `sources` block and blocks of rows. A row names its sources by their ids:

    sources:
      abbott-2014: {cite: "Abbott & Schmitt 2014, JOSPT 44:560", url: https://..., certainty: read}
    measures:
      psfs: {name: Patient-Specific Functional Scale, ..., source: [abbott-2014]}
"""

from __future__ import annotations

import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib import metadata
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yaml.constructor import ConstructorError
from yaml.error import MarkedYAMLError

from reliefpath.errors import ContentError, KnowledgeError, Problem, nearest
from reliefpath.knowledge.plain import plain_problem


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


_BETWEEN = re.compile(r"[\s_®™-]+")


def folded(words: str) -> str:
    """Return words in the one form in which names are compared.

    >>> folded(" Depo-Medrol® ")
    'depo medrol'
    """
    plain = unicodedata.normalize("NFKD", _BETWEEN.sub(" ", words)).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(letters.split())


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as people read it: a key stands once, and `no` is a word."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
            str(value) if isinstance(value, int) else None  # Python cannot say the longest
            return value
        except (ValueError, OverflowError, AttributeError, LookupError, TypeError):
            message = f"`{node.value}` is no value of its type"  # such as 30 February
            raise ConstructorError(None, None, message, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                message = "a key must be a word, not a list or a mapping"
                raise ConstructorError(None, None, message, key.start_mark)
            if key.value in seen:
                message = f"key `{key.value}` stands more than once"
                raise ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


BOOLEAN = "tag:yaml.org,2002:bool"
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != BOOLEAN]
    for first, resolvers in _StrictLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(BOOLEAN, re.compile("^(true|false)$"), ["t", "f"])


def read_yaml(file: Traversable | Path, error: type[ContentError]) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        error: the file is not YAML, says a key twice, is not a mapping, or is one of ours and not
            as it was installed.
    """
    try:
        content = file.read_bytes()
        text = content.decode("utf-8")
        place = Path(str(file)).resolve()
        if PACKAGE not in place.parents:
            _refuse_bombs(file.name, text, error)
        elif _is_altered(place, content):
            raise error([Problem(file.name, None, None, None, ALTERED)])
        loaded = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 it is a safe loader
    except OSError as e:
        raise error([Problem(file.name, None, None, None, f"cannot be read: {e.strerror}")]) from e
    except MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else None
        raise error(
            [Problem(file.name, line, None, None, f"not valid YAML: {e.problem}")]
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise error([Problem(file.name, None, None, None, f"not YAML in UTF-8: {e}")]) from None
    if not isinstance(loaded, dict):
        raise error([Problem(file.name, 1, None, None, "expected a mapping of keys to values")])
    return loaded


PACKAGE = Path(__file__).resolve().parents[1]
ALTERED = (
    "is not as it was installed, so that knowledge may be missing: install ReliefPath again; what "
    "a clinic changes belongs in a file of its own, which `--clinic` names"
)


@cache
def _installed() -> Mapping[Path, str]:
    """The SHA-256 of our files as they were installed; of none where the source itself is run.

    A row that was lost from a catalogue is a danger that nobody asks about any more.
    """
    try:
        files = metadata.files("reliefpath") or ()
    except metadata.PackageNotFoundError:
        return {}
    known = ((file, file.hash) for file in files if file.suffix == ".yaml")
    return {Path(str(file.locate())).resolve(): said.value for file, said in known if said}


def _is_altered(file: Path, content: bytes) -> bool:
    known = _installed().get(file)
    return known is not None and known != _digest(content)


def _digest(content: bytes) -> str:
    """The SHA-256 of a file, as a list of installed files writes it."""
    return urlsafe_b64encode(sha256(content).digest()).decode().rstrip("=")


MOST_CHARACTERS, MOST_NODES, DEEPEST = 2_000_000, 200_000, 100
"""How much a file may hold; what the package ships holds far less."""


def _refuse_bombs(name: str, text: str, error: type[ContentError]) -> None:
    """Refuse a text that would take more memory, or a deeper stack, than any file that is meant.

    An alias stands for all that it names, so that ten lines can stand for billions of values.
    """
    say = f"more than {MOST_NODES:,} values or {DEEPEST} levels, aliases written out"
    if len(text) > MOST_CHARACTERS:
        raise error([Problem(name, None, None, None, f"more than {MOST_CHARACTERS:,} characters")])
    sizes: dict[str, int] = {}
    begun: list[tuple[str | None, int]] = []
    nodes = 0
    for event in yaml.parse(text, Loader=_StrictLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            begun.append((event.anchor, nodes))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = begun.pop()
            sizes |= {} if anchor is None else {anchor: nodes - before}
        elif isinstance(event, yaml.AliasEvent):
            nodes += sizes.get(str(event.anchor), 1)
        nodes += isinstance(event, yaml.NodeEvent)
        if nodes > MOST_NODES or len(begun) > DEEPEST:
            raise error([Problem(name, None, None, None, say)])


def line_of(file: Traversable | Path, path: Place) -> int | None:
    """Return the line, from 1, of the node of a YAML file at `path` or of its nearest parent."""
    node = yaml.compose(file.read_text("utf-8"), Loader=_StrictLoader)
    line = None
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = next(((v, v) for v in node.value[step : step + 1]), None)
        else:
            found = None
        if found is None:
            break
        line = found[0].start_mark.line + 1
        node = found[1]
    return line


def spans_of(text: str, paths: Iterable[Place]) -> list[tuple[int, int] | None]:
    """Return where the values at some paths of a YAML text begin and end, None where none is."""
    root = yaml.compose(text, Loader=_StrictLoader)
    return [_span(root, path) for path in paths]


def _span(node: yaml.Node | None, path: Place) -> tuple[int, int] | None:
    for step in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode):
            node = dict(enumerate(node.value)).get(int(step))
        else:
            return None
    return None if node is None else (node.start_mark.index, node.end_mark.index)


def read_record(
    file: Traversable | Path,
    model: type[RecordT],
    error: type[ContentError],
    context: object = None,
) -> RecordT:
    """Read a YAML file as `model`, whose validators are given `context`; every problem is told with
    its line.

    Raises:
        error: the file is not YAML, or at least one value is not what the model expects.
    """
    content = read_yaml(file, error)
    try:
        return model.model_validate(content, context=context)
    except ValidationError as e:
        raise error(_problem(file, model, detail) for detail in e.errors()) from None


def _problem(file: Traversable | Path, model: type[Record], detail: Any) -> Problem:
    path = tuple(detail["loc"])
    expected = plain_problem(detail)
    value = None
    if detail["type"] == "extra_forbidden":
        expected = f"unknown key{nearest(str(path[-1]), _keys(model))}"
    elif isinstance(detail["input"], str | int | float | bool):
        value = str(detail["input"])
    return Problem(file.name, line_of(file, path), ".".join(map(str, path)), value, expected)


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
    context: object = None,
) -> CatalogueT:
    """Read a knowledge file as `model`, whose validators are given `context`.

    Raises:
        error: the file breaks its model or a row names a source it does not define.
    """
    catalogue = read_record(file, model, error, context)
    problems = [
        Problem(
            file.name,
            line_of(file, path),
            ".".join(map(str, path)),
            name,
            f"unknown source{nearest(name, catalogue.sources)}",
        )
        for path, name in unknown_sources(catalogue)
    ]
    if problems:
        raise error(problems)
    return catalogue


def unknown_sources(catalogue: Catalogue) -> Iterator[tuple[Place, str]]:
    """Yield every source that a row names and the catalogue does not define, with its path."""
    for path, row in cited_rows(catalogue):
        for key, names in row.citations().items():
            yield from (((*path, key), name) for name in names if name not in catalogue.sources)
