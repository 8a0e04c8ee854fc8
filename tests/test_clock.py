"""What day it is at the clinic, and on which of its days a row was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.clock import Moment, day, day_of, has_time, instant_of, today, wall, zone_of
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.facts import facts

ZONES = ("UTC", "Europe/Madrid", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Apia")
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def frame(*at: datetime) -> pl.DataFrame:
    return pl.DataFrame({"at": at}, {"at": pl.Datetime("us", "UTC")})


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(ZONES))
def test_a_date_alone_is_that_day_in_every_zone(on: date, zone: str) -> None:
    at = instant_of(on)
    assert not has_time(at)
    assert day_of(at, zone) == on
    assert frame(at).select(day(zone))["at"].to_list() == [on]
    assert Moment.of(on, zone).before(frame(at)).height == 1
    assert Moment.of(on - timedelta(days=1), zone).before(frame(at)).is_empty()


@given(INSTANTS, st.sampled_from(ZONES))
def test_a_time_is_on_the_day_that_clocks_there_show(at: datetime, zone: str) -> None:
    kept = instant_of(at)
    shown = at.astimezone(ZoneInfo(zone)).date()
    assert has_time(kept)
    assert day_of(kept, zone) == shown
    assert frame(kept).select(day(zone))["at"].to_list() == [shown]
    assert Moment.of(shown, zone).before(frame(kept)).height == 1
    assert Moment.of(shown - timedelta(days=1), zone).before(frame(kept)).is_empty()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-01-06", "2026-01-06T00:00:00+00:00"),
        ("2026-01-06T00:00:00Z", "2026-01-06T00:00:00.000001+00:00"),
        ("2026-01-05T16:00:00-08:00", "2026-01-06T00:00:00.000001+00:00"),
    ],
)
def test_four_in_the_afternoon_in_los_angeles_is_not_taken_for_a_date(said: str, kept: str) -> None:
    episodes = {"episode": ["E"], "patient": ["P"], "region": ["neck"], "started_on": "2026-01-01"}
    rows = {"episode": ["E"], "at": [said], "measure": ["nrs"], "value": ["5"]}
    log, bad = assemble(
        {
            "patients": pl.DataFrame({"patient": ["P"]}),
            "episodes": pl.DataFrame(episodes),
            "scores": pl.DataFrame(rows),
        },
        SHIPPED,
    )
    assert not bad
    assert log.scores["at"][0].isoformat() == kept


def test_an_evening_counts_on_its_own_day_before_and_after_clocks_change() -> None:
    """In Madrid clocks went forward on 29 March 2026, from 2 to 3 at night."""
    madrid = ZoneInfo("Europe/Madrid")
    late = [datetime(2026, 3, d, 23, 30, tzinfo=madrid) for d in (28, 29)]
    early = [datetime(2026, 3, d, 0, 30, tzinfo=madrid) for d in (29, 30)]
    days = frame(*map(instant_of, late + early)).select(day("Europe/Madrid"))["at"]
    assert [d.day for d in days] == [28, 29, 29, 30]


def test_half_past_eleven_at_night_and_half_past_midnight_are_two_days_of_one_clinic() -> None:
    log = CareLog(
        knowledge=SHIPPED,
        patients=pl.DataFrame({"patient": ["P"]}),
        **{name: pl.DataFrame() for name in ("scores", "treatments", "exams", "findings")},  # type: ignore[arg-type]
        episodes=pl.DataFrame(),
        zone="America/Los_Angeles",
    )
    la = ZoneInfo("America/Los_Angeles")
    for at, on in (
        (datetime(2026, 1, 5, 23, 30, tzinfo=la), 5),
        (datetime(2026, 1, 6, 0, 30, tzinfo=la), 6),
    ):
        assert log.moment(at).day.day == on
        assert frame(instant_of(at)).select(log.day_of())["at"][0].day == on


def test_the_facts_of_a_day_count_what_was_done_that_evening_and_not_the_next_morning() -> None:
    la = "America/Los_Angeles"
    raw = {
        "patients": pl.DataFrame({"patient": ["P"]}),
        "episodes": pl.DataFrame(
            {"episode": ["E"], "patient": ["P"], "region": ["neck"], "started_on": ["2026-01-01"]}
        ),
        "treatments": pl.DataFrame(
            {
                "episode": ["E"] * 3,
                # in the evening of the 5th, twice, and in the morning of the 6th
                "at": ["2026-01-06T01:30:00Z", "2026-01-06T04:00:00Z", "2026-01-06T16:00:00Z"],
                "therapy": ["injection"] * 3,
            }
        ),
    }
    log, bad = assemble(raw, SHIPPED)
    assert not bad
    here = replace(log, zone=la)
    for on, sessions in ((date(2026, 1, 4), 0), (date(2026, 1, 5), 1), (date(2026, 1, 6), 2)):
        assert facts(here, on)["injection_sessions_90d"][0] == sessions


@given(INSTANTS)
def test_the_wall_clock_of_utc_is_the_instant_itself(at: datetime) -> None:
    assert frame(at).select(wall(pl.col("at"), "UTC"))["at"].to_list() == [at]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "europe", "\x00"])
def test_a_zone_that_is_none_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(UsageError, match=r"unknown time zone .*; expected one such as"):
        zone_of(name)


def test_a_zone_that_is_misspelt_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean `Europe/Madrid`"):
        zone_of("Europe/Madird")


def test_today_is_the_day_of_the_zone() -> None:
    before = datetime.now(UTC)
    found = {zone: today(zone) for zone in ZONES}
    after = datetime.now(UTC)
    for zone, on in found.items():
        assert on in {at.astimezone(ZoneInfo(zone)).date() for at in (before, after)}
