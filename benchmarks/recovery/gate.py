"""The part of the pathway's gate that asks of the recovery curve, with the pathway's own words."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from reliefpath.pathway.assessment import question
from reliefpath.pathway.facts.declared import askable
from reliefpath.pathway.model import load_pathway
from reliefpath.recovery import Recovery

from .histories import WINDOW, Flags, Histories
from .peers.parts import HAIR, first_score, last_score

CRITERIA = ("plateau", "window", "levels-off-below-recovered")
FACTS = ("p_level", "p_plateau", "improvement", "level_ahead")


def let_through(told: Recovery, histories: Histories) -> Flags:
    """Return whom the gate as shipped lets through, as far as it looks at one measure's curve.

    Facts of another measure are unknown, and an answer that is unknown keeps the gate shut.
    """
    well = last_score(histories) <= (1 - WINDOW[1]) * first_score(histories) + HAIR
    facts = {name: getattr(told, name) for name in FACTS} | {"well_now": well}
    known = pl.DataFrame(facts).fill_nan(None)
    others = [pl.lit(None, askable()[name]).alias(name) for name in _asked() if name not in facts]
    criteria = [question(sql).expr.alias(id_) for id_, sql in _conditions().items()]
    answers = known.with_columns(others).select(criteria)
    opened = answers.select(pl.all_horizontal(pl.all()).fill_null(False))
    return np.asarray(opened.to_series().to_numpy(), np.bool_)


@cache
def _conditions() -> dict[str, str]:
    criteria = load_pathway().criteria
    return {id_: criteria[id_][1].require for id_ in CRITERIA}


def _asked() -> set[str]:
    return {name for sql in _conditions().values() for name in question(sql).facts}
