"""Whatever is wrong with an address or a form, it is said in plain words, with a way back."""

from __future__ import annotations

import re
from itertools import product

import pytest
from fastapi import FastAPI

from html_page import Page
from reliefpath.identity.roles import Role

from .clients import client_of
from .routes import ROUTES

FRAMEWORK = re.compile(
    r"Input should|Field required|String should|Value error|valid (integer|string|date|list)|"
    r"Not Found|Method Not Allowed|Unprocessable|Bad Request|error parsing|boundary|"
    r"type=|loc\b|pydantic|Extra inputs"
)
"""What the frameworks below would say."""
BAD = ("nothing%2Fof-this", "\N{SNOWMAN}", "%00", "1" * 30)
BAD_FORM = {"day": "soon", "seen": "a" * 5_000, "choice": "x"}


def role_of(route: str) -> Role | None:
    """The first role that may ask for a route."""
    roles = ROUTES[route]
    return None if roles is None else roles[0]


def bad_address(path: str, value: str) -> str:
    """An address of the path with something that is nowhere in the place of each part."""
    return re.sub(r"\{\w+\}", value, path)


@pytest.mark.parametrize("route", ROUTES)
def test_a_bad_address_or_form_is_told_in_plain_words(app: FastAPI, route: str) -> None:
    method, path = route.split()
    client = client_of(app, role_of(route))
    queries = ("", "?since=soon&until=2026-13-45&before=x&measure=%00&weeks=-1&dark=perhaps")
    for value, query in product(BAD, queries):
        sent = {"data": BAD_FORM} if method == "POST" else {}
        answer = client.request(method, bad_address(path, value) + query, **sent)
        assert answer.status_code < 500, (answer.url, answer.text)
        if answer.status_code >= 400:
            said = Page(answer.text).text()
            assert not FRAMEWORK.search(said), said
            has_way_back = 'href="/"' in answer.text or "<form" in answer.text
            assert has_way_back or path.startswith("/check-in")


@pytest.mark.parametrize("path", ["/nowhere", "/worklist/x/y", "/static/none.css", "/audit/"])
@pytest.mark.parametrize("role", [None, "director"])
def test_an_address_without_a_page_says_so(app: FastAPI, path: str, role: str | None) -> None:
    answer = client_of(app, role).get(path)
    assert answer.status_code == 404
    assert "There is no page at this address" in answer.text
    assert 'href="/"' in answer.text


def test_an_address_that_belongs_to_a_form_says_so(app: FastAPI) -> None:
    answer = client_of(app, "director").get("/sign-out")
    assert answer.status_code == 405
    assert "it belongs to a form" in answer.text


def test_a_patient_at_a_bad_address_is_told_whom_to_ask(app: FastAPI) -> None:
    answer = client_of(app).get("/check-in/abc/nowhere")
    assert answer.status_code == 404
    assert "Ask your clinic for a new one" in answer.text


def test_a_value_in_the_address_that_cannot_be_read_is_named(app: FastAPI) -> None:
    answer = client_of(app, "auditor").get("/audit?since=soon")
    assert answer.status_code == 422
    assert "since must be a date, such as 2026-03-31" in answer.text
    assert "soon" not in answer.text
