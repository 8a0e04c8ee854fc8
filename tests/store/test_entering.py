"""What is entered, corrected and withdrawn, and what was on record when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from unicodedata import category

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from care_log.test_round_trip import assert_same
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES, VISITS
from reliefpath.errors import CareLogError, ChartError, UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.store.chart import Chart, Known
from reliefpath.store.database import write_transaction
from reliefpath.store.tables import AUDIT, HISTORIES, ROWS, SEALS
from reliefpath.store.writing import AuditEvent

BY_ADA = AuditEvent("Ada", "entered", "seen today", "P1")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
AWKWARD = [
    "\\.",
    "a\n\\.\nb",
    "\\N",
    "NULL",
    '"',
    "a\rb",
    "a\r\nb",
    " a ",
    ",",
    "\ufeffa",
    "%s%%",
    ":x",
    "'",
    "\\",
    "🦵",
    "e\u0301",
]
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
NUMBERS = st.floats(0, allow_nan=False, allow_infinity=False)


@st.composite
def records(draw: st.DrawFn) -> CareLog:
    """A care log of one person whose texts, numbers and times are as odd as may be."""
    odd = TEXT | st.sampled_from(AWKWARD)
    text = st.none() | odd
    line = st.none() | odd.filter(is_one_line)
    zone = timezone(timedelta(minutes=draw(st.integers(-840, 840))))
    at = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)).map(
        lambda moment: moment.replace(tzinfo=zone).astimezone(UTC)
    )
    key = odd.filter(names_somebody)
    patient, other, episode = draw(st.tuples(key, key, key).filter(lambda t: t[0] != t[1]))
    rows: dict[str, list[dict[str, Any]]] = {
        "patients": [
            {"patient": patient, "name": draw(line), "birth_date": draw(st.none() | DAYS)},
            {"patient": other, "language": draw(line)},
        ],
        "episodes": [
            {
                "episode": episode,
                "patient": patient,
                "region": "neck",
                "started_on": date(1, 1, 1),
                "ended_on": draw(st.none() | DAYS),
                "complaint": draw(text),
            }
        ],
        "treatments": [
            {
                "episode": episode,
                "at": draw(at),
                "therapy": "injection",
                "technique": draw(text),
                "amount": draw(NUMBERS),
                "unit": "mg",
                "volume_ml": draw(st.none() | NUMBERS),
            }
            for _ in range(draw(st.integers(0, 3)))
        ],
        "exams": [
            {
                "episode": episode,
                "at": draw(at),
                "muscle": "upper-trapezius",
                "side": "left",
                "recognised": draw(st.none() | st.booleans()),
                "pressure_kpa": draw(st.none() | NUMBERS),
            }
        ],
        "findings": [
            {
                "patient": patient,
                "at": draw(at),
                "kind": "weight",
                "code": "body-weight",
                "value": draw(st.floats(0, allow_infinity=False)),
                "unit": "kg",
                "until": draw(st.none() | DAYS),
            }
        ],
    }
    return CareLog.of(lambda name: pl.DataFrame(rows.get(name, []), TABLES[name].schema), SHIPPED)


def is_one_line(text: str) -> bool:
    return not {"\n", "\r"} & set(text)


def names_somebody(text: str) -> bool:
    """Whether a text may be an identifier: nothing hidden is in it."""
    hidden = any(category(sign)[0] in "CZ" and sign != " " for sign in text)
    return text == text.strip() and text not in ("", ".", "..") and not hidden


TABLE_OF_DECISIONS = [column.name for column in HISTORIES["decisions"].columns]


def value_of(chart: Chart, episode: str, known_at: Known = None) -> list[float]:
    """What the episode's scores are, in order of size."""
    scores = chart.care_log(known_at).scores.filter(pl.col("episode") == episode)
    return sorted(scores["value"])


def as_tables(care_log: CareLog) -> dict[str, pl.DataFrame]:
    return {name: care_log.table(name) for name in TABLES}


def in_order(care_log: CareLog) -> CareLog:
    return CareLog.of(lambda name: care_log.table(name).sort(pl.all(), nulls_last=True), SHIPPED)


@pytest.fixture
def filled(chart: Chart, care_log: CareLog) -> Chart:
    """A chart with the tiny clinic: Ada is P1, with episode E1."""
    chart.insert(as_tables(care_log), BY_ADA)
    return chart


@settings(
    max_examples=40,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(records())
def test_rows_come_back_as_entered(new_chart: Callable[[], Chart], entered: CareLog) -> None:
    chart = new_chart()
    chart.insert(as_tables(entered), BY_ADA)
    assert_same(in_order(entered), in_order(chart.care_log()))
    (batch,) = chart.care_logs()
    assert_same(in_order(batch), in_order(entered))
    for patient in entered.patients["patient"]:
        assert chart.care_log_of(patient).patients["patient"].to_list() == [patient]
    assert not chart.verify().wrong
    chart.close()


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_come_back_as_they_were(chart: Chart, text: str) -> None:
    """Whether they come first in a row, last, or name the patient."""
    key = text if names_somebody(text) else "A"
    line = text if is_one_line(text) else None
    people = pl.DataFrame(
        [[key, line], ["P", None]], {"patient": pl.String, "name": pl.String}, orient="row"
    )
    started = {"region": "neck", "started_on": date(2026, 1, 5)}
    episodes = pl.DataFrame([{"episode": "E", "patient": key, **started, "complaint": text}])
    chart.insert({"patients": people, "episodes": episodes}, BY_ADA)
    rows = chart.care_log().patients.sort(pl.col("patient") == "P")
    assert rows.select("patient", "name").rows() == [(key, line), ("P", None)]
    assert chart.care_log_of(key).episodes["complaint"].to_list() == [text]


def test_the_store_tells_an_empty_text_from_none(chart: Chart) -> None:
    rows = [{"patient": "P1", "name": ""}, {"patient": "P2", "name": None}]
    frame = pl.DataFrame(rows, TABLES["patients"].schema)
    with chart.change(BY_ADA) as change:
        change.add("patients", frame)
    assert chart.care_log().patients.sort("patient")["name"].to_list() == ["", None]


@pytest.mark.parametrize(("column", "says"), [("patient", "control characters"), ("name", "NUL")])
def test_a_nul_character_is_refused_like_any_bad_value(
    chart: Chart, column: str, says: str
) -> None:
    row = {"patient": "P1", "name": "Ada", column: "A\x00"}
    with pytest.raises(CareLogError, match=f"patients:1: {column} .*{says}"):
        chart.insert({"patients": pl.DataFrame([row])}, BY_ADA)
    assert chart.head().entry == 0


@pytest.mark.parametrize("field", ["by", "reason", "patient"])
@pytest.mark.parametrize("text", ["\x00", "\udcff"])
def test_what_the_audit_log_says_is_text(field: str, text: str) -> None:
    with pytest.raises(UsageError, match="not text"):
        replace(BY_ADA, **{field: f"x{text}"})


@pytest.mark.parametrize("year", [-1, 0, 10_000])
def test_a_year_without_four_digits_is_refused(chart: Chart, year: int) -> None:
    born = pl.DataFrame(
        {"patient": ["P1"], "birth_date": pl.date_range(date(1, 1, 1), date(1, 1, 1), eager=True)}
    )
    far = born.with_columns(pl.col("birth_date").dt.offset_by(f"{year - 1}y"))
    with pytest.raises(CareLogError, match=r"birth_date .*a date, YYYY-MM-DD"):
        chart.insert({"patients": far}, BY_ADA)


def test_the_same_in_another_zone_is_the_same_moment(chart: Chart, care_log: CareLog) -> None:
    tables = as_tables(care_log)
    scores = tables["scores"].with_columns(pl.col("at").dt.convert_time_zone("Asia/Kathmandu"))
    chart.insert({**tables, "scores": scores}, BY_ADA)
    assert_same(in_order(chart.care_log()), in_order(care_log))


def test_rows_may_refer_to_what_is_on_record_and_to_nothing_else(
    chart: Chart, care_log: CareLog
) -> None:
    tables = as_tables(care_log)
    scores = tables.pop("scores")
    chart.insert(tables, BY_ADA)
    chart.insert({"scores": scores}, BY_ADA)
    lost = scores.head(1).with_columns(episode=pl.lit("E7"))
    with pytest.raises(CareLogError, match="no good row in episodes"):
        chart.insert({"scores": lost}, BY_ADA)
    assert chart.care_log().scores.height == scores.height
    assert chart.patient_of("E2") == "P2"
    assert chart.patient_of("E7") is None


@pytest.mark.parametrize("name", ["patients", "episodes", "scores"])
def test_what_says_otherwise_of_the_same_is_refused_with_the_row_to_correct(
    filled: Chart, care_log: CareLog, name: str
) -> None:
    head = filled.head()
    with pytest.raises(UsageError, match=f"chart correct CHART {name} 1 "):
        filled.insert({name: care_log.table(name).head(1)}, BY_ADA)
    assert filled.head() == head
    assert_same(in_order(filled.care_log()), in_order(care_log))


def test_who_was_withdrawn_may_be_entered_anew(filled: Chart, care_log: CareLog) -> None:
    filled.withdraw("patients", 1, BY_ADA)
    filled.insert({"patients": care_log.patients.head(1)}, BY_ADA)
    again = filled.care_log_of("P1")
    assert again.patients.equals(care_log.patients.head(1))
    assert again.episodes.is_empty()
    filled.withdraw("patients", 4, BY_ADA)
    filled.insert({"patients": care_log.patients.head(1)}, BY_ADA)
    assert not filled.verify().wrong


def test_a_correction_supersedes_and_the_old_row_is_kept(filled: Chart) -> None:
    before = filled.head().entry
    filled.correct("scores", 1, {"value": "7"}, BY_ADA)
    assert value_of(filled, "E1") == [4.0, 7.0]
    assert value_of(filled, "E1", before) == [4.0, 6.0]
    rows = ROWS["scores"]
    with filled.engine.connect() as connection:
        kept = connection.execute(sa.select(rows.c.value, rows.c.supersedes).order_by(rows.c.id))
        assert next(tuple(row) for row in kept) == (6.0, None)
        assert connection.scalar(sa.select(rows.c.value).where(rows.c.supersedes == 1)) == 7.0
    assert not filled.verify().wrong


def test_of_two_corrections_of_a_row_the_second_is_told(filled: Chart) -> None:
    filled.correct("scores", 1, {"value": "7"}, BY_ADA)
    head = filled.head()
    with pytest.raises(UsageError, match="row 1 of scores does not hold"):
        filled.correct("scores", 1, {"value": "8"}, BY_ADA)
    assert filled.head() == head
    assert value_of(filled, "E1") == [4.0, 7.0]


@pytest.mark.parametrize(
    ("name", "row", "values", "error", "message"),
    [
        ("scores", 1, {"value": "70"}, CareLogError, "expected a score of nrs"),
        ("scores", 1, {"value": "6"}, UsageError, "already says so"),
        ("scores", 1, {"valu": "6"}, UsageError, "did you mean `value`"),
        ("scores", 1, {"episode": "E9"}, CareLogError, "no good row in episodes"),
        ("scores", 99, {"value": "6"}, UsageError, "has no row 99"),
        ("scores", 3, {"item": "sit an hour"}, UsageError, "row 4 of scores is about the same"),
        ("patients", 1, {"patient": "P7"}, UsageError, "withdraw the row and enter it anew"),
        ("scorse", 1, {}, UsageError, "did you mean `scores`"),
        ("decisions", 1, {"decision": "agreed"}, UsageError, "are not corrected"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_and_changes_nothing(
    filled: Chart, name: str, row: int, values: dict[str, str], error: type[Exception], message: str
) -> None:
    head = filled.head()
    with pytest.raises(error, match=message):
        filled.correct(name, row, values, BY_ADA)
    assert filled.head() == head
    assert not filled.verify().wrong


def test_an_episode_cannot_be_corrected_to_begin_after_what_was_done_in_it(
    filled: Chart, care_log: CareLog
) -> None:
    episode = care_log.scores["episode"][0]
    with filled.engine.connect() as connection:
        rows = ROWS["episodes"]
        row = connection.scalar(sa.select(rows.c.id).where(rows.c.episode == episode)) or 0
    late = (care_log.scores["at"].max() + timedelta(days=30)).date()  # type: ignore[operator, union-attr]
    before = filled.head()
    with pytest.raises(CareLogError, match="must not be before the episode's started_on"):
        filled.correct(
            "episodes", row, {"started_on": late.isoformat()}, AuditEvent("Ana", "correct")
        )
    assert filled.head() == before


def test_a_withdrawal_takes_along_what_belongs_to_it(filled: Chart, care_log: CareLog) -> None:
    before = filled.head().entry
    counts = filled.withdraw("patients", 1, BY_ADA)
    assert counts == {
        "scores": 2, "treatments": 3, "exams": 1, "episodes": 1, "findings": 2, "patients": 1
    }  # fmt: skip
    assert all(filled.care_log_of("P1").table(name).is_empty() for name in TABLES)
    assert_same(in_order(filled.care_log()), in_order(care_log.only("E2")))
    assert_same(in_order(filled.care_log(before)), in_order(care_log))
    with pytest.raises(UsageError, match="row 1 of scores does not hold"):
        filled.withdraw("scores", 1, BY_ADA)
    assert not filled.verify().wrong


def test_what_was_on_record_then_is_answered_by_day_moment_and_entry(
    chart: Chart, care_log: CareLog
) -> None:
    times = [datetime(2026, 3, day, 23, 59, 59, 999_999, tzinfo=UTC) for day in (1, 2, 3)]
    ticking = iter(times)
    chart = Chart(chart.engine, clock=lambda: next(ticking))
    chart.insert(as_tables(care_log), BY_ADA)
    chart.correct("scores", 1, {"value": "7"}, BY_ADA)
    chart.withdraw("scores", 2, BY_ADA)
    expected: list[list[float]] = [[], [4.0, 6.0], [4.0, 7.0], [7.0]]
    for n, values in enumerate(expected):
        assert value_of(chart, "E1", n) == values
        assert value_of(chart, "E1", date(2026, 2, 28) + timedelta(days=n)) == values
        if n:
            kathmandu = timezone(timedelta(hours=5, minutes=45))
            assert value_of(chart, "E1", times[n - 1].astimezone(kathmandu)) == values
            just_before = times[n - 1] - timedelta(microseconds=1)
            assert value_of(chart, "E1", just_before) == expected[n - 1]
    with pytest.raises(UsageError, match="has no zone"):
        chart.care_log(datetime(2026, 3, 1))
    many = [log.scores.height for log in chart.care_logs(2)]
    assert sum(many) == care_log.scores.height


def test_a_clock_set_back_does_not_reorder_the_past(chart: Chart, care_log: CareLog) -> None:
    times = [datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]
    ticking = iter(times)
    chart = Chart(chart.engine, clock=lambda: next(ticking))
    chart.insert(as_tables(care_log), BY_ADA)
    chart.withdraw("scores", 1, BY_ADA)
    assert chart.head().at == "2026-03-02T00:00:00.000000Z"
    assert value_of(chart, "E1", times[1]) == []
    assert value_of(chart, "E1", times[0]) == [4.0]
    assert not chart.verify().wrong


@pytest.mark.parametrize("deed", ["update", "delete"])
@pytest.mark.parametrize("table", [*ROWS.values(), AUDIT, SEALS], ids=lambda table: str(table.name))
def test_the_database_itself_refuses_to_change_or_to_delete(
    filled: Chart, table: sa.Table, deed: str
) -> None:
    column = table.c.keys()[-1]
    change = table.update().values({column: table.c[column]})
    with filled.change(BY_ADA) as more:
        more.add("documents", pl.DataFrame([{"document": "d", "text": "a pathway"}]))
        decision = dict.fromkeys(TABLE_OF_DECISIONS, "x") | {"episode": "E1", "known": 1.0}
        more.add("decisions", pl.DataFrame([decision]))
        more.add("settings", pl.DataFrame([{"setting": "zone", "value": "UTC"}]))
        at = datetime(2026, 2, 3, 9, 20, tzinfo=UTC)
        visit = {"visit": "V1", "episode": "E1", "at": at, "status": "planned"}
        more.add("visits", pl.DataFrame([visit], VISITS.schema))
        signed = {"episode": "E1", "at": at, "programme": "{}"}
        more.add("programmes", pl.DataFrame([signed], HISTORIES["programmes"].schema))
        term = {"kind": "allergy", "words": "novocaine", "code": "screened"}
        more.add("terms", pl.DataFrame([term]))
    with (
        pytest.raises(ChartError, match="kept for ever"),
        write_transaction(filled.engine) as connection,
    ):
        connection.execute(table.delete() if deed == "delete" else change)


def test_a_note_is_an_entry_without_rows(filled: Chart) -> None:
    head = filled.head()
    filled.note(AuditEvent("Bo", "looked", patient="P1"), what="everything")
    assert filled.head().entry == head.entry + 1
    assert not filled.verify(str(head)).wrong


def test_what_is_sent_again_under_the_same_name_is_on_record_once(filled: Chart) -> None:
    rows = {
        "scores": pl.DataFrame({"episode": "E1", "at": "2026-02-01", "measure": "nrs", "value": 7})
    }
    first = filled.insert(rows, AuditEvent("P1", "check-in", patient="P1"), idempotency_key="a%")
    head = filled.head()
    assert (
        filled.insert(rows, AuditEvent("P1", "check-in", patient="P1"), idempotency_key="a%")
        == first
    )
    assert filled.head() == head
    others = [
        (AuditEvent("P1", "check-in", patient="P1"), "ab"),
        (AuditEvent("P1", "check-in", patient="P2"), "a%"),
        (AuditEvent("P1", "entered", patient="P1"), "a%"),
    ]
    for day, (act, once) in enumerate(others, 2):
        later = {"scores": rows["scores"].with_columns(at=pl.lit(f"2026-02-0{day}"))}
        assert filled.insert(later, act, idempotency_key=once) > first
    assert not filled.verify().wrong
