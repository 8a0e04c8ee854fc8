"""Every route answers those whom the table names, and refuses everybody else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from reliefpath.identity.roles import PAGES, Role

from .clients import client_of
from .routes import ROUTES


def walk(routes: list[BaseRoute]) -> Iterator[str]:
    """Every method and path, also of the routers that FastAPI keeps within."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield from (f"{method} {route.path}" for method in route.methods)  # type: ignore[union-attr]
        elif isinstance(route, Mount):
            yield f"GET {route.path}"
        else:
            yield from walk(route.original_router.routes)  # type: ignore[attr-defined]


def asked(app: FastAPI, route: str, who: str | None, *, with_token: bool = True) -> str:
    """Ask for a route, and tell how it went: `answered`, `refused`, or `sign in`."""
    method, path = route.split(" ")
    client = client_of(app, who)
    if not with_token:
        client.headers.pop("X-CSRF", None)
    answer = client.request(method, re.sub(r"\{\w+(:\w+)?\}", "nobody-yet", path))
    if answer.status_code == 403:
        return "refused"
    to = answer.headers.get("location", "")
    return "sign in" if to.startswith("/sign-in") and route not in SIGNS_OUT else "answered"


SIGNS_OUT = ("POST /sign-out", "POST /account/sign-out-everywhere")


def test_the_table_names_every_route_and_no_other(app: FastAPI) -> None:
    assert {route for route in walk(app.routes) if route != "GET /static"} == set(ROUTES)


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_a_role_is_answered_where_the_table_says_and_nowhere_else(
    app: FastAPI, role: Role | None
) -> None:
    wrong = {}
    for route, roles in ROUTES.items():
        expected = "sign in" if role is None and route not in SIGNS_OUT else "refused"
        if roles is None or role in roles:
            expected = "answered"
        found = asked(app, route, role)
        if role is None and route in SIGNS_OUT:  # both look alike: nobody was signed in
            expected = "answered"
        if found != expected:
            wrong[route] = found
    assert not wrong


def test_no_form_is_taken_without_what_its_page_was_given(app: FastAPI) -> None:
    for route, roles in ROUTES.items():
        if roles is not None and not route.startswith("GET"):
            assert asked(app, route, roles[0], with_token=False) == "refused", route


def test_every_role_has_a_page_to_begin_at_and_the_menu_offers_no_closed_door() -> None:
    assert {role for _, _, roles in PAGES for role in roles} == set(Role)
    for place, _, roles in PAGES:
        assert set(roles) == set(ROUTES[f"GET {place}"] or Role)
