"""Forms that were sent from a session that had locked: kept until who filled them in is back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reliefpath.identity.accounts import LONGEST, Account, Accounts
from reliefpath.identity.roles import Role
from reliefpath.web.pages import page
from reliefpath.web.security import cookie_name, require_role

router = APIRouter()
MOST = 100
"""Forms in memory at once; each is at most as large as a request may be."""
TYPED = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class KeptForm:
    """What somebody sent, and where to; it was not taken."""

    username: str
    path: str
    fields: tuple[tuple[str, str], ...]
    at: datetime


@dataclass
class PendingSubmissions:
    """Forms in memory, by what their owner is led back with."""

    _forms: dict[str, KeptForm] = field(default_factory=dict)

    def keep(self, form: KeptForm) -> str:
        """Keep a form for a working day, or until there are too many; return its name."""
        name = secrets.token_urlsafe(16)
        young = {k: v for k, v in self._forms.items() if form.at - v.at < LONGEST}
        self._forms = dict([*young.items(), (name, form)][-MOST:])
        return name

    def of(self, name: str, username: str) -> KeptForm | None:
        """Return a form to whoever filled it in, and to nobody else."""
        form = self._forms.get(name)
        return form if form is not None and form.username == username else None


async def keep_form(request: Request) -> str | None:
    """Keep a form that came from one of our pages after its session had locked.

    Returns:
        The place that gives it back, or None where there is nothing to keep.
    """
    if request.method != "POST" or not request.headers.get("content-type", "").startswith(TYPED):
        return None
    accounts: Accounts = request.app.state.accounts
    locked = accounts.locked(request.cookies.get(cookie_name(request), ""))
    sent = [(name, str(value)) for name, value in (await request.form()).multi_items()]
    typed = tuple((name, value) for name, value in sent if name != "csrf")
    if locked is None or ("csrf", locked.csrf) not in sent or not typed:
        return None
    kept: PendingSubmissions = request.app.state.kept
    form = KeptForm(locked.username, request.url.path, typed, datetime.now(UTC))
    return f"/kept/{kept.keep(form)}"


@router.get("/kept/{name}")
def give_back(
    request: Request, name: str, worker: Annotated[Account, Depends(require_role(*Role))]
) -> Response:
    """Show a form that was kept, to be sent again."""
    kept: PendingSubmissions = request.app.state.kept
    return page(request, "kept", form=kept.of(name, worker.username))
