"""From a patient's record to a planned injection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import FINDINGS, TREATMENTS
from reliefpath.errors import UsageError
from reliefpath.reference.therapies.injection import Plan, Portion, Result, Site, Verdict
from reliefpath.simulation import demo_clinic

from .asking import plan_of

AS_OF = date(2026, 3, 31)
CLINIC = demo_clinic(60, 1, AS_OF)
EPISODE = "demo-0015"
FAR = "splenius-capitis"
"""Active on the right at the latest examination, and far from the lung."""
LIDOCAINE = (Site(FAR, "right", (Portion("lidocaine", 1, "percent", 1.0),)),)
STEROID = (Site(FAR, "right", (Portion("triamcinolone", 10, "mg/ml", 1.0),)),)


def log(*findings: dict[str, Any], treatments: tuple[dict[str, Any], ...] = ()) -> CareLog:
    """One episode's record with more on it."""
    mine = CLINIC.only(EPISODE)
    patient = mine.patients["patient"][0]
    added = [{"patient": patient, "at": moment(30), **row} for row in findings]
    done = [{"episode": EPISODE, "therapy": "injection", **row} for row in treatments]
    return replace(
        mine,
        findings=pl.concat([mine.findings, pl.DataFrame(added, FINDINGS.schema)]),
        treatments=pl.concat([mine.treatments, pl.DataFrame(done, TREATMENTS.schema)]),
    )


def moment(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


def planned(care_log: CareLog, sites: tuple[Site, ...] = LIDOCAINE, **more: Any) -> Plan:
    return plan_of(care_log, EPISODE, sites, AS_OF, **{"nothing_new": True, **more})


def verdicts(plan: Plan) -> dict[str, Verdict]:
    return {check.id: check.verdict for check in plan.checks}


def said(plan: Plan, id_: str) -> str:
    return next(f"{c.says} {c.arithmetic}" for c in plan.checks if c.id == id_)


def test_an_open_gate_and_a_complete_record_make_a_plan_ready() -> None:
    plan = planned(CLINIC.only(EPISODE))
    assert not [id_ for id_ in verdicts(plan) if id_.startswith("gate")]
    assert not {Verdict.BLOCKED, Verdict.UNKNOWN} & set(verdicts(plan).values())
    weighed = planned(CLINIC.only(EPISODE), acknowledged=plan.open_decisions)
    assert weighed.result is Result.READY


def test_what_is_on_record_reaches_the_planner() -> None:
    findings = (
        {"kind": "condition", "code": "diabetes"},
        {"kind": "medicine", "code": "aspirin"},
        {"kind": "weight", "code": "body-weight", "value": 154.0, "unit": "lb"},
    )
    done = {"at": moment(20), "agent": "dexamethasone", "amount": 3000.0, "unit": "mcg"}
    plan = planned(log(*findings, treatments=(done,)), STEROID, steroid_reason="no lasting relief")
    found = verdicts(plan)
    assert found["condition-diabetes"] is Verdict.DECISION
    assert found["medicine-aspirin"] is Verdict.DECISION
    assert found["steroid-interval"] is Verdict.DECISION
    assert "16 + 10 = 26 mg of triamcinolone" in said(plan, "steroid-year")
    numb = planned(log(*findings))
    assert "69.9 kg" in said(numb, "plausible-weight")


def test_a_finding_that_no_longer_holds_does_not_count() -> None:
    past = {"kind": "red-flag", "code": "suspected-fracture", "until": date(2026, 3, 30)}
    assert "red-flag-suspected-fracture" not in verdicts(planned(log(past)))
    still = {**past, "until": AS_OF}
    assert verdicts(planned(log(still)))["red-flag-suspected-fracture"] is Verdict.BLOCKED


def test_the_latest_answer_about_consent_counts() -> None:
    refused = {"kind": "consent", "code": "injection-refused", "at": moment(31)}
    assert verdicts(planned(log(refused)))["consent"] is Verdict.BLOCKED


def test_consent_to_a_needle_says_nothing_of_the_injection() -> None:
    refused = {"kind": "consent", "code": "injection-refused", "at": moment(30)}
    needling = {"kind": "consent", "code": "needling", "at": moment(31)}
    assert verdicts(planned(log(refused, needling)))["consent"] is Verdict.BLOCKED
    unable = {"kind": "consent", "code": "unable-to-consent", "at": moment(30)}
    found = verdicts(planned(log(unable, needling)))
    assert found["consent-unable-to-consent"] is Verdict.BLOCKED


def test_what_happens_after_the_day_is_not_known() -> None:
    later = {"kind": "red-flag", "code": "cauda-equina", "at": datetime(2026, 4, 1, tzinfo=UTC)}
    assert "red-flag-cauda-equina" not in verdicts(planned(log(later)))


def test_a_steroid_of_another_episode_counts() -> None:
    mine = log()
    second = mine.episodes.with_columns(episode=pl.lit("other"), region=pl.lit("leg"))
    done = {"episode": "other", "at": moment(1), "therapy": "joint-injection"}
    given = {**done, "agent": "methylprednisolone", "amount": 40.0, "unit": "mg"}
    other = replace(
        mine,
        episodes=pl.concat([mine.episodes, second]),
        treatments=pl.concat([mine.treatments, pl.DataFrame([given], TREATMENTS.schema)]),
    )
    plan = planned(other, STEROID, steroid_reason="no lasting relief")
    assert "40 + 10 = 50 mg" in said(plan, "steroid-year")


def test_a_payer_s_policy_is_asked() -> None:
    treatments = tuple({"at": moment(day), "agent": "lidocaine"} for day in (1, 10, 20))
    found = verdicts(planned(log(treatments=treatments), payer="medicare"))
    assert found["coverage-medicare-sessions"] is Verdict.DECISION
    assert found["coverage-medicare-same-site"] is Verdict.DECISION
    with pytest.raises(UsageError, match="did you mean `medicare`"):
        planned(log(), payer="medicar")


def test_an_episode_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="not on record"):
        plan_of(log(), "nobody", LIDOCAINE, AS_OF)
