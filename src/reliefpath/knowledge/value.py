"""Knowledge as a value: the catalogues as shipped, or as one clinic's own file has them.

Whatever rests on the catalogues takes a `Knowledge`, or something that carries one, such as a care
log or a pathway. So two clinics can be held side by side, in one process and in threads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import update_wrapper
from importlib import import_module
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Concatenate, ParamSpec, TypeVar

from reliefpath.errors import UsageError
from reliefpath.knowledge.amending import amended
from reliefpath.knowledge.catalogue import Catalogue, CatalogueT, Row, cited_rows, load_catalogue
from reliefpath.knowledge.clinic_file import MARK, SHELVES, Change, Clinic, read_clinic

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Knowledge:
    """The catalogues as shipped, or with the rows that a clinic's own file changes and adds.

    It never changes, equals any other of the same file's text, and can be sent to another process.
    """

    clinic: Clinic | None = None
    """The clinic's file; None is the catalogues as shipped."""
    _changes: dict[str, Change] = field(default_factory=dict, init=False, compare=False, repr=False)
    _derived: dict[Hashable, Any] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @classmethod
    def shipped(cls) -> Knowledge:
        """Return the catalogues as shipped."""
        return SHIPPED

    def with_overrides(self, file: str | Path) -> Knowledge:
        """Return the catalogues with what a clinic's file changes and adds.

        Args:
            file: The clinic's own file, in YAML.

        Raises:
            UsageError: there is no such file, or a clinic's file is in these already.
            KnowledgeError: the file has problems, listed with their lines.
        """
        if self.clinic is not None:
            raise UsageError(
                f"`{file}` would come on top of `{self.clinic.file}`: a clinic has one"
            )
        return _of(read_clinic(Path(file)))

    @classmethod
    def of_text(cls, text: str | None) -> Knowledge:
        """Return the catalogues with what the text of a clinic's file says; None says nothing.

        Raises:
            KnowledgeError: as `with_overrides`.
        """
        if text is None:
            return SHIPPED
        with TemporaryDirectory() as folder:
            file = Path(folder) / "clinic.yaml"
            file.write_text(text, "utf-8")
            return SHIPPED.with_overrides(file)

    def __repr__(self) -> str:
        if self.clinic is None:
            return "<Knowledge: as shipped>"
        own = self.clinic.content
        changes = f"{len(own.overrides)} change" + "s" * (len(own.overrides) != 1)
        return f"<Knowledge: {own.clinic}, {self.clinic.edition}, {changes}>"

    def __reduce__(self) -> tuple[Callable[[Clinic | None], Knowledge], tuple[Clinic | None]]:
        return _of, (self.clinic,)  # what is derived is worked out again where it arrives

    @property
    def changes(self) -> Mapping[str, Change]:
        """What the clinic's file changed and added, by the id of its source."""
        return self._changes

    def changes_of(self, row: Row) -> tuple[Change, ...]:
        """Return what the clinic's file changed of a row."""
        return tuple(self._changes[id_] for id_ in _own(row))

    def edition(self, version: str) -> str:
        """Return a pathway's version, with the clinic's file, if any, after a `+`."""
        return version if self.clinic is None else f"{version}+{self.clinic.edition}"


SHIPPED = Knowledge()


def _of(clinic: Clinic | None) -> Knowledge:
    """Whatever a clinic's file changes is read at once, so that it is refused as a whole."""
    if clinic is None:
        return SHIPPED
    knowledge = Knowledge(clinic)
    for name, shelf in SHELVES.items():
        if any(clinic.of(name)):
            module, _, function = shelf.loader.partition(":")
            getattr(import_module(module), function)(knowledge)
    return knowledge


def derived(
    function: Callable[Concatenate[Knowledge, P], T],
) -> Callable[Concatenate[Knowledge, P], T]:
    """Have what a function makes of knowledge worked out once, and kept with that value of it."""

    def once(knowledge: Knowledge, *args: P.args, **kwargs: P.kwargs) -> T:
        key = function, args, *kwargs.items()
        if key not in knowledge._derived:
            knowledge._derived[key] = function(knowledge, *args, **kwargs)
        known: T = knowledge._derived[key]
        return known

    wrapped: Any = update_wrapper(once, function)
    return wrapped  # type: ignore[no-any-return]


@derived
def catalogue(
    knowledge: Knowledge, name: str, file: Traversable | Path, model: type[CatalogueT]
) -> CatalogueT:
    """Return a catalogue as shipped, or as the clinic's file has it.

    Its model's validators are given the knowledge as their context.

    Raises:
        KnowledgeError: the catalogue, or an override of it, breaks its model.
    """
    if knowledge.clinic is None:
        return load_catalogue(file, model, context=knowledge)
    if not any(knowledge.clinic.of(name)):
        return catalogue(SHIPPED, name, file, model)
    result, changes = amended(name, file, model, knowledge.clinic, knowledge)
    knowledge._changes.update({change.id: change for change in changes})
    return result


def told_changes(catalogue: Catalogue, row: Row) -> tuple[str, ...]:
    """Return the clinic's changes of a row as sources, each with how sure it is."""
    return tuple(str(catalogue.sources[id_]) for id_ in _own(row))


def _own(row: Row) -> list[str]:
    """The overrides that a row cites, the rows inside it included."""
    return [id_ for _, part in cited_rows(row) for id_ in part.source if id_.startswith(MARK)]
