"""The facts have the declared columns, and know what had happened by the moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from reliefpath.errors import UsageError
from reliefpath.pathway.facts import KEYS, declaration, facts, schema

from .one_patient import START, after, found, log, nrs, of, on
from .strategies import care_log


def test_facts_have_the_declared_columns_and_types() -> None:
    assert dict(facts(log(scores=nrs({0: 7, 7: 5})), START).schema) == {**KEYS, **schema()}
    assert list(schema()) == list(declaration().facts)


def test_nothing_on_record_is_null_and_counts_are_zero() -> None:
    row = of(log(), after(14))
    known = {name for name, value in row.items() if value is not None}
    assert known == {
        *KEYS,
        "region",
        "in_care",
        "in_follow_up",
        "record_complete",
        "weeks_in_care",
        "scale_in_doubt",
        "slipping",
        "relieved",
        "well_now",
        "injected",
        "education_given",
        "dry_needling_sessions",
        "dry_needling_harm",
        "injection_sessions_365d",
        "injection_sessions_90d",
        "steroid_mg_365d",
    }
    assert row["weeks_in_care"] == 2.0


def test_facts_have_four_decimals() -> None:
    assert of(log(), after(1))["weeks_in_care"] == 0.1429
    assert of(log(), after(5))["weeks_in_care"] == 0.7143


def test_episodes_begun_later_have_no_row() -> None:
    assert facts(log(), START - timedelta(days=1)).is_empty()


def test_care_log_without_rows_has_no_facts() -> None:
    assert facts(care_log({}), START).schema == {**KEYS, **schema()}


def test_future_rows_are_ignored_until_their_day() -> None:
    care = log(scores=nrs({0: 7, 10: 2}), findings=[found("red-flag", "foot-drop", 10)])
    assert of(care, after(9))["score_count"] == 1
    assert of(care, after(9))["red_flag"] is None
    assert of(care, after(10))["score_count"] == 2
    assert of(care, after(10))["red_flag"] is True


def test_a_date_counts_to_its_end_in_utc() -> None:
    care = log(scores=[*nrs({0: 7}), {"at": on(1.999), "measure": "nrs", "value": 3.0}])
    assert of(care, after(1))["score_count"] == 2
    assert of(care, after(0))["score_count"] == 1


def test_a_moment_counts_up_to_and_with_itself_in_its_own_zone() -> None:
    care = log(scores=[*nrs({0: 7}), {"at": on(1.5), "measure": "nrs", "value": 3.0}])
    assert of(care, on(1.5))["score_count"] == 2
    assert of(care, on(1.5) - timedelta(microseconds=1))["score_count"] == 1
    zone = timezone(timedelta(hours=-5))
    assert of(care, datetime(2024, 1, 2, 7, 0, tzinfo=zone))["score_count"] == 2
    assert of(care, datetime(2024, 1, 2, 6, 59, tzinfo=zone))["score_count"] == 1
    assert of(care, datetime(2024, 1, 2, 12, 0, tzinfo=UTC)) == of(care, on(1.5))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="has no zone"):
        facts(log(), datetime(2024, 1, 2))


def test_a_patient_of_whom_a_row_was_refused_is_not_completely_on_record() -> None:
    sound = log()
    assert of(sound, START)["record_complete"] is True
    assert (
        of(replace(sound, incomplete=frozenset(sound.patients["patient"])), START)[
            "record_complete"
        ]
        is False
    )
