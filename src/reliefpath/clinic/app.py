"""The application: its parts, what every request passes, and how refusals look."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from reliefpath.clinic import exercising, finding, home, injecting, patient, recording, worklist
from reliefpath.clinic.access import ReasonNeededError
from reliefpath.clinic.accounts import Accounts
from reliefpath.clinic.care import Care
from reliefpath.clinic.charts import warm
from reliefpath.clinic.pages import page
from reliefpath.clinic.security import SignInNeededError, guard
from reliefpath.clinic.settings import Settings
from reliefpath.errors import ReliefPathError

ROUTERS = (
    home.router,
    worklist.router,
    *(patient.router, recording.router, injecting.router, finding.router, exercising.router),
)


def create_app(settings: Settings) -> FastAPI:
    """Return the application for a chart.

    Raises:
        UsageError: there is no chart, or a setting is not usable.
    """
    app = FastAPI(title="ReliefPath", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.care = Care.of(settings)
    app.state.accounts = Accounts(settings.accounts)
    app.middleware("http")(guard)
    app.mount("/static", StaticFiles(directory=str(files("reliefpath.clinic") / "static")))
    for router in ROUTERS:
        app.include_router(router)
    warm()

    @app.exception_handler(SignInNeededError)
    def sign_in(request: Request, _: SignInNeededError) -> Response:
        return RedirectResponse("/sign-in", 303)

    @app.exception_handler(ReasonNeededError)
    def why(request: Request, error: ReasonNeededError) -> Response:
        return page(request, "open", episode=error.episode, clinician=error.clinician)

    @app.exception_handler(StarletteHTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        return page(request, "refused", error.status_code, says=error.detail)

    @app.exception_handler(ReliefPathError)
    def wrong(request: Request, error: ReliefPathError) -> Response:
        return page(request, "refused", 400, says=str(error))

    return app
