"""The identity provider, as the environment names it."""

from __future__ import annotations

import pytest

from reliefpath.errors import UsageError
from reliefpath.identity.single_sign_on.settings import SingleSignOn

ISSUER, ID = {"RELIEFPATH_OIDC_ISSUER": "https://id.example"}, {"RELIEFPATH_OIDC_CLIENT_ID": "x"}


def test_the_environment_names_the_provider() -> None:
    assert SingleSignOn.of({"PATH": "x", "RELIEFPATH_OIDC_NAME": ""}) is None
    found = SingleSignOn.of({**ISSUER, **ID})
    assert found == SingleSignOn("https://id.example", "x", None, "id.example")
    secret = SingleSignOn.of({**ISSUER, **ID, "RELIEFPATH_OIDC_CLIENT_SECRET": "hush"})
    assert "hush" not in repr(secret)


@pytest.mark.parametrize("said", [ISSUER, ID, {"RELIEFPATH_OIDC_CLIENT_SECRET": "x"}])
def test_half_a_provider_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="needs RELIEFPATH_OIDC_"):
        SingleSignOn.of(said)


@pytest.mark.parametrize(
    "issuer",
    ["http://id.example", "http://localhost.id.example", "id.example", "https://", "https://x:y"],
)
def test_a_provider_that_others_could_listen_to_is_refused(issuer: str) -> None:
    with pytest.raises(UsageError, match="https"):
        SingleSignOn.of({**ID, "RELIEFPATH_OIDC_ISSUER": issuer})
