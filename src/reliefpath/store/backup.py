"""Copies of a chart that are proven to hold what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reliefpath.errors import UsageError
from reliefpath.private_files import part_of, remove_stale
from reliefpath.store.chart import Chart, create_chart
from reliefpath.store.database import url_of
from reliefpath.store.verification.audit import Head
from reliefpath.store.verification.integrity import Soundness
from reliefpath.store.writing import AuditEvent

SUFFIX = ".chart"


@dataclass(frozen=True)
class Proven:
    """A copy that holds what was recorded.

    Attributes:
        place: The file, or the database URL.
        head: Where its log ends.
        source: Whether the database that it was copied from is sound. A copy has indexes of its
            own, so it is whole even where those of its source are damaged.
    """

    place: str
    head: Head
    source: Soundness


def proven_copy(source: Chart, place: str) -> Proven:
    """Copy a chart to where there is none; what failed leaves nothing there, or an empty database.

    Raises:
        UsageError: there is something there, or the source is not as it was recorded.
        ChartError: a database could not be read or written.
    """
    url = url_of(place)
    if url.get_backend_name() != "sqlite":
        return _copied(source, create_chart(place), place)
    with part_of(Path(str(url.database))) as part:
        return _copied(source, create_chart(str(part), in_place=True), place)


def _copied(source: Chart, target: Chart, place: str) -> Proven:
    try:
        sound = source.check_database()
        source.copy_to(target)
        found = target.verify(str(target.head()))
    finally:
        target.close()
    if found.wrong:
        raise UsageError(
            "the chart copied is not as it was recorded: " + "; ".join(found.wrong[:5])
        )
    return Proven(place, found.head, sound)


def back_up(source: Chart, folder: Path, by: str) -> Proven:
    """Make a proven copy in a folder, called by its time; one that failed is not called so.

    Raises:
        UsageError: the folder is not there, or the chart is not as it was recorded.
        ChartError: a database could not be read or written.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder `{folder}` for backups: make it")
    remove_broken_off(folder)
    name = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S.%fZ}{SUFFIX}"
    source.note(AuditEvent(by, "backup"), to=name)
    return proven_copy(source, str(folder / name))


def remove_broken_off(folder: Path) -> None:
    """Remove what backups left that were killed; those under way stay."""
    remove_stale(folder.glob(f"????-??-??T*Z{SUFFIX}*.part"))
