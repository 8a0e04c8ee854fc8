"""A programme changed, signed, printed and followed: on the desk and on the patient's phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import FastAPI

from reliefpath.care.planning.exercise import situation_of
from reliefpath.care.programmes import SignedProgramme, versions_of

from .clients import Client
from .conftest import TODAY
from .test_visit import log_of, taken_in

NAMES = re.compile(r'name="((?:exercise|was|side|sets|repetitions|seconds|minutes|per_week)-\d+)" ')


@pytest.fixture
def episode(clinician: Client) -> str:
    return taken_in(clinician)


def form_of(html: str) -> dict[str, Any]:
    """What the form would send as it stands."""
    form = html[html.index('<form method="post" class="programme"') :]
    form = form[: form.index("</form>")]
    said: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        told = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if "name" not in told or (told.get("type") == "checkbox" and " checked" not in tag):
            continue
        if told["name"] in said:
            said[told["name"]] = [*said[told["name"]], told["value"]]
        else:
            value = told.get("value", "")
            said[told["name"]] = [value] if told.get("type") == "checkbox" else value
    for name, options in re.findall(r'<select[^>]*name="([^"]*)">(.*?)</select>', form, re.DOTALL):
        values = re.findall(r'value="([^"]*)"( selected)?', options)
        chosen = [value for value, selected in values if selected]
        said[name] = chosen[0] if chosen else values[0][0]
    return said


def versions(app: FastAPI, episode: str) -> list[SignedProgramme]:
    chart = app.state.care.chart
    return versions_of(chart, situation_of(log_of(app, episode), episode, TODAY))


def test_a_proposal_is_signed_as_it_stands(app: FastAPI, clinician: Client, episode: str) -> None:
    place = f"/patient/{episode}/exercise"
    page = clinician.get(place).text
    assert "Proposed, not signed" in page
    said = form_of(page)
    answer = clinician.post(place, data={**said, "action": "sign"})
    assert answer.status_code == 303, answer.text
    [version] = versions(app, episode)
    assert version.programme is not None
    assert [item.exercise for item in version.programme.items] == [
        said[f"exercise-{n}"] for n in range(len(version.programme.items))
    ]
    after = clinician.get(place).text
    assert "Version 1 is in force" in after
    assert form_of(after).items() >= {k: v for k, v in said.items() if k[-1].isdigit()}.items()
