"""One patient's recovery from scores as they are at hand: a frame, pairs, or two sequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import SHIPPED, Knowledge
from reliefpath.pathway.recovery_course import RecoveryCourse, scale_of, weeks_since
from reliefpath.recovery import DEFAULT_PRIOR, Prior, Targets
from reliefpath.reference.measures import Measure, measures
from reliefpath.reference.measures.totals import totals

ACCEPTED = (
    "expected a polars or pandas frame with `value` and `at` or `week`, pairs of a time and a "
    "score, or scores with their times in `at`"
)


def fit(
    scores: Any,
    measure: str,
    *,
    at: Iterable[Any] | None = None,
    began: date | None = None,
    injections: Iterable[Any] = (),
    targets: Targets | None = None,
    prior: Prior = DEFAULT_PRIOR,
    knowledge: Knowledge = SHIPPED,
) -> RecoveryCourse:
    """Return the recovery of one patient on one outcome measure.

    Range, direction and the change that matters are the measure's own, from the catalogue.

    Args:
        scores: The scores in the measure's unit, in any order; one of

            - a polars or pandas frame with the columns `value` and `at` (dates or times) or `week`
              (weeks since care began), such as the scores of a care log: of several measures the
              rows of this one count, and items are scored;
            - pairs of a time and a score, such as `[(date(2026, 1, 5), 7), ...]` or `[(0, 7), ...]`
            - the scores alone, with their times in `at`.
        measure: Id of the outcome measure, such as `nrs`.
        at: When each score was given: dates, times, or weeks since care began.
        began: The day on which care began; that of the first score unless it is given.
        injections: When the patient was injected, told as the times of the scores are.
        targets: What is asked; as the pathway as shipped asks it unless it is given.
        prior: What is known before the first score, such as `learn_priors` finds it for a clinic.
        knowledge: The catalogues that have the measure.

    Raises:
        UsageError: The scores are not of one of these kinds, there is none, one lies outside the
            measure's range, or no curve can follow the measure.
    """
    scale = _scale(measure, knowledge)
    table = _scores_of(_table(scores, at), measure, knowledge)
    times, values = _times(table["time"], "scores"), _numbers(table["value"], measure, scale)
    began = began.date() if isinstance(began, datetime) else began
    if began is None and times.dtype.is_temporal():
        [began] = times.cast(pl.Date).sort().head(1)
    injected = list(injections)
    return RecoveryCourse.of(
        measure,
        scale,
        _weeks(times, began),
        values,
        began=began,
        injections=_weeks(_injections(injected, times), began) if injected else (),
        targets=targets or Targets(),
        prior=prior,
    )


def _scale(measure: str, knowledge: Knowledge) -> Measure:
    known = measures(knowledge)
    if measure not in known:
        raise UsageError(f"unknown measure `{measure}`{nearest(measure, known)}")
    scale = scale_of(known, measure)
    if scale is None:
        curved = ", ".join(name for name in known if scale_of(known, name) is not None)
        raise UsageError(
            f"no curve can follow `{measure}`: no score of it is known to mean well, or it has no "
            f"greatest score; these have a curve: {curved}"
        )
    return scale


def _table(scores: Any, at: Iterable[Any] | None) -> pl.DataFrame:
    """The scores as a frame with `time` and `value`, and whatever else a frame had."""
    if isinstance(scores, str | bytes):
        raise UsageError(f"the scores are a text; {ACCEPTED}")
    if isinstance(scores, pl.LazyFrame):
        scores = scores.collect()
    if isinstance(scores, Mapping) or hasattr(scores, "columns"):
        if at is not None:
            raise UsageError("the scores are a frame, which has their times; leave out `at`")
        return _named(_frame(scores))
    if at is not None:
        times, values = list(at), list(scores)
        if len(times) != len(values):
            raise UsageError(f"{len(values)} scores have {len(times)} times; each needs one")
    else:
        try:
            times, values = map(list, zip(*((time, value) for time, value in scores), strict=True))
        except (TypeError, ValueError):
            if isinstance(scores, Iterable) and not list(scores):
                raise UsageError("there are no scores; a fit needs at least one") from None
            raise UsageError(f"the scores are no pairs of a time and a score; {ACCEPTED}") from None
    return _frame({"time": times, "value": values})


def _frame(columns: Any) -> pl.DataFrame:
    if isinstance(columns, Mapping):
        columns = {name: _column(values) for name, values in columns.items()}
    try:
        return pl.DataFrame(columns)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as e:
        why = str(e).partition("\n")[0]
        raise UsageError(f"a column of the scores is of several kinds ({why}); {ACCEPTED}") from e


def _column(values: Iterable[Any]) -> Any:
    """Whole numbers and others together are numbers, too."""
    if hasattr(values, "dtype"):
        return values
    listed = list(values)
    if all(value is None or type(value) in (int, float) for value in listed):
        return [None if value is None else float(value) for value in listed]
    return listed


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    if "value" not in frame.columns or ("at" in frame.columns) == ("week" in frame.columns):
        raise UsageError(
            f"the frame of scores has the columns {', '.join(frame.columns) or 'none'}; expected "
            "`value`, and `at` (dates or times) or `week` (weeks since care began): rename yours"
        )
    return frame.rename({"at" if "at" in frame.columns else "week": "time"})


def _scores_of(table: pl.DataFrame, measure: str, knowledge: Knowledge) -> pl.DataFrame:
    """The rows of one measure and episode, items scored."""
    if "measure" in table.columns:
        others = table["measure"].unique().sort()
        table = table.filter(measure=measure)
        if table.is_empty() and len(others):
            raise UsageError(f"no score is of `{measure}`; the frame has {', '.join(others)}")
    if "episode" in table.columns and table["episode"].n_unique() > 1:
        raise UsageError(
            f"the scores are of {table['episode'].n_unique()} episodes; fit one at a time, such as "
            "scores.filter(episode=...)"
        )
    if {"item", "measure", "episode"} <= set(table.columns):
        table = totals(table.rename({"time": "at"}), knowledge).rename({"at": "time"})
    if table.is_empty():
        raise UsageError("there are no scores; a fit needs at least one")
    return table


def _times(times: pl.Series, of: str) -> pl.Series:
    """Times as instants without a zone, or weeks as numbers."""
    if times.null_count():
        raise UsageError(f"a time of the {of} is missing; leave its row out")
    if times.dtype.is_temporal() and times.dtype not in (pl.Time, pl.Duration):
        if isinstance(times.dtype, pl.Datetime):
            times = times.dt.replace_time_zone(None)
        return times.cast(pl.Datetime("us"))
    if not times.dtype.is_numeric():
        text = ", not texts; `pl.Series.str.to_date` makes dates of texts"
        raise UsageError(
            f"the times of the {of} are {times.dtype}; expected dates, times, or weeks since care "
            f"began as numbers{text if times.dtype == pl.String else ''}"
        )
    if not times.cast(pl.Float64).is_finite().all():
        raise UsageError(f"a week of the {of} is not a number")
    return times.cast(pl.Float64)


def _injections(injections: list[Any], times: pl.Series) -> pl.Series:
    given = _times(_frame({"time": injections})["time"], "injections")
    if given.dtype != times.dtype:
        raise UsageError("tell injections as the scores are: both by dates, or both by weeks")
    return given


def _numbers(values: pl.Series, measure: str, scale: Measure) -> NDArray[np.float64]:
    if not values.dtype.is_numeric():
        raise UsageError(f"the scores are {values.dtype}; expected numbers, in `{measure}`'s unit")
    found = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    high = scale.low + (scale.scale_range or 0.0)
    if np.isnan(found).any():
        raise UsageError("a score is missing; leave its row out")
    outside = (found < scale.low) | (found > high)
    if outside.any():
        raise UsageError(
            f"a score of {found[outside][0]:g} lies outside `{measure}`, {scale.low:g} to {high:g}"
        )
    return found


def _weeks(times: pl.Series, began: date | None) -> NDArray[np.float64]:
    """Weeks since care began."""
    if began is None or not times.dtype.is_temporal():
        return times.to_numpy()
    return weeks_since(began, times.dt.replace_time_zone("UTC"))
