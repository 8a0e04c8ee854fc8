"""The application: its parts, what every request passes, and how refusals look."""

from __future__ import annotations

import logging
from asyncio import create_task, sleep, to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from threading import Thread

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from reliefpath.care.break_glass import BreakGlassRequiredError
from reliefpath.care.custody import Custody
from reliefpath.care.reminders.addresses import Addresses
from reliefpath.care.worklist import AssessingError, WorklistCache
from reliefpath.errors import ReliefPathError
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.single_sign_on.provider import Provider
from reliefpath.web import resubmission
from reliefpath.web.check_in_session import (
    ClosedError,
    WithdrawnError,
    closed,
    withdrawn,
)
from reliefpath.web.pages import page
from reliefpath.web.rate_limit import Limit
from reliefpath.web.refusals import refused, unreadable, wrong
from reliefpath.web.resubmission import PendingSubmissions, keep_form
from reliefpath.web.routes import (
    account,
    check_in,
    check_in_app,
    check_in_links,
    home,
    intake,
    lots,
    merging,
    outcomes,
    reminders,
    single_sign_on,
    strategy,
    today,
    trial,
    vega,
    worklist,
)
from reliefpath.web.routes.administration import audit, backup, people
from reliefpath.web.routes.patient import (
    copying,
    correcting,
    ending,
    exercising,
    finding,
    injecting,
    patient,
    planning_visits,
    recording,
    red_flags,
    terms,
    visiting,
)
from reliefpath.web.security import (
    OwnPasswordNeededError,
    SecurityMiddleware,
    SignInNeededError,
    sign_in_for,
    sign_in_url,
)
from reliefpath.web.settings import Settings
from reliefpath.web.views.worklist import DrawnRows
from reliefpath.web.workers.assessing import Assessor
from reliefpath.web.workers.check_in_proxy import CheckInProxy, CheckInWorker
from reliefpath.web.workers.jobs import Job
from reliefpath.web.workers.preparing import keep_ready

LOG = logging.getLogger("reliefpath.web")
NOTED_SECONDS = 600
"""How often the ends of the logs are noted down, where that is asked for."""
ROUTERS = (
    *(home.router, today.router, single_sign_on.router),
    *(worklist.router, intake.router, merging.router, lots.router),
    *(strategy.router, trial.router, outcomes.router),
    *(patient.router, recording.router, injecting.router, finding.router, exercising.router),
    *(terms.router, visiting.router, planning_visits.router),
    *(correcting.router, red_flags.router, ending.router, copying.router),
    *(check_in.router, check_in_app.router, check_in_links.router),
    *(reminders.router, vega.router),
    *(resubmission.router, account.router, people.router, audit.router, backup.router),
)


@asynccontextmanager
async def _warmed(app: FastAPI) -> AsyncIterator[None]:
    """Be ready for check-ins and pages, and have everybody assessed, from when it starts."""
    settings: Settings = app.state.settings
    if settings.apart:
        app.state.elsewhere = CheckInWorker(settings)
        app.state.care.elsewhere = Assessor(settings, app.state.care)
    Thread(target=vega.bundle, daemon=True).start()
    always = [_keep_assessed(app.state.care.assessed), _note_heads(app.state.custody)]
    if settings.apart:
        always.append(keep_ready(app.state.care))
    tasks = [create_task(work) for work in always]
    yield
    for task in tasks:
        task.cancel()
    with suppress(ReliefPathError):
        app.state.custody.note_heads()
    if app.state.elsewhere is not None:
        await app.state.elsewhere.end()


async def _keep_assessed(everybody: WorklistCache) -> None:
    """Assess anew what was recorded soon after, so that no page has to wait for it."""
    while True:
        with suppress(ReliefPathError):  # pages tell of it
            await to_thread(everybody.begin)
        await sleep(0.25)
        if everybody.failed:  # whoever asks tries again at once
            await sleep(60)


async def _note_heads(custody: Custody) -> None:
    """Note down where the logs end, from when it starts: what is lost after can be told."""
    while True:
        try:
            await to_thread(custody.note_heads)
        except ReliefPathError as e:
            LOG.error("the ends of the logs were not noted down: %s", type(e).__name__)
        await sleep(NOTED_SECONDS)


def create_app(settings: Settings) -> FastAPI:
    """Return the application for a chart.

    Raises:
        UsageError: there is no chart, or a setting is not usable.
    """
    app = FastAPI(
        title="ReliefPath",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # their address would be what the asker calls us
        lifespan=_warmed,
    )
    app.state.settings = settings
    app.state.care = settings.open_care()
    app.state.rows = DrawnRows(app.state.care.pathway)
    app.state.year = trial.Year(app.state.care)
    app.state.achieved = outcomes.Achieved(app.state.care)
    app.state.accounts = Accounts(settings.accounts)
    app.state.custody = Custody(app.state.care.chart, app.state.accounts, settings.heads)
    app.state.addresses = Addresses(app.state.accounts.engine, app.state.care.chart)
    app.state.limit, app.state.kept = Limit(), PendingSubmissions()
    app.state.provider = settings.single_sign_on and Provider(settings.single_sign_on)
    app.state.verifying, app.state.backing_up, app.state.reminding = Job(), Job(), Job()
    app.state.elsewhere = None
    app.add_middleware(CheckInProxy)
    app.add_middleware(SecurityMiddleware)  # before all else
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=str(files("reliefpath.web") / "static")))

    app.add_exception_handler(ClosedError, closed)
    app.add_exception_handler(WithdrawnError, withdrawn)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(StarletteHTTPException, refused)
    app.add_exception_handler(ReliefPathError, wrong)

    @app.exception_handler(SignInNeededError)
    async def sign_in(request: Request, _: SignInNeededError) -> Response:
        place = await keep_form(request)
        return RedirectResponse(sign_in_for(place) if place else sign_in_url(request), 303)

    @app.exception_handler(OwnPasswordNeededError)
    def own_password(request: Request, _: OwnPasswordNeededError) -> Response:
        return RedirectResponse("/account", 303)

    @app.exception_handler(AssessingError)
    def assessing(request: Request, error: AssessingError) -> Response:
        return page(request, "assessing", 202, done=error.done)

    @app.exception_handler(BreakGlassRequiredError)
    def why(request: Request, error: BreakGlassRequiredError) -> Response:
        return page(request, "open", episode=error.episode, clinicians=error.clinicians)

    return app
