"""Who got a lot, for a recall."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from reliefpath.care.clinic_chart import Care
from reliefpath.care.lots import search_lot
from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import TREAT
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import agents
from reliefpath.web.pages import page
from reliefpath.web.security import require_role

router = APIRouter()
LONGEST = 200


@router.get("/lots")
def lots(
    request: Request,
    worker: Annotated[Account, Depends(require_role(*TREAT))],
    lot: Annotated[str, Query(max_length=LONGEST)] = "",
) -> Response:
    """Show who got a lot; whoever is shown is in the audit log."""
    care: Care = request.app.state.care
    found, wrong = None, None
    try:
        found = search_lot(care.chart, lot, worker.username, page="lots") if lot else None
    except UsageError as error:
        wrong = str(error)
    return page(
        request,
        "lots",
        lot=lot,
        found=found,
        wrong=wrong,
        muscles={id_: row.name for id_, row in muscles(care.knowledge).items()},
        agents={id_: row.name for id_, row in agents(care.knowledge).items()},
    )
