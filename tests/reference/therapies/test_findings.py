import re
from typing import Any

import pytest

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import (
    SCREENED,
    AgentKind,
    Restriction,
    agents,
    finding_catalogue,
    finding_kinds,
    units,
)

ID = r"[a-z0-9]+(-[a-z0-9]+)*"

EXCLUSIONS = {
    Restriction.CONTRAINDICATION: [
        ("consent", "unable-to-consent"),
        ("condition", "skin-infection-at-site"),
        ("condition", "systemic-infection"),
        ("allergy", "local-anaesthetic"),
        ("allergy", "excipient"),
        ("condition", "malignancy-at-site"),
        ("red-flag", "suspected-malignancy"),
        ("condition", "non-myofascial-cause-at-site"),
        ("condition", "acute-muscle-trauma-at-site"),
        ("condition", "unsafe-site"),
    ],
    Restriction.STEROID_CONTRAINDICATION: [
        ("condition", "systemic-infection"),
        ("condition", "fungal-infection"),
        ("allergy", "corticosteroid"),
        ("medicine", "live-vaccine"),
        ("condition", "uncontrolled-diabetes"),
        ("condition", "psoriatic-plaque-at-site"),
        ("pregnancy", "pregnant"),
    ],
    Restriction.CAUTION: [
        ("condition", "bleeding-disorder"),
        ("medicine", "warfarin"),
        ("medicine", "aspirin"),
        ("pregnancy", "pregnant"),
        ("condition", "diabetes"),
        ("condition", "immunosuppression"),
        ("condition", "cardiac-conduction-disease"),
        ("condition", "hepatic-disease"),
        ("condition", "seizure-disorder"),
        ("condition", "needle-phobia"),
        ("condition", "vasovagal-history"),
        ("condition", "lymphoedema-limb"),
        ("condition", "implant"),
        ("condition", "fibromyalgia"),
        ("condition", "very-low-bmi"),
        ("condition", "under-18"),
        ("condition", "methaemoglobinaemia"),
        ("condition", "g6pd-deficiency"),
    ],
    Restriction.NEEDLING_CONTRAINDICATION: [
        ("consent", "needling-refused"),
        ("consent", "unable-to-consent"),
        ("condition", "needle-phobia"),
        ("condition", "acute-undiagnosed-condition"),
        ("condition", "lymphoedema-limb"),
        ("condition", "skin-infection-at-site"),
        ("condition", "open-wound-at-site"),
        ("condition", "unsafe-site"),
        ("condition", "uncontrolled-anticoagulation"),
        ("condition", "severe-bleeding-disorder"),
        ("condition", "previous-needling-reaction"),
    ],
    Restriction.RED_FLAG: [
        ("red-flag", "cauda-equina"),
        ("red-flag", "progressive-weakness"),
        ("red-flag", "cord-compression"),
        ("red-flag", "suspected-fracture"),
        ("red-flag", "suspected-malignancy"),
        ("red-flag", "suspected-infection"),
        ("red-flag", "suspected-deep-vein-thrombosis"),
        ("red-flag", "suspected-cardiac-pain"),
        ("red-flag", "thunderclap-headache"),
        ("red-flag", "suspected-giant-cell-arteritis"),
        ("red-flag", "suspected-inflammatory-disease"),
        ("red-flag", "suspected-pneumothorax"),
        ("red-flag", "anaesthetic-toxicity"),
        ("red-flag", "anaphylaxis"),
        ("red-flag", "suicidality"),
    ],
    Restriction.ANTICOAGULANT: [
        ("medicine", "warfarin"),
        ("medicine", "apixaban"),
        ("medicine", "rivaroxaban"),
        ("medicine", "dabigatran"),
        ("medicine", "edoxaban"),
        ("medicine", "heparin"),
        ("medicine", "clopidogrel"),
        ("condition", "uncontrolled-anticoagulation"),
    ],
}


def findings() -> Any:
    return {
        (kind, code): finding
        for kind, row in finding_kinds(SHIPPED).items()
        for code, finding in row.codes.items()
    }


def test_finding_kinds_are_the_ones_the_care_log_records() -> None:
    assert list(finding_kinds(SHIPPED)) == [
        "red-flag",
        "allergy",
        "medicine",
        "condition",
        "pregnancy",
        "weight",
        "consent",
        "after-effect",
        "pain-area",
        "message",
    ]


def test_finding_codes_are_lower_case_words_joined_by_hyphens() -> None:
    assert [code for _, code in findings() if not re.fullmatch(ID, code)] == []


def test_every_source_of_a_finding_is_defined_and_every_source_is_used() -> None:
    validity = [kind.valid_days for kind in finding_kinds(SHIPPED).values() if kind.valid_days]
    rows = [*findings().values(), *validity]
    named = {name for row in rows for name in row.source}
    assert named == set(finding_catalogue(SHIPPED).sources)


@pytest.mark.parametrize(
    ("bar", "kind", "code"),
    [(bar, *finding) for bar, listed in EXCLUSIONS.items() for finding in listed],
)
def test_every_listed_exclusion_bars_what_it_must(bar: Any, kind: Any, code: Any) -> None:
    assert bar in finding_kinds(SHIPPED)[kind].codes[code].bars


def test_each_screening_kind_can_be_recorded_as_asked_about_and_that_bars_nothing() -> None:
    screenings = {key for key, kind in finding_kinds(SHIPPED).items() if kind.screening}
    assert screenings == {"red-flag", "allergy", "medicine", "condition"}
    assert all(finding_kinds(SHIPPED)[key].codes[SCREENED].bars == () for key in screenings)


SAFETY_NET = {
    ("after-effect", "breathlessness"): ("red-flag", "suspected-pneumothorax"),
    ("after-effect", "chest-pain"): ("red-flag", "suspected-pneumothorax"),
    ("after-effect", "fever"): ("red-flag", "infection-after-needling"),
    ("after-effect", "spreading-redness"): ("red-flag", "infection-after-needling"),
}
"""Signs to come back for after a needle, and what each is a sign of."""


def test_every_red_flag_and_sign_to_come_back_for_leaves_the_pathway_and_nothing_else_does() -> (
    None
):
    flagged = {key for key, finding in findings().items() if Restriction.RED_FLAG in finding.bars}
    red_flags = {key for key in findings() if key[0] == "red-flag" and key[1] != SCREENED}
    assert flagged == red_flags | set(SAFETY_NET)


def test_a_sign_to_come_back_for_bars_what_it_is_a_sign_of() -> None:
    for sign, suspected in SAFETY_NET.items():
        assert findings()[sign].bars == findings()[suspected].bars


def test_what_usually_follows_a_needle_bars_nothing() -> None:
    usual = {key for key in findings() if key[0] == "after-effect"} - set(SAFETY_NET)
    assert ("after-effect", "soreness") in usual
    assert all(findings()[key].bars == () for key in usual)


def test_an_allergy_to_an_anaesthetic_bars_the_injection_and_leaves_the_choice_to_a_clinician() -> (
    None
):
    anaesthetics = {k for k, a in agents(SHIPPED).items() if a.kind is AgentKind.LOCAL_ANAESTHETIC}
    for code in (*anaesthetics, "local-anaesthetic"):
        allergy = finding_kinds(SHIPPED)["allergy"].codes[code]
        assert allergy.bars == (Restriction.CONTRAINDICATION,)
        assert "another class of agent is for the clinician" in allergy.because


def test_an_allergy_to_a_steroid_bars_only_steroids() -> None:
    steroids = {k for k, a in agents(SHIPPED).items() if a.kind is AgentKind.CORTICOSTEROID}
    for code in (*steroids, "corticosteroid"):
        assert finding_kinds(SHIPPED)["allergy"].codes[code].bars == (
            Restriction.STEROID_CONTRAINDICATION,
        )


def test_a_medicine_against_clotting_is_weighed_and_never_stopped_on_advice() -> None:
    medicines = finding_kinds(SHIPPED)["medicine"].codes.values()
    blood_thinners = [f for f in medicines if Restriction.ANTICOAGULANT in f.bars]
    assert len(blood_thinners) == 14
    for medicine in blood_thinners:
        assert medicine.bars == (Restriction.CAUTION, Restriction.ANTICOAGULANT)
        assert "conflict" in medicine.because
        assert "nobody stops a medicine" in medicine.because
        assert {"alvarez-2002", "asra-2018"} <= set(medicine.source)


def test_what_bars_dry_needling_bars_an_injection_or_is_weighed_before_one() -> None:
    for key, finding in findings().items():
        if Restriction.NEEDLING_CONTRAINDICATION in finding.bars and key != (
            "consent",
            "needling-refused",
        ):
            assert {Restriction.CONTRAINDICATION, Restriction.CAUTION} & set(finding.bars)


def test_consent_and_its_refusal_are_different_findings() -> None:
    """Neither bars by itself: the pathway asks for consent as a criterion of its own."""
    consent = finding_kinds(SHIPPED)["consent"].codes
    assert {"injection", "injection-refused"} <= consent.keys()
    assert all(consent[code].bars == () for code in ("injection", "injection-refused", "needling"))


def test_a_measured_finding_has_a_dimension_that_units_can_express() -> None:
    dimensions = {unit.dimension for unit in units().values()}
    measured = {key: f.dimension for key, f in findings().items() if f.dimension}
    assert measured == {
        ("weight", "body-weight"): "mass",
        ("after-effect", "soreness"): "intensity",
        ("after-effect", "raised-glucose"): "blood glucose",
    }
    assert set(measured.values()) <= dimensions


def test_yellow_flags_bar_nothing() -> None:
    assert finding_kinds(SHIPPED)["condition"].codes["yellow-flags"].bars == ()


def test_what_permits_something_is_believed_for_a_time_and_no_answer_is_believed_for_ever() -> None:
    believed = {
        "red-flag": (None, 28),
        "allergy": (None, 182),
        "medicine": (None, 28),
        "condition": (None, 28),
        "pregnancy": (28, 7),
        "weight": (None, 182),
        "consent": (182, 28),
    }
    kinds = {name: kind.valid_days for name, kind in finding_kinds(SHIPPED).items()}
    assert {n: (v.worklist, v.plan) for n, v in kinds.items() if v is not None} == believed
    assert {name for name, kind in finding_kinds(SHIPPED).items() if kind.screening} <= set(
        believed
    )
