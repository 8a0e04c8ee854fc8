"""The first page: who comes today, what is new since one looked, and what is due."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.care_teams import own_patients
from reliefpath.care.clinic_chart import Care
from reliefpath.care.day import DayVisit, day_visits
from reliefpath.care.due import due_lists
from reliefpath.care.news import last_seen, news, note_seen
from reliefpath.care.visits import episodes_to_come, unfinished
from reliefpath.care.worklist import matches
from reliefpath.clock import zone_of
from reliefpath.documents.day.sheet import sheet_html
from reliefpath.identity.accounts import Account, Accounts
from reliefpath.identity.roles import CARE, TREAT
from reliefpath.web.pages import page
from reliefpath.web.security import require_role
from reliefpath.web.standalone import paper
from reliefpath.web.views.today import NAMES, NewsLine, by_names, news_lines

router = APIRouter(prefix="/today")
Carer = Annotated[Account, Depends(require_role(*CARE))]
EARLIER = 14
"""For how many days back visits are asked for of which nobody said what became of them."""
FOUND, NEWS = 10, 12
"""How many patients a search lists, and how much news is shown."""
LATEST = date(9999, 1, 1)


class Day:
    """Which day is looked at, of whose patients, by whom."""

    def __init__(
        self,
        request: Request,
        worker: Carer,
        on: Annotated[date | None, Query(ge=date(1900, 1, 1), lt=LATEST)] = None,
        everybody: bool = False,
    ) -> None:
        self.care: Care = request.app.state.care
        self.worker, self.everybody = worker, everybody
        self.today = self.care.today
        self.day = on or self.today
        self.entry = self.care.chart.head().entry
        rows = self.care.worklist(worker, "today")
        accounts: Accounts = request.app.state.accounts
        self.all = rows.with_columns(**own_patients(rows, worker, accounts.engine))
        self.rows = self.all if everybody else self.all.filter("mine")

    def visits(self, page_: str) -> list[DayVisit]:
        """Return who comes; whom it shows of other care teams is in the audit log."""
        found = day_visits(self.care.chart, self.rows, self.day)
        self.care.note_shown(self.worker, page_, {v.patient for v in found if not v.treated})
        return found

    @property
    def query(self) -> str:
        """The query string by which the same day is asked for."""
        told = {"on": self.day.isoformat()} if self.day != self.today else {}
        told |= {"everybody": "1"} if self.everybody else {}
        return "&".join(f"{name}={value}" for name, value in told.items())


Asked = Annotated[Day, Depends()]


@router.get("")
def today(
    request: Request, asked: Asked, find: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show a day of the clinic, and what is new and due of the worker's own patients."""
    care, visits = asked.care, asked.visits("today")
    own = asked.all.filter("mine")
    since = last_seen(care.chart, asked.worker.username, asked.today)
    lines: list[NewsLine] = news_lines(
        news(care, own, since), care.chart.zone, may_treat=asked.worker.role in TREAT
    )
    booked = episodes_to_come(care.chart, asked.today)
    lists = due_lists(own, care.pathway, booked, asked.today)
    mine = set(own["episode"])
    late = [v for v in unfinished(care.chart, asked.today, EARLIER) if v.episode in mine]
    return page(
        request,
        "today",
        asked=asked,
        visits=visits,
        upcoming=next((v.visit.visit for v in visits if v.is_planned and not v.died), None),
        since=since.at.astimezone(zone_of(care.chart.zone)),
        was_seen=since.was_seen,
        news=lines[:NEWS],
        more_news=len(lines) - NEWS,
        due=[(each, by_names(each.rows)) for each in lists],
        names=NAMES,
        late=sorted({v.day(care.chart.zone) for v in late}),
        late_count=len(late),
        may_treat=asked.worker.role in TREAT,
        find=find,
        found=_found(asked, find),
        day_before=asked.day - timedelta(days=1),
        day_after=asked.day + timedelta(days=1),
    )


@router.post("/seen")
def seen(request: Request, worker: Carer, upto: Annotated[int, Form()]) -> Response:
    """Keep that the worker saw what is new."""
    note_seen(request.app.state.care.chart, upto, worker.username)
    return RedirectResponse("/today", 303)


@router.get("/sheet")
def sheet(asked: Asked) -> Response:
    """Show the day's sheet, to print for a day without the system."""
    return paper(_sheet(asked), "html", "day")


@router.get("/sheet.pdf")
def sheet_pdf(asked: Asked) -> Response:
    """Return the day's sheet as a PDF."""
    return paper(_sheet(asked), "pdf", f"day-{asked.day}")


def _sheet(asked: Day) -> str:
    chart = asked.care.chart
    made: datetime = chart.clock().astimezone(zone_of(chart.zone))
    whose = "everybody’s patients" if asked.everybody else f"the patients of {asked.worker.name}"
    return sheet_html(asked.visits("day-sheet"), asked.day, made, whose)


def _found(asked: Day, find: str) -> list[dict[str, Any]]:
    """The patients in care whom a search finds; whom of other care teams is in the audit log."""
    words = matches(find)
    if not words:
        return []
    found = asked.rows.filter("in_care", *words).head(FOUND)
    others = found.filter(~pl.col("treated"))["patient"]
    asked.care.note_shown(asked.worker, "today", others)
    return list(found.select("episode", "patient", "name", "region").iter_rows(named=True))
