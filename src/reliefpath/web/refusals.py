"""How a refusal looks: what is wrong, what to do, and a way back, in no framework's words."""

from __future__ import annotations

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from reliefpath.errors import ChartError
from reliefpath.knowledge.plain import plain_problems
from reliefpath.web.check_in_session import ClosedError, closed
from reliefpath.web.pages import page

CHECK_IN = "/check-in/"
NO_PAGE = (
    "There is no page at this address. Part of it may be missing or mistyped: follow a link, or "
    "begin at the start."
)
SENTENCES = {
    400: "What was sent can't be read. Go back, open the page again and fill in its form.",
    404: NO_PAGE,
    405: (
        "This address can't be opened by itself: it belongs to a form. Go back, open the page of "
        "that form and send it from there."
    ),
}
OTHERWISE = "This request can't be answered. Go back and open the page again."


def unreadable(request: Request, error: Exception) -> Response:
    """Answer a value that is not as it should be: which one, and how it should be."""
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["loc"][0] == "path" for problem in problems):
        return _refusal(request, 404, NO_PAGE)
    where = "address" if any(problem["loc"][0] == "query" for problem in problems) else "form"
    says = (
        f"Something in the {where} is not right: {plain_problems(problems)}. Go back and mend it."
    )
    return page(request, "refused", 422, says=says)


def refused(request: Request, error: Exception) -> Response:
    """Answer a request that is not allowed, or for what there is not."""
    assert isinstance(error, StarletteHTTPException)
    own = isinstance(error, HTTPException) and error.__cause__ is None  # else a framework's words
    says = error.detail if own else SENTENCES.get(error.status_code, OTHERWISE)
    answer = _refusal(request, error.status_code, says)
    answer.headers.update(error.headers or {})
    return answer


def wrong(request: Request, error: Exception) -> Response:
    """Answer what a use case refuses, in its words."""
    status = 503 if isinstance(error, ChartError) else 400
    return page(request, "refused", status, says=str(error))


def _refusal(request: Request, status: int, says: str) -> Response:
    """Return the page that refuses; who follows a patient's link has no start to go back to."""
    if request.url.path.startswith(CHECK_IN) and request.state.worker is None:
        return closed(request, ClosedError(status))
    return page(request, "refused", status, says=says)
