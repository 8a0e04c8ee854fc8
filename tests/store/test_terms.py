"""What a clinician says that words are is read so for everybody, past and to come."""

from __future__ import annotations

import polars as pl
import pytest

from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.store.chart import Chart, create_chart
from reliefpath.store.terms import Question, questions_of, set_term, terms_of
from reliefpath.store.writing import AuditEvent

from .test_entering import as_tables

ADA = AuditEvent("Ada", "enter")
SAID = AuditEvent("Bo", "term")


def finding(kind: str, words: str, patient: str = "P1") -> dict[str, pl.DataFrame]:
    row = {"patient": patient, "at": "2026-01-06", "kind": kind, "code": words}
    return {"findings": pl.DataFrame([row])}


def codes(care_log: CareLog) -> list[tuple[str, str]]:
    rows = care_log.findings.filter(pl.col("words").is_not_null()).sort("patient", "words")
    return rows.select("code", "words").rows()


@pytest.fixture
def filled(chart: Chart, care_log: CareLog) -> Chart:
    """A chart with Zorblax among the medicines of P1 and P2."""
    chart.insert(as_tables(care_log), ADA)
    chart.insert(finding("medicine", "Zorblax"), ADA)
    chart.insert(finding("medicine", " zorblax", "P2"), ADA)
    return chart


def test_words_wait_for_an_answer_and_are_read_by_it_past_and_to_come(filled: Chart) -> None:
    assert questions_of(filled) == [Question("medicine", "Zorblax", 2)]
    set_term(filled, "medicine", "ZORBLAX ", "other-anticoagulant", SAID)
    assert questions_of(filled) == []
    filled.insert(finding("medicine", "Zor blax"), ADA)
    filled.insert(finding("medicine", "zorblax"), ADA)
    assert codes(filled.care_log()) == [
        ("not-understood", "Zor blax"),
        ("other-anticoagulant", "Zorblax"),
        ("other-anticoagulant", "zorblax"),
        ("other-anticoagulant", " zorblax"),
    ]
    assert codes(filled.care_log_of("P2")) == [("other-anticoagulant", " zorblax")]
    assert [(t.words, t.code, t.by) for t in terms_of(filled)] == [
        ("ZORBLAX", "other-anticoagulant", "Bo")
    ]


def test_an_answer_is_of_its_kind_alone(filled: Chart) -> None:
    filled.insert(finding("allergy", "Zorblax"), ADA)
    set_term(filled, "medicine", "Zorblax", "no-rule", SAID)
    assert questions_of(filled) == [Question("allergy", "Zorblax", 1)]


def test_an_answer_is_corrected_or_taken_back_and_what_was_known_then_stays(filled: Chart) -> None:
    set_term(filled, "medicine", "Zorblax", "no-rule", SAID)
    then = filled.head().entry
    set_term(filled, "medicine", "zorblax", "warfarin", SAID)
    assert {code for code, _ in codes(filled.care_log())} == {"warfarin"}
    assert {code for code, _ in codes(filled.care_log(then))} == {"no-rule"}
    assert {code for code, _ in codes(filled.care_log(then - 1))} == {"not-understood"}
    set_term(filled, "medicine", "Zorblax", "not-understood", SAID)
    assert questions_of(filled) == [Question("medicine", "Zorblax", 2)]
    assert filled.verify().wrong == ()
    last = filled.log().row(-1, named=True)
    assert (last["by"], last["action"]) == ("Bo", "term")
    assert "Zorblax" in last["detail"]


def test_an_answer_changes_whoever_has_words_on_record(filled: Chart) -> None:
    before = filled.head().entry
    set_term(filled, "medicine", "Zorblax", "warfarin", SAID)
    assert filled.changed_since(before) == {"P1", "P2"}


def test_nothing_is_recorded_on_what_was_understood_otherwise_meanwhile(filled: Chart) -> None:
    seen = filled.head().entry
    set_term(filled, "medicine", "Zorblax", "warfarin", SAID)
    with pytest.raises(UsageError, match="said meanwhile"):
        filled.insert(
            finding("medicine", "Plavix"),
            AuditEvent("Ada", "enter", None, "P1"),
            expected_version=seen,
        )


@pytest.mark.parametrize(
    ("kind", "words", "code", "message"),
    [
        ("condition", "zorblax", "diabetes", "is not recorded in words"),
        ("medicine", "zorblax", "Eliquis", "did you mean `apixaban`"),
        ("medicine", "zorblax", "apixabam", "there is no medicine `apixabam`"),
        ("medicine", "Eliquis", "no-rule", "is the medicine `apixaban` by the catalogue"),
        ("medicine", " - ", "no-rule", "say which words"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(
    chart: Chart, kind: str, words: str, code: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        set_term(chart, kind, words, code, SAID)
    assert terms_of(chart) == []


def test_what_is_said_already_is_not_said_twice(filled: Chart) -> None:
    set_term(filled, "medicine", "Zorblax", "warfarin", SAID)
    with pytest.raises(UsageError, match="already"):
        set_term(filled, "medicine", "zorblax", "warfarin", SAID)


def test_answers_go_with_a_copy(filled: Chart, tmp_path) -> None:  # type: ignore[no-untyped-def]
    set_term(filled, "medicine", "Zorblax", "warfarin", SAID)
    copy = create_chart(str(tmp_path / "copy.chart"))
    filled.copy_to(copy)
    assert codes(copy.care_log()) == codes(filled.care_log())
    copy.close()
