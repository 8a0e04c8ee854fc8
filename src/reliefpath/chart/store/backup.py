"""Copies of a chart that are proven to hold what was recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reliefpath.chart.store.chart import Chart, create_chart
from reliefpath.chart.store.writing import Act
from reliefpath.errors import UsageError

SUFFIX = ".chart"


def proven_copy(source: Chart, target: Chart) -> None:
    """Copy a chart into an empty one that ends where the source ended, and verifies.

    Raises:
        UsageError: the target is not empty, or the source is not as it was recorded.
        ChartError: a database could not be read or written.
    """
    source.copy_to(target)
    found = target.verify(str(target.head()))
    if found.wrong:
        raise UsageError(
            "the chart copied is not as it was recorded: " + "; ".join(found.wrong[:5])
        )


def back_up(source: Chart, folder: Path, by: str) -> Path:
    """Make a proven copy in a folder, called by its time; one that failed is not called so.

    Raises:
        UsageError: the folder is not there, or the chart is not as it was recorded.
        ChartError: a database could not be read or written.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder `{folder}` for backups: make it")
    name = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S.%fZ}{SUFFIX}"
    source.note(Act(by, "backup"), to=name)
    part = folder / f"{name}.part"
    target = create_chart(str(part))
    try:
        part.chmod(0o600)
        proven_copy(source, target)
    except BaseException:
        target.close()
        part.unlink(missing_ok=True)
        raise
    target.close()
    return part.rename(folder / name)
