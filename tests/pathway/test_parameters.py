"""A number stands once: changing it changes every rule and text that rests on it, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reliefpath.errors import PathwayError
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.comparison import differences
from reliefpath.pathway.editing import edited, pathway_of
from reliefpath.pathway.model import Pathway, default_file, load_pathway
from reliefpath.pathway.parameters import IN_SQL, IN_TEXTS, texts_in
from reliefpath.pathway.repeats import PLACEHOLDER, WORD, repeats

FILE = default_file().read_text("utf-8")
NAMES = list(load_pathway().values)
WINDOW = "improvement between window_low and window_high and not well_now"


def told(file: str, tmp_path: Path) -> list[str]:
    """The warnings about a pathway's text."""
    place = tmp_path / "ours.yaml"
    place.write_text(file, "utf-8")
    return [str(warning) for warning in repeats(load_pathway(place), place)]


def resting_on(pathway: Pathway, name: str) -> set[str]:
    """The places of the rules and texts that name a parameter."""
    written = pathway.as_written
    rules = [(place, WORD.findall(sql)) for place, sql in texts_in(written, IN_SQL)]
    texts = [(place, PLACEHOLDER.findall(text)) for place, text in texts_in(written, IN_TEXTS)]
    return {".".join(map(str, place)) for place, names in (*rules, *texts) if name in names}


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(NAMES), percent=st.integers(1, 99))
def test_a_parameter_changes_every_rule_and_text_that_rests_on_it_and_no_other(
    name: str, percent: int
) -> None:
    before = load_pathway()
    value = before.values[name]
    new = percent / 100 if value.in_percent else percent
    assume(new != value.number)
    shares = {v: before.values[v].number for v in ("window_low", "window_high", "recovered")}
    low, high, recovered = (shares | {name: new}).values() if name in shares else shares.values()
    assume(low < high <= recovered)
    _, after = edited(FILE, {".".join(value.place): f"{new:g}"}, "p.yaml", SHIPPED)
    changed = {line.split()[1].rstrip(":") for line in differences(before, after)}
    place = value.place[:2] if value.place[1] == "window" else value.place
    assert changed == {".".join(place), *resting_on(before, name)}


def test_the_window_stands_in_rules_and_texts_by_its_name_alone() -> None:
    found = resting_on(load_pathway(), "window_low")
    assert {
        "statuses.plateaued.when",
        "statuses.stalled.when",
        "steps.injection.criteria.window.require",
        "steps.injection.criteria.window.if_no",
        "notes.floor.when",
        "about",
    } <= found
    assert "between 75 and 90 %" in " ".join(load_pathway().about.split())


def test_the_pathway_as_shipped_repeats_no_parameter(tmp_path: Path) -> None:
    assert told(FILE, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (WINDOW, WINDOW.replace("window_low", "0.75"), "'0.75': warning: "),
        (WINDOW, WINDOW.replace("window_low", "0.750"), "write `window_low` in its place"),
        ("require: level_ahead < recovered", "require: 0.9 > level_ahead", "or `recovered` in"),
        ("improvement < window_low", "coalesce(improvement, 0) < 0.75", "statuses.stalled.when"),
        ("below {window_low} look", "below 75 % look", "write `{window_low}` in its place"),
        ("{window_low:number} and {window_high} and", "75 and 90 % and", "`{window_low:number}`"),
        ("{horizon_weeks:words} more", "six more", "write `{horizon_weeks:words}` in its place"),
        ("of {judged_weeks} weeks", "of 8 weeks", "write `{judged_weeks}` in its place"),
    ],
)
def test_a_rule_or_text_that_repeats_a_value_is_told_with_its_line(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    assert old in FILE
    warnings = told(FILE.replace(old, new, 1), tmp_path)
    assert warnings
    assert all(w.startswith("ours.yaml:") for w in warnings)
    assert any(says in w for w in warnings), warnings


def test_the_same_number_of_another_fact_is_no_repeat(tmp_path: Path) -> None:
    file = FILE.replace("when: pregnant", "when: pregnant or injection_relief >= 0.75", 1)
    assert told(file, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (WINDOW, WINDOW.replace("window_low", "windw_low"), "did you mean `window_low`"),
        ("below {window_low} look", "below {windw_low} look", "did you mean `window_low`"),
        ("{horizon_weeks:words} more", "{horizon_weeks:roman} more", "is not told as `roman`"),
        ("because: An injection is meant", 'because: "{recoverd}: it is meant', "`recovered`"),
        ("  worse_scatter:\n", "  improvement:\n", "is the name of a fact"),
        ("  worse_scatter:\n", "  recovered:\n", "is the name of a setting"),
        ("limits: [score_count]", "limits: [score_cont]", "did you mean `score_count`"),
    ],
)
def test_a_name_that_nobody_knows_is_refused_with_its_line(old: str, new: str, says: str) -> None:
    assert old in FILE
    file = FILE.replace(old, new, 1)
    if '"{recoverd}' in new:
        file = file.replace("not for the bulk of the pain.", 'not for the bulk of the pain."')
    with pytest.raises(PathwayError, match=says) as refused:
        pathway_of(file, "p.yaml", SHIPPED)
    assert all(problem.line for problem in refused.value.problems)


def test_a_parameter_changed_is_seen_in_the_words_of_the_advice() -> None:
    changes = {"recovery.window.0": "0.7", "recovery.horizon_weeks": "4"}
    _, after = edited(FILE, changes, "p.yaml", SHIPPED)
    criteria = {id_: criterion for id_, (_, criterion) in after.criteria.items()}
    assert criteria["window"].require == "improvement between 0.7 and 0.9 and not well_now"
    assert "below 70 % look for another cause" in " ".join(criteria["window"].if_no.split())
    assert "four more weeks bring" in " ".join(criteria["plateau"].if_no.split())


def test_a_clinics_parameter_of_its_own_serves_its_rules() -> None:
    own = (
        "parameters:\n  dose_weeks: {label: Weeks of exercise, value: 6, limits: [exercise_weeks], "
        "because: As the trial had it., source: [house]}\n"
    )
    file = FILE.replace("parameters:\n", own, 1)
    file = file.replace("exercise_weeks >= 6", "exercise_weeks >= dose_weeks", 1)
    assert pathway_of(file, "p.yaml", SHIPPED).criteria["exercise-trial"][1].require == (
        "exercise_weeks >= 6"
    )
