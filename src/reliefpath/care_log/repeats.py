"""Treatments that stand twice: nobody knows whether one was given twice or written twice.

So each counts for doses and limits, and all of them once for how a trial of conservative care went.
The reader asks about them by row.
"""

from __future__ import annotations

import numpy as np
import polars as pl

TELLING = ("episode", "at", "therapy", "agent", "muscle", "side")
"""Columns in which most treatments differ: looking at these alone is far cheaper than at all."""


def said_again(treatments: pl.DataFrame) -> pl.Series:
    """Return whether each row is the same in all columns as one before it."""
    told = treatments[list(TELLING)].hash_rows()
    again = pl.Series(np.zeros(treatments.height, np.bool_))
    if told.n_unique() == treatments.height:
        return again
    alike = told.is_duplicated().arg_true()
    first = treatments[alike].select(pl.struct(pl.all()).is_first_distinct()).to_series()
    return again.scatter(alike, ~first)
