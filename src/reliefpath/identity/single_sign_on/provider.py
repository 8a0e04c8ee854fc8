"""The identity provider, asked over HTTP: where it signs people in, its keys, whose a code is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from threading import BoundedSemaphore
from time import monotonic
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx2
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet
from pydantic import BaseModel, ValidationError

from reliefpath.environment import guarded
from reliefpath.identity.single_sign_on.errors import ProviderDownError, SignOnError
from reliefpath.identity.single_sign_on.flow import Flow
from reliefpath.identity.single_sign_on.id_token import Person, person_of
from reliefpath.identity.single_sign_on.settings import SingleSignOn

LOG = logging.getLogger("reliefpath.web")
SECONDS = 5.0
"""How long we wait for each part of an answer."""
KEPT = 3600.0
"""Seconds for which we believe what the provider said of itself."""
AT_ONCE = 8
"""A provider that hangs holds up so many requests, and no page of anybody else."""


class Discovery(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


class Provider:
    """The provider of the settings; asked when somebody signs in, never before."""

    def __init__(
        self, settings: SingleSignOn, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.settings, self.clock = settings, clock
        once = httpx2.Limits(max_keepalive_connections=0)  # sign-ins are rare
        self._client = httpx2.Client(timeout=SECONDS, limits=once)
        self._at_once = BoundedSemaphore(AT_ONCE)
        self._kept: dict[str, tuple[float, Any]] = {}

    @property
    def name(self) -> str:
        """What people call it."""
        return self.settings.name

    def place(self, flow: Flow, back: str) -> str:
        """Return where somebody is sent to prove who they are, and from there to `back`.

        Raises:
            ProviderDownError: it does not answer.
        """
        asked = {
            "response_type": "code",
            "scope": "openid email",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        if flow.anew:
            asked |= {"prompt": "login", "max_age": "0"}
        at = self._discovery().authorization_endpoint
        return f"{at}{'&' if '?' in at else '?'}{urlencode(asked)}"

    def person(self, code: str, flow: Flow, back: str) -> Person:
        """Return who brings a code.

        Raises:
            ProviderDownError: it does not answer.
            SignOnError: the code is not good, or what it is changed for proves nothing.
        """
        token = self._token(code, flow, back)
        now = self.clock()
        try:
            return person_of(token, self._keys(), self.settings, flow.nonce, now)
        except InvalidKeyIdError:  # it may have a new key since we asked
            self._kept.pop("keys", None)
        try:
            return person_of(token, self._keys(), self.settings, flow.nonce, now)
        except InvalidKeyIdError:
            raise SignOnError("the provider signs with a key that it does not show") from None

    def _token(self, code: str, flow: Flow, back: str) -> str:
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        sent |= {"code_verifier": flow.verifier}
        found = self._discovery()
        own, secret = self.settings.client_id, self.settings.client_secret
        basic = "client_secret_basic" in found.token_endpoint_auth_methods_supported
        proof = None
        if secret and basic:  # each is encoded like a form's field first: RFC 6749, 2.3.1
            proof = quote_plus(own), quote_plus(secret)
        else:
            sent |= {"client_id": own, **({"client_secret": secret} if secret else {})}
        answer = self._ask("POST", found.token_endpoint, data=sent, auth=proof)
        if answer.status_code != 200:
            raise SignOnError("the provider did not take its own code: begin again")
        token = _json(answer).get("id_token")
        if not isinstance(token, str):
            raise SignOnError("the provider did not say who it is")
        return token

    def _discovery(self) -> Discovery:
        found: Discovery = self._kept_or("discovery", self._discover)
        return found

    def _discover(self) -> Discovery:
        issuer = self.settings.issuer
        said = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            found = Discovery.model_validate(said)
        except ValidationError:
            raise ProviderDownError(f"{self.name} does not say where it signs people in") from None
        places = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
        if found.issuer != issuer or not all(map(guarded, places)):
            raise ProviderDownError(
                f"{self.name} calls itself otherwise than it is called here, or is not by https"
            )
        return found

    def _keys(self) -> KeySet:
        found: KeySet = self._kept_or("keys", self._ask_keys)
        return found

    def _ask_keys(self) -> KeySet:
        said = self._get(self._discovery().jwks_uri).get("keys")
        listed = said if isinstance(said, list) else []
        return KeySet([key for each in listed for key in _key(each)])

    def _kept_or(self, what: str, ask: Callable[[], Any]) -> Any:
        at, found = self._kept.get(what, (0.0, None))
        if found is None or monotonic() - at > KEPT:
            self._kept[what] = monotonic(), (found := ask())
        return found

    def _get(self, url: str) -> dict[str, Any]:
        answer = self._ask("GET", url)
        if answer.status_code != 200:
            raise self._down()
        return _json(answer)

    def _ask(self, method: str, url: str, **sent: Any) -> httpx2.Response:
        if not self._at_once.acquire(blocking=False):
            raise self._down()
        try:
            answer = self._client.request(method, url, **sent)
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            LOG.warning("single sign-on: %s: %s", url, type(e).__name__)
            raise self._down() from None
        finally:
            self._at_once.release()
        if answer.status_code != 200:
            LOG.warning("single sign-on: %s: %s", url, answer.status_code)
        if answer.status_code >= 500:
            raise self._down()
        return answer

    def _down(self) -> ProviderDownError:
        return ProviderDownError(
            f"{self.name} does not answer: try again in a while, or use a password if you have one"
        )


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ProviderDownError("the provider answers with something that can't be read")
    return said


def _key(said: Any) -> list[Key]:
    """Return a key that checks signatures, or nothing where it is for something else."""
    if not isinstance(said, dict) or said.get("kty") not in ("RSA", "EC", "OKP"):
        return []
    if said.get("use", "sig") != "sig":
        return []
    try:
        return [JWKRegistry.import_key(said)]
    except (JoseError, ValueError, TypeError, KeyError):
        return []
