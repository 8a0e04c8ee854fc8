"""A small identity provider: the parts of OpenID Connect that a clinic's sign-in meets."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "reliefpath", "a secret: with signs/"
Claims = dict[str, Any]
Signer = Callable[[Claims], str]
KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}, private=True)


def by(key: RSAKey | ECKey = KEY, alg: str = "RS256", kid: str | None = "first") -> Signer:
    """Sign as a provider does."""
    header = {"alg": alg} | ({"kid": kid} if kid else {})
    return lambda claims: jwt.encode(header, claims, key, [alg])


def unsigned(claims: Claims) -> str:
    """A token that says it needs no signature."""
    return f"{_part({'alg': 'none', 'kid': 'first'})}.{_part(claims)}."


def by_public_key(claims: Claims) -> str:
    """A token that takes what everybody knows, the public key, for a shared secret."""
    text = f"{_part({'alg': 'HS256', 'kid': 'first'})}.{_part(claims)}"
    mark = hmac.digest(KEY.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{_base64(mark)}"


@dataclass
class Provider:
    """Who is signed in at it, what it tells of them, and what it was asked."""

    issuer: str = ""
    person: Claims = field(
        default_factory=lambda: {
            "sub": "248289761001",
            "email": "Thea@Hospital.example",
            "email_verified": True,
        }
    )
    differs: Claims = field(default_factory=dict)
    """Claims that are not as they should be; None leaves one out."""
    sign: Signer = field(default_factory=by)
    keys: list[RSAKey | ECKey] = field(default_factory=lambda: [KEY])
    proved_at: int | None = None
    """When its own session began, where that is not now."""
    answers: bool = True
    asks_by_post: bool = False
    asked: list[Claims] = field(default_factory=list)
    read_keys: int = 0
    _codes: dict[str, Claims] = field(default_factory=dict)

    def discovery(self) -> Claims:
        """What it says of itself."""
        methods = ["client_secret_post" if self.asks_by_post else "client_secret_basic"]
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=hospital",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": methods,
        }

    def code_for(self, asked: Claims) -> str:
        """Remember who asked, and return where the browser goes back to."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "session_state": "x.y"}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token_for(self, form: Claims, proof: str | None) -> Claims:
        """Change a code, once, for who it is."""
        asked = self._codes.pop(form["code"])
        digest = sha256(form["code_verifier"].encode()).digest()
        assert asked["code_challenge_method"] == "S256"
        assert asked["code_challenge"] == _base64(digest)
        assert asked["redirect_uri"] == form["redirect_uri"]
        basic = base64.b64encode(b"reliefpath:a+secret%3A+with+signs%2F").decode()
        sent = (form.get("client_id"), form.get("client_secret"))
        assert sent == (CLIENT, SECRET) if self.asks_by_post else proof == f"Basic {basic}"
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "nonce": asked["nonce"], **self.person}
        claims |= {"iat": now, "exp": now + 300, "auth_time": self.proved_at or now, **self.differs}
        told = {k: v for k, v in claims.items() if v is not None}
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(told)}


def app_of(provider: Provider) -> FastAPI:
    """The provider as it is asked over HTTP."""
    app = FastAPI()

    @app.middleware("http")
    async def down(request: Request, call_next: Any) -> Response:
        if not provider.answers:
            return Response("out of order", 503)
        answer: Response = await call_next(request)
        return answer

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Claims:
        return provider.discovery()

    @app.get("/keys")
    def keys() -> Claims:
        provider.read_keys += 1
        shown = KeySet(list(provider.keys)).as_dict()["keys"]
        return {"keys": [{"kty": "unheard-of"}, *shown]}

    @app.get("/authorize")
    def authorize(request: Request) -> HTMLResponse:
        provider.asked.append(dict(request.query_params))
        icon = '<link rel="icon" href="data:,">'
        form = '<form method="post"><button>It is me</button></form>'
        return HTMLResponse(f"<!DOCTYPE html><title>Hospital</title>{icon}{form}")

    @app.post("/authorize")
    def proved(request: Request) -> RedirectResponse:
        return RedirectResponse(provider.code_for(dict(request.query_params)), 303)

    @app.post("/token")
    async def token(request: Request) -> Claims:
        try:
            form = {k: str(v) for k, v in (await request.form()).items()}
            return provider.token_for(form, request.headers.get("authorization"))
        except (KeyError, AssertionError):
            raise HTTPException(400, "invalid_grant") from None

    return app


def _part(said: Claims) -> str:
    return _base64(json.dumps(said).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
