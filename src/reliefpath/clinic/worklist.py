"""The worklist: everybody who needs something today."""

from __future__ import annotations

from typing import Annotated

import polars as pl
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reliefpath.clinic.accounts import Account
from reliefpath.clinic.care import Care
from reliefpath.clinic.pages import page
from reliefpath.clinic.roles import CARE
from reliefpath.clinic.security import needs

router = APIRouter()
ROWS = 50


@router.get("/worklist")
def worklist(request: Request, worker: Annotated[Account, Depends(needs(*CARE))]) -> Response:
    """Show who needs something today, the most urgent first."""
    care: Care = request.app.state.care
    rows = care.everybody().filter(pl.col("in_care")).head(ROWS)
    return page(request, "worklist", rows=list(rows.iter_rows(named=True)))
