"""A clinic's own file, in force: what it changes, where that is seen, and what is kept of it."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from .commands import reliefpath

AS_OF = ("--as-of", "2026-03-31")
EPISODE = "demo-0015"
SITE = ("--site", "gluteus-medius left: lidocaine 1% 1 mL")
HEAD = "clinic: Riverside\noverrides:\n"
WHO = "because: Our needles are shorter., by: Dr. Ana Ruiz, on: 2026-05-04"
VOLUME = f"{{in: limits, row: volume, set: {{most: 0.5, over: blocked}}, {WHO}}}"
LIDOCAINE = f"{{in: agents, row: lidocaine, set: {{max_mg_per_kg: 3}}, {WHO}}}"
MUSCLE = (
    "{in: muscles, row: our-muscle, set: {name: Our muscle, region: hip, reaches: [hip], "
    f"referral: Hip, pneumothorax: 0, hazards: None known}}, {WHO}}}"
)
EXERCISE = (
    "{in: exercises, row: our-exercise, set: {name: Our exercise, kind: stretching, muscles: "
    "[our-muscle], position: Lie down., steps: [Rest., Rise.], feel: A stretch., "
    f"unlike: Pain.}}, {WHO}}}"
)
PAYER = (
    "{in: coverage, row: our-payer, set: {name: Our payer, symptom_weeks: 999, note: Ours.}, "
    f"{WHO}}}"
)
FINDING = (
    f"{{in: findings, row: condition.codes.diabetes, set: {{bars: [contraindication]}}, {WHO}}}"
)
EXAM = (
    "episode,at,muscle,side,taut_band,tender_spot,referred_pain,recognised\n"
    f"{EPISODE},2026-03-30,our-muscle,left,true,true,true,true\n"
)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    reliefpath("demo", folder, "--patients", "60", "--seed", "1", *AS_OF)
    return folder


def own(folder: Path, *overrides: str) -> Path:
    file = folder / "clinic.yaml"
    file.write_text(HEAD + "".join(f"  - {override}\n" for override in overrides), "utf-8")
    return file


def plain(clinic: Path) -> list[dict[str, Any]]:
    """The advice by the catalogues as shipped."""
    advice: list[dict[str, Any]] = json.loads(
        reliefpath("assess", clinic, *AS_OF, "--format", "json").stdout
    )
    return advice


def plan(clinic: Path, *options: str | Path, file: Path | None = None) -> dict[str, Any]:
    ask = ("inject", "plan", clinic, EPISODE, *AS_OF, "--nothing-new", "--format", "json", *options)
    before = () if file is None else ("--clinic", file)
    found: dict[str, Any] = json.loads(reliefpath(*before, *ask, code=1).stdout)
    return found


def check(found: dict[str, Any], id_: str) -> dict[str, Any]:
    return next(c for c in found["checks"] if c["id"] == id_)


def test_a_limit_that_is_lowered_blocks_a_plan_and_names_who_lowered_it(
    clinic: Path, tmp_path: Path
) -> None:
    assert plan(clinic, *SITE)["result"] == "needs a decision"
    found = plan(clinic, *SITE, file=own(tmp_path, VOLUME))
    assert found["result"] == "blocked"
    volume = check(found, "volume")
    assert "1 mL, at most 0.5" in volume["says"]
    assert volume["source"][0] == (
        "Riverside, Dr. Ana Ruiz, 2026-05-04: most 0.5, shipped 10, over blocked, shipped "
        "decision. Our needles are shorter. [house]"
    )


def test_a_limit_that_is_raised_says_so(clinic: Path, tmp_path: Path) -> None:
    much = ("--site", "gluteus-medius left: lidocaine 0.5% 12 mL")
    assert check(plan(clinic, *much), "volume")["verdict"] == "decision"
    raised = own(tmp_path, VOLUME.replace("0.5, over: blocked", "15"))
    volume = check(plan(clinic, *much, file=raised), "volume")
    assert volume["verdict"] == "fine"
    assert volume["source"][0].startswith("Riverside, Dr. Ana Ruiz, 2026-05-04: most 15, shipped")
    assert volume["source"][0].endswith("[house]")


def test_an_agent_that_is_changed_shows_in_the_arithmetic(clinic: Path, tmp_path: Path) -> None:
    share = check(plan(clinic, *SITE, file=own(tmp_path, LIDOCAINE)), "anaesthetic-share")
    assert "the lesser of 3 mg/kg" in share["arithmetic"]
    assert any("max_mg_per_kg 3, shipped 4.5" in source for source in share["source"])


def test_an_agent_can_be_barred(clinic: Path, tmp_path: Path) -> None:
    barred = f"{{in: limits, row: barred_agents, set: {{agents: [lidocaine]}}, {WHO}}}"
    found = check(plan(clinic, *SITE, file=own(tmp_path, barred)), "agent-lidocaine")
    assert found["verdict"] == "blocked"
    assert found["source"][0].startswith("Riverside, ")


def test_a_finding_that_is_changed_gates(clinic: Path, tmp_path: Path) -> None:
    found = plan(clinic, *SITE, file=own(tmp_path, FINDING))
    assert check(found, "condition-diabetes")["verdict"] == "blocked"


def test_a_new_muscle_payer_and_exercise_can_be_used_at_once(clinic: Path, tmp_path: Path) -> None:
    file = own(tmp_path, MUSCLE, EXERCISE, PAYER)
    site = ("--site", "our-muscle left: lidocaine 1% 1 mL", "--payer", "our-payer")
    found = plan(clinic, *site, file=file)
    assert "Our muscle" in check(found, "hazard-our-muscle")["says"]
    asked = check(found, "coverage-our-payer-symptoms")
    assert "999 weeks" in asked["says"]
    assert "a new row" in asked["source"][0]
    records = tmp_path / "records"
    shutil.copytree(clinic, records)
    (records / "exams.csv").write_text(EXAM, "utf-8")
    assert "our-muscle" in reliefpath("check", records, code=1).stdout
    ask = ("exercise", "plan", records, EPISODE, *AS_OF, "--format", "json")
    programme = json.loads(reliefpath("--clinic", file, *ask).stdout)
    assert "Our exercise" in [item["name"] for item in programme["items"]]


def test_a_catalogue_marks_what_was_changed_and_all_of_it_is_listed(tmp_path: Path) -> None:
    file = own(tmp_path, VOLUME, LIDOCAINE)
    shown = reliefpath("--clinic", file, "catalog", "limits").stdout
    assert "\nvolume * " in shown
    told = "volume: most 0.5, shipped 10, over blocked, shipped decision. Our needles are shorter."
    assert f"* {told} (Dr. Ana Ruiz, 2026-05-04)" in shown
    assert "[unverified]" in shown
    listed = reliefpath("--clinic", file, "catalog", "overrides").stdout
    assert f"limits {told}" in listed
    assert "agents lidocaine: max_mg_per_kg 3, shipped 4.5." in listed
    rows = reliefpath("--clinic", file, "catalog", "overrides", "--format", "json").stdout
    assert [row["shipped"] for row in json.loads(rows)] == [
        {"max_mg_per_kg": 4.5},
        {"most": 10.0, "over": "decision"},
    ]
    assert "as shipped" in reliefpath("catalog", "overrides").stdout


def test_advice_names_the_file_by_its_hash(clinic: Path, tmp_path: Path) -> None:
    file = own(tmp_path, VOLUME)
    ask = ("assess", clinic, *AS_OF, "--format", "json")
    named = json.loads(reliefpath("--clinic", file, *ask).stdout)[0]["pathway"]["version"]
    digest = sha256(file.read_bytes()).hexdigest()[:8]
    assert named == f"2.1.0+clinic.{digest}"
    assert json.loads(reliefpath(*ask).stdout)[0]["pathway"]["version"] == "2.1.0"


def test_the_environment_names_the_file_too(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("RELIEFPATH_CLINIC", str(own(tmp_path, VOLUME)))
    assert "1 overrides" in reliefpath("catalog", "overrides").stdout


def test_a_file_with_a_problem_stops_every_command(clinic: Path, tmp_path: Path) -> None:
    file = own(tmp_path, VOLUME.replace("because: Our needles are shorter., ", ""))
    told = reliefpath("--clinic", file, "assess", clinic, *AS_OF, code=1)
    assert not told.stdout
    assert "clinic.yaml:3: overrides.0" in told.stderr
    assert "no `because`" in told.stderr


def test_papers_cite_the_clinic_and_name_its_file(clinic: Path, tmp_path: Path) -> None:
    file = own(tmp_path, VOLUME.replace("0.5, over: blocked", "2"))
    ask = ("inject", "papers", clinic, EPISODE, *SITE, *AS_OF, "--nothing-new")
    ask += ("--out", tmp_path / "papers")  # type: ignore[assignment]
    reliefpath("--clinic", file, *ask)
    note = "".join(page.read_text("utf-8") for page in (tmp_path / "papers").glob("*.html"))
    assert "Riverside, Dr. Ana Ruiz, 2026-05-04: most 2, shipped 10" in note
    assert "2.1.0+clinic." in note


def test_a_decision_is_given_again_under_the_file_it_was_made_under(
    clinic: Path, tmp_path: Path
) -> None:
    chart = tmp_path / "clinic.chart"
    reliefpath("chart", "init", chart)
    reliefpath("chart", "import", chart, clinic)
    file = own(tmp_path, FINDING)
    decide = ("chart", "decide", chart, EPISODE, "--agree", *AS_OF)
    reliefpath("--clinic", file, *decide)
    reliefpath(*decide)
    file.unlink()
    assert "2 of 2 are the same" in reliefpath("chart", "replay", chart).stdout
    other = own(tmp_path, VOLUME)
    assert "2 of 2 are the same" in reliefpath("--clinic", other, "chart", "replay", chart).stdout


def test_advice_rests_on_the_file_and_not_only_on_its_name(clinic: Path, tmp_path: Path) -> None:
    ask = ("assess", clinic, *AS_OF, "--format", "json")
    with_it = json.loads(reliefpath("--clinic", own(tmp_path, FINDING), *ask).stdout)
    facts = {a["episode"]: a["facts"] for a in json.loads(reliefpath(*ask).stdout)}
    changed = [a for a in with_it if a["facts"] != facts[a["episode"]]]
    assert EPISODE in {a["episode"] for a in changed}
    assert all(a["gate"] is False for a in changed)


def test_records_of_a_clinics_own_row_are_refused_without_its_file(
    clinic: Path, tmp_path: Path
) -> None:
    chart, file = tmp_path / "clinic.chart", own(tmp_path, MUSCLE)
    (tmp_path / "exams.csv").write_text(EXAM, "utf-8")
    reliefpath("chart", "init", chart)
    reliefpath("chart", "import", chart, clinic)
    reliefpath("--clinic", file, "chart", "import", chart, tmp_path / "exams.csv")
    reliefpath("--clinic", file, "assess", chart, *AS_OF)
    told = reliefpath("assess", chart, *AS_OF, code=2).stderr
    assert "exams on record have the muscle `our-muscle`, which no catalogue knows" in told
    assert "--clinic FILE" in told
    reliefpath("--clinic", file, "chart", "decide", chart, EPISODE, "--agree", *AS_OF)
    assert "1 of 1 are the same" in reliefpath("chart", "replay", chart).stdout
    page = tmp_path / "record.html"
    patient = json.loads(
        reliefpath("--clinic", file, "assess", chart, *AS_OF, "--format", "json").stdout
    )
    who = next(a["patient"] for a in patient if a["episode"] == EPISODE)
    reliefpath("chart", "record", chart, who, "--out", page)  # a record is shown whatever is known
    assert "our-muscle" in page.read_text("utf-8")


def test_a_row_that_the_clinics_file_has_lost_opens_no_gate_while_records_name_it(
    clinic: Path, tmp_path: Path
) -> None:
    danger = (
        "{in: findings, row: condition.codes.our-danger, set: {name: Ours, because: It bleeds., "
        f"bars: [contraindication]}}, {WHO}}}"
    )
    agent = f"{{in: agents, row: our-agent, set: {{name: Ours, kind: other, note: Ours}}, {WHO}}}"
    rows = {"findings": danger, "exams": MUSCLE, "treatments": agent}
    folder = tmp_path / "records"
    shutil.copytree(clinic, folder)

    def assessed(*overrides: str) -> dict[str, dict[str, Any]]:
        file = own(tmp_path, VOLUME, *overrides)
        asked = ("--clinic", file, "assess", folder, *AS_OF, "--format", "json")
        if len(overrides) < len(rows):
            assert "our-" in reliefpath(*asked, code=1).stderr
        found = json.loads(reliefpath(*asked, "--skip-bad-rows").stdout)
        return {a["episode"]: a for a in found}

    is_open = [a for a in plain(clinic) if a["gate"]]
    named = {"findings": is_open[0], "exams": is_open[1], "treatments": is_open[1]}
    for table, values in {
        "findings": {"kind": "condition", "code": "our-danger"},
        "exams": {"muscle": "our-muscle", "side": "left"},
        "treatments": {"therapy": "injection", "agent": "our-agent"},
    }.items():
        key = "patient" if table == "findings" else "episode"
        values |= {key: named[table][key], "at": "2026-03-30"}
        with (folder / f"{table}.csv").open("r+", newline="", encoding="utf-8") as text:
            header = text.readline().strip().split(",")
            text.seek(0, os.SEEK_END)
            text.write(",".join(values.get(column, "") for column in header) + "\n")
    before = assessed(*rows.values())
    for table in rows:
        after = assessed(*(row for name, row in rows.items() if name != table))
        for episode, advice in after.items():
            assert not advice["gate"] or before[episode]["gate"], (table, episode)
            for fact in ("red_flag", "contraindication"):
                was, now = (a["facts"][fact] for a in (before[episode], advice))
                assert now is not False or was is False, (table, episode, fact)
        assert not after[named[table]["episode"]]["gate"]
        # whose complaint a muscle reaches that nobody knows is not known either
        assert table != "exams" or not any(a["gate"] for a in after.values())


def test_the_schema_of_the_file_is_published() -> None:
    schema = json.loads(reliefpath("schema", "clinic-file").stdout)
    assert {"in", "row", "set", "because", "by", "on"} == set(
        schema["$defs"]["Override"]["required"]
    )
