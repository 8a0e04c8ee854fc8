"""A chart as a whole: made, opened, brought up to date, and filled from a folder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from reliefpath.care_log.columns import Bad
from reliefpath.care_log.folder import Reading, inspect_folder
from reliefpath.clock import Moment
from reliefpath.errors import CareLogError, Problem, UsageError
from reliefpath.store import migrations
from reliefpath.store.chart import Chart as Chart
from reliefpath.store.chart import create_chart
from reliefpath.store.chart import open_chart as open_chart
from reliefpath.store.database import engine_of, url_of
from reliefpath.store.database import is_sqlite as is_sqlite
from reliefpath.store.loading import Loaded, Progress
from reliefpath.store.writing import AuditEvent

BLOCK = 1 << 20
OTHERWISE = {
    False: "the chart says otherwise (row {}); if the file is right, add --corrections WHY",
    True: "was withdrawn from the chart (row {}); to record it anew, add --corrections WHY",
}


@dataclass(frozen=True)
class Imported:
    """What came of an import."""

    warnings: list[Problem]
    new: int
    corrected: int
    known: int


def make_chart(source: str, zone: str, by: str) -> Chart:
    """Make a chart whose days are those of a time zone.

    Raises:
        UsageError: there is one already, or something else.
        ChartError: the database could not be reached or written.
    """
    made = create_chart(source)
    made.set_zone(zone, AuditEvent(by, "init"))
    return made


def set_zone(chart: Chart, zone: str, by: str) -> None:
    """Set the clinic's time zone; see `Chart.set_zone`."""
    chart.set_zone(zone, AuditEvent(by, "zone"))


def upgrade_chart(source: str, by: str) -> tuple[str, str]:
    """Bring a chart of an older version up to this one; return both versions.

    Raises:
        UsageError: there is no chart.
        ChartError: the database could not be reached or written.
    """
    engine = engine_of(url_of(source))
    before = migrations.version_of(engine)
    if before is None:
        raise UsageError(f"there is no chart in `{url_of(source)}`")
    migrations.upgrade(engine)
    after = migrations.newest()
    Chart(engine).note(AuditEvent(by, "upgrade"), before=before, after=after)
    return before, after


def import_folder(
    chart: Chart,
    source: Path,
    by: str,
    *,
    corrections: str | None = None,
    ignored: Collection[str] = (),
    progress: Progress = lambda table, done, total: None,
) -> Imported:
    """Record a care log: all of it, or nothing where a row is bad or contradicts the chart.

    Args:
        chart: into which.
        source: a folder with tables, or one table's file.
        by: who does it.
        corrections: why rows that say otherwise than the chart correct it; None refuses them.
        ignored: columns that are known to be of no account.
        progress: told the table, how many of its rows are staged and how many there are.

    Raises:
        UsageError: there is no such folder, or no care log in it.
        CareLogError: a row is bad, or contradicts the chart; it lists every one of them.
    """
    today = Moment.of(chart.today, chart.zone)
    reading = inspect_folder(
        source, chart.on_record, ignored=ignored, today=today, knowledge=chart.knowledge
    )
    if reading.errors:
        raise CareLogError(reading.problems)
    loaded = chart.load(
        reading.care_log,
        _fingerprint(reading),
        AuditEvent(by, "import", corrections),
        corrections=corrections is not None,
        progress=progress,
    )
    if loaded.contradictions:
        raise CareLogError([*_contradictions(reading, loaded), *reading.problems])
    counts = (sum(each.values()) for each in (loaded.new, loaded.corrected, loaded.known))
    return Imported(reading.problems, *counts)


def _fingerprint(reading: Reading) -> str:
    """Tell a load by what its files hold."""
    found = sha256()
    for name, file in sorted(reading.files.items()):
        found.update(name.encode())
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                found.update(block)
    return found.hexdigest()


def _contradictions(reading: Reading, loaded: Loaded) -> list[Problem]:
    return reading.place(
        [
            (c.table, Bad(c.row, None, None, OTHERWISE[c.withdrawn].format(c.id)))
            for c in loaded.contradictions
        ]
    )
