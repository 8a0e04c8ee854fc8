"""The worklist: everybody who needs something today, and the one thing to do about each."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from reliefpath.care.care_teams import URGENT, once_a_table, own_patients
from reliefpath.care.clinic_chart import Care
from reliefpath.care.worklist import check_ins_due, folded, matches
from reliefpath.identity.accounts import Account, Accounts
from reliefpath.identity.care_teams import sees_nobodys
from reliefpath.identity.roles import CARE
from reliefpath.pathway.assessment import GATE, STATUS
from reliefpath.web.last_worklist import remember_worklist
from reliefpath.web.pages import page
from reliefpath.web.security import require_role
from reliefpath.web.views.worklist import SAME, DrawnRows

router = APIRouter()
ROWS = 50
"""Rows of a page."""
SORTED = {
    "name": (pl.coalesce("name", "patient"), "By name"),
    "better": (pl.col("improvement"), "By improvement"),
    "scored": (pl.col("weeks_since_score"), "By the latest score"),
    "clinician": (pl.col("clinician"), "By clinician"),
}
"""What rows can be sorted by, and how the page calls it."""
EVERYBODY = "*"
"""Chosen in the place of a clinician: the patients of every care team."""


class Filters(BaseModel):
    """Who is looked for; the query string of the page."""

    q: str = Field("", max_length=200)
    status: str = ""
    region: str = ""
    clinician: str = ""
    overdue: bool = False
    gate: bool = False
    sort: str = Field("", pattern=f"^(-?({'|'.join(SORTED)}))?$")
    page: int = Field(1, ge=1, le=1_000_000)

    def kept(self) -> list[pl.Expr]:
        """Return what must hold of a row, whatever its status."""
        found = matches(self.q)
        if self.region:
            found.append(pl.col("region") == self.region)
        if self.clinician not in ("", EVERYBODY):
            found.append(pl.col("clinician") == self.clinician)
        elif not self.clinician:
            found.append(pl.col("mine"))
        if self.overdue:
            found.append(pl.col("due"))
        if self.gate:
            found.append(pl.col(GATE).fill_null(False))
        # who recovered is there once they are to be asked, or something is wrong
        calls = pl.col("in_follow_up") & (pl.col("due") | pl.col(STATUS).is_in(URGENT))
        return [pl.col("in_care") | calls, *found]

    def in_order(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return rows, which come by urgency, as they are to be sorted; the unknown last."""
        if not self.sort:
            return rows
        key, _ = SORTED[self.sort.removeprefix("-")]
        if self.sort.endswith("name"):
            key = folded(key)
        down = self.sort.startswith("-")
        return rows.sort(key, descending=down, nulls_last=True, maintain_order=True)

    @property
    def sorted_by(self) -> str:
        """How the rows are sorted, in words."""
        if not self.sort:
            return "Most urgent first"
        turned = ", the other way round" if self.sort.startswith("-") else ""
        return f"{SORTED[self.sort.removeprefix('-')][1]}{turned}"

    def link(self, **other: object) -> str:
        """Return the query string with some filters otherwise, and the first page."""
        said = {**self.model_dump(exclude_defaults=True, exclude={"page"}), **other}
        told = {name: "1" if value is True else value for name, value in said.items() if value}
        return f"?{urlencode(told)}"


@router.get("/worklist")
def worklist(
    request: Request,
    worker: Annotated[Account, Depends(require_role(*CARE))],
    filters: Annotated[Filters, Query()],
) -> Response:
    """Show who needs something today, the most urgent first.

    Without a choice these are the patients of the worker's care teams, and for the director, too,
    who is urgent and has nobody else; see `sees_nobodys`. Whom a wider look shows is in the audit
    log.
    """
    care: Care = request.app.state.care
    everybody = care.worklist(worker)
    accounts: Accounts = request.app.state.accounts
    stands_in = sees_nobodys(accounts.engine, worker.role)
    # texts and facts of nobody but the rows shown are touched
    light = everybody.lazy().with_row_index("row")
    light = light.with_columns(**own_patients(everybody, worker, accounts.engine))
    kept = "row", *SAME, STATUS, "due", GATE, "patient", "treated"
    found = filters.in_order(light.filter(filters.kept())).select(kept).collect()
    counts = dict(found[STATUS].value_counts().iter_rows())
    if filters.status:
        found = found.filter(pl.col(STATUS) == filters.status)
    total, due, gates = found.height, check_ins_due(found).height, found[GATE].sum()
    pages = max(1, -(-total // ROWS))
    number = min(filters.page, pages)
    found = found.slice((number - 1) * ROWS, ROWS)
    care.note_shown(worker, "worklist", found.filter(~found["treated"])["patient"])
    drawn: DrawnRows = request.app.state.rows
    statuses = sorted(care.pathway.statuses.items(), key=lambda item: item[1].urgency)
    answer = page(
        request,
        "worklist",
        filters=filters,
        counts=[(name.value, counts[name.value]) for name, _ in statuses if name in counts],
        everywhere=sum(counts.values()),
        total=total,
        due=due,
        open=gates,
        rows=drawn.of(everybody, found),
        sorted_by=filters.sorted_by,
        number=number,
        pages=pages,
        clinicians=_choices(everybody)["clinician"],
        everybody=EVERYBODY,
        stands_in=stands_in,
        regions=_choices(everybody)["region"],
    )
    remember_worklist(request, answer, filters.link(page=number if number > 1 else None))
    return answer


@once_a_table
def _choices(everybody: pl.DataFrame) -> dict[str, list[tuple[str, str]]]:
    """The values of columns to choose from, each with what it says."""
    return {
        column: [(value, value) for value in everybody[column].unique().drop_nulls().sort()]
        for column in ("clinician", "region")
    }
