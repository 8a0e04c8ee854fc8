"""A clinic with an identity provider, and somebody who signs in by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.identity.single_sign_on.settings import SingleSignOn
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from ..conftest import serving
from .provider import CLIENT, SECRET, Provider, app_of

EMAIL = "thea@hospital.example"


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    with serving(app_of(provider)) as port:
        provider.issuer = f"http://localhost:{port}"
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    sign_on = SingleSignOn(provider.issuer, CLIENT, SECRET, "Hospital")
    accounts = Accounts(settings.accounts)
    accounts.add("thea", "Thea Therapist", Role.CLINICIAN, None, known_as=EMAIL)
    accounts.engine.dispose()
    return replace(settings, single_sign_on=sign_on)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def elsewhere(provider: Provider) -> str:
    return provider.issuer
