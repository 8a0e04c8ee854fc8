"""Whatever is sent to whatever route, it is answered or refused, and nothing breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from reliefpath.identity.roles import Role
from reliefpath.identity.single_sign_on.settings import SingleSignOn
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from .clients import client_of

pytestmark = pytest.mark.long

EXAMPLES = 12
"""For each role and route; all roles together stay within a minute."""
ODD = (
    b"csrf=\xff\xfe&username=%ff%fe&password=%00",
    b"&&&===%%%",
    b"username=" + b"a" * 900_000,
    b"a=1&" * 5_000,
    "username=\N{SNOWMAN}&password=\N{SNOWMAN}&code=\N{SNOWMAN}".encode("utf-16"),
    b"",
)


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_no_request_that_the_schema_allows_or_forbids_breaks_the_server(
    role: Role | None, settings: Settings
) -> None:
    nobody = SingleSignOn("http://localhost:1", "reliefpath", name="Nobody")
    app = create_app(replace(settings, single_sign_on=nobody))
    schema = schemathesis.openapi.from_dict(app.openapi())
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @given(case=operation.as_strategy())
        @_settings
        def holds(case: Any) -> None:
            client = client_of(app, role)
            kwargs = case.as_transport_kwargs(base_url="http://clinic.test")
            kwargs.pop("cookies", None)
            headers = {str(k): str(v) for k, v in (kwargs.pop("headers", None) or {}).items()}
            answer = client.request(**kwargs, headers=headers)
            told = "Nobody does not answer" in answer.text  # the provider, which nobody is
            assert answer.status_code < 500 or told, answer.text

        holds()


_settings = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json",
        "text/plain; charset=utf-16",
        "multipart/form-data; boundary=x; charset=unicode_escape",
        "",
    ],
)
def test_bodies_that_no_browser_sends_are_refused(settings: Settings, kind: str) -> None:
    app = create_app(settings)
    for who, path in ((None, "/sign-in"), ("administrator", "/people")):
        for body in ODD:
            answer = client_of(app, who).post(path, content=body, headers={"Content-Type": kind})
            assert 400 <= answer.status_code < 500, (path, body[:50])
