"""The exercise programme, run as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from reliefpath.cli.exercise import GoalName, IrritabilityName
from reliefpath.therapies.exercise import exercise_rules

from .commands import reliefpath

AS_OF = ("--as-of", "2026-03-31")


def test_a_programme_as_text_as_data_and_as_the_patients_page(tmp_path: Path) -> None:
    clinic, page = tmp_path / "clinic", tmp_path / "exercises.html"
    reliefpath("demo", clinic, "--patients", "5", "--seed", "1", *AS_OF)
    ask = ("exercise", "plan", clinic, "demo-0005", *AS_OF)

    text = reliefpath(*ask, "--equipment", "band").stdout
    assert "exercises, " in text
    assert "[house]" in text

    data = json.loads(reliefpath(*ask, "--format", "json", "--equipment", "band").stdout)
    assert data["need"]["equipment"] == ["band", "chair", "towel", "wall"]
    assert data["minutes"] <= data["need"]["minutes"]
    assert all(item["because"] and item["sources"] for item in data["items"])

    bare = json.loads(reliefpath(*ask, "--format", "json", "--equipment", "none").stdout)
    assert bare["need"]["equipment"] == []

    reliefpath(*ask, "--irritability", "high", "--minutes", "10", "--out", page)
    html = page.read_text("utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "2026-03-31" in html
    assert "<script" not in html

    refused = reliefpath(*ask, "--equipment", "bond", code=2)
    assert "did you mean `band`" in refused.stderr


def test_the_command_offers_every_irritability_and_goal_of_the_rules() -> None:
    assert [*map(str, IrritabilityName)] == [*map(str, exercise_rules().irritability)]
    assert [*map(str, GoalName)] == [*map(str, exercise_rules().goals)]
