"""The identity provider that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reliefpath.environment import guarded, said_by
from reliefpath.errors import UsageError

OIDC = "RELIEFPATH_OIDC_"


@dataclass(frozen=True)
class SingleSignOn:
    """The identity provider that people may sign in by, and who we are to it.

    Attributes:
        issuer: Its address, to the letter as it names itself.
        client_id: What it calls us.
        client_secret: What proves to it that it is us; None where PKCE alone does.
        name: What people call it.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    name: str = "single sign-on"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> SingleSignOn | None:
        """Return the provider that the environment names, or None if it names none.

        Raises:
            UsageError: it is named by half, or could be listened to.
        """
        said = said_by(environment, OIDC, "single sign-on", needs=("ISSUER", "CLIENT_ID"))
        if not said:
            return None
        issuer = said["ISSUER"]
        if not guarded(issuer) or set("?#") & set(issuer):
            raise UsageError(f"{OIDC}ISSUER is an https address (http on this computer alone)")
        name = said.get("NAME", urlsplit(issuer).hostname or issuer)
        return cls(issuer, said["CLIENT_ID"], said.get("CLIENT_SECRET"), name)
