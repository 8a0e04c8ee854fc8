"""One sign-in on its way to the provider and back: what the browser keeps of it, signed."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass
from hashlib import sha256
from time import time

from itsdangerous import BadData, URLSafeTimedSerializer

MINUTES = 10
"""For how long somebody may take to prove who they are."""


@dataclass(frozen=True)
class Flow:
    """One sign-in on its way."""

    state: str
    """What the provider must send back, so that nobody is signed in by another's link."""
    nonce: str
    """What the ID token must tell, so that none is used twice."""
    verifier: str
    """What proves that the code is brought by who asked for it (PKCE)."""
    place: str
    """Where to go then, within this site."""
    anew: bool
    """Whether the provider's own session is not enough."""
    began: int

    @classmethod
    def begin(cls, place: str, *, anew: bool) -> Flow:
        """Return a new one."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, place, anew, int(time()))

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (RFC 7636, S256)."""
        digest = sha256(self.verifier.encode()).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()

    def signed(self, secret: bytes) -> str:
        """Return what the browser keeps."""
        return str(_signer(secret).dumps(asdict(self)))


def flow_of(kept: str, secret: bytes) -> Flow | None:
    """Return what the browser kept, or None if it is not ours or too old."""
    try:
        return Flow(**_signer(secret).loads(kept, max_age=MINUTES * 60))
    except (BadData, TypeError):
        return None


def _signer(secret: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="single-sign-on")
