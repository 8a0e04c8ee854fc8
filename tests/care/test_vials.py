"""Lot and expiry of every vial, or why not; and the consent and weight that come with a needle."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.care.planning.given import Session
from reliefpath.care.planning.injection import InjectionRequest, plan_for, recording_of
from reliefpath.care.planning.recording import Recording
from reliefpath.care.planning.vials import Vial, last_day, vial_checks
from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.model import load_pathway
from reliefpath.reference.therapies.injection import Check, Portion, Site, Verdict

from .asking import plan_of
from .plain_person import FAR, LEFT, ONE_ML, TODAY, finding, injection, record

TWO = (Site(FAR, "left", ONE_ML), Site("piriformis", "left", ONE_ML))
FINE = Vial(agent="lidocaine", lot="A1", expires=TODAY)


def checked(*vials: Vial) -> Check:
    [check] = vial_checks(vials, TWO, TODAY, SHIPPED)
    return check


@pytest.mark.parametrize(
    ("vial", "verdict", "says"),
    [
        (FINE, Verdict.FINE, "to be used by 2026-03-31"),
        (FINE.model_copy(update={"expires": TODAY - timedelta(1)}), Verdict.BLOCKED, "expired on"),
        (FINE.model_copy(update={"lot": None}), Verdict.UNKNOWN, "read lot off"),
        (FINE.model_copy(update={"expires": None}), Verdict.UNKNOWN, "read expiry off"),
        (Vial(agent="lidocaine"), Verdict.UNKNOWN, "read lot and expiry off"),
        (Vial(agent="lidocaine", unknown_because="?"), Verdict.UNKNOWN, "say in words"),
        (Vial(agent="lidocaine", unknown_because="vial broke"), Verdict.FINE, "vial broke"),
        (
            Vial(agent="lidocaine", expires=date(2026, 3, 1), unknown_because="label torn"),
            Verdict.BLOCKED,
            "expired on",
        ),
    ],
)
def test_lot_and_expiry_are_asked_once_an_agent(vial: Vial, verdict: Verdict, says: str) -> None:
    check = checked(vial)
    assert check.verdict is verdict
    assert says in check.says
    assert any("House rule" in source and "[house]" in source for source in check.source)


def test_silence_about_an_agent_is_asked_about() -> None:
    steroid = Portion("triamcinolone", 10.0, "mg/ml", 1.0)
    both = [*TWO, Site("masseter", "left", (steroid,))]
    found = {c.id: c.verdict for c in vial_checks([FINE], both, TODAY, SHIPPED)}
    assert found == {"vial-lidocaine": Verdict.FINE, "vial-triamcinolone": Verdict.UNKNOWN}


def test_a_vial_of_what_is_not_planned_is_refused() -> None:
    with pytest.raises(UsageError, match="not planned"):
        checked(FINE, Vial(agent="bupivacaine", lot="B1"))


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_a_month_ends_with_its_last_day(day: date) -> None:
    for text in (f"{day:%m/%Y}", f"{day:%Y-%m}", f" {day.month}/{day.year} "):
        last = last_day(text)
        assert (last.year, last.month) == (day.year, day.month)
        assert (last + timedelta(1)).day == 1
    assert last_day(day.isoformat()) == day


@pytest.mark.parametrize("text", ["", "soon", "13/2027", "2027-02-30", "27", "04/27"])
def test_what_is_no_expiry_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a month"):
        last_day(text)


def recording(care_log: CareLog, vial: Vial = FINE, **more: Any) -> Recording:
    request = InjectionRequest(episode="hip", sites=LEFT, at=TODAY, **more)
    plan = plan_for(care_log, request, load_pathway())
    return recording_of(care_log, request, plan, Session("hip", TODAY), [vial], 0)


def test_an_expired_vial_stands_against_recording() -> None:
    expired = FINE.model_copy(update={"expires": TODAY - timedelta(1)})
    told = recording(record(), expired).against
    assert any(said.startswith("blocked by vial-lidocaine: ") for said in told)
    assert not any("vial" in said for said in recording(record()).against)


def consented(care_log: CareLog, **more: Any) -> Verdict:
    plan = plan_of(care_log, "hip", LEFT, TODAY, **more)
    return next(check.verdict for check in plan.checks if check.id == "consent")


def test_a_consent_is_given_with_the_injection_and_recorded_with_it() -> None:
    before = record(drop="consent")
    assert consented(before) is Verdict.UNKNOWN
    assert consented(before, agrees=True) is Verdict.FINE
    answers = recording(before, agrees=True).answers
    assert answers is not None
    assert answers.filter(kind="consent").select("code", "episode").rows() == [("injection", "hip")]
    silent = recording(before).answers
    assert silent is not None
    assert silent.filter(kind="consent").is_empty()


def test_a_tick_does_not_outvote_a_refusal_of_the_same_day() -> None:
    refused = record(findings=[finding("consent", "injection-refused", 0, episode="hip")])
    assert consented(refused, agrees=True) is Verdict.BLOCKED


def test_a_consent_of_the_day_is_to_one_injection_of_it_only() -> None:
    earlier = record(
        drop="consent",
        treatments=[injection(TODAY.isoformat(), episode="hip", muscle="piriformis")],
    )
    assert consented(earlier, agrees=True) is Verdict.UNKNOWN


def test_a_weight_of_today_is_recorded_and_told_once() -> None:
    before = record(drop="weight")
    assert not plan_of(before, "hip", LEFT, TODAY, weight_kg=70.0).blocking
    answers = recording(before, weight_kg=70.5).answers
    assert answers is not None
    weight = answers.filter(kind="weight")
    assert weight.select("code", "value", "unit").rows() == [("body-weight", 70.5, "kg")]
    known = [finding("weight", "body-weight", 1, value=140, unit="kg")]
    today = [finding("weight", "body-weight", 0, value=70.5, unit="kg")]
    plans = [
        plan_of(record(findings=rows), "hip", LEFT, TODAY, weight_kg=70.5)
        for rows in (known, [*known, *today])
    ]
    # a slip is asked about as well once its weight is on record
    assert [[c.verdict for c in p.checks if c.id == "weight-change"] for p in plans] == [
        [Verdict.DECISION],
        [Verdict.DECISION],
    ]


def test_what_is_recorded_is_of_one_patient_and_day() -> None:
    made = recording(record(drop="consent"), agrees=True, weight_kg=70.0)
    assert made.answers is not None
    assert set(made.answers["patient"]) == {"p"}
    assert made.answers.select(pl.col("at").dt.date()).to_series().unique().to_list() == [TODAY]
    assert made.rows["lot"].to_list() == ["A1"]
