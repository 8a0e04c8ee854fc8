"""What every request passes, shown without a browser."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pyotp
import pytest
from fastapi import FastAPI, Request

from reliefpath.care.reminders.mail import MailServer
from reliefpath.identity.single_sign_on.settings import SingleSignOn
from reliefpath.web import security
from reliefpath.web.app import create_app
from reliefpath.web.security import within_site
from reliefpath.web.settings import Settings

from .clients import URL, Client, client_of
from .conftest import PASSWORD

RIGHT = {"username": "clinician", "password": PASSWORD}
WRONG = {"username": "clinician", "password": "not the password"}


@pytest.mark.parametrize("path", ["/sign-in", "/worklist", "/nowhere", "/static/style.css"])
def test_every_answer_allows_its_own_scripts_alone_and_no_frame(app: FastAPI, path: str) -> None:
    headers = client_of(app).get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    assert "strict-transport-security" not in headers


def test_settings_are_shown_without_what_opens_anything(settings: Settings) -> None:
    mail = MailServer("smtps", "mail.example", 465, "desk@clinic.example", "desk", "of-mail")
    provider = SingleSignOn("https://id.example", "clinic", "of-sign-on")
    place = "postgresql://ada:of-database@db.example/clinic"
    shown = repr(
        replace(
            settings,
            chart=place,
            accounts=place,
            secret=b"of-links",
            mail=mail,
            single_sign_on=provider,
        )
    )
    assert "of-" not in shown
    assert "mail.example" in shown


def test_over_https_cookies_travel_by_nothing_else(settings: Settings) -> None:
    app = create_app(replace(settings, secure=True))
    answer = Client(app).post("/sign-in", data=RIGHT)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-reliefpath=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": f"{URL}.elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": URL},
    ],
)
def test_another_sites_form_is_refused_before_it_is_read(
    app: FastAPI, headers: dict[str, str]
) -> None:
    assert client_of(app).post("/sign-in", data=RIGHT, headers=headers).status_code == 403
    worker = client_of(app, "clinician")
    assert worker.post("/sign-out", headers=headers).status_code == 403
    assert worker.get("/worklist").status_code == 200


def test_our_own_form_is_taken(app: FastAPI) -> None:
    headers = {"Origin": URL, "Sec-Fetch-Site": "same-origin"}
    assert client_of(app).post("/sign-in", data=RIGHT, headers=headers).status_code == 303


@pytest.mark.parametrize("token", ["", "wrong", "\N{SNOWMAN}"])
def test_a_form_without_its_token_changes_nothing(app: FastAPI, token: str) -> None:
    worker = client_of(app, "clinician")
    del worker.headers["X-CSRF"]
    assert worker.post("/sign-out", data={"csrf": token}).status_code == 403
    assert worker.get("/worklist").status_code == 200


@pytest.mark.parametrize("host", ["elsewhere.example", "[::1", "a b", "x@clinic.test", ""])
def test_another_name_of_this_host_is_refused(settings: Settings, host: str) -> None:
    app = create_app(replace(settings, hosts=("clinic.test",)))
    assert client_of(app).get("/sign-in").status_code == 200
    assert client_of(app).get("/sign-in", headers={"Host": "clinic.test:8443"}).status_code == 200
    assert client_of(app).get("/sign-in", headers={"Host": host}).status_code == 400


def test_a_link_begins_with_the_configured_name_whatever_a_request_asks_for(
    settings: Settings,
) -> None:
    app = create_app(replace(settings, address="https://clinic.example.org"))
    headers = {"Host": "elsewhere.example", "X-Forwarded-Host": "elsewhere.example"}
    director = client_of(app, "director")
    page = director.post("/patient/demo-0001/check-in-link", headers=headers).text
    assert 'value="https://clinic.example.org/check-in/' in page
    assert 'href="/check-in/' in page
    assert "elsewhere.example" not in page


def test_more_than_a_megabyte_is_refused(app: FastAPI) -> None:
    data = {**RIGHT, "next": "x" * 1_000_000}
    assert client_of(app).post("/sign-in", data=data).status_code == 413


def test_a_form_that_does_not_come_is_not_waited_for(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "BODY_SECONDS", 0.05)
    sent: list[dict[str, object]] = []

    async def never() -> dict[str, object]:
        await asyncio.sleep(60)
        return {}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/sign-in", "raw_path": b"/sign-in"}
    scope |= {"query_string": b"", "headers": [(b"host", b"clinic.test")], "scheme": "http"}
    scope |= {"http_version": "1.1", "server": ("clinic.test", 80), "client": ("a", 1)}
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, app(scope, never, send)).result()  # type: ignore[arg-type]
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        ("/worklist?page=2", "/worklist?page=2"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\t/elsewhere.example", "/"),
        ("https://elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
        ("/sign-in", "/"),
    ],
)
def test_signing_in_leads_to_a_page_of_this_site_alone(
    app: FastAPI, asked: str, goes_to: str
) -> None:
    assert within_site(asked) == goes_to
    answer = client_of(app).post("/sign-in", data={**RIGHT, "next": asked})
    assert answer.headers["location"] == goes_to


def test_who_is_not_signed_in_is_asked_to_and_comes_back(app: FastAPI) -> None:
    nobody = client_of(app)
    assert nobody.get("/audit?by=x").headers["location"] == "/sign-in?next=/audit%3Fby%3Dx"
    assert nobody.post("/account/password").headers["location"] == "/sign-in"
    assert nobody.post("/people").headers["location"] == "/sign-in?next=/people"


def test_a_session_is_another_one_after_signing_in(app: FastAPI) -> None:
    client = client_of(app, "clinician")
    before = client.cookies["reliefpath"]
    client.post("/sign-in", data=RIGHT)
    assert client.cookies["reliefpath"] != before
    assert app.state.accounts.session(before) is None


def test_who_guesses_is_told_to_wait(app: FastAPI) -> None:
    now = datetime.now(UTC)
    app.state.accounts.clock = lambda: now
    client = client_of(app)
    answers = [client.post("/sign-in", data=WRONG) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "too many tries" in answers[-1].text


def test_a_browser_that_has_signed_in_waits_for_no_strangers_guesses(app: FastAPI) -> None:
    now = datetime.now(UTC)
    app.state.accounts.clock = lambda: now
    owner, stranger = Client(app), Client(app)  # at one address, as behind one router
    owner.post("/sign-in", data=RIGHT)
    owner.cookies.delete("reliefpath")
    answers = {stranger.post("/sign-in", data=WRONG).status_code for _ in range(7)}
    assert answers == {401, 429}
    assert Client(app).post("/sign-in", data=RIGHT).status_code == 429
    assert owner.post("/sign-in", data=RIGHT).status_code == 303
    proof = {"password": PASSWORD}
    owner.headers["X-CSRF"] = app.state.accounts.session(owner.cookies["reliefpath"]).csrf
    assert "Not changed" not in owner.post("/account/authenticator", data=proof).text


def test_a_browser_is_remembered_for_the_accounts_that_signed_in_on_it_alone(
    app: FastAPI,
) -> None:
    now = datetime.now(UTC)
    app.state.accounts.clock = lambda: now
    client = Client(app)
    client.post("/sign-in", data=RIGHT)
    other = {"username": "director", "password": "not the password"}
    for _ in range(5):
        client.post("/sign-in", data=other)
    assert client.post("/sign-in", data=other).status_code == 429
    assert client.post("/sign-in", data=RIGHT).status_code == 303
    for _ in range(11):  # more accounts than it is remembered for push the oldest out
        client.post("/sign-in", data={"username": "auditor", "password": PASSWORD})
    assert client.post("/sign-in", data=RIGHT).status_code == 303


@pytest.mark.parametrize("forged", ["", "x", "WyJhIixbImNsaW5pY2lhbiJdXQ.aaaa.bbbb"])
def test_a_cookie_that_we_did_not_sign_remembers_nobody(app: FastAPI, forged: str) -> None:
    now = datetime.now(UTC)
    app.state.accounts.clock = lambda: now
    client = Client(app)
    client.cookies.set("reliefpath-device", forged, domain="clinic.test")
    answers = [client.post("/sign-in", data=WRONG) for _ in range(6)]
    assert answers[-1].status_code == 429


def test_a_change_of_the_authenticator_leaves_one_signed_in_here_alone(app: FastAPI) -> None:
    here, elsewhere = client_of(app, "clinician"), client_of(app, "clinician")
    secret = app.state.accounts.new_totp("clinician")
    code = pyotp.TOTP(secret).now()
    assert here.post("/account/authenticator/code", data={"code": code}).status_code == 303
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").headers["location"].startswith("/sign-in")


def test_a_password_of_somebody_elses_choice_opens_one_page(app: FastAPI) -> None:
    app.state.accounts.set_password("clinician", "told by telephone", temporary=True)
    client = client_of(app, "clinician")
    for path in ("/", "/worklist", "/due"):
        assert client.get(path).headers["location"] == "/account"
    new = {"password": "told by telephone", "new": "a word of my own", "again": "a word of my own"}
    assert client.post("/account/password", data=new).headers["location"] == "/account"
    assert client.get("/worklist").status_code == 200


def test_an_error_tells_neither_reader_nor_log_what_it_was_about(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/breaks")
    def breaks(request: Request) -> None:
        raise RuntimeError(request.query_params["who"])

    with caplog.at_level(logging.ERROR):
        answer = client_of(app, "clinician").get("/breaks?who=Maria+Muster")
    assert answer.status_code == 500
    assert "Muster" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text
    number = caplog.text.partition("error ")[2][:8]
    assert number in answer.text
    assert "content-security-policy" in answer.headers
