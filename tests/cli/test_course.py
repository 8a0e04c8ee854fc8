"""The commands that end care, take it up again, hand it over, and join two records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.store.chart import open_chart

from .commands import reliefpath
from .test_chart import chart, filled, folder

__all__ = ["chart", "filled", "folder"]
WHY = ("--why", "as the patient said")


def episode(place: Path, name: str = "demo-0001") -> dict[str, Any]:
    """An episode as it holds."""
    opened = open_chart(str(place))
    row = opened.care_log().episodes.filter(episode=name).row(0, named=True)
    opened.close()
    return row


def test_care_is_ended_and_taken_up_again(chart: Path) -> None:
    reliefpath("chart", "end", chart, "demo-0001", "--reason", "recovered", code=2)
    reliefpath("chart", "end", chart, "demo-0001", "--reason", "recovered", "--no-follow-up")
    assert episode(chart)["end_reason"] == "recovered"
    reliefpath("chart", "end", chart, "demo-0001", "--reason", "moved", code=2)
    reliefpath("chart", "reopen", chart, "demo-0001", *WHY)
    assert episode(chart)["ended_on"] is None
    reliefpath("chart", "reopen", chart, "nobody", *WHY, code=2)


def test_a_day_that_is_none_is_told(chart: Path) -> None:
    done = reliefpath(
        "chart", "end", chart, "demo-0001", "--reason", "moved", "--on", "lately", code=2
    )
    assert "is no date, as in 2026-03-31" in done.stderr


def test_care_is_handed_to_who_has_an_account_alone(chart: Path) -> None:
    accounts = Accounts(f"{chart}.accounts")
    accounts.add("nora", "Nora New", Role.CLINICIAN, "conservative-first")
    done = reliefpath("chart", "hand-over", chart, "demo-0001", "norah", *WHY, code=2)
    assert "did you mean `nora`?" in done.stderr
    reliefpath("chart", "hand-over", chart, "demo-0001", "nora", *WHY)
    assert episode(chart)["clinician"] == "nora"


def test_two_records_are_joined_and_taken_apart_again(chart: Path) -> None:
    opened = open_chart(str(chart))
    people = [opened.care_log_of(p).patients.row(0, named=True) for p in ("P0001", "P0002")]
    opened.close()
    differing = [
        c for c in ("name", "birth_date", "sex", "language") if len({p[c] for p in people}) > 1
    ]
    chosen = [part for c in differing for part in ("--choose", f"{c}={people[0][c]}")]
    done = reliefpath("chart", "merge", chart, "P0001", "P0002", *WHY, code=2)
    assert "choose which holds" in done.stderr
    reliefpath("chart", "merge", chart, "P0001", "P0002", *WHY, "--choose", "sex", code=2)
    reliefpath("chart", "merge", chart, "P0001", "P0002", *chosen, *WHY)
    assert episode(chart, "demo-0002")["patient"] == "P0001"
    assert "P0002" not in reliefpath("chart", "history", chart, "P0002").stderr
    reliefpath("chart", "unmerge", chart, "P0002", *WHY)
    assert episode(chart, "demo-0002")["patient"] == "P0002"


@pytest.mark.parametrize("command", ["end", "hand-over"])
def test_an_episode_that_is_not_there_is_told(chart: Path, command: str) -> None:
    more = ("--reason", "moved") if command == "end" else ("nora", *WHY)
    done = reliefpath("chart", command, chart, "nobody", *more, code=2)
    assert "no episode `nobody`" in done.stderr
