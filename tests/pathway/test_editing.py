"""A rule or a number of a pathway's file is changed, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from reliefpath.errors import PathwayError
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.comparison import differences
from reliefpath.pathway.editing import (
    Written,
    alike,
    edited,
    outdated,
    pathway_of,
    rule_at,
    written,
)
from reliefpath.pathway.model import default_file, load_pathway

FILE = default_file().read_text("utf-8")
TRIAL = "steps.dry-needling.criteria.dry-needling-trial.require"
PLATEAUED = "statuses.plateaued.when"


def test_every_rule_of_the_pathway_and_each_of_its_numbers_is_found() -> None:
    rules = written(load_pathway())
    assert rules[TRIAL].text == "dry_needling_sessions >= 4"
    assert [(n.fact, n.text) for n in rules[TRIAL].numbers] == [("dry_needling_sessions", "4")]
    assert rules[PLATEAUED].numbers == ()  # each of them stands once, as a parameter
    assert rules["recovery.window.0"].text == "0.75"
    assert rules["parameters.level_probability.value"].text == "0.9"
    assert all(w.with_numbers([n.text for n in w.numbers]) == w.text for w in rules.values())
    asked = len(load_pathway().criteria) + len(load_pathway().notes) + len(load_pathway().statuses)
    # the last status has no rule; a window has two numbers
    assert len(rules) == asked - 1 + len(load_pathway().values)


def test_a_change_touches_one_line_and_leaves_every_comment() -> None:
    text, after = edited(
        FILE, {TRIAL: "dry_needling_sessions >= 6", "version": "2.2.0"}, "p.yaml", SHIPPED
    )
    old, new = FILE.splitlines(), text.splitlines()
    moved = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    assert moved == [
        ("version: 2.1.0", "version: 2.2.0"),
        (
            "        require: dry_needling_sessions >= 4",
            "        require: dry_needling_sessions >= 6",
        ),
    ]
    assert after.criteria["dry-needling-trial"][1].require == "dry_needling_sessions >= 6"


@pytest.mark.parametrize(
    "lay_out",
    [
        lambda text: re.sub("(?m)^ +", lambda indent: 2 * indent[0], text),
        lambda text: re.sub("(?m)^(    when: .*?) and ", r"\1\n      and ", text),
    ],
    ids=["indented by four", "rules over two lines"],
)
def test_a_file_laid_out_by_the_clinic_keeps_its_layout(lay_out: Callable[[str], str]) -> None:
    file = lay_out(FILE)
    assert file != FILE
    text, _ = edited(file, {TRIAL: "dry_needling_sessions >= 6"}, "p.yaml", SHIPPED)
    moved = [(a, b) for a, b in zip(file.splitlines(), text.splitlines(), strict=True) if a != b]
    assert [(a.strip(), b.strip()) for a, b in moved] == [
        ("require: dry_needling_sessions >= 4", "require: dry_needling_sessions >= 6")
    ]


@pytest.mark.parametrize("place", written(load_pathway()))
def test_any_rule_can_be_written_anew_as_it_was(place: str) -> None:
    rule = written(load_pathway())[place]
    _, after = edited(FILE, {place: rule.text}, "p.yaml", SHIPPED)
    assert not differences(load_pathway(), after)


@pytest.mark.parametrize(
    "rule",
    [
        "region in ('neck', 'it''s: # {x}') and score_count >= 1",
        "score_count >= 1 or region = '\"'",
        "  score_count\n >=   1 ",
    ],
)
def test_what_means_something_in_yaml_is_put_in_quotes(rule: str) -> None:
    _, after = edited(FILE, {TRIAL: rule}, "p.yaml", SHIPPED)
    assert after.criteria["dry-needling-trial"][1].require == " ".join(rule.split())


def test_a_typo_is_refused_at_its_line_with_the_nearest_fact() -> None:
    with pytest.raises(PathwayError, match="did you mean `dry_needling_sessions`") as refused:
        edited(FILE, {TRIAL: "dry_needling_session >= 6"}, "p.yaml", SHIPPED)
    (problem,) = refused.value.problems
    assert problem.column == TRIAL
    line = FILE.splitlines()[(problem.line or 0) - 1]
    assert "require: dry_needling_sessions >= 4" in line


def test_a_rule_of_nothing_but_parentheses_is_refused_like_any_other() -> None:
    with pytest.raises(PathwayError, match="too many parentheses"):
        edited(FILE, {TRIAL: "(" * 900 + "score_count > 1" + ")" * 900}, "p.yaml", SHIPPED)


def test_a_window_upside_down_is_refused() -> None:
    with pytest.raises(PathwayError, match="window low < window high"):
        edited(FILE, {"recovery.window.0": "0.95"}, "p.yaml", SHIPPED)


def test_a_changed_pathway_is_no_longer_signed_off() -> None:
    signed = FILE.replace("approved_by:\n", "approved_by: Dr. Ruiz\n")
    signed = signed.replace("approved_on:\n", "approved_on: 2026-01-05\n")
    assert pathway_of(signed, "p.yaml", SHIPPED).approved_by == "Dr. Ruiz"
    _, after = edited(signed, {TRIAL: "dry_needling_sessions >= 6"}, "p.yaml", SHIPPED)
    assert after.approved_by is None
    assert after.approved_on is None


def test_texts_that_still_say_the_number_before_are_told() -> None:
    rules = written(load_pathway())
    told = outdated(load_pathway(), rules[TRIAL], "dry_needling_sessions >= 6")
    assert told == [
        "A trial that worked gave four sessions.",
        load_pathway().criteria["dry-needling-trial"][1].if_no,
    ]


def test_the_same_number_elsewhere_is_told() -> None:
    rules = written(load_pathway())
    found = alike(load_pathway(), {TRIAL: "dry_needling_sessions >= 6"})[TRIAL]
    assert found == ["notes.needling-not-tolerated.when"]
    assert rules[found[0]].text.startswith("dry_needling_sessions < 4")


@pytest.mark.parametrize("place", written(load_pathway()))
def test_every_rule_has_its_reason_and_sources(place: str) -> None:
    rule = rule_at(load_pathway(), place)
    assert rule.because
    assert rule.source


def test_what_is_not_sql_has_no_numbers_to_change() -> None:
    assert Written("x", "'4").numbers == ()
