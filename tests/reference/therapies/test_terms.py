"""What people call medicines, allergens and agents: a name is its code, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import folded
from reliefpath.reference.therapies import (
    NOT_UNDERSTOOD,
    SCREENED,
    Restriction,
    agents,
    finding_kinds,
)
from reliefpath.reference.therapies.terms import agent_of, code_of

KIND_OF_NAMES = [
    (kind, code, name)
    for kind, row in finding_kinds(SHIPPED).items()
    for code, finding in row.codes.items()
    for name in (code, finding.name, *finding.synonyms)
]


@pytest.mark.parametrize(
    ("brand", "code"),
    [
        ("Eliquis", "apixaban"),
        ("Coumadin", "warfarin"),
        ("xarelto", "rivaroxaban"),
        ("PLAVIX", "clopidogrel"),
        ("Lovenox", "low-molecular-weight-heparin"),
        ("enoxaparin", "low-molecular-weight-heparin"),
        ("Pradaxa", "dabigatran"),
        ("Apixabán", "apixaban"),
        ("Sintrom", "other-anticoagulant"),
        ("Norvir", "strong-cyp3a4-inhibitor"),
        ("Paxlovid", "strong-cyp3a4-inhibitor"),
        ("amiodarone", "class-iii-antiarrhythmic"),
        ("Mexiletine", "class-i-antiarrhythmic"),
        ("metformin", "glucose-lowering"),
        ("Insulin", "glucose-lowering"),
        ("ibuprofen", "no-rule"),
        ("Paracetamol", "no-rule"),
        ("atorvastatin", "no-rule"),
        ("lisinopril 10 mg", "no-rule"),
        ("none", "screened"),
    ],
)
def test_a_medicine_is_understood_by_the_name_on_its_box(brand: str, code: str) -> None:
    assert code_of(SHIPPED, "medicine", brand) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Novocaine", "ester-anaesthetic"),
        ("procaine", "ester-anaesthetic"),
        ("Xylocaine", "lidocaine"),
        ("Marcaine", "bupivacaine"),
        ("Naropin", "ropivacaine"),
        ("Carbocaine", "mepivacaine"),
        ("Kenalog", "triamcinolone"),
        ("Depo-Medrol", "methylprednisolone"),
        ("Celestone", "betamethasone"),
        ("Decadron", "dexamethasone"),
        ("latex gloves", "latex"),
        ("Betadine", "iodine"),
        ("Nickel", "metal"),
        ("peanuts", "lipid-emulsion"),
        ("Penicillin", "no-rule"),
        ("NKDA", "screened"),
    ],
)
def test_an_allergen_is_understood_by_its_usual_names(name: str, code: str) -> None:
    assert code_of(SHIPPED, "allergy", name) == code


@pytest.mark.parametrize(
    ("name", "agent"),
    [
        ("Xylocaine", "lidocaine"),
        ("Sensorcaine", "bupivacaine"),
        ("KENALOG", "triamcinolone"),
        ("Kenalog-10", "triamcinolone"),
        ("kenalog 40", "triamcinolone"),
        ("depo medrol", "methylprednisolone"),
        ("novocaine", None),
        ("lidocain", None),
    ],
)
def test_an_agent_is_understood_by_its_brand_and_never_by_its_spelling(
    name: str, agent: str | None
) -> None:
    assert agent_of(SHIPPED, name) == agent


def test_a_name_belongs_to_one_code_of_its_kind() -> None:
    for kind, row in finding_kinds(SHIPPED).items():
        seen: dict[str, str] = {}
        for code, finding in row.codes.items():
            shared = agents(SHIPPED)[code].synonyms if code in agents(SHIPPED) else ()
            for name in {folded(n) for n in (code, finding.name, *finding.synonyms, *shared)}:
                assert seen.setdefault(name, code) == code, f"{kind}: {name}"


def test_every_name_is_written_as_it_is_compared_or_folds_to_something() -> None:
    assert all(folded(name) for _, _, name in KIND_OF_NAMES)


@given(st.sampled_from(KIND_OF_NAMES), st.sampled_from([str.upper, str.lower, str.title]))
def test_case_blanks_and_hyphens_make_no_other_name(named, case) -> None:  # type: ignore[no-untyped-def]
    kind, code, name = named
    assert code_of(SHIPPED, kind, f"  {case(name).replace(' ', ' - ')} ") == code


@given(st.sampled_from(["allergy", "medicine"]), st.text())
def test_no_other_words_are_understood(kind: str, words: str) -> None:
    known = {folded(name) for k, _, name in KIND_OF_NAMES if k == kind}
    known |= {folded(n) for row in agents(SHIPPED).values() for n in row.synonyms}
    if not any(folded(words).startswith(name) for name in known):
        assert code_of(SHIPPED, kind, words) is None


@pytest.mark.parametrize(
    "words", ["warfarn", "no aspirin", "aspirin allergy?", "heparinoid", "ropivocaine", "unknown"]
)
def test_what_is_only_like_a_name_is_not_understood(words: str) -> None:
    assert code_of(SHIPPED, "medicine", words) is None
    assert code_of(SHIPPED, "allergy", words) is None


def test_a_strength_after_a_name_changes_no_answer_to_having_asked() -> None:
    assert code_of(SHIPPED, "medicine", "warfarin 2.5 mg") == "warfarin"
    assert code_of(SHIPPED, "medicine", "none 5 mg") is None
    assert code_of(SHIPPED, "medicine", "5 mg") is None


BARS = {
    ("allergy", "latex"): {Restriction.CAUTION},
    ("allergy", "chlorhexidine"): {Restriction.CAUTION},
    ("allergy", "ester-anaesthetic"): {Restriction.CAUTION},
    ("allergy", "iodine"): {Restriction.CAUTION},
    ("allergy", "adhesive"): {Restriction.CAUTION},
    ("allergy", "lipid-emulsion"): {Restriction.CAUTION},
    ("medicine", "strong-cyp3a4-inhibitor"): {Restriction.STEROID_CONTRAINDICATION},
    ("medicine", "class-iii-antiarrhythmic"): {Restriction.CAUTION},
    ("medicine", "class-i-antiarrhythmic"): {Restriction.CAUTION},
    ("medicine", "slows-anaesthetic-clearance"): {Restriction.CAUTION},
    ("medicine", "glucose-lowering"): {Restriction.CAUTION},
    ("condition", "renal-disease"): {Restriction.CAUTION},
    ("condition", "breastfeeding"): {Restriction.CAUTION},
    ("allergy", "no-rule"): set(),
    ("medicine", "no-rule"): set(),
    ("allergy", NOT_UNDERSTOOD): {Restriction.UNKNOWN},
    ("medicine", NOT_UNDERSTOOD): {Restriction.UNKNOWN},
}


@pytest.mark.parametrize(("finding", "bars"), BARS.items())
def test_what_could_not_be_recorded_before_stands_in_the_way_as_it_must(
    finding: tuple[str, str], bars: set[Restriction]
) -> None:
    kind, code = finding
    assert set(finding_kinds(SHIPPED)[kind].codes[code].bars) == bars


def test_a_guardian_and_a_young_person_agree_or_refuse() -> None:
    consent = finding_kinds(SHIPPED)["consent"].codes
    assert {"guardian", "guardian-refused", "assent", "assent-refused"} <= consent.keys()


def test_no_name_but_that_of_having_asked_says_that_nothing_was_found() -> None:
    empty = {folded(n) for n in ("none", "nkda", "nka", "nil", "screened")}
    for kind in ("allergy", "medicine"):
        names = finding_kinds(SHIPPED)[kind].codes[SCREENED].synonyms
        assert all(
            set(folded(n).split()) & (empty | {"no", "sin", "ninguno", "ninguna"}) for n in names
        )
