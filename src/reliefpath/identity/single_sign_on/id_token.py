"""What an ID token proves, and when it proves nothing (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from reliefpath.identity.single_sign_on.errors import SignOnError
from reliefpath.identity.single_sign_on.settings import SingleSignOn

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
"""Signatures that the provider alone can make: no `none`, and nothing by a secret that we share."""
LEEWAY = 60
"""Seconds by which clocks may differ."""
LONGEST = 255


@dataclass(frozen=True)
class Person:
    """Who somebody is to the provider."""

    issuer: str
    subject: str
    email: str | None = None
    verified: bool = False
    """Whether the provider says that the e-mail is theirs."""
    proved_at: int | None = None
    """When they proved to the provider who they are, in seconds since 1970."""

    def __str__(self) -> str:
        known = f"{self.email or 'no e-mail'}{'' if self.verified else ' (not verified)'}"
        return f"{known}, subject {self.subject}"

    def since(self, began: int) -> bool:
        """Return whether they proved to the provider who they are since a moment."""
        return self.proved_at is not None and self.proved_at >= began - LEEWAY


def person_of(
    token: str, keys: KeySet, provider: SingleSignOn, nonce: str, now: datetime
) -> Person:
    """Return whom an ID token is about.

    Raises:
        InvalidKeyIdError: none of the keys has made it.
        SignOnError: it is not the provider's, not for us, not of this sign-in, or too old.
    """
    wanted = jwt.JWTClaimsRegistry(
        int(now.timestamp()),
        LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        claims = jwt.decode(token, keys, ALGORITHMS).claims
        wanted.validate(claims)
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError) as e:
        raise SignOnError(_unproven(str(e) or type(e).__name__)) from None
    _refuse_anothers(claims, provider)
    return _person(claims)


def _refuse_anothers(claims: dict[str, Any], provider: SingleSignOn) -> None:
    party = claims.get("azp")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or party is not None) and party != provider.client_id:
        raise SignOnError(_unproven("it was made for another application"))


def _person(claims: dict[str, Any]) -> Person:
    subject, email, at = claims["sub"], claims.get("email"), claims.get("auth_time")
    if len(subject) > LONGEST or not subject.isprintable():
        raise SignOnError(_unproven("its subject is not usable"))
    usable = isinstance(email, str) and len(email) <= LONGEST and email.isprintable()
    return Person(
        claims["iss"],
        subject,
        email.lower() if usable and isinstance(email, str) else None,
        claims.get("email_verified") is True,
        at if isinstance(at, int) and not isinstance(at, bool) else None,
    )


def _unproven(why: str) -> str:
    return f"what the provider sent proves nothing ({why}): try again, or tell whoever keeps it"
