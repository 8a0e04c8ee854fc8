"""What was injected before counts for as long as it acts, and on its day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reliefpath.reference.therapies.injection import Portion, Site, Verdict

from .plain_person import (
    FAR,
    TODAY,
    Row,
    bars,
    day,
    dose,
    finding,
    injection,
    needled,
    planned,
    record,
    weighed,
)


def hundred(percent: float = 1.0, ml: float = 10.0) -> tuple[Site, ...]:
    return (Site(FAR, "left", (Portion("lidocaine", percent, "percent", ml),)),)


@pytest.mark.parametrize(
    ("zone", "first", "second"),
    [
        # 14:00 and 17:30 in Los Angeles are two days in UTC
        ("America/Los_Angeles", "2026-03-30T21:00:00Z", datetime(2026, 3, 31, 0, 30, tzinfo=UTC)),
        # 23:30 and 00:30 are two days at the clinic
        ("UTC", "2026-03-30T23:30:00Z", datetime(2026, 3, 31, 0, 30, tzinfo=UTC)),
        # the night in which clocks go forward
        ("Europe/Madrid", "2026-03-29T00:30:00Z", datetime(2026, 3, 29, 9, 30, tzinfo=UTC)),
    ],
)
def test_doses_hours_apart_add_up_whatever_the_clock_says(
    zone: str, first: str, second: datetime
) -> None:
    care_log = record(zone, treatments=[dose(first, 220)])
    assert bars(planned(care_log, hundred(), second)) == {"anaesthetic-share"}  # 320 of 300 mg
    assert not bars(planned(care_log, hundred(ml=8.0), second))  # 300 of 300 mg


@pytest.mark.parametrize(
    ("agent", "hours"),
    [("lidocaine", 10), ("bupivacaine", 24), ("ropivacaine", 26), ("mepivacaine", 16)],
)
def test_a_dose_counts_for_as_long_as_its_agent_acts(agent: str, hours: int) -> None:
    at = datetime(2026, 3, 29, 12, tzinfo=UTC)
    care_log = record(treatments=[dose(at.isoformat(), 1000, agent)])
    minute = timedelta(minutes=1)
    before, after = at + timedelta(hours=hours) - minute, at + timedelta(hours=hours) + minute
    assert "anaesthetic-share" in bars(planned(care_log, at=before))
    assert not bars(planned(care_log, at=after))


@pytest.mark.parametrize(("ago", "counts"), [(0, True), (1, True), (2, False)])
def test_a_dose_without_a_time_counts_until_the_end_of_the_next_day(ago: int, counts: bool) -> None:
    care_log = record("America/Los_Angeles", treatments=[dose(day(ago), 295)])
    late = datetime(2026, 4, 1, 6, 59, tzinfo=UTC)  # 23:59 in Los Angeles
    assert bool(bars(planned(care_log, at=late))) is counts
    assert bool(bars(planned(care_log, at=TODAY))) is counts


@pytest.mark.parametrize(("mg", "blocks"), [(593, False), (594, True)])
def test_the_label_s_24_hours_hold_after_the_dose_has_worn_off(mg: float, blocks: bool) -> None:
    first, second = "2026-03-30T12:00:00Z", datetime(2026, 3, 31, 11, 0, tzinfo=UTC)
    care_log = record(
        treatments=[
            dose(first, 400, "mepivacaine"),
            dose("2026-03-30T13:00:00Z", mg, "mepivacaine"),
        ],
        findings=[finding("weight", "body-weight", 0, value=100, unit="kg")],
    )
    site = (Site(FAR, "left", (Portion("mepivacaine", 1, "percent", 0.7),)),)
    assert bars(planned(care_log, site, second)) == (
        {"anaesthetic-24-hours-mepivacaine"} if blocks else set()
    )
    assert not bars(planned(care_log, site, second + timedelta(hours=3)))


@pytest.mark.parametrize(
    ("row", "blocks"),
    [
        (dose(day(0), None), True),
        (dose(day(0), None, agent=None), True),
        (injection(day(0), therapy="nerve-block", agent=None), True),
        (injection(day(0), therapy="dry-needling", agent=None), False),
        (dose(day(0), None, agent="saline"), False),
        (dose(day(9), None, agent=None), False),
    ],
)
def test_what_may_be_an_anaesthetic_of_unknown_amount_blocks_while_it_may_act(
    row: Row, blocks: bool
) -> None:
    assert bars(planned(record(treatments=[row]))) == ({"earlier-anaesthetic"} if blocks else set())


def test_the_same_site_counts_whichever_complaint_and_clinic_it_was_for() -> None:
    for ago, verdict in ((41, Verdict.DECISION), (42, Verdict.FINE)):
        before = injection(day(ago), muscle=FAR, facility="another clinic")
        found = planned(record(treatments=[before]))
        assert found[f"same-site-interval-{FAR}-left"] is verdict


REASON = "no lasting relief without it"
STEROID = (Site(FAR, "left", (Portion("triamcinolone", 10, "mg/ml", 4.0),)),)


@pytest.mark.parametrize(
    ("zone", "first", "second", "adds_up"),
    [
        ("UTC", "2026-03-31T09:00:00Z", datetime(2026, 3, 31, 14, tzinfo=UTC), True),
        # 9:00 and 21:00 in Los Angeles are two days in UTC
        ("America/Los_Angeles", "2026-03-30T16:00:00Z", datetime(2026, 3, 31, 4, tzinfo=UTC), True),
        ("UTC", "2026-03-30T16:00:00Z", datetime(2026, 3, 31, 4, tzinfo=UTC), False),
        ("UTC", day(0), TODAY, True),
        ("UTC", "2026-03-31T14:00:00Z", datetime(2026, 3, 31, 9, tzinfo=UTC), False),
    ],
)
@pytest.mark.parametrize("episode", ["hip", "neck"])
def test_two_visits_of_one_day_at_the_clinic_are_one_session(
    zone: str, first: str, second: Any, adds_up: bool, episode: str
) -> None:
    row = dose(first, 40, "triamcinolone") | {"episode": episode, "volume_ml": 7}
    found = planned(record(zone, treatments=[row]), STEROID, second, steroid_reason=REASON)
    assert {"steroid-session", "volume"} & weighed(found) == (
        {"steroid-session", "volume"} if adds_up else set()
    )


@pytest.mark.parametrize(
    ("told", "asks"),
    [
        ({"volume_ml": 9}, False),
        ({"volume_ml": 9.1}, True),
        ({"amount": 9.1, "unit": "ml"}, True),
        ({"amount": 8, "unit": "ml", "volume_ml": 9.1}, True),
        ({"amount": 9, "unit": "mg"}, True),
        ({}, True),
    ],
)
def test_the_volume_of_an_earlier_visit_is_read_from_the_record(told: Row, asks: bool) -> None:
    found = planned(record(treatments=[injection(day(0), **told)]))
    assert ("volume" in weighed(found)) is asks


def test_muscles_that_were_needled_earlier_on_the_day_count() -> None:
    muscles = ("masseter", "temporalis", "piriformis", "gluteus-minimus", "hamstrings", FAR)
    rows = [injection(day(0), therapy="dry-needling", agent=None, muscle=m) for m in muscles]
    assert needled(record(treatments=rows))["needled-muscles"] is Verdict.FINE
    for more in ("soleus", None):
        row = injection(day(0), therapy="acupuncture", agent=None, muscle=more)
        found = needled(record(treatments=[*rows, row]))
        assert found["needled-muscles"] is Verdict.DECISION
        before = needled(record(treatments=[*rows, row | {"at": day(1)}]))
        assert before["needled-muscles"] is Verdict.FINE
