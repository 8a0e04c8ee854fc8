"""Turn a tidy file of scores into a care log.

The file is a CSV with the columns `patient,time,score,scale,arm`; `time` is in weeks. Each patient
in each arm becomes an episode that begins with the first visit. Nothing but scores is known of such
patients, so everything else stays unknown.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from reliefpath.care_log.folder import write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.errors import CareLogError, Problem, ReliefPathError, UsageError, nearest
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import REGIONS
from reliefpath.reference.measures import measures

COLUMNS = ("patient", "time", "score", "scale", "arm")
WEEK_0 = datetime(2025, 1, 6, tzinfo=UTC)
"""The day of week 0; the file knows no dates."""


def convert(
    file: Annotated[Path, typer.Argument(help="CSV: patient,time,score,scale,arm.")],
    out: Annotated[Path, typer.Argument(help="Folder for the care log.")],
    measure: Annotated[str, typer.Option(help="The outcome measure that the scores are of.")],
    region: Annotated[str, typer.Option(help="Where it hurts.")],
    factor: Annotated[float, typer.Option(help="Multiplies scores onto the measure's range.")] = 1,
    scale: Annotated[str | None, typer.Option(help="Which scale, if there are several.")] = None,
) -> None:
    """Write the care log, what each arm scored on average, and how to assess it."""
    rows = _read(file, scale)
    _check_codes(measure, region)
    visits = rows.with_columns(
        episode=pl.concat_str("arm", "patient", separator="-"),
        at=pl.lit(WEEK_0) + pl.duration(days=(pl.col("time") * 7).round()),
        measure=pl.lit(measure),
        value=(pl.col("score") * factor).round(6),
    )
    write_folder(_care_log(visits, region), out)
    _report(visits, out)


def _read(file: Path, scale: str | None) -> pl.DataFrame:
    if not file.is_file():
        raise UsageError(f"`{file}` is not a file")
    try:
        rows = pl.read_csv(file, infer_schema=False)
    except pl.exceptions.PolarsError as e:
        raise UsageError(f"`{file}` is not a CSV: {str(e).splitlines()[0]}") from None
    if missing := [c for c in COLUMNS if c not in rows.columns]:
        raise UsageError(f"`{file}` lacks {', '.join(missing)}; expected {','.join(COLUMNS)}")
    if rows.is_empty():
        raise UsageError(f"`{file}` has no rows")
    _refuse_not_numbers(rows, file)
    scales = sorted(rows["scale"].drop_nulls().unique())
    if scale is None and len(scales) > 1:
        raise UsageError(f"several scales; choose one with --scale: {', '.join(scales)}")
    if scale is not None and scale not in scales:
        raise UsageError(f"no scale `{scale}`{nearest(scale, scales)}")
    chosen = rows if scale is None else rows.filter(scale=scale)
    return chosen.with_columns(pl.col("time", "score").cast(pl.Float64))


def _refuse_not_numbers(rows: pl.DataFrame, file: Path) -> None:
    problems = [
        Problem(file.name, row + 2, name, rows[name][row], "expected a number")
        for name in ("time", "score")
        for row in (
            ~rows[name].cast(pl.Float64, strict=False).is_finite().fill_null(False)
        ).arg_true()
    ]
    problems += [
        Problem(file.name, row + 2, name, None, "must not be empty")
        for name in ("patient", "arm")
        for row in rows[name].is_null().arg_true()
    ]
    if problems:
        raise CareLogError(problems)


def _check_codes(measure: str, region: str) -> None:
    for what, code, known in (("measure", measure, measures(SHIPPED)), ("region", region, REGIONS)):
        if code not in known:
            raise UsageError(f"unknown {what} `{code}`{nearest(code, known)}")


def _care_log(visits: pl.DataFrame, region: str) -> CareLog:
    episodes = visits.group_by("episode", maintain_order=True).agg(
        pl.col("patient").first(),
        started_on=pl.col("at").min().dt.date(),
        region=pl.lit(region),
        primary_measure=pl.col("measure").first(),
    )
    tables = {
        "patients": visits.select("patient").unique(maintain_order=True),
        "episodes": episodes,
        "scores": visits.select("episode", "at", "measure", "value"),
    }
    return CareLog.from_arrow({name: frame.to_arrow() for name, frame in tables.items()})


def _report(visits: pl.DataFrame, out: Path) -> None:
    means = (
        visits.group_by("arm", "time")
        .agg(pl.len(), pl.col("score").mean())
        .sort("arm", "time")
        .iter_rows()
    )
    print(f"Wrote {visits['episode'].n_unique()} episodes, {visits.height} scores. Mean scores:")
    for arm, time, count, mean in means:
        print(f"  {arm}, week {time:g}: {mean:.2f} ({count} patients)")
    last: datetime = visits["at"].max()  # type: ignore[assignment]
    print(f"Next: reliefpath assess {out} --as-of {last.date()}")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a refusal is a message and an exit code."""
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(convert)
    try:
        command(arguments)
    except ReliefPathError as e:
        typer.echo(str(e), err=True)
        raise SystemExit(e.exit_code) from None


if __name__ == "__main__":
    main()
