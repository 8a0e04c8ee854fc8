"""What was given, as rows of the care log, and found again in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest

from reliefpath.care.planning.given import (
    Session,
    exercise_rows,
    injection_rows,
    needling_rows,
    on_record_already,
    without_session,
)
from reliefpath.care_log.log import CareLog, assemble
from reliefpath.care_log.schema import TABLES
from reliefpath.clock import instant_of
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.injection import Portion, Site
from reliefpath.simulation import demo_clinic

DAY = date(2026, 3, 31)
RECORD = demo_clinic(1, 1, DAY).only("demo-0001")
LIDOCAINE, SALINE = Portion("lidocaine", 1, "percent", 0.5), Portion("saline", 0, "percent", 1)
SITES = (Site("piriformis", "left", (LIDOCAINE, SALINE)), Site("gluteus-medius", "left", (SALINE,)))
PLACES = (("piriformis", "left"), ("gluteus-medius", "right"))
SESSION = Session("demo-0001", DAY)


def with_rows(rows: pl.DataFrame) -> CareLog:
    return replace(RECORD, treatments=pl.concat([RECORD.treatments, rows]))


def test_an_injection_is_a_row_a_site_and_agent_and_a_dose_only_where_there_is_one() -> None:
    rows = injection_rows(SITES, replace(SESSION, lots={"saline": "S1"}))
    assert rows.select("muscle", "agent", "amount", "unit", "volume_ml", "lot").rows() == [
        ("piriformis", "lidocaine", 5.0, "mg", 0.5, None),
        ("piriformis", "saline", None, None, 1.0, "S1"),
        ("gluteus-medius", "saline", None, None, 1.0, "S1"),
    ]
    assert rows["twitch_response"].null_count() == 3


@pytest.mark.parametrize("rows", [needling_rows(PLACES, SESSION), exercise_rows(0.5, SESSION)])
def test_rows_are_what_the_care_log_takes(rows: pl.DataFrame) -> None:
    tables = {name: RECORD.table(name) for name in TABLES} | {"treatments": rows}
    care_log, bad = assemble(tables, SHIPPED)
    assert not bad
    assert care_log.treatments.equals(rows)


def test_what_went_wrong_is_told_once_and_what_was_looked_for_is_known_everywhere() -> None:
    rows = needling_rows(PLACES, replace(SESSION, twitches=PLACES[1:], adverse_effect="faint"))
    assert rows["adverse_effect"].to_list() == ["faint", None]
    assert rows["twitch_response"].to_list() == [False, True]
    with pytest.raises(UsageError, match="deltoid left, where no needle was"):
        needling_rows(PLACES, replace(SESSION, twitches=[("deltoid", "left")]))


def test_a_moment_is_told_in_utc_and_a_day_by_its_start() -> None:
    noon = datetime(2026, 3, 31, 12, tzinfo=timezone(timedelta(hours=-7)))
    assert instant_of(noon) == datetime(2026, 3, 31, 19, tzinfo=UTC)
    assert instant_of(DAY) == datetime(2026, 3, 31, tzinfo=UTC)
    with pytest.raises(UsageError, match="no zone"):
        instant_of(datetime(2026, 3, 31))


def test_the_same_of_the_same_day_is_on_record_already() -> None:
    noon = datetime(2026, 3, 31, 12, tzinfo=UTC)
    care_log = with_rows(injection_rows(SITES, replace(SESSION, at=noon)))
    [row] = on_record_already(injection_rows(SITES[1:], SESSION), care_log)
    assert (row["muscle"], row["agent"], row["at"]) == ("gluteus-medius", "saline", noon)
    other_side = (replace(SITES[0], side="right"),)
    assert not on_record_already(injection_rows(other_side, SESSION), care_log)
    tomorrow = replace(SESSION, at=DAY + timedelta(1))
    assert not on_record_already(injection_rows(SITES, tomorrow), care_log)
    assert on_record_already(exercise_rows(1, SESSION), with_rows(exercise_rows(0.5, SESSION)))


def test_a_session_is_found_again_only_if_it_is_exactly_as_planned() -> None:
    given = injection_rows(SITES, replace(SESSION, lots={"lidocaine": "A1"}))
    care_log = with_rows(given)
    before, found = without_session(care_log, injection_rows(SITES[::-1], SESSION))
    assert before.treatments.equals(RECORD.treatments)
    assert found.equals(given)
    twice = Site("piriformis", "left", (replace(LIDOCAINE, volume_ml=1.0), SALINE))
    for other in (SITES[:1], (*SITES, SITES[1]), (twice, SITES[1])):
        same, none = without_session(care_log, injection_rows(other, SESSION))
        assert same.treatments.equals(care_log.treatments)
        assert none.is_empty()


def test_one_visit_of_two_on_a_day_is_found_again_and_the_other_stays() -> None:
    nine, two = (datetime(2026, 3, 31, hour, tzinfo=UTC) for hour in (9, 14))
    first = injection_rows(SITES[1:], replace(SESSION, at=nine))
    second = injection_rows(SITES, replace(SESSION, at=two))
    for rows, rest in ((second, first), (first, second)):
        before, found = without_session(with_rows(pl.concat([first, second])), rows)
        assert found.equals(rows)
        assert before.treatments.equals(with_rows(rest).treatments)
        as_of_the_day = rows.with_columns(at=pl.lit(instant_of(DAY), pl.Datetime("us", "UTC")))
        assert without_session(with_rows(pl.concat([first, second])), as_of_the_day)[1].equals(rows)
