"""Check-ins that the pathway's follow-up waits for."""

from __future__ import annotations

from typing import Annotated

import polars as pl
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reliefpath.chart.store.writing import Act
from reliefpath.clinic.accounts import Account
from reliefpath.clinic.care import Care
from reliefpath.clinic.pages import page
from reliefpath.clinic.roles import CARE
from reliefpath.clinic.security import needs
from reliefpath.pathway.wording import worded

router = APIRouter()
ROWS = 200


@router.get("/due")
def due(request: Request, worker: Annotated[Account, Depends(needs(*CARE))]) -> Response:
    """Show whose check-in is due after a treatment or a recovery, and why."""
    care: Care = request.app.state.care
    criteria = care.pathway.follow_up.criteria
    asked = [
        pl.when(~pl.col(id_)).then(worded(criterion.if_no)) for id_, criterion in criteria.items()
    ]
    says = pl.concat_list(asked).list.drop_nulls()
    rows = care.everybody().with_columns(says=says).filter(pl.col("says").list.len() > 0)
    care.chart.note(Act(worker.username, "view"), page="due")
    shown = rows.head(ROWS).select("episode", "region", "weeks_since_score", "says")
    return page(request, "due", rows=list(shown.iter_rows(named=True)), more=rows.height - ROWS)
