"""What must hold of every care log, whatever is in it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reliefpath.care_log.log import CareLog
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.advice import advice_of, advice_schema
from reliefpath.pathway.assessment import advise, assess
from reliefpath.pathway.facts import schema
from reliefpath.pathway.model import load_pathway
from reliefpath.pathway.sql import Question
from reliefpath.reference.therapies import SCREENED, Restriction, finding_kinds

from .oracle import all_of, answers, asked, holding
from .strategies import (
    AS_OF,
    FACTS,
    READY,
    Rows,
    added,
    care_logs,
    changed,
    facts_table,
    merged,
    moment,
    patients,
    shuffled,
)

PATHWAY = load_pathway()
LAST_GATE = PATHWAY.gate(list(PATHWAY.steps)[-1])
OFFER = "offer a trigger point injection"
SOUND: Rows = [
    {name: row[name] for name in schema()}
    for row in assess(merged(*(v.care_log(SHIPPED) for v in READY)), PATHWAY, AS_OF)
    .filter("gate")
    .iter_rows(named=True)
]
"""The facts of golden patients whose gate is open."""
many = settings(derandomize=True, deadline=None, max_examples=60)
few = settings(derandomize=True, deadline=None, max_examples=12)
slow = settings(derandomize=True, deadline=None, max_examples=4)


def advice(log: CareLog) -> pl.DataFrame:
    return assess(log, PATHWAY, AS_OF)


def written(table: pl.DataFrame) -> tuple[bytes, bytes]:
    """The advice as CSV and as JSON."""
    lists = [name for name, dtype in table.schema.items() if dtype == pl.List(pl.String)]
    text = table.with_columns(pl.col(lists).list.join(" | ")).write_csv()
    return text.encode(), json.dumps([a.model_dump() for a in advice_of(table, PATHWAY)]).encode()


def gates(log: CareLog) -> dict[str, bool | None]:
    table = advice(log)
    return dict(zip(table["episode"], table["gate"], strict=True))


def everyone(log: CareLog, rows: Rows) -> Rows:
    """The rows, once for every patient."""
    return [{**row, "patient": patient} for patient in log.patients["patient"] for row in rows]


def barring(*bars: Restriction) -> list[tuple[str, str]]:
    return [
        (kind, code)
        for kind, row in finding_kinds(SHIPPED).items()
        for code, finding in row.codes.items()
        if set(bars) & set(finding.bars)
    ]


@many
@given(st.lists(FACTS, min_size=1, max_size=12))
def test_advice_is_what_sqlite_and_a_loop_decide(rows: Rows) -> None:
    table = advise(facts_table(rows), PATHWAY, AS_OF).sort("episode")
    for given_, said in zip(rows, table.iter_rows(named=True), strict=True):
        expected = answers(PATHWAY, given_)
        assert {id_: said[id_] for id_ in expected} == expected
        assert said["status"] == holding(PATHWAY, given_)[0]
        assert said["gate"] is all_of(expected[id_] for id_ in LAST_GATE)


@few
@given(care_logs())
def test_advice_on_care_logs_is_what_sqlite_and_a_loop_decide(log: CareLog) -> None:
    for said in advice(log).iter_rows(named=True):
        known = {name: said[name] for name in schema()}
        expected = answers(PATHWAY, known)
        assert {id_: said[id_] for id_ in expected} == expected
        assert said["status"] == holding(PATHWAY, known)[0]
        assert said["gate"] is all_of(expected[id_] for id_ in LAST_GATE)


@many
@given(st.lists(FACTS, min_size=1, max_size=30))
def test_injection_is_never_the_next_step_unless_its_gate_is_open(rows: Rows) -> None:
    table = advise(facts_table(rows), PATHWAY, AS_OF)
    offered = table.filter(pl.col("next_step").str.contains(OFFER))
    assert offered["gate"].to_list() == [True] * offered.height


@many
@given(st.lists(FACTS, min_size=1, max_size=30), st.lists(st.sampled_from(SOUND), max_size=30))
def test_the_gate_opens_under_plateaued_alone_in_care_and_without_contradiction(
    rows: Rows, sound: Rows
) -> None:
    """Whatever the facts; those of a sound candidate are mixed in, so that gates are near."""
    mixed = [row | dict(list(good.items())[::2]) for row, good in zip(rows, sound, strict=False)]
    table = advise(facts_table([*rows, *mixed, *sound]), PATHWAY, AS_OF)
    for row in table.filter("gate").iter_rows(named=True):
        assert row["status"] == "plateaued"
        assert row["in_care"]
        assert not row["scale_in_doubt"]
        assert row["flare"] is None or row["flare"] < 1
        assert row["pgic"] is None or row["pgic"] <= 2
        assert row["groc"] is None or row["groc"] >= 3
        assert row["own_estimate"] is None or 0.4 <= row["own_estimate"] <= 0.95
        assert row["setback"] is None or row["setback"] < 1
        assert not row["relapse"]


def test_injection_is_offered_to_a_golden_patient() -> None:
    table = advice(merged(*(vignette.care_log(SHIPPED) for vignette in READY)))
    assert table.filter(pl.col("next_step").str.contains(OFFER)).height > 0


@few
@given(care_logs(), st.integers(0, 99))
def test_row_order_changes_no_byte_and_two_runs_agree(log: CareLog, seed: int) -> None:
    first = written(advice(log))
    assert written(advice(log)) == first
    assert written(advice(shuffled(log, seed))) == first


@few
@given(care_logs(), patients("z"))
def test_other_patients_change_nothing(log: CareLog, stranger: CareLog) -> None:
    together = advice(merged(log, stranger)).filter(pl.col("patient") != "z")
    assert written(together) == written(advice(log))


@few
@given(care_logs())
def test_what_happens_after_the_day_changes_nothing(log: CareLog) -> None:
    tomorrow = moment(AS_OF + timedelta(days=1))
    later = log
    for row in log.episodes.iter_rows(named=True):
        episode = {"episode": row["episode"], "at": tomorrow}
        later = added(later, "scores", [{**episode, "measure": "nrs", "value": 10.0}])
        later = added(later, "treatments", [{**episode, "therapy": "injection"}])
        exam = {"muscle": "upper-trapezius", "side": "right", "tender_spot": False}
        later = added(later, "exams", [{**episode, **exam}])
    flag = {"at": tomorrow, "kind": "red-flag", "code": "foot-drop"}
    later = added(later, "findings", everyone(log, [flag]))
    later = added(later, "episodes", [_episode_of(log, tomorrow)])
    assert written(advice(later)) == written(advice(log))


def _episode_of(log: CareLog, start: Any) -> dict[str, Any]:
    patient = log.patients["patient"][0]
    return {"episode": "new", "patient": patient, "region": "hip", "started_on": start.date()}


@few
@given(care_logs(), st.sampled_from([("g", 0.001), ("mcg", 1000.0), ("kg", 1e-6)]))
def test_units_of_amounts_change_nothing(log: CareLog, unit: tuple[str, float]) -> None:
    name, factor = unit
    in_mg = pl.col("unit") == "mg"
    other = changed(
        log,
        treatments=lambda rows: rows.with_columns(
            amount=pl.when(in_mg).then(pl.col("amount") * factor).otherwise("amount"),
            unit=pl.when(in_mg).then(pl.lit(name)).otherwise("unit"),
        ),
    )
    assert written(advice(other)) == written(advice(log))


@few
@given(
    care_logs(),
    st.sampled_from(
        barring(Restriction.CAUTION, Restriction.CONTRAINDICATION, Restriction.RED_FLAG)
    ),
    st.integers(-400, 112),
)
def test_a_caution_contraindication_or_red_flag_never_opens_a_gate(
    log: CareLog, finding: tuple[str, str], day: int
) -> None:
    kind, code = finding
    at = moment(AS_OF) + timedelta(days=day - 112)
    before = gates(log)
    after = gates(added(log, "findings", everyone(log, [{"at": at, "kind": kind, "code": code}])))
    assert {e for e, gate in after.items() if gate} <= {e for e, gate in before.items() if gate}
    if Restriction.CAUTION not in finding_kinds(SHIPPED)[kind].codes[code].bars:
        assert not any(after.values())


@few
@given(care_logs(), st.sampled_from(["red-flag", "allergy", "condition", "medicine"]))
def test_removing_a_screening_never_opens_a_gate(log: CareLog, kind: str) -> None:
    screening = (pl.col("kind") == kind) & (pl.col("code") == SCREENED)
    before = gates(log)
    after = gates(changed(log, findings=lambda rows: rows.filter(~screening)))
    assert {e for e, gate in after.items() if gate} <= {e for e, gate in before.items() if gate}
    if kind in {kind for kind, _ in barring(Restriction.CONTRAINDICATION)}:
        assert not any(after.values())


@few
@given(care_logs())
def test_advice_is_valid_against_its_published_schema(log: CareLog) -> None:
    _, text = written(advice(log))
    Draft202012Validator.check_schema(advice_schema())
    Draft202012Validator(advice_schema()).validate(json.loads(text))


@slow
@given(care_logs())
def test_one_patient_is_a_batch_of_one(log: CareLog) -> None:
    table = advice(log)
    for episode in log.episodes["episode"]:
        alone = advice(log.only(episode)).filter(pl.col("episode") == episode)
        assert written(alone) == written(table.filter(pl.col("episode") == episode))


@few
@given(care_logs())
def test_every_episode_has_exactly_one_row(log: CareLog) -> None:
    assert sorted(advice(log)["episode"]) == sorted(log.episodes["episode"])


NUMBERS = st.sampled_from(["score_count", "improvement", "weeks_since_score", "residual"])
COMPARED = st.one_of(
    st.builds(
        lambda fact, sign, number: f"{fact} {sign} {number}",
        NUMBERS,
        st.sampled_from(["=", "<>", "<", "<=", ">", ">="]),
        st.sampled_from(["0", "0.5", "2", "4.0", "-1"]) | NUMBERS,
    ),
    st.builds("{} between {} and {}".format, NUMBERS, NUMBERS, st.sampled_from(["0.75", "4"])),
    st.builds("{} not between 0.4 and {}".format, NUMBERS, NUMBERS),
    st.builds("abs({} - {}) * 2 + 1 > {}".format, NUMBERS, NUMBERS, NUMBERS),
    st.builds("coalesce({}, {}, 1) < 2".format, NUMBERS, NUMBERS),
    st.builds("{} in (0, 1, 2)".format, NUMBERS),
    st.builds("{} not in (0.4, 2)".format, NUMBERS),
    st.builds("{} is {}null".format, NUMBERS, st.sampled_from(["", "not "])),
    st.sampled_from(["red_flag", "relapse", "region = 'neck'", "region in ('neck', 'hip')"]),
)
EXPRESSIONS = st.recursive(
    COMPARED,
    lambda part: st.one_of(
        st.builds("({} and {})".format, part, part),
        st.builds("({} or {})".format, part, part),
        st.builds("not {}".format, part),
    ),
    max_leaves=6,
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(EXPRESSIONS, st.lists(FACTS, min_size=1, max_size=4))
def test_questions_are_answered_as_sqlite_answers_them(sql: str, rows: Rows) -> None:
    question = Question.of(sql, schema())
    said = facts_table(rows).select(answer=question.expr)["answer"].to_list()
    assert said == [asked(sql, row) for row in rows]
