"""What was tried in an episode, a therapy a row."""

from __future__ import annotations

from datetime import date

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.repeats import said_again


def tried(care_log: CareLog, episode: str, as_of: date) -> pl.DataFrame:
    """Return what was tried, how often, how well it was followed, and what it brought.

    Columns: `therapy`; `days`, how many; `first` and `last` of them; `adherence` and `response`,
    mean shares, in which a row that stands twice counts once; `adverse`, the effects in one text,
    empty without any; `muscles`. The therapy that was begun first comes first.
    """
    rows = care_log.moment(as_of).before(care_log.given).filter(episode=episode)
    rows = rows.filter(~said_again(rows))
    found = rows.group_by("therapy").agg(
        days=pl.col("at").dt.date().n_unique(),
        first=pl.col("at").min().dt.date(),
        last=pl.col("at").max().dt.date(),
        adherence=pl.col("adherence").mean(),
        response=pl.col("response").mean(),
        adverse=pl.col("adverse_effect").drop_nulls().unique().sort().str.join(", "),
        muscles=pl.col("muscle").drop_nulls().unique().sort(),
    )
    return found.sort("first", "therapy")
