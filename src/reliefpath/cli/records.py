"""Where a command reads the care log: from a folder, or from a chart, which notes who looked."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reliefpath.cli.options import SHOWN_PROBLEMS, WHOLE, ReadingOptions, knowledge, moment
from reliefpath.errors import ChartError, UsageError, nearest

if TYPE_CHECKING:
    import polars as pl

    from reliefpath.care.charts import Chart
    from reliefpath.care_log.log import CareLog

USER = "RELIEFPATH_USER"
"""The environment variable that says who is at work, where it is not the computer's user."""
ZONE = "RELIEFPATH_ZONE"
"""The environment variable that names the time zone of a folder's clinic."""
VERIFY = "See what else is wrong, and how to mend it: reliefpath chart verify CHART"
"""What to do about a chart that is damaged."""


def whoami() -> str:
    """Return who is at work, as the audit log calls them."""
    return os.environ.get(USER) or getpass.getuser()


def shown(source: str) -> str:
    """Return a source as messages may show it: a URL without its password."""
    return re.sub(r"(://[^:/@]*):[^/]*@", r"\1:***@", source)


@dataclass(frozen=True)
class Records:
    """The care log of a source, for a command whose name the chart's audit log will tell."""

    source: str
    command: str
    reading: ReadingOptions = WHOLE
    known_at: str | None = None
    by: str | None = None

    def parts(self) -> Iterator[CareLog]:
        """Yield the care log, a chart's a few thousand patients at a time."""
        _give_memory_back()
        chart = self._chart()
        if chart is None:
            yield self._folder()
            return
        self._look(chart, None)
        yield from map(_of_known_codes, chart.care_logs(self._known()))

    def whole(self) -> CareLog:
        """Return the whole care log."""
        _give_memory_back()
        chart = self._chart()
        if chart is None:
            return self._folder()
        self._look(chart, None)
        return _of_known_codes(chart.care_log(self._known()))

    def of(self, episode: str) -> CareLog:
        """Return what concerns one episode.

        Raises:
            UsageError: there is no such episode.
        """
        _give_memory_back()
        chart = self._chart()
        if chart is None:
            care_log = self._folder()
            known = care_log.episodes["episode"]
            if episode not in known:
                hint = nearest(episode, known.head(100_000))
                raise UsageError(f"no episode `{episode}` in `{shown(self.source)}`{hint}")
            return care_log.only(episode)
        patient = chart.patient_of(episode, self._known())
        if patient is None:
            raise UsageError(f"no episode `{episode}` in `{shown(self.source)}`")
        self._look(chart, patient)
        _check_codes(chart.bearing_codes())
        return _of_known_codes(chart.care_log_of(patient, self._known()))

    def _chart(self) -> Chart | None:
        """The chart, unless it is a folder.

        Raises:
            ChartError: an answer might leave out what was recorded.
        """
        if not is_chart(self.source):
            return None
        return sound_chart(self.source)

    def _folder(self) -> CareLog:
        from reliefpath.care_log.folder import read_folder
        from reliefpath.clock import Moment, today

        if self.known_at is not None:
            raise UsageError("--known-at asks a chart: a folder does not say when it was recorded")
        zone = zone_at(self.source)
        reading = read_folder(
            Path(self.source),
            skip_bad_rows=self.reading.skip_bad_rows,
            ignored=self.reading.ignore_column or (),
            today=Moment.of(today(zone), zone),
            knowledge=knowledge(),
        )
        for problem in reading.problems[:SHOWN_PROBLEMS]:
            typer.echo(problem, err=True)
        if len(reading.problems) > SHOWN_PROBLEMS:
            typer.echo("... `reliefpath check` lists them all", err=True)
        if self.command == "assess" or reading.errors:
            typer.echo(reading.summary(), err=True)
        return reading.care_log

    def _known(self) -> date | datetime | None:
        return None if self.known_at is None else moment(self.known_at, "--known-at")

    def _look(self, chart: Chart, patient: str | None) -> None:
        from reliefpath.care.audit import note

        note(chart, self.by or whoami(), patient=patient, command=self.command)


def _of_known_codes(care_log: CareLog) -> CareLog:
    from reliefpath.care_log.schema import TABLES

    _check_codes({name: care_log.table(name) for name in TABLES})
    return care_log


def _check_codes(tables: Mapping[str, pl.DataFrame]) -> None:
    from reliefpath.care_log.checks import check_codes

    check_codes(tables, knowledge())


def is_chart(source: str) -> bool:
    """Return whether a source is a chart, without loading what charts need."""
    if "://" in source:
        return True
    file = Path(source)
    if not file.is_file():
        return False
    from reliefpath.care.charts import is_sqlite

    return is_sqlite(file)


def zone_at(source: str) -> str:
    """Return the time zone of a source's clinic: a chart's own, else RELIEFPATH_ZONE, else this
    machine's.
    """
    from reliefpath.clock import machine_zone, zone_of

    if is_chart(source):
        chart = chart_of(source)
        try:
            return chart.zone
        finally:
            chart.close()
    named = os.environ.get(ZONE)
    return zone_of(named).key if named else machine_zone()


def chart_of(source: str) -> Chart:
    """Open a chart."""
    from reliefpath.care.charts import open_chart

    return open_chart(source, knowledge())


def sound_chart(source: str) -> Chart:
    """Open a chart of which an answer may be given.

    Raises:
        ChartError: the answer might leave out what was recorded.
    """
    chart = chart_of(source)
    if wrong := chart.check_database().wrong:
        raise ChartError(
            f"`{shown(source)}` is damaged, and an answer might leave out what was recorded: "
            f"{'; '.join(wrong[:5])}. {VERIFY}"
        )
    return chart


def _give_memory_back() -> None:
    """Let Arrow use the allocator that holds least of a large clinic, where there is one."""
    import pyarrow as pa

    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())
