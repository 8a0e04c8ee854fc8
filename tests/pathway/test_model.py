"""A pathway file is refused unless all of it is sound, and each slip is told with its line."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reliefpath.errors import PathwayError, Problem, UsageError
from reliefpath.knowledge.catalogue import read_yaml
from reliefpath.pathway.assessment import advise
from reliefpath.pathway.comparison import differences
from reliefpath.pathway.facts import schema
from reliefpath.pathway.model import (
    FOLLOW_UP,
    Pathway,
    StatusName,
    default_file,
    load_pathway,
)

from .strategies import AS_OF, facts_table

TEXT = default_file().read_text("utf-8")
UNKNOWN_ROW = dict.fromkeys(schema())


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of the default file with these texts replaced where they first stand."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "clinic.yaml"
    file.write_text(text, "utf-8")
    return file


def problems(file: Path) -> list[Problem]:
    with pytest.raises(PathwayError) as caught:
        load_pathway(file)
    return caught.value.problems


def line_with(file: Path, text: str) -> int:
    """The first line, from 1, that holds `text`."""
    lines = file.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


SLIPS = {
    "typo in a criterion": (
        ("require: dry_needling_sessions >= 4", "require: dry_needling_session >= 4"),
        "require: dry_needling_session ",
        "unknown fact `dry_needling_session` (did you mean `dry_needling_sessions`?)",
    ),
    "aggregate in a criterion": (
        ("require: dry_needling_sessions >= 4", "require: sum(dry_needling_sessions) >= 4"),
        "require: sum(",
        "`SUM(dry_needling_sessions)` is not allowed",
    ),
    "number for a question": (
        ("require: education_given", "require: exercise_weeks"),
        "require: exercise_weeks",
        "must be a yes / no question",
    ),
    "text compared with a number": (
        ("require: education_given", "require: region = 4"),
        "require: region",
        "cannot be asked of the facts",
    ),
    "typo in a status": (
        ("when: relapse", "when: relaps"),
        "when: relaps",
        "unknown fact `relaps` (did you mean `relapse`?)",
    ),
    "status that no episode can have": (
        ("require: status = 'plateaued'", "require: status = 'plateued'"),
        "require: status =",
        "`status` is never `plateued` (did you mean `plateaued`?)",
    ),
    "status that asks what the status is": (
        ("when: relapse", "when: relapse and status = 'recovered'"),
        "when: relapse",
        "unknown fact `status`",
    ),
    "trial without a gap": (("gap_weeks: 6", "gap_weeks: 0"), "gap_weeks: 0", "greater than 0"),
    "typo in a note": (
        ("when: pregnant", "when: pregnan"),
        "when: pregnan",
        "unknown fact `pregnan` (did you mean `pregnant`?)",
    ),
    "typo in what to do": (
        ("{exercise_weeks} are on record", "{exercise_week} are on record"),
        "{exercise_week} are",
        "unknown fact `exercise_week` (did you mean `exercise_weeks`?)",
    ),
    "brace without its pair": (
        ("{exercise_weeks} are on record", "{exercise_weeks are on record"),
        "{exercise_weeks are",
        "braces are for facts",
    ),
    "typo in a next step": (
        ("Red flag ({red_flags}): leave", "Red flag ({red_flgs}): leave"),
        "next: >-",
        "unknown fact `red_flgs` (did you mean `red_flags`?)",
    ),
    "typo in a note's text": (
        ("before a needle: {cautions}", "before a needle: {cautons}"),
        "{cautons}",
        "unknown fact `cautons` (did you mean `cautions`?)",
    ),
    "unknown source": (
        ("source: [delphi-2018]", "source: [delphi-2081]"),
        "source: [delphi-2081]",
        "unknown source (did you mean `delphi-2018`?)",
    ),
    "rule without a source": (
        ("source: [delphi-2018]", "source: []"),
        "source: []",
        "at least 1",
    ),
    "unknown key": (
        ("if_unknown: Record the education given.", "if_unkown: Record the education given."),
        "if_unkown",
        "unknown key (did you mean `if_unknown`?)",
    ),
    "unknown status": (("  stalled:\n", "  stuck:\n"), "  stuck:", "stalled"),
    "unknown therapy": (
        ("therapies: [dry-needling]", "therapies: [dry-needle]"),
        "therapies: [dry-needle]",
        "unknown therapy (did you mean `dry-needling`?)",
    ),
    "unknown fact to show": (
        ("shows: [contraindications]", "shows: [contraindicatons]"),
        "shows: [contraindicatons]",
        "unknown fact (did you mean `contraindications`?)",
    ),
    "status that asks about no step": (
        ("asks: [no-flare, safety, active-care, dry-needling]", "asks: [safety, activecare]"),
        "asks: [safety, activecare]",
        "unknown step or criterion (did you mean `active-care`?)",
    ),
    "status with no such gate": (
        ("gate: injection", "gate: injecton"),
        "gate: injecton",
        "unknown step (did you mean `injection`?)",
    ),
    "window upside down": (
        ("window: [0.75, 0.90]", "window: [0.90, 0.75]"),
        "recovery:",
        "expected window low < window high <= recovered",
    ),
    "window in percent": (
        ("window: [0.75, 0.90]", "window: [75, 90]"),
        "window: [75, 90]",
        "at most 1",
    ),
    "version that is no version": (
        ("version: 2.1.0", "version: first"),
        "version",
        "must be written as",
    ),
    "urgency beyond its range": (("urgency: 1\n", "urgency: 0\n"), "urgency: 0", "at least 1"),
    "criterion under the name of a fact": (
        ("      no-recurrence:", "      relapse:"),
        "      relapse:",
        "",
    ),
    "criterion under the name of a column of the advice": (
        ("      education-given:", "      status:"),
        "      status:",
        "",
    ),
    "step under the name of the follow-up": (("  safety:\n", "  follow-up:\n"), "  follow-up:", ""),
    "criterion twice in a step": (
        ("      exercise-adherence:", "      exercise-trial:"),
        "      exercise-trial:",
        "stands more than once",
    ),
    "criterion twice in two steps": (
        ("      conservative-trial:", "      dry-needling-trial:"),
        "      dry-needling-trial:",
        "stands more than once; every criterion needs a name of its own",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_pathway_refuses_a_slip_at_its_line(slip: str, tmp_path: Path) -> None:
    change, place, expected = SLIPS[slip]
    file = changed(tmp_path, change)
    found = problems(file)
    assert expected in "\n".join(map(str, found))
    lines = file.read_text("utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, start=1) if place in line}
    assert marked & {problem.line for problem in found}
    assert {problem.file for problem in found} == {"clinic.yaml"}


def test_pathway_tells_every_problem_at_once(tmp_path: Path) -> None:
    slips = ("typo in a criterion", "typo in a note", "unknown therapy", "typo in a next step")
    file = changed(tmp_path, *(SLIPS[slip][0] for slip in slips))
    text = "\n".join(map(str, problems(file)))
    assert all(SLIPS[slip][2] in text for slip in slips)


def test_only_the_last_status_may_be_without_a_question(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        (
            "    when: relapse or (weeks_since_recovery is not null "
            "and (p_worse >= worse_probability or p_worse >= worse_scatter * scatter))\n",
            "",
        ),
    )
    (problem,) = problems(file)
    assert problem.line == line_with(file, "  recurred:")
    assert problem.expected == "`when` is missing; only the last status has none"


def test_last_status_must_take_the_rest(tmp_path: Path) -> None:
    file = changed(tmp_path, ("  recovering:\n", "  recovering:\n    when: in_care\n"))
    (problem,) = problems(file)
    assert problem.line == line_with(file, "    when: in_care")
    assert "takes every episode that is left" in problem.expected


def test_steps_must_go_from_the_least_to_the_most_invasive(tmp_path: Path) -> None:
    file = changed(tmp_path, ("therapies: [education, exercise]", "therapies: [injection]"))
    assert {problem.expected for problem in problems(file)} == {
        "steps must go from the least to the most invasive"
    }


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("pathway: [relief\nversion: 1", 2, "not valid YAML"),
        ("- a\n- b\n", 1, "expected a mapping"),
        ("just words", 1, "expected a mapping"),
        ("", 1, "expected a mapping"),
        ("pathway: a\npathway: b\n", 2, "stands more than once"),
    ],
)
def test_pathway_refuses_what_is_no_mapping_in_yaml(
    text: str, line: int, expected: str, tmp_path: Path
) -> None:
    file = tmp_path / "clinic.yaml"
    file.write_text(text, "utf-8")
    (problem,) = problems(file)
    assert problem.line == line
    assert expected in problem.expected


def test_pathway_refuses_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "clinic.yaml"
    file.write_bytes(b"title: caf\xe9\n")
    (problem,) = problems(file)
    assert "UTF-8" in problem.expected


@pytest.mark.parametrize("part", ["statuses", "steps"])
def test_pathway_refuses_to_be_without(part: str, tmp_path: Path) -> None:
    content = read_yaml(changed(tmp_path), PathwayError) | {part: {}}
    file = tmp_path / "empty.yaml"
    file.write_text(json.dumps(content, default=str), "utf-8")
    assert any(problem.column == part for problem in problems(file))


def test_pathway_works_without_notes(tmp_path: Path) -> None:
    content = {k: v for k, v in read_yaml(changed(tmp_path), PathwayError).items() if k != "notes"}
    file = tmp_path / "quiet.yaml"
    file.write_text(json.dumps(content, default=str), "utf-8")
    table = advise(facts_table([UNKNOWN_ROW]), load_pathway(file), AS_OF)
    assert table["notes"].to_list() == [[]]


def test_pathway_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        load_pathway(tmp_path / "nowhere.yaml")
    with pytest.raises(UsageError, match="is not a file"):
        load_pathway(tmp_path)


def test_published_schema_accepts_the_default_file_and_refuses_a_slip() -> None:
    published = Pathway.model_json_schema()
    Draft202012Validator.check_schema(published)
    content = json.loads(json.dumps(read_yaml(default_file(), PathwayError), default=str))
    Draft202012Validator(published).validate(content)
    assert list(Draft202012Validator(published).iter_errors({**content, "statusses": {}}))


def test_default_pathway_carries_every_status_and_ends_with_the_injection() -> None:
    pathway = load_pathway()
    assert set(pathway.statuses) == set(StatusName)
    assert list(pathway.steps)[-1] == "injection"
    assert next(iter(pathway.groups)) == FOLLOW_UP


def test_gate_holds_the_criteria_of_every_step_before() -> None:
    pathway = load_pathway()
    gates = [pathway.gate(step) for step in pathway.steps]
    for lower, higher in pairwise(gates):
        assert higher[: len(lower)] == lower
    assert pathway.gate("safety") == [
        *("in-care-or-follow-up", "in-care", "no-red-flag", "record-complete")
    ]
    assert not set(pathway.gate("injection")) & set(pathway.follow_up.criteria)


def test_fingerprint_follows_the_content_and_not_the_comments(tmp_path: Path) -> None:
    same = load_pathway(changed(tmp_path, ("pathway: ", "# a remark\npathway: ")))
    assert same.fingerprint == load_pathway().fingerprint
    other = load_pathway(changed(tmp_path, ("dry_needling_sessions >= 4", "4 <= 5 or in_care")))
    assert other.fingerprint != load_pathway().fingerprint


def test_a_pathway_that_sets_no_trial_goes_by_the_one_as_shipped(tmp_path: Path) -> None:
    text = default_file().read_text("utf-8")
    start, end = text.index("trial:\n"), text.index("# Beside the settings above")
    own = tmp_path / "own.yaml"
    own.write_text(text[:start] + text[end:], "utf-8")
    assert load_pathway(own).trial is None
    assert load_pathway(own).counted_trial == load_pathway().counted_trial


def test_changed_number_is_the_only_difference(tmp_path: Path) -> None:
    other = load_pathway(changed(tmp_path, ("exercise_weeks >= 6", "exercise_weeks >= 8")))
    (line,) = differences(load_pathway(), other)
    assert line.endswith("require: exercise_weeks >= 6 -> exercise_weeks >= 8")
