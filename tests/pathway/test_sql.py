"""What a criterion may say, and how what it may not say is refused."""

from __future__ import annotations

import polars as pl
import pytest

from reliefpath.pathway.facts import schema
from reliefpath.pathway.sql import Question, SqlError

from .strategies import facts_table


def answer(sql: str, **facts: object) -> bool | None:
    row = {name: facts.get(name) for name in schema()}
    said: bool | None = facts_table([row]).select(Question.of(sql, schema()).expr).item()
    return said


def refusal(sql: str) -> str:
    with pytest.raises(SqlError) as caught:
        Question.of(sql, schema())
    return str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "dry_needling_sessions >= 4",
        "p_plateau >= 0.8 and improvement between 0.75 and 0.90",
        "not red_flag",
        "not (red_flag or relapse)",
        "weeks_since_injection is null or weeks_since_injection >= 6",
        "weeks_since_recovery is not null",
        "weeks_since_recovery - weeks_since_score >= 52",
        "abs(own_estimate - improvement) > 0.2",
        "coalesce(injection_sessions_365d, 0) < 3",
        "region in ('neck', 'head')",
        "region not in ('hip')",
        "score_count in (1, 2, 3)",
        "-expected_gain * 2 + 1 <> 0.5",
        "red_flag = true",
        "in_care",
        "red_flag -- why it is asked",
        "/* why it is asked */ red_flag",
    ],
)
def test_question_accepts_boolean_sql_over_facts(sql: str) -> None:
    frame = pl.DataFrame(schema=schema()).select(answer=Question.of(sql, schema()).expr)
    assert frame.schema == {"answer": pl.Boolean}


@pytest.mark.parametrize(
    "sql",
    [
        "count(*) > 1",
        "sum(score_count) > 1",
        "max(improvement) > 0.5",
        "(select 1) = 1",
        "exists (select 1)",
        "score_count in (select 1)",
        "improvement > (select max(improvement) from facts)",
        "upper(region) = 'NECK'",
        "now() > 1",
        "random() > 0.5",
        "read_csv('facts.csv') is null",
        "read_parquet('facts.parquet') is null",
        "cast(score_count as text) = '1'",
        "score_count::text = '1'",
        "date '2024-01-01' > 1",
        "interval '1' day > 1",
        "case when red_flag then true end",
        "if(red_flag, true, false)",
        "region like 'n%'",
        "region || 'x' = 'y'",
        "improvement / 2 > 1",
        "score_count % 2 = 0",
        "improvement <=> 1",
        "improvement > ?",
        "improvement > :limit",
        "improvement > @limit",
        "select red_flag",
        "drop table facts",
        "insert into facts values (1)",
        "red_flag as flag",
        "*",
        "[1][0] = 1",
    ],
)
def test_question_refuses_all_that_reaches_beyond_the_facts(sql: str) -> None:
    assert "is not allowed; use facts, numbers, texts" in refusal(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "score_count >",
        "score_count > 1 and",
        "(red_flag",
        "red_flag)",
        "red_flag xor relapse",
        "improvement > 0.5 over ()",
        "red_flag order by 1",
        "red_flag limit 1",
    ],
)
def test_question_refuses_what_is_not_sql(sql: str) -> None:
    assert refusal(sql).startswith("not SQL: ")


@pytest.mark.parametrize("sql", ["", "  ", "-- nothing", "red_flag; drop table facts"])
def test_question_refuses_anything_but_one_expression(sql: str) -> None:
    assert refusal(sql) == "expected one expression"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("improvment > 0.5", "unknown fact `improvment` (did you mean `improvement`?)"),
        ("score_counts > 1", "unknown fact `score_counts` (did you mean `score_count`?)"),
        ("weeks-in-care > 1", "unknown fact `weeks`"),
        ("IMPROVEMENT > 0.5", "unknown fact `IMPROVEMENT` (did you mean `improvement`?)"),
        ("region = neck", "unknown fact `neck`"),
        ("facts.improvement > 0.5", "`facts.improvement`: name the fact alone, without a table"),
        ('"improvement" > 0.5', '`"improvement"`: write texts in single quotes, facts in none'),
        ("1 = 1", "mentions no fact"),
        ("true", "mentions no fact"),
        ("not false", "mentions no fact"),
        ("red_flag = null", "compare with null by `is null` or `is not null`"),
        ("coalesce(red_flag, null)", "compare with null by `is null` or `is not null`"),
        ("red_flag and null", "compare with null by `is null` or `is not null`"),
        ("red_flag is true", "`red_flag IS TRUE`: only `is null` and `is not null` are allowed"),
        ("not red_flag is not false", "only `is null` and `is not null` are allowed"),
        ("region in ('neck', region)", "`in` takes numbers or texts"),
    ],
)
def test_question_refuses_a_slip_and_says_what_to_write(sql: str, expected: str) -> None:
    assert expected in refusal(sql)


@pytest.mark.parametrize("sql", ["improvement", "improvement + 1", "region", "abs(improvement)"])
def test_question_refuses_what_is_not_a_yes_or_no(sql: str) -> None:
    assert refusal(sql).startswith("must be a yes / no question")


@pytest.mark.parametrize(
    "sql",
    [
        "region > 4",
        "region = 4",
        "improvement > '0.5'",
        "improvement = 'high'",
        "improvement in ('a')",
        "region in (1, 2)",
        "abs(red_flag)",
        "abs(region) > 1",
        "red_flag and improvement",
        "score_count in ()",
    ],
)
def test_question_refuses_types_that_cannot_be_compared(sql: str) -> None:
    """Refused when the pathway is loaded, not when it meets its first patient."""
    assert refusal(sql).startswith("cannot be asked of the facts: ")


def test_question_lists_its_facts_in_the_order_of_mention() -> None:
    question = Question.of("red_flag or improvement > 1 or red_flag or region = 'neck'", schema())
    assert question.facts == ("red_flag", "improvement", "region")


def test_unknown_is_neither_yes_nor_no() -> None:
    assert answer("red_flag") is None
    assert answer("not red_flag") is None
    assert answer("red_flag or relapse", relapse=True) is True
    assert answer("red_flag and relapse", relapse=False) is False
    assert answer("red_flag or relapse", relapse=False) is None
    assert answer("red_flag and relapse", relapse=True) is None
    assert answer("improvement between 0.75 and 0.9") is None
    assert answer("improvement not in (1, 2)") is None
    assert answer("improvement is null") is True


def test_between_includes_both_ends() -> None:
    assert answer("improvement between 0.75 and 0.90", improvement=0.75) is True
    assert answer("improvement between 0.75 and 0.90", improvement=0.9) is True
    assert answer("improvement between 0.75 and 0.90", improvement=0.9001) is False


def test_and_binds_closer_than_or() -> None:
    assert answer("red_flag or relapse and in_care", red_flag=True, in_care=False) is True
    assert answer("(red_flag or relapse) and in_care", red_flag=True, in_care=False) is False
