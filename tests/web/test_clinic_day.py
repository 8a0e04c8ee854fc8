"""Every surface takes the clinic's own day, wherever the server stands and whatever day UTC has."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cli.commands import reliefpath
from reliefpath.care.check_in.answers import Answers
from reliefpath.care.check_in.questions import Questions
from reliefpath.clock import today
from reliefpath.store.chart import open_chart
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from .clients import client_of

NOTHING_ASKED = Questions([], [], [], {}, {}, frozenset())
EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
"""25 hours apart: never on the same day, and one of them always on another than UTC."""


@pytest.mark.parametrize("zone", [EAST, WEST])
def test_form_worklist_and_command_line_agree_what_day_it_is(zone: str, settings: Settings) -> None:
    chart = open_chart(settings.chart)
    chart.set_zone(zone, AuditEvent("Ada", "zone"))
    app = create_app(replace(settings, today=None))
    care, director = app.state.care, client_of(app, "director")
    before = today(zone)
    form = director.get("/patient/demo-0001/exam")
    told = json.loads(
        reliefpath("assess", settings.chart, "--format", "json", "--top", "1").stdout
    )[0]
    assert {care.today, chart.today, datetime.fromisoformat(told["as_of"]).date()} <= {
        before,
        today(zone),
    }
    assert f'"{before}"' in form.text or f'"{today(zone)}"' in form.text
    assert f"Days are those of {zone}." in form.text
    said = reliefpath("chart", "zone", settings.chart).stdout
    assert f"those of {zone}; today is" in said
    chart.close()


def test_tomorrow_has_not_come_yet_at_the_clinic_though_it_has_in_utc(settings: Settings) -> None:
    """The form of the western clinic refuses the day that the eastern one takes."""
    chart = open_chart(settings.chart)
    chart.set_zone(WEST, AuditEvent("Ada", "zone"))
    app = create_app(replace(settings, today=None))
    director = client_of(app, "director")
    tomorrow = today(WEST) + timedelta(days=1)
    sent = {"on": tomorrow.isoformat(), "finding": "red-flag:screened"}
    refused = director.post("/patient/demo-0001/finding", data=sent)
    assert f"{tomorrow} has not come yet" in refused.text
    chart.close()


def test_a_zone_is_set_with_who_and_when_and_what_was_known_before_stays(
    settings: Settings,
) -> None:
    chart = open_chart(settings.chart)
    assert chart.zone == "UTC"
    before = chart.head().entry
    reliefpath("chart", "zone", settings.chart, "Europe/Madrid")
    assert "already" in reliefpath("chart", "zone", settings.chart, "Europe/Madrid", code=2).stderr
    assert "unknown time zone" in reliefpath("chart", "zone", settings.chart, "Mars", code=2).stderr
    assert chart.care_log().zone == "Europe/Madrid"
    assert chart.care_log(known_at=before).zone == "UTC"
    assert chart.changed_since(before) is None  # everybody's days may be others
    assert chart.log()["action"].to_list()[-1] == "zone"
    assert not chart.verify().wrong
    chart.close()


def test_a_new_chart_proposes_the_zone_of_the_machine(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    made = reliefpath("chart", "init", f"{tmp_path}/a.chart").stdout
    assert "its days are those of America/Los_Angeles" in made
    made = reliefpath("chart", "init", f"{tmp_path}/b.chart", "--zone", "Asia/Tokyo").stdout
    assert "its days are those of Asia/Tokyo" in made


def test_pain_that_is_drawn_in_the_evening_is_of_that_evening() -> None:
    """At eight in the evening in Los Angeles it is tomorrow in UTC."""
    at, evening = datetime(2026, 1, 6, 4, tzinfo=UTC), date(2026, 1, 5)
    answers = Answers({}, None, {}, ("neck-right",), (), (), no_sign=False)
    rows = answers.rows(NOTHING_ASKED, "P", "E", at, evening, "patient")
    assert rows["findings"]["until"].to_list() == [evening]
