"""Nothing that a user can name is missing from the generated reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reliefpath
from docs.pages import DOCS, script
from reliefpath.care_log.schema import TABLES
from reliefpath.documents.papers.catalogue import codes, words
from reliefpath.documents.reference.markdown import one_line
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.languages import speech
from reliefpath.pathway.facts import schema
from reliefpath.pathway.model import load_pathway
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.measures import measures
from reliefpath.reference.therapies import agents, finding_kinds, therapies, units
from reliefpath.reference.therapies.exercise import exercise_rules, exercises
from reliefpath.reference.therapies.injection.adverse_effects import adverse_effects

generate = script("generate")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("generated")
    generate.write_pages(folder)
    return {file.stem: file.read_text("utf-8") for file in folder.iterdir()}


def named(page: str) -> set[str]:
    """What stands in code letters in the first cell of a table's row, or in a heading."""
    return set(re.findall(r"^(?:\| |#+ |- Code: )\[?`([^`]+)`", page, re.MULTILINE))


def test_every_command_has_its_help(pages: dict[str, str]) -> None:
    commands = {" ".join(("reliefpath", *path)) for path, _ in generate.commands()}
    assert {"reliefpath assess", "reliefpath pathway diff"} < commands
    assert commands == named(pages["commands"])


def test_every_option_and_argument_stands_in_the_help_of_its_command(
    pages: dict[str, str],
) -> None:
    sections = re.findall(r"^## `([^`]+)`\n\n```text\n(.*?)^```", pages["commands"], re.M | re.S)
    helps = dict(sections)
    for path, command in generate.commands():
        shown = helps[" ".join(("reliefpath", *path))]
        for parameter in command.params:
            names = [o for o in parameter.opts if o.startswith("--")] or [
                parameter.metavar or parameter.name
            ]
            assert all(name.strip("[]") in shown for name in names), (path, names)


def test_help_has_no_colour_and_keeps_its_width(pages: dict[str, str]) -> None:
    assert "\x1b" not in pages["commands"]
    boxed = [line for line in pages["commands"].splitlines() if line.startswith("│")]
    assert boxed
    assert {len(line) for line in boxed} == {generate.WIDTH}


def test_every_fact_has_its_row(pages: dict[str, str]) -> None:
    assert set(schema()) == named(pages["facts"])


def test_every_rule_of_the_pathway_has_its_row(pages: dict[str, str]) -> None:
    pathway, page = load_pathway(), pages["pathway-as-shipped"]
    assert {*pathway.criteria, *pathway.notes, *pathway.parameters} == named(page)
    assert all(f"| **{status}** |" in page for status in pathway.statuses)
    assert all(f"### {step.name}\n" in page for step in pathway.steps.values())


def test_every_measure_has_its_section(pages: dict[str, str]) -> None:
    assert set(measures(SHIPPED)) == named(pages["measures"])


def test_every_therapy_agent_unit_and_finding_has_its_row(pages: dict[str, str]) -> None:
    codes = {code for kind in finding_kinds(SHIPPED).values() for code in kind.codes}
    expected = {*therapies(SHIPPED), *agents(SHIPPED), *units(), *finding_kinds(SHIPPED), *codes}
    expected |= adverse_effects().effects.keys()
    assert expected == named(pages["therapies"])


def test_every_exercise_and_rule_of_exercise_has_its_row(pages: dict[str, str]) -> None:
    assert {*exercises(SHIPPED), *exercise_rules(SHIPPED).rules} == named(pages["exercises"])


def test_every_code_of_a_claim_and_every_line_of_a_paper_has_its_row(pages: dict[str, str]) -> None:
    drugs = {row.code for row in codes(SHIPPED).drug_units.values()}
    assert {*codes(SHIPPED).procedures, *codes(SHIPPED).diagnoses, *drugs} == named(pages["papers"])
    say = speech("es", "reliefpath.documents.papers")
    for line in (*words().risks, *words().come_back, words().at_once, words().plateau):
        assert one_line(f"| {line.says} | {say(line.says)} |") in pages["papers"]


def test_every_muscle_has_its_row(pages: dict[str, str]) -> None:
    assert set(muscles(SHIPPED)) <= named(pages["muscles"])


def test_every_column_of_the_care_log_has_its_row_in_its_table(pages: dict[str, str]) -> None:
    _, *sections = pages["care-log-tables"].split("## `")
    shown = {s.partition("`")[0]: re.findall(r"^\| `(\w+)`", s, re.M) for s in sections}
    assert shown == {name: [c.name for c in t.columns] for name, t in TABLES.items()}


def test_codes_and_ranges_of_columns_are_told(pages: dict[str, str]) -> None:
    page = pages["care-log-tables"]
    for column in (c for table in TABLES.values() for c in table.columns):
        rows = [line for line in page.splitlines() if line.startswith(f"| `{column.name}` |")]
        elsewhere = generate.CODES_ELSEWHERE.get(column.name)
        codes = [f"`{code}`" for code in column.codes_in(SHIPPED)]
        assert any(all(code in row for code in codes) or str(elsewhere) in row for row in rows)
    assert "| 0 to 1 |" in page
    assert "| 0 and up |" in page


def test_every_public_name_of_the_package_and_no_other_is_on_its_page() -> None:
    page = (DOCS / "reference.md").read_text("utf-8")
    shown = re.findall(r"^\.\. auto(?:function|class):: reliefpath\.(\w+)(?:\(\))?$", page, re.M)
    assert sorted(shown) == sorted(reliefpath.__all__)


def test_golden_patients_are_shown(pages: dict[str, str]) -> None:
    assert pages["decides"].count("\n## ") > 3


def test_index_lists_every_page(pages: dict[str, str]) -> None:
    listed = pages["index"].partition("```{toctree}\n")[2].partition("```")[0].split()
    assert set(listed) == set(pages) - {"index"}


def test_pages_are_the_same_when_written_again(pages: dict[str, str], tmp_path: Path) -> None:
    generate.write_pages(tmp_path)
    assert {file.stem: file.read_text("utf-8") for file in tmp_path.iterdir()} == pages


def test_report_of_the_arena_is_asked_for_and_never_overwritten(
    pages: dict[str, str], tmp_path: Path
) -> None:
    assert "`make bench`" in pages["recovery-arena"]
    (tmp_path / "recovery-arena.md").write_text("# A report\n", "utf-8")
    generate.write_pages(tmp_path)
    assert (tmp_path / "recovery-arena.md").read_text("utf-8") == "# A report\n"


def test_links_between_pages_lead_somewhere(pages: dict[str, str]) -> None:
    texts = {f"generated/{name}.md": text for name, text in pages.items()}
    for pattern in ("*.md", "decisions/*.md", "notebooks/*.md"):
        texts |= {str(f.relative_to(DOCS)): f.read_text("utf-8") for f in DOCS.glob(pattern)}
    for name, text in texts.items():
        for target in re.findall(r"\]\(([^)#:]+\.md)", text):
            path = (DOCS / name).parent.joinpath(target).resolve().relative_to(DOCS)
            assert str(path) in texts, (name, target)


def test_no_job_of_a_clinic_takes_more_entries_than_were_meant(pages: dict[str, str]) -> None:
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| (\d+) \|", pages["entries"], re.MULTILINE)
    assert len(rows) == 7
    assert all(int(entries) <= int(most) for entries, most in rows)
