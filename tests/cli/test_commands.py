"""The commands, run as a user runs them: real processes, real files, real exit codes."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import polars as pl
import pytest
import yaml

from .commands import reliefpath

AS_OF = "2026-03-31"


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clinic")
    reliefpath("demo", folder, "--patients", "40", "--seed", "7", "--as-of", AS_OF)
    return folder  # type: ignore[return-value]


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from reliefpath.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'polars', 'pyarrow', 'sqlalchemy', 'sqlglot'}\n"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_command_has_help_with_its_purpose() -> None:
    listed = reliefpath("--help").stdout
    for command in (
        "assess",
        "explain",
        "check",
        "facts",
        "measures",
        "demo",
        "schema",
        "pathway",
        "recovery",
    ):
        assert command in listed
    assert "reliefpath assess clinic/" in reliefpath("assess", "--help").stdout


def test_the_version_is_told() -> None:
    assert reliefpath("--version").stdout.startswith("reliefpath 0.")


def test_the_worklist_is_plain_in_a_pipe_and_most_urgent_first(clinic: Path) -> None:
    done = reliefpath("assess", clinic, "--as-of", AS_OF)
    assert "\x1b" not in done.stdout
    assert done.stderr.startswith("good rows: ")
    assert done.stderr.endswith("; refused: none\n")
    header, *rows = done.stdout.splitlines()
    assert header.split()[:4] == ["status", "episode", "region", "better"]
    assert rows[0].startswith("referred")
    assert "not signed off" in rows[-1]


def test_json_advice_follows_its_published_schema(clinic: Path) -> None:
    schema = json.loads(reliefpath("schema", "advice").stdout)
    advice = json.loads(reliefpath("assess", clinic, "--as-of", AS_OF, "--format", "json").stdout)
    jsonschema.Draft202012Validator(schema).validate(advice)
    assert len(advice) >= 40
    assert {a["status"] for a in advice} >= {"recovering", "plateaued", "referred", "lasting"}


def test_all_formats_say_the_same(clinic: Path, tmp_path: Path) -> None:
    for form in ("csv", "parquet", "json"):
        reliefpath("assess", clinic, "--as-of", AS_OF, "--format", form, "--out", tmp_path / form)
    columns = ["episode", "status", "next_step"]
    parquet = pl.read_parquet(tmp_path / "parquet").select(columns)
    assert pl.read_csv(tmp_path / "csv").select(columns).equals(parquet)
    loaded = json.loads((tmp_path / "json").read_text())
    assert pl.DataFrame([{c: a[c] for c in columns} for a in loaded]).equals(parquet)


def test_the_same_inputs_give_the_same_bytes_with_any_number_of_workers(clinic: Path) -> None:
    arguments = ("assess", clinic, "--as-of", AS_OF, "--format", "json")
    once = reliefpath(*arguments, "--workers", "1").stdout
    assert once == reliefpath(*arguments, "--workers", "2").stdout


def test_a_clinic_in_parquet_gets_the_same_advice(clinic: Path, tmp_path: Path) -> None:
    made = ("--patients", "40", "--seed", "7", "--as-of", AS_OF)
    reliefpath("demo", tmp_path, *made, "--format", "parquet")
    arguments = ("--as-of", AS_OF, "--format", "csv")
    assert reliefpath("assess", tmp_path, *arguments).stdout == (
        reliefpath("assess", clinic, *arguments).stdout
    )


def test_status_and_top_narrow_the_worklist(clinic: Path) -> None:
    arguments = ("assess", clinic, "--as-of", AS_OF, "--format", "json")
    stalled = json.loads(reliefpath(*arguments, "--status", "stalled", "--top", "2").stdout)
    assert [a["status"] for a in stalled] == ["stalled", "stalled"]


def test_explain_tells_the_curve_every_criterion_and_what_would_change(clinic: Path) -> None:
    story = reliefpath("explain", clinic, "demo-0001", "--as-of", AS_OF).stdout
    for part in (
        "●",
        "Improvement",
        "What was tried",
        "✔ A plateau",
        "What would change the answer",
    ):
        assert part in story


def test_explain_agrees_with_assess_for_every_status(clinic: Path) -> None:
    advice = json.loads(reliefpath("assess", clinic, "--as-of", AS_OF, "--format", "json").stdout)
    one_each = {a["status"]: a for a in advice}
    for status in ("recurred", "gathering"):
        told = one_each[status]
        story = reliefpath("explain", clinic, told["episode"], "--as-of", AS_OF).stdout
        assert f"Next  {told['next_step']}" in story.replace("\n", " ")


def test_facts_prints_one_row_an_episode(clinic: Path) -> None:
    lines = reliefpath("facts", clinic, "--as-of", AS_OF).stdout.splitlines()
    assert lines[0].startswith("episode,patient,region,")
    assert len(lines) > 40


def test_check_of_a_sound_care_log_exits_with_0_and_counts_it(clinic: Path) -> None:
    assert reliefpath("check", clinic).stdout.startswith(
        "0 problems, 0 warnings; good rows: 40 pat"
    )


def test_check_lists_every_problem_and_exits_with_1(clinic: Path, tmp_path: Path) -> None:
    for file in clinic.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    scores = tmp_path / "scores.csv"
    scores.write_text(
        scores.read_text() + "nobody,2026-01-01,nrs,5,,\ndemo-0001,yesterday,nrs,3,,\n"
    )
    lines = reliefpath("check", tmp_path, code=1).stdout.splitlines()
    assert lines[-1].startswith("2 problems")
    assert any("'yesterday': a date" in line for line in lines)
    refused = reliefpath("assess", tmp_path, "--as-of", AS_OF, code=1)
    assert refused.stdout == ""
    assert "scores.csv" in refused.stderr
    kept = reliefpath("assess", tmp_path, "--as-of", AS_OF, "--skip-bad-rows")
    assert "demo-0001" in kept.stdout
    assert "'yesterday'" in kept.stderr


def test_demo_refuses_to_replace_a_care_log_unless_forced(clinic: Path) -> None:
    refused = reliefpath("demo", clinic, code=2)
    assert "add `--force` to replace it" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("assess", "nowhere"), "`nowhere` does not exist; expected a folder"),
        (("assess", "nowhere", "--as-of", "soon"), "--as-of 'soon': expected a date"),
        (("assess", "nowhere", "--status", "staled"), "did you mean `stalled`?"),
        (("assess", "nowhere", "--pathway", "no.yaml"), "`no.yaml` is not a file"),
        (("assess", "nowhere", "--format", "xml"), "xml"),
        (("asess", "nowhere"), "asess"),
        (("explain", "nowhere", "E1"), "does not exist"),
        (("pathway", "check", "no.yaml"), "is not a file"),
        (("pathway", "copy", "no/folder.yaml"), "No such file or directory: `no/folder.yaml`"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_to_do(
    arguments: tuple[str, ...], message: str
) -> None:
    done = reliefpath(*arguments, code=2)
    assert message in done.stderr
    assert done.stdout == ""


def test_an_unknown_episode_is_refused_with_the_nearest(clinic: Path) -> None:
    refused = reliefpath("explain", clinic, "demo-001", "--as-of", AS_OF, code=2)
    assert "no episode `demo-001`" in refused.stderr
    assert "did you mean `demo-00" in refused.stderr


def test_a_pathway_is_copied_changed_compared_and_used(clinic: Path, tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine.yaml", tmp_path / "shipped.yaml"
    reliefpath("pathway", "copy", mine)
    reliefpath("pathway", "copy", shipped)
    assert reliefpath("pathway", "diff", shipped, mine).stdout == "No difference.\n"
    mine.write_text(
        mine.read_text()
        .replace("version: 2.1.0", "version: 2.2.0")
        .replace("require: dry_needling_sessions >= 4", "require: dry_needling_sessions >= 6")
    )
    assert "relief-plus 2.2.0 is sound" in reliefpath("pathway", "check", mine).stdout
    changed = reliefpath("pathway", "diff", shipped, mine).stdout.splitlines()
    assert changed == [
        "~ version: 2.1.0 -> 2.2.0",
        "~ steps.dry-needling.criteria.dry-needling-trial.require: "
        "dry_needling_sessions >= 4 -> dry_needling_sessions >= 6",
    ]
    used = reliefpath("assess", clinic, "--as-of", AS_OF, "--pathway", mine, "--format", "json")
    assert {a["pathway"]["version"] for a in json.loads(used.stdout)} == {"2.2.0"}


def test_an_older_copy_of_the_pathway_is_told_which_criteria_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    reliefpath("pathway", "copy", file)
    assert "lacks" not in reliefpath("pathway", "check", file).stdout
    whole = yaml.safe_load(file.read_text())
    gone = [whole["steps"]["injection"]["criteria"], whole["follow_up"]["criteria"]]
    names = ["scale-certain", next(iter(gone[1]))]
    reasons = [criteria.pop(name)["because"] for criteria, name in zip(gone, names, strict=True)]
    file.write_text(yaml.safe_dump(whole | {"version": "1.0.0"}, sort_keys=False))
    told = reliefpath("pathway", "check", file).stdout
    assert "relief-plus 1.0.0 is sound" in told
    assert "It lacks 2 criteria of relief-plus 2.1.0 as shipped:" in told
    for name, reason in zip(names, reasons, strict=True):
        assert f"  {name}: {reason}" in told


def test_a_prior_is_learned_from_a_clinic_and_used(clinic: Path, tmp_path: Path) -> None:
    file = tmp_path / "prior.yaml"
    told = reliefpath("recovery", "learn", clinic, "--as-of", AS_OF, "--out", file).stdout
    assert re.match(r"All [\d,]+ series of scores: scores held out are foretold .* better", told)
    assert f"reliefpath assess {clinic} --prior {file}" in told
    shipped = reliefpath("assess", clinic, "--as-of", AS_OF, "--format", "json").stdout
    own = reliefpath("assess", clinic, "--as-of", AS_OF, "--format", "json", "--prior", file).stdout
    assert len(json.loads(own)) == len(json.loads(shipped))
    assert own != shipped
    again = reliefpath("recovery", "learn", clinic, "--out", file, code=2)
    assert "already exists" in again.stderr


def test_a_prior_with_a_slip_is_refused_with_its_line(clinic: Path, tmp_path: Path) -> None:
    file = tmp_path / "prior.yaml"
    reliefpath("recovery", "learn", clinic, "--as-of", AS_OF, "--out", file)
    file.write_text(file.read_text().replace("episodes:", "episode:", 1))
    refused = reliefpath("assess", clinic, "--prior", file, code=1)
    assert "prior.yaml:" in refused.stderr
    assert "episode" in refused.stderr


def test_a_pathway_with_a_typo_is_refused_with_line_and_nearest_fact(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    reliefpath("pathway", "copy", file)
    text = file.read_text().replace("dry_needling_sessions >= 4", "dry_nedling_sessions >= 4")
    file.write_text(text)
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "dry_nedling" in row)
    refused = reliefpath("pathway", "check", file, code=1)
    assert refused.stderr.startswith(f"mine.yaml:{line}: ")
    assert "did you mean `dry_needling_sessions`?" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("pathway", "show"), "### Trigger point injection"),
        (("pathway", "facts"), "p_plateau (number, probability)"),
        (("pathway", "schema"), '"title": "Pathway"'),
        (("schema", "pathway"), '"title": "Pathway"'),
        (("measures",), "psfs"),
    ],
)
def test_what_is_known_can_be_listed(arguments: tuple[str, ...], expected: str) -> None:
    assert expected in reliefpath(*arguments).stdout


def test_a_file_that_cannot_be_written_is_told_and_leaves_nothing(
    clinic: Path, tmp_path: Path
) -> None:
    out = tmp_path / "nowhere" / "advice.json"
    refused = reliefpath("assess", clinic, "--format", "json", "--out", out, code=2)
    assert "No such file or directory" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(clinic: Path) -> None:
    command = f"{sys.executable} -m reliefpath facts {clinic} --as-of {AS_OF} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("episode,")
    assert done.stderr == ""


def test_demo_dates_are_relative_to_today_when_none_is_given(tmp_path: Path) -> None:
    reliefpath("demo", tmp_path, "--patients", "10")
    latest = pl.read_csv(tmp_path / "scores.csv")["at"].str.head(10).max()
    assert isinstance(latest, str)
    assert time.strftime("%Y-%m-%d", time.localtime(time.time() - 40 * 86400)) < latest
    assert latest <= time.strftime("%Y-%m-%d", time.localtime(time.time() + 86400))


def test_every_command_that_answers_from_a_folder_reads_it_by_the_same_options(
    clinic: Path, tmp_path: Path
) -> None:
    for file in clinic.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    header, *rows = (tmp_path / "treatments.csv").read_text().splitlines()
    odd = [f"{header},void", *(f"{row},x" for row in rows)]
    (tmp_path / "treatments.csv").write_text("\n".join(odd) + "\n")
    ours = ("--as-of", AS_OF)
    site = ("--site", "infraspinatus left")
    dose = ("--site", "infraspinatus left: lidocaine 1% 1 mL")
    for command in (
        ("assess", tmp_path),
        ("facts", tmp_path),
        ("explain", tmp_path, "demo-0001"),
        ("recovery", "learn", tmp_path, "--out", tmp_path / "prior.yaml"),
        ("exercise", "plan", tmp_path, "demo-0001"),
        ("needle", "plan", tmp_path, "demo-0001", *site),
        ("inject", "plan", tmp_path, "demo-0001", *dose),
        ("inject", "papers", tmp_path, "demo-0001", *dose, "--out", tmp_path / "papers"),
    ):
        refused = reliefpath(*command, *ours, code=1)
        assert "treatments.void" in refused.stderr
        assert refused.stdout == ""
        ready = 1 if "needle" in command or "inject" in command else 0  # nor is the plan
        told = reliefpath(*command, *ours, "--ignore-column", "treatments.void", code=ready)
        assert "warning: unknown column, left out" in told.stderr
        assert told.stdout
