"""The clinic's file that this process goes by, and the one way by which a catalogue is read.

What the catalogues say is in schemas, queries and caches everywhere. So a file is taken up before
any of them is read, and then holds until the process ends: half a change would be worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory

from reliefpath.errors import UsageError
from reliefpath.knowledge.amending import amended
from reliefpath.knowledge.catalogue import Catalogue, CatalogueT, Row, cited_rows, load_catalogue
from reliefpath.knowledge.clinic_file import MARK, SHELVES, Change, Clinic, read_clinic


@dataclass
class _Process:
    """What this process has taken up so far."""

    clinic: Clinic | None = None
    refused: bool = False
    has_read: bool = False


_PROCESS = _Process()


def in_force() -> Clinic | None:
    """Return the clinic's file that this process goes by; None is the catalogues as shipped."""
    return _PROCESS.clinic


def use_overrides(file: Path) -> None:
    """Go by a clinic's file from now on; call it before other modules of ReliefPath are imported.

    Raises:
        UsageError: there is no such file, or the process has read a catalogue without it.
        KnowledgeError: the file has problems, listed with their lines; this process then reads no
            catalogue any more.
    """
    clinic = read_clinic(file)
    if _PROCESS.clinic is not None and _PROCESS.clinic.text == clinic.text:
        return
    if _PROCESS.has_read or _PROCESS.clinic is not None:
        raise UsageError(
            f"`{file}` comes too late: this process has read the catalogues without it; name it "
            "before anything is read, in a new process"
        )
    _PROCESS.clinic = clinic
    try:
        for name in SHELVES:  # whatever it changes is read now, so that it is refused as a whole
            if any(clinic.of(name)):
                module, _, function = SHELVES[name].loader.partition(":")
                getattr(import_module(module), function)()
    except BaseException:
        _PROCESS.refused = True
        raise


def use_text(text: str) -> None:
    """Go by the text of a clinic's file; see `use_overrides`."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clinic.yaml"
        file.write_text(text, "utf-8")
        use_overrides(file)


def catalogue(name: str, file: Traversable | Path, model: type[CatalogueT]) -> CatalogueT:
    """Return a catalogue as shipped, or as the clinic's file in force has it.

    Raises:
        UsageError: the clinic's file was refused.
        KnowledgeError: the catalogue, or an override of it, breaks its model.
    """
    if _PROCESS.refused:
        raise UsageError("the clinic's file was refused; mend it, and start a new process")
    _PROCESS.has_read = True
    if _PROCESS.clinic is None or not any(_PROCESS.clinic.of(name)):
        return load_catalogue(file, model)
    return amended(name, file, model, _PROCESS.clinic)


def changes_of(row: Row) -> tuple[Change, ...]:
    """Return what the clinic's file in force changed of a row."""
    clinic = _PROCESS.clinic
    return () if clinic is None else tuple(clinic.changes[id_] for id_ in _own(row))


def told_changes(catalogue: Catalogue, row: Row) -> tuple[str, ...]:
    """Return the clinic's changes of a row as sources, each with how sure it is."""
    return tuple(str(catalogue.sources[id_]) for id_ in _own(row))


def _own(row: Row) -> list[str]:
    """The overrides that a row cites, the rows inside it included."""
    return [id_ for _, part in cited_rows(row) for id_ in part.source if id_.startswith(MARK)]


def edition(version: str) -> str:
    """Return a pathway's version, with the clinic's file in force after a `+`."""
    return version if _PROCESS.clinic is None else f"{version}+{_PROCESS.clinic.edition}"
