"""The application: its parts, what every request passes, and how refusals look."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from reliefpath.clinic import account, audit, backup, due, home, people, worklist
from reliefpath.clinic.accounts import Accounts
from reliefpath.clinic.care import Care
from reliefpath.clinic.jobs import Job
from reliefpath.clinic.pages import page
from reliefpath.clinic.security import Guard, OwnPasswordNeededError, SignInNeededError, way_back
from reliefpath.clinic.settings import Settings
from reliefpath.errors import ChartError, ReliefPathError

ROUTERS = (
    home.router,
    account.router,
    worklist.router,
    due.router,
    people.router,
    audit.router,
    backup.router,
)


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
    )
    app.state.settings = settings
    app.state.care = Care.of(settings)
    app.state.accounts = Accounts(settings.accounts)
    app.state.verifying, app.state.backing_up = Job(), Job()
    app.add_middleware(Guard)
    app.mount("/static", StaticFiles(directory=str(files("reliefpath.clinic") / "static")))
    for router in ROUTERS:
        app.include_router(router)

    @app.exception_handler(SignInNeededError)
    def sign_in(request: Request, _: SignInNeededError) -> Response:
        return RedirectResponse(way_back(request), 303)

    @app.exception_handler(OwnPasswordNeededError)
    def own_password(request: Request, _: OwnPasswordNeededError) -> Response:
        return RedirectResponse("/account", 303)

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, error: RequestValidationError) -> Response:
        says = "; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors())  # not what was sent
        return page(request, "refused", 422, says=says)

    @app.exception_handler(StarletteHTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        answer = page(request, "refused", error.status_code, says=error.detail)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(ReliefPathError)
    def wrong(request: Request, error: ReliefPathError) -> Response:
        status = 503 if isinstance(error, ChartError) else 400
        return page(request, "refused", status, says=str(error))

    return app
