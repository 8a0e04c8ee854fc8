"""Sign-in by the clinic's identity provider: who is let in, and what is refused."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey, RSAKey

from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.identity.single_sign_on import flow
from reliefpath.identity.single_sign_on import provider as asking
from reliefpath.identity.single_sign_on.settings import SingleSignOn
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from ..clients import COOKIE, Client, client_of, lock
from ..conftest import PASSWORD, free_port, serving
from .conftest import EMAIL
from .provider import CLIENT, KEY, Provider, by, by_public_key, unsigned

GO = "/sign-in/provider?next=/due"


def ways_back(client: Client, go: str = GO) -> str:
    """Prove at the provider who one is, and return where its answer leads on to."""
    sent = client.get(go).headers["location"]
    back = httpx.post(sent).headers["location"]
    on = re.search(r'content="0; url=([^"]+)"', client.get(back).text)
    assert on
    return html.unescape(on[1])


def sign_in(client: Client) -> httpx.Response:
    return client.get(ways_back(client))


def told(app: FastAPI) -> list[str]:
    accounts: Accounts = app.state.accounts
    return [event.what for event in accounts.log.newest()]


def nobody_is_in(client: Client) -> bool:
    return str(client.get("/due").headers.get("location", "")).startswith("/sign-in")


def test_who_was_added_by_e_mail_signs_in_and_is_bound_for_ever(
    app: FastAPI, provider: Provider
) -> None:
    client = client_of(app)
    answer = sign_in(client)
    assert answer.headers["location"] == "/due"
    assert client.get("/due").status_code == 200
    assert told(app)[:2] == [
        "signed in by single sign-on",
        f"bound to 248289761001 of {provider.issuer}",
    ]
    provider.person |= {"email": "thea.married@hospital.example", "email_verified": False}
    assert sign_in(client_of(app)).headers["location"] == "/due"
    provider.person |= {"sub": "another", "email": EMAIL, "email_verified": True}
    assert sign_in(client_of(app)).status_code == 403, "the e-mail is another person's by now"


def test_the_browser_keeps_what_nobody_else_may_see_or_make(settings: Settings) -> None:
    client = client_of(create_app(replace(settings, secure=True)))
    cookie = client.get(GO).headers["set-cookie"]
    assert cookie.startswith("__Host-reliefpath-sign-in=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"} <= set(
        cookie.split("; ")
    )


def test_the_provider_is_asked_for_a_code_with_pkce_state_and_nonce(app: FastAPI) -> None:
    asked = parse_qs(urlsplit(client_of(app).get(GO).headers["location"]).query)
    assert asked["tenant"] == ["hospital"]
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://clinic.test/sign-in/provider/back"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43


NOW = int(time.time())
UNPROVEN: dict[str, Callable[[Provider], Any]] = {
    "wrong nonce": lambda p: p.differs.update(nonce="another"),
    "no nonce": lambda p: p.differs.update(nonce=None),
    "expired": lambda p: p.differs.update(exp=NOW - 120),
    "without an end": lambda p: p.differs.update(exp=None),
    "made in the future": lambda p: p.differs.update(iat=NOW + 86_400),
    "wrong audience": lambda p: p.differs.update(aud="another"),
    "several audiences, not told for whom": lambda p: p.differs.update(aud=[CLIENT, "another"]),
    "for another of its audiences": lambda p: p.differs.update(
        aud=[CLIENT, "another"], azp="another"
    ),
    "wrong issuer": lambda p: p.differs.update(iss="https://elsewhere.example"),
    "no subject": lambda p: p.differs.update(sub=None),
    "a subject that is no text": lambda p: p.differs.update(sub=7),
    "alg none": lambda p: setattr(p, "sign", unsigned),
    "HS256 with the public key": lambda p: setattr(p, "sign", by_public_key),
    "unknown key id": lambda p: setattr(p, "sign", by(kid="never-shown")),
    "another's key under its id": lambda p: setattr(p, "sign", by(RSAKey.generate_key(2048))),
    "not a token": lambda p: setattr(p, "sign", lambda claims: "a.b"),
    "nothing": lambda p: setattr(p, "sign", lambda claims: None),
}


@pytest.mark.parametrize("case", UNPROVEN)
def test_a_token_that_proves_nothing_signs_nobody_in(
    app: FastAPI, provider: Provider, case: str
) -> None:
    UNPROVEN[case](provider)
    client = client_of(app)
    answer = sign_in(client)
    assert answer.status_code == 401
    assert COOKIE not in client.cookies
    assert nobody_is_in(client)
    assert told(app)[0].startswith("added"), "nobody was bound"


def test_a_token_for_several_that_names_us_is_taken(app: FastAPI, provider: Provider) -> None:
    provider.differs = {"aud": ["another", CLIENT], "azp": CLIENT}
    assert sign_in(client_of(app)).status_code == 303


def test_a_new_key_is_asked_for_once(app: FastAPI, provider: Provider) -> None:
    assert sign_in(client_of(app)).status_code == 303
    assert sign_in(client_of(app)).status_code == 303
    assert provider.read_keys == 1
    new = ECKey.generate_key("P-256", {"kid": "second", "use": "sig", "alg": "ES256"}, private=True)
    provider.keys, provider.sign = [KEY, new], by(new, "ES256", "second")
    assert sign_in(client_of(app)).status_code == 303
    assert provider.read_keys == 2
    provider.sign = by(kid="never-shown")
    assert sign_in(client_of(app)).status_code == 401
    assert provider.read_keys == 3


def test_a_public_client_and_one_that_sends_its_secret_in_the_form_are_taken(
    settings: Settings, provider: Provider
) -> None:
    provider.asks_by_post = True
    assert sign_in(client_of(create_app(settings))).status_code == 303
    assert settings.single_sign_on
    wrong = replace(settings.single_sign_on, client_secret="wrong")
    app = create_app(replace(settings, single_sign_on=wrong))
    assert sign_in(client_of(app)).status_code == 401


@pytest.mark.parametrize("state", ["another", "", "\N{SNOWMAN}"])
def test_a_wrong_state_signs_nobody_in_and_ends_the_try(app: FastAPI, state: str) -> None:
    client = client_of(app)
    right = ways_back(client)
    wrong = re.sub("state=[^&]*", f"state={state}", right)
    answer = client.get(wrong)
    assert answer.status_code == 401
    assert "begin again" in answer.text
    assert client.get(right).status_code == 401, "its state is forgotten"
    assert nobody_is_in(client)


def test_a_link_from_another_browser_signs_nobody_in(app: FastAPI) -> None:
    theirs = ways_back(client_of(app))
    victim = client_of(app)
    assert victim.get(theirs).status_code == 401
    victim.get(GO)
    assert victim.get(theirs).status_code == 401
    assert nobody_is_in(victim)


def test_a_code_is_good_once_also_with_its_state(app: FastAPI) -> None:
    client = client_of(app)
    place = ways_back(client)
    kept = dict(client.cookies)
    assert client.get(place).status_code == 303
    assert client.get(place).status_code == 401
    thief = client_of(app)
    thief.cookies.update(kept)
    assert thief.get(place).status_code == 401
    assert nobody_is_in(thief)


def test_who_takes_longer_than_ten_minutes_begins_again(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(app)
    place = ways_back(client)
    monkeypatch.setattr(flow, "MINUTES", -1)
    assert client.get(place).status_code == 401


def test_a_cookie_that_is_not_ours_is_no_state(app: FastAPI) -> None:
    client = client_of(app)
    place = ways_back(client)
    client.cookies.clear()
    client.cookies.set(f"{COOKIE}-sign-in", "eyJzdGF0ZSI6IngifQ.x.y", domain="clinic.test")
    assert client.get(place).status_code == 401


def test_an_unverified_e_mail_is_nobodys(app: FastAPI, provider: Provider) -> None:
    for said in (False, None, "true"):
        provider.person["email_verified"] = said
        answer = sign_in(client_of(app))
        assert answer.status_code == 403
        assert "has not verified" in answer.text


def test_an_unknown_person_is_told_whom_to_ask_and_stands_in_the_log(
    app: FastAPI, provider: Provider
) -> None:
    provider.person |= {"sub": "s-1", "email": "eve@hospital.example"}
    client = client_of(app)
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "ask the administrator of the clinic to add you" in answer.text
    assert told(app)[0] == "nobody here is eve@hospital.example, subject s-1"
    accounts: Accounts = app.state.accounts
    assert len(accounts.all()) == len(Role) + 1
    accounts.set_known_as("assistant", "s-1", "administrator")  # as the log told
    provider.person["email"] = None
    assert sign_in(client).status_code == 303


def test_a_disabled_account_stays_closed(app: FastAPI) -> None:
    accounts: Accounts = app.state.accounts
    sign_in(client := client_of(app))
    accounts.change("thea", Role.CLINICIAN, active=False)
    assert nobody_is_in(client)
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "disabled" in answer.text
    assert told(app)[0] == "disabled account"


def test_naming_somebody_anew_unbinds_and_signs_out(app: FastAPI, provider: Provider) -> None:
    accounts: Accounts = app.state.accounts
    sign_in(client := client_of(app))
    accounts.set_known_as("thea", "thea@new.example", "administrator")
    assert nobody_is_in(client)
    assert sign_in(client).status_code == 403
    accounts.set_known_as("thea", "", "administrator")
    assert accounts.find("thea").known_as is None
    accounts.set_known_as("thea", EMAIL)
    with pytest.raises(UsageError, match="`thea` signs in as"):
        accounts.set_known_as("assistant", EMAIL.upper())


def test_an_account_without_password_has_none_that_opens_it(app: FastAPI) -> None:
    for password in ("", PASSWORD):
        form = {"username": "thea", "password": password}
        assert client_of(app).post("/sign-in", data=form).status_code in (401, 422)
    sign_in(client := client_of(app))
    page = client.get("/account").text
    assert "Present password" not in page
    assert "You sign in with Hospital" in page


def test_a_temporary_password_is_taken_back_where_it_was_not_needed(app: FastAPI) -> None:
    accounts: Accounts = app.state.accounts
    accounts.set_password("thea", PASSWORD, temporary=True, by="administrator")
    sign_in(client := client_of(app))
    assert client.get("/due").status_code == 200
    assert not accounts.find("thea").has_password
    accounts.set_password("thea", "another long password")
    sign_in(client)
    assert accounts.sign_in("thea", "another long password") is not None


@pytest.mark.parametrize("at", [NOW - 3600, "just now"], ids=["long ago", "no time"])
def test_a_locked_page_stays_locked_where_the_provider_did_not_ask_anew(
    app: FastAPI, provider: Provider, at: object
) -> None:
    sign_in(client := client_of(app))
    lock(app.state.accounts)
    provider.differs = {"auth_time": at}
    answer = sign_in(client)
    assert answer.status_code == 401
    assert "proved anew who you are" in answer.text
    assert nobody_is_in(client)
    provider.differs = {}
    assert sign_in(client).headers["location"] == "/due"


@pytest.mark.parametrize("place", ["https://elsewhere.example", "//elsewhere.example", "/sign-out"])
def test_nobody_is_led_to_another_site(app: FastAPI, place: str) -> None:
    client = client_of(app)
    on = ways_back(client, f"/sign-in/provider?next={place}")
    assert client.get(on).headers["location"] == "/"


def test_a_provider_that_is_down_leaves_passwords(app: FastAPI, provider: Provider) -> None:
    client = client_of(app)
    place = ways_back(client)
    provider.answers = False
    after_a_restart = client_of(create_app(app.state.settings))
    for answer in (client.get(place), after_a_restart.get(GO)):
        assert answer.status_code == 503
        assert "Hospital does not answer" in answer.text
    right = {"username": "clinician", "password": PASSWORD}
    assert client.post("/sign-in", data=right).status_code == 303
    provider.answers = True
    assert sign_in(client_of(app)).status_code == 303


def test_a_provider_that_hangs_or_is_nowhere_is_not_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS", 0.2)

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan" or (await receive() and await receive())

    with serving(hangs) as port:
        for at in (port, free_port()):
            nobody = SingleSignOn(f"http://localhost:{at}", CLIENT)
            answer = client_of(create_app(replace(settings, single_sign_on=nobody))).get(GO)
            assert answer.status_code == 503


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=lambda said: next(iter(said)),
)
def test_a_provider_that_says_odd_things_of_itself_is_not_asked(
    app: FastAPI, provider: Provider, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = provider.discovery() | said
    monkeypatch.setattr(provider, "discovery", lambda: odd)
    assert client_of(app).get(GO).status_code == 503


def test_who_refuses_at_the_provider_is_not_signed_in(app: FastAPI) -> None:
    client = client_of(app)
    asked = parse_qs(urlsplit(client.get(GO).headers["location"]).query)
    query = {"error": "access_denied", "state": asked["state"][0]}
    answer = client.get("/sign-in/provider/finish", params=query)
    assert answer.status_code == 401
    assert "Hospital did not sign you in" in answer.text


def test_without_a_provider_there_is_no_single_sign_on(settings: Settings) -> None:
    client = client_of(create_app(replace(settings, single_sign_on=None)))
    assert client.get(GO).status_code == 404
    assert "Sign in with" not in client.get("/sign-in").text
