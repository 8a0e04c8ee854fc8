"""The planner of an injection: it opens filled, says the dose first, and is mended in place."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from .conftest import TODAY
from .desk import Desk
from .test_patient import INJECTED

SITE: dict[str, Any] = {
    "muscle": "upper-trapezius",
    "side": "right",
    "agent": "lidocaine",
    "strength": "1",
    "unit": "percent",
    "volume_ml": "1",
    "twitch": "",
    "steroid_reason": "",
}
VIAL = {"vial_agent": "lidocaine", "lot": "A123", "expires": "04/2027"}
WEIGHED = ["pregnancy-not-asked", "hazard-upper-trapezius"]
FORM = {**SITE, **VIAL, "nothing_new": "yes", "acknowledge": WEIGHED, "action": "record"}


def planner(desk: Desk, **said: Any) -> str:
    """The planner after its form was sent, which is not recorded."""
    answer = desk.client.post(f"{desk.patient_page}/injection", data={**FORM, **said})
    assert answer.status_code == 200, answer.text
    return answer.text


def injected(desk: Desk) -> list[dict[str, Any]]:
    care_log = desk.chart.care_log_of(desk.patient)
    rows = care_log.treatments.filter(pl.col("at").dt.date() == TODAY, therapy="injection")
    return rows.to_dicts()


def found(desk: Desk, kind: str) -> list[dict[str, Any]]:
    care_log = desk.chart.care_log_of(desk.patient)
    return care_log.findings.filter(pl.col("at").dt.date() == TODAY, kind=kind).to_dicts()


def detail(desk: Desk) -> dict[str, Any]:
    entry = desk.chart.log(desk.patient).filter(action="enter").row(-1, named=True)
    told: dict[str, Any] = json.loads(entry["detail"])
    return told


def values(form: str, name: str) -> list[str]:
    """What stands in the inputs of a name."""
    return re.findall(rf'name="{name}" type="\w+" value="([^"]*)"', form)


def chosen(form: str, name: str) -> list[str]:
    """What is chosen in the lists of a name."""
    lists = re.findall(rf'<select[^>]* name="{name}".*?</select>', form, re.DOTALL)
    picked = (re.search(r'value="([^"]*)"[^>]* selected', one) for one in lists)
    return [one[1] if one else "" for one in picked]


def test_it_opens_with_the_active_points_of_the_latest_exam_and_no_agent(desk: Desk) -> None:
    form = desk.client.get(f"{desk.patient_page}/injection").text
    assert chosen(form, "muscle") == ["levator-scapulae", "upper-trapezius", ""]
    assert chosen(form, "side") == ["right", "right", ""]
    assert chosen(form, "agent") == ["", "", ""]
    assert values(form, "volume_ml") == ["", "", ""]
    assert "aria-invalid" not in form
    assert "exam of 15 March 2026" in form


def test_a_dose_is_never_carried_over_from_last_time(desk: Desk) -> None:
    again = replace(desk, episode=INJECTED)
    form = again.client.get(f"{again.patient_page}/injection").text
    assert "Last injected on" in form
    assert re.search(r"Lidocaine \d+ mg", form)
    assert not any(values(form, "strength") + values(form, "volume_ml"))
    assert not any(values(form, "lot"))


def test_it_is_recorded_with_its_lot_and_its_expiry(desk: Desk) -> None:
    answer = desk.client.post(f"{desk.patient_page}/injection", data=FORM)
    assert answer.status_code == 303, answer.text
    assert [(row["agent"], row["amount"], row["lot"]) for row in injected(desk)] == [
        ("lidocaine", 10.0, "A123")
    ]
    assert detail(desk)["vials"] == {"lidocaine": {"expires": "2027-04-30"}}


def test_what_is_on_record_of_the_day_already_is_left_to_settle(desk: Desk) -> None:
    assert desk.client.post(f"{desk.patient_page}/injection", data=FORM).status_code == 303
    form = planner(desk, volume_ml="2")
    assert re.search(r'<a href="#sites">on record of 2026-03-31 already: injection', form)
    assert len(injected(desk)) == 1


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"expires": "02/2026"}, "lot A123: expired on 2026-02-28, use another vial"),
        ({"expires": "2026-03-30"}, "expired on 2026-03-30"),
        ({"lot": ""}, "read lot off the vial"),
        ({"expires": ""}, "read expiry off the vial"),
        ({"lot": "", "expires": "", "unknown_because": "?"}, "read lot and expiry off the vial"),
        ({"expires": "soon"}, "expected a month"),
        ({"agent": ""}, "Choose the agent."),
        ({"strength": ""}, "Lidocaine is sold as 0.5, 1, 1.5, 2 %"),
        ({"strength": "one"}, "is no number"),
        ({"volume_ml": "0"}, "expected more than 0"),
        ({"volume_ml": ""}, "Type the volume"),
        ({"muscle": ""}, "Choose the muscle."),
        ({"side": ""}, "Choose the side."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    desk: Desk, said: dict[str, str], says: str
) -> None:
    form = planner(desk, **said, needle="27 G x 32 mm", weight="80.5")
    assert says in form
    assert "Nothing stands against it" not in form
    assert "27 G x 32 mm" in values(form, "needle")
    assert "80.5" in values(form, "weight")
    assert said.get("strength", "1") in values(form, "strength")
    if said.get("agent") != "":
        assert said.get("lot", "A123") in values(form, "lot")
    assert not injected(desk)


def test_what_was_ticked_beside_a_plan_waits_while_none_can_be_made(desk: Desk) -> None:
    ticked = {"agrees": "yes", "given_anyway": "it was an emergency"}
    form = planner(desk, **ticked, volume_ml="")
    for name, value in (*ticked.items(), ("nothing_new", "yes"), ("acknowledge", WEIGHED[1])):
        assert f'name="{name}" value="{value}"' in form
    back = planner(desk, lot="", given_anyway="x", agrees="yes")
    assert re.search(r'name="given_anyway" [^>]*value="x"', back)
    assert back.count(" checked") == 2 + len(WEIGHED)


def test_a_lot_that_nobody_knows_is_recorded_with_why(desk: Desk) -> None:
    unknown = {"lot": "", "expires": "", "unknown_because": "the vial was thrown away"}
    answer = desk.client.post(f"{desk.patient_page}/injection", data={**FORM, **unknown})
    assert answer.status_code == 303, answer.text
    assert injected(desk)[0]["lot"] is None
    assert detail(desk)["vials"] == {"lidocaine": {"unknown_because": "the vial was thrown away"}}


def without(desk: Desk, kind: str) -> None:
    """Withdraw what is on record of a kind."""
    for version in desk.rows("findings"):
        if version.values["kind"] == kind:
            assert desk.withdraw("findings", version.row).status_code == 303


def test_a_missing_consent_is_given_right_there_and_recorded_with_the_injection(
    desk: Desk,
) -> None:
    without(desk, "consent")
    form = planner(desk)
    assert "No consent on record" in form
    assert 'name="agrees"' in form
    assert not injected(desk)
    # the gate asks for the consent as well, and is weighed by name
    gate = re.findall(r'name="acknowledge" value="(gate[^"]*)"', form)
    sent = {**FORM, "agrees": "yes", "acknowledge": [*WEIGHED, *gate]}
    answer = desk.client.post(f"{desk.patient_page}/injection", data=sent)
    assert answer.status_code == 303, answer.text
    [consent] = found(desk, "consent")
    assert (consent["code"], consent["episode"]) == ("injection", desk.episode)
    assert len(injected(desk)) == 1


def test_a_missing_weight_is_typed_there_and_recorded_with_the_injection(desk: Desk) -> None:
    without(desk, "weight")
    form = planner(desk)
    assert "The weight is not known" in form
    assert re.search(r'id="weight" [^>]*aria-invalid', form)
    assert "of a maximum that the weight tells" in form
    assert not injected(desk)
    said = {**FORM, "weight": "178", "weight_unit": "lb"}
    answer = desk.client.post(f"{desk.patient_page}/injection", data=said)
    assert answer.status_code == 303, answer.text
    [weight] = found(desk, "weight")
    assert (round(weight["value"], 2), weight["unit"]) == (80.74, "kg")


def test_a_steroid_asks_for_its_reason_at_its_own_site(desk: Desk) -> None:
    steroid = {**SITE, "agent": "triamcinolone", "strength": "10", "unit": "mg/ml"}
    plain = {**SITE, "steroid_reason": "typed at a site without a steroid"}
    both = {name: [plain[name], steroid[name]] for name in SITE}
    form = planner(desk, **both, action="check")
    assert "A steroid needs a stated reason" in form
    assert re.search(r'id="steroid_reason-2"[^>]*aria-invalid', form)
    assert not re.search(r'id="steroid_reason-1"[^>]*aria-invalid', form)
    both["steroid_reason"] = ["", "two injections without it brought no relief"]
    form = planner(desk, **both, action="check")
    assert "Reason for a steroid: two injections without it" in form
    assert "10 mg of lidocaine and 10 mg of triamcinolone acetonide" in form


def test_too_much_is_said_in_the_headline(desk: Desk) -> None:
    form = planner(desk, volume_ml="50", strength="2")
    assert re.search(r"1000 mg of lidocaine</b>, 334 % of the maximum for 81 kg", form)
