"""The injection planner, run as a user runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .commands import reliefpath

AS_OF = ("--as-of", "2026-03-31")
SITE = ("--site", "splenius-capitis right: lidocaine 1% 1 mL")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    reliefpath("demo", folder, "--patients", "60", "--seed", "1", *AS_OF)
    return folder


def test_a_plan_shows_its_arithmetic_and_is_ready_once_everything_is_weighed(
    clinic: Path,
) -> None:
    elsewhere = ("--site", "gluteus-medius left: lidocaine 1% 1 mL")
    ask = ("inject", "plan", clinic, "demo-0015", *elsewhere, *AS_OF, "--payer", "medicare")
    old = reliefpath(*ask, code=1).stdout
    assert "? screening-is-old" in old
    assert "red flag since 2025-12-18" in old
    ask += ("--nothing-new",)  # type: ignore[assignment]
    plan = json.loads(reliefpath(*ask, "--format", "json", code=1).stdout)
    assert plan["result"] == "needs a decision"
    weighed = [part for id_ in plan["open_decisions"] for part in ("--acknowledge", id_)]
    text = reliefpath(*ask, *weighed).stdout
    assert text.startswith("Ready")
    assert "lidocaine 10 mg of" in text
    assert "[secondary]" in text


def test_a_tenfold_slip_blocks_and_is_asked_about(clinic: Path) -> None:
    site = ("--site", "gluteus-medius left: lidocaine 10% 1 mL")
    told = reliefpath("inject", "plan", clinic, "demo-0015", *site, *AS_OF, code=1).stdout
    assert told.startswith("Blocked")
    assert "Did you mean 10 mg/mL?" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--site", "gluteus-medius: lidocaine 1% 1 mL"), "expected a muscle, a side and agents"),
        (("--site", "gluteus-medius left: lidocaine 1 1 mL"), "expected an agent, its strength"),
        (("--site", "gluteus left: lidocaine 1% 1 mL"), "did you mean `gluteus-"),
        ((*SITE, "--weight", "154"), "expected a number with its unit"),
        ((*SITE, "--acknowledge", "everything"), "is no decision of this plan"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_expected(
    clinic: Path, arguments: tuple[str, ...], told: str
) -> None:
    refused = reliefpath("inject", "plan", clinic, "demo-0015", *arguments, *AS_OF, code=2)
    assert told in refused.stderr


def test_catalogues_say_how_sure_each_row_is() -> None:
    for name, row in (
        ("therapies", "dry-needling"),
        ("muscles", "rhomboids"),
        ("agents", "lidocaine"),
        ("exercises", "bird-dog"),
        ("exercise-rules", "flare-that-lasts"),
        ("cautions", "apixaban"),
        ("coverage", "medicare"),
        ("limits", "anaesthetic-share"),
        ("codes", "M79.18"),
    ):
        shown = reliefpath("catalog", name).stdout
        assert row in shown
        assert re.search(r"\[(read|derived|secondary|unverified|house)\]", shown)
        rows = json.loads(reliefpath("catalog", name, "--format", "json").stdout)
        assert all(each["sources"] for each in rows)
        assert all("[" in source for each in rows for source in each["sources"])


def test_a_session_of_needling_is_checked_before_it_is_given(clinic: Path) -> None:
    ask = ("needle", "plan", clinic, "demo-0020", *AS_OF)
    told = reliefpath(*ask, "--site", "infraspinatus left", code=1).stdout
    assert "hazard-infraspinatus" in told
    assert "needling-course" in told
    assert "expected a muscle and a side" in reliefpath(*ask, "--site", "neck", code=2).stderr


def test_a_brand_is_the_agent_that_is_in_it(clinic: Path) -> None:
    ask = ("inject", "plan", clinic, "demo-0015", *AS_OF, "--format", "json")
    plans = [
        json.loads(reliefpath(*ask, "--site", SITE[1].replace("lidocaine", name), code=1).stdout)
        for name in ("lidocaine", "Xylocaine")
    ]
    assert plans[0] == plans[1]
    novocaine = SITE[1].replace("lidocaine", "novocaine")
    refused = reliefpath(*ask, "--site", novocaine, code=2).stderr
    assert "unknown agent `novocaine`: one of lidocaine" in " ".join(refused.split())
