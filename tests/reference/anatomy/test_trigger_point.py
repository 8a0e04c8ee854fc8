import sqlite3
from contextlib import closing
from itertools import product
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from reliefpath.care_log.schema import EXAMS
from reliefpath.reference.anatomy import trigger_point, trigger_point_catalogue

SIGNS = ("tender_spot", "taut_band", "referred_pain", "recognised")


def answer(rule: Any, signs: Any) -> Any:
    """Ask the rule of one exam: true, false or null."""
    columns = ", ".join(f":{name} as {name}" for name in signs)
    with closing(sqlite3.connect(":memory:")) as database:
        value = database.execute(f"select {rule} from (select {columns})", signs).fetchone()[0]
    return None if value is None else bool(value)


def completions(signs: Any) -> Any:
    """Every way in which the signs that were not examined could turn out."""
    for values in product((True, False), repeat=len(signs)):
        filled = dict(zip(signs, values, strict=True))
        if all(signs[name] in (None, filled[name]) for name in signs):
            yield filled


EXAMINED = [
    dict(zip(SIGNS, values, strict=True))
    for values in product((True, False, None), repeat=len(SIGNS))
]


@pytest.mark.parametrize("definition", ["present", "active"])
def test_a_definition_mentions_only_columns_of_exams(definition: Any) -> None:
    rule = getattr(trigger_point(), definition).rule
    columns = {column.name for column in sqlglot.parse_one(rule).find_all(exp.Column)}
    assert columns
    assert columns <= {column.name for column in EXAMS.columns}


def test_a_trigger_point_is_present_with_two_of_three_signs_one_of_them_the_tender_spot() -> None:
    for signs in filter(lambda s: None not in s.values(), EXAMINED):
        cluster = [signs["tender_spot"], signs["taut_band"], signs["referred_pain"]]
        expected = sum(cluster) >= 2 and signs["tender_spot"]  # type: ignore[arg-type]
        assert answer(trigger_point().present.rule, signs) == expected


def test_a_trigger_point_is_active_when_present_and_recognised() -> None:
    for signs in filter(lambda s: None not in s.values(), EXAMINED):
        expected = answer(trigger_point().present.rule, signs) and signs["recognised"]
        assert answer(trigger_point().active.rule, signs) == expected


@pytest.mark.parametrize("definition", ["present", "active"])
def test_an_answer_is_unknown_exactly_when_a_sign_not_examined_could_change_it(
    definition: Any,
) -> None:
    rule = getattr(trigger_point(), definition).rule
    for signs in EXAMINED:
        possible = {answer(rule, filled) for filled in completions(signs)}
        assert answer(rule, signs) == (possible.pop() if len(possible) == 1 else None)


def test_every_source_of_a_definition_is_defined_and_every_source_is_used() -> None:
    catalogue = trigger_point_catalogue()
    named = {name for row in catalogue.definitions.values() for name in row.source}
    assert named == set(catalogue.sources)
    assert set(catalogue.definitions) == {"present", "active"}


def test_the_two_of_three_minimum_is_marked_as_not_read() -> None:
    catalogue = trigger_point_catalogue()
    certainties = [catalogue.sources[name].certainty for name in trigger_point().present.source]
    assert "unverified" in certainties
