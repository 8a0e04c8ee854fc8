"""Criteria and facts are called by names for people, and what does not apply is said as such."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.pathway.assessment import ask, not_applying
from reliefpath.pathway.facts import declaration
from reliefpath.pathway.model import default_file, load_pathway
from reliefpath.pathway.wording import fact_in_words, label_of, value_text

from .strategies import FACTS, Rows, facts_table

PATHWAY = load_pathway()
CONDITIONAL = {id_: c for id_, (_, c) in PATHWAY.criteria.items() if c.applies}


@given(st.lists(FACTS, min_size=1, max_size=12))
def test_a_criterion_that_does_not_apply_stands_in_nobodys_way(rows: Rows) -> None:
    table = facts_table(rows)
    for criterion in CONDITIONAL.values():
        idle = table.filter(~ask(criterion.applies or ""))
        assert idle.select(ask(criterion.require)).to_series().to_list() == [True] * idle.height


def test_each_names_one_thing_and_no_name_is_a_code() -> None:
    criteria = [PATHWAY.label(id_) for id_ in PATHWAY.criteria]
    facts = [label_of(fact) for fact in declaration().facts]
    for names in (criteria, facts):
        assert len(set(names)) == len(names)
        assert not [name for name in names if "_" in name or not name[0].isupper()]


def test_a_criterion_of_an_older_file_is_called_by_its_id(tmp_path: Path) -> None:
    lines = default_file().read_text("utf-8").splitlines(keepends=True)
    file = tmp_path / "older.yaml"
    file.write_text("".join(x for x in lines if "  label: " not in x and "  applies: " not in x))
    older = load_pathway(file)
    assert older.label("no-red-flag") == "No red flag"
    assert not_applying(older, {"injected": False}) == set()
    assert label_of("status") == "Status"


def test_values_are_told_in_their_units() -> None:
    told: dict[tuple[str, Any], str] = {
        ("improvement", 0.824): "82 %",
        ("p_level", 0.997): "over 99 %",
        ("weeks_in_care", 16.0): "16 weeks",
        ("weeks_since_score", 0.571): "0.6 weeks ago",
        ("groc", 5.0): "5 points",
        ("red_flag", False): "no",
        ("measure", "nrs"): "nrs",
        ("consented", None): "unknown",
    }
    for (fact, value), words in told.items():
        assert fact_in_words(fact, value) == words
    assert fact_in_words("red_flags", None, "none") == "none"


def test_who_was_never_injected_is_not_held_against_the_rules_of_a_repeat() -> None:
    nobody = {"injected": False, "injection_sessions_365d": 0, "in_care": True}
    assert not_applying(PATHWAY, nobody) >= {"repeat-after-relief", "injection-interval"}
    assert not not_applying(PATHWAY, {}) & {"repeat-after-relief", "injection-interval"}


def test_check_ins_after_an_injection_concern_who_is_in_care_and_was_injected() -> None:
    after = {id_ for id_ in CONDITIONAL if "after the injection" in PATHWAY.label(id_).lower()}
    assert len(after) == 6
    asked = {"in_care": True, "in_follow_up": False, "weeks_since_injection": 4.0}
    assert not after & not_applying(PATHWAY, asked)
    for other in ({"in_care": False}, {"weeks_since_injection": None}):
        assert after <= not_applying(PATHWAY, asked | other), other


def test_what_a_label_says_of_months_is_what_its_rule_asks() -> None:
    told = {"3": "13", "6": "26", "12": "52"}
    for id_, (_, criterion) in PATHWAY.criteria.items():
        words = PATHWAY.label(id_).split()
        if "months" in words:
            months = words[words.index("months") - 1]
            assert told.pop(months) in criterion.require, id_
    assert not told


@given(
    st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=4),
    st.sampled_from(["improvement", "expected_gain", "weeks_in_care"]),
)
def test_nothing_is_told_as_less_than_none_of_it(values: list[float], fact: str) -> None:
    worded = pl.DataFrame({fact: values}).select(value_text(fact)).to_series()
    for told in (*worded, *(fact_in_words(fact, value) for value in values)):
        assert not re.match(r"-0(?![.0]*[1-9])", told), told
