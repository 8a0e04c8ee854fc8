"""Advice that was acted on is kept with its basis and can be given again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from reliefpath.care.decisions import AGREED, OVERRIDDEN, Basis, decide, replay
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED, Knowledge
from reliefpath.pathway.model import default_file, load_pathway
from reliefpath.pathway.own_episodes import learn_priors
from reliefpath.recovery.learned import priors_text
from reliefpath.simulation import demo_clinic
from reliefpath.store.chart import Chart, create_chart
from reliefpath.store.writing import AuditEvent

AS_OF = date(2026, 3, 31)
CLINIC = demo_clinic(30, 5, AS_OF)
AS_SHIPPED = Basis(default_file().read_text("utf-8"))
EPISODE = "demo-0001"


@pytest.fixture
def chart(tmp_path: Path) -> Iterator[Chart]:
    made = create_chart(str(tmp_path / "clinic.chart"))
    made.load(CLINIC, "the clinic", AuditEvent("Ana", "import"))
    yield made
    made.close()


def score(chart: Chart, value: str) -> None:
    """Change the last score of the episode."""
    with chart.engine.connect() as connection:
        row = connection.execute(
            sa.text("select max(id) from scores where episode = :e"), {"e": EPISODE}
        ).scalar_one()
    chart.correct("scores", row, {"value": value}, AuditEvent("Ben", "correct", "misread"))


def test_advice_that_was_acted_on_is_given_again_to_the_byte(chart: Chart) -> None:
    decide(chart, EPISODE, AGREED, AS_SHIPPED, AS_OF, "Ana")
    decide(chart, "demo-0002", OVERRIDDEN, AS_SHIPPED, AS_OF, "Ana", "an allergy")
    found = list(replay(chart))
    assert [(r.episode, r.decision) for r in found] == [
        (EPISODE, AGREED),
        ("demo-0002", OVERRIDDEN),
    ]
    assert all(not r.differences for r in found)


def test_what_is_recorded_later_does_not_change_a_replay(chart: Chart) -> None:
    decide(chart, EPISODE, AGREED, AS_SHIPPED, AS_OF, "Ana")
    score(chart, "9")
    assert not next(replay(chart)).differences


def test_a_decision_rests_on_the_pathway_it_was_made_with(chart: Chart) -> None:
    text = default_file().read_text("utf-8")
    stricter = text.replace("version: 2.1.0", "version: 3.0.0", 1)
    assert stricter != text
    advice = decide(chart, EPISODE, AGREED, Basis(stricter), AS_OF, "Ana")
    assert advice.pathway.version == "3.0.0" != load_pathway().version
    assert not next(replay(chart)).differences


def test_a_decision_keeps_the_learned_prior(chart: Chart) -> None:
    learned = learn_priors(CLINIC, AS_OF)
    text = priors_text(learned.priors, learned.counts, "own episodes")
    with_prior = decide(chart, EPISODE, AGREED, Basis(AS_SHIPPED.pathway, text), AS_OF, "Ana")
    without = decide(chart, EPISODE, AGREED, AS_SHIPPED, AS_OF, "Ana")
    assert with_prior.facts != without.facts
    assert [r.differences for r in replay(chart, EPISODE)] == [(), ()]


def test_a_text_is_kept_once(chart: Chart) -> None:
    for _ in range(2):
        decide(chart, EPISODE, AGREED, AS_SHIPPED, AS_OF, "Ana")
    assert chart.counts()["documents"][1] == 1


def test_an_altered_score_is_told_with_what_it_changes(chart: Chart) -> None:
    decide(chart, EPISODE, AGREED, AS_SHIPPED, AS_OF, "Ana")
    with chart.engine.connect() as connection:
        connection.exec_driver_sql("drop trigger scores_no_update")
        connection.exec_driver_sql(f"update scores set value = 9 where episode = '{EPISODE}'")
        connection.commit()
    told = next(replay(chart)).differences
    assert any(t.startswith("records: not those") for t in told)
    assert any(t.startswith("improvement.current: was ") for t in told)


def test_an_override_needs_a_reason(chart: Chart) -> None:
    with pytest.raises(UsageError, match="needs its reason"):
        decide(chart, EPISODE, OVERRIDDEN, AS_SHIPPED, AS_OF, "Ana")
    assert not list(replay(chart))


def test_a_decision_on_an_unknown_episode_is_refused(chart: Chart) -> None:
    with pytest.raises(UsageError, match="no episode `nobody`"):
        decide(chart, "nobody", AGREED, AS_SHIPPED, AS_OF, "Ana")


def test_a_decision_is_in_the_audit_log_of_its_patient(chart: Chart) -> None:
    decide(chart, EPISODE, AGREED, AS_SHIPPED, AS_OF, "Ana", "as agreed with the patient")
    entry = chart.log("P0001").row(-1, named=True)
    assert (entry["by"], entry["action"]) == ("Ana", "decide")
    assert entry["reason"] == "as agreed with the patient"


def test_a_moment_can_be_decided_on(chart: Chart) -> None:
    moment = datetime(2026, 3, 31, 12, tzinfo=UTC)
    advice = decide(chart, EPISODE, AGREED, AS_SHIPPED, moment, "Ana")
    assert advice.as_of == moment.isoformat()
    assert not next(replay(chart)).differences


def test_parts_are_assessed_as_the_whole(chart: Chart) -> None:
    from reliefpath.pathway.assessment import assess, assess_parts

    with chart.engine.connect() as connection:
        from reliefpath.store.reading import read_batches

        parts = list(read_batches(connection, SHIPPED, size=7))
    assert len(parts) > 3
    whole = assess(CLINIC, load_pathway(), AS_OF)
    in_parts = assess_parts(parts, load_pathway(), AS_OF)
    assert whole.equals(in_parts)
    assert isinstance(in_parts, pl.DataFrame)


def test_a_replay_goes_by_the_file_of_its_decision_and_starts_no_process(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Knowledge.of_text(
        "clinic: Riverside\noverrides:\n"
        "  - {in: findings, row: condition.codes.diabetes, set: {bars: [red-flag]},"
        " because: We see none of them., by: Dr. Ana Ruiz, on: 2026-05-04}\n"
    )
    now = replace(chart, knowledge=ours)
    mine = [decide(each, EPISODE, AGREED, AS_SHIPPED, AS_OF, "Ana") for each in (chart, now)]
    assert mine[0].pathway != mine[1].pathway

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(BaseProcess, "start", refuse)
    for each in (chart, now):
        assert [r.differences for r in replay(each)] == [(), ()]
