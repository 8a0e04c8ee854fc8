"""Whatever a plan says of the person follows from what is planned, and names nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given as forall
from hypothesis import strategies as st

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import Restriction, agents, finding_kinds
from reliefpath.reference.therapies.injectables import AgentKind
from reliefpath.reference.therapies.injection import Check, Portion, Standing, plan_injection
from reliefpath.reference.therapies.needling import Course, plan_needling

from .people import CONSENTED, FIT, WHERE, at, person

NAMES = {
    AgentKind.CORTICOSTEROID: r"steroid|glucose|adrenal",
    AgentKind.LOCAL_ANAESTHETIC: r"anaesthe|methaemoglobin|milk|an injected dose|lidocaine",
}
"""What a text says that speaks of a kind of agent."""
CODES = [
    (kind, code)
    for kind, group in finding_kinds(SHIPPED).items()
    for code, row in group.codes.items()
    if kind not in ("consent", "weight") and Restriction.RED_FLAG not in row.bars
]
"""A red flag is told whole: it bars whatever is planned."""
PORTIONS = {
    "lidocaine": Portion("lidocaine", 1.0, "percent", 1.0),
    "triamcinolone": Portion("triamcinolone", 10.0, "mg/ml", 1.0),
    "saline": Portion("saline", 0.0, "percent", 1.0),
}
planned = st.lists(st.sampled_from(sorted(PORTIONS)), unique=True, max_size=3)
found = st.lists(st.sampled_from(CODES), unique=True, max_size=4)


def of_the_person(checks: tuple[Check, ...], codes: list[tuple[str, str]]) -> list[Check]:
    """The checks of what was found, without the name of what was found."""
    kinds, checked = finding_kinds(SHIPPED), []
    for kind, code in codes:
        name = kinds[kind].codes[code].name
        checked += [
            replace(check, says=check.says.removeprefix(name))
            for check in checks
            if check.id == f"{kind}-{code}"
        ]
    return checked


@forall(planned, found)
def test_no_caution_names_an_agent_that_is_not_planned(
    names: list[str], codes: list[tuple[str, str]]
) -> None:
    standing = [Standing(*code) for code in codes]
    if names:
        kinds = {agents(SHIPPED)[name].kind for name in names}
        site = at(*(PORTIONS[name] for name in names))
        whom = person(findings=(CONSENTED, *standing))
        checks = plan_injection([site], whom, steroid_reason="no relief without it").checks
    else:
        kinds = set()
        whom = replace(FIT, findings=(Standing("consent", "needling"), *standing))
        checks = plan_needling([(WHERE, "left")], whom, Course(0, None)).checks
    for check in of_the_person(checks, codes):
        for kind, words in NAMES.items():
            if kind not in kinds:
                assert not re.search(words, check.says, re.IGNORECASE), check


@forall(planned.filter(bool), st.sampled_from(CODES))
def test_a_finding_that_matters_with_an_agent_is_told_once_it_is_planned(
    names: list[str], code: tuple[str, str]
) -> None:
    row = finding_kinds(SHIPPED)[code[0]].codes[code[1]]
    kinds = {agents(SHIPPED)[name].kind for name in names}
    whom = person(findings=(CONSENTED, Standing(*code)))
    site = at(*(PORTIONS[name] for name in names))
    plan = plan_injection([site], whom, steroid_reason="no relief without it")
    told = [check.says for check in plan.checks if check.id == "-".join(code)]
    if row.matters_with:
        assert bool(told) is bool(kinds & set(row.matters_with))
    for kind, says in row.with_agents.items():
        assert any(says in each for each in told) is (kind in kinds)
