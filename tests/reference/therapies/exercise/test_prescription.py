"""A programme that a clinician put together: kept as it is, and nothing in it passes unweighed."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from reliefpath.documents.exercise import handout
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.exercise import (
    Active,
    CheckIn,
    Goal,
    Irritability,
    Item,
    Need,
    Programme,
    alternatives,
    begun,
    differences,
    dose_parts,
    exercises,
    next_programme,
    plan_exercise,
    prescribed,
    prescription,
    programme_text,
    read_programme,
    read_shares,
    shares_text,
    total_share,
)
from reliefpath.reference.therapies.exercise.programme import is_offered

from .needs import HOME, TODAY, needs

IDS = sorted(exercises(SHIPPED))
NEED = Need(SHIPPED, (Active("upper-trapezius", "left"),), "neck", equipment=HOME, minutes=60)
FLARE = CheckIn(TODAY, adherence=1.0, pain=5, flare_points=3, flare_hours=36)
WELL = (
    CheckIn(TODAY - timedelta(days=7), pain=5),
    CheckIn(TODAY, adherence=1.0, pain=4),
)


@st.composite
def programmes(draw: st.DrawFn, need: st.SearchStrategy[Need] = needs) -> Programme:
    """Any exercises in any order, each with any dose that its kind has."""
    fitted = draw(need)
    chosen = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=6, unique=True))
    items = []
    for id_ in chosen:
        parts = dose_parts(SHIPPED, id_)
        dose = {part: draw(st.integers(1, 7 if part == "per_week" else 40)) for part in parts}
        side = draw(st.sampled_from(("left", "right", "both")))
        items.append(prescribed(fitted, id_, side, **dose))
    return prescription(fitted, items)


def told(programme: Programme) -> list[tuple[object, ...]]:
    return [(item.exercise, item.side, item.dose) for item in programme.items]


@settings(deadline=None)
@forall(programmes(), needs)
def test_what_is_kept_of_a_programme_is_what_was_signed(signed: Programme, later: Need) -> None:
    read = read_programme(programme_text(signed, ("a",)), later)
    assert told(read) == told(signed)
    for part in ("irritability", "goal", "equipment", "minutes"):
        assert getattr(read.need, part) == getattr(signed.need, part)
    assert read.need.active == later.active
    assert differences(signed, read) == ["nothing"]


@settings(deadline=None, max_examples=40)
@forall(programmes(st.just(NEED)))
def test_what_is_signed_is_what_is_printed(signed: Programme) -> None:
    read = read_programme(programme_text(signed), NEED)
    page = handout(read, on=TODAY, signed_on=TODAY)
    assert page == handout(signed, on=TODAY, signed_on=TODAY)
    places = [page.index(f"{n}. {item.row.name}<") for n, item in enumerate(signed.items, 1)]
    assert places == sorted(places)
    for item in signed.items:
        dose = item.dose
        much = f"{dose.minutes} minutes" if dose.minutes else f"{dose.sets} × "
        assert much in page


@settings(deadline=None)
@forall(programmes())
def test_nothing_that_the_proposal_would_not_choose_passes_unweighed(signed: Programme) -> None:
    plan = plan_exercise(signed, TODAY, None, [])
    asked = " ".join(plan.open_decisions)
    for item in signed.items:
        usual = asdict(item.usual(2))
        beyond = any(v > (usual[k] or v) for k, v in asdict(item.dose).items() if v is not None)
        if beyond or not is_offered(signed.need, item.row):
            assert item.exercise in asked
    assert (signed.minutes > signed.need.minutes) == any(
        id_.startswith("minutes-") for id_ in plan.open_decisions
    )


@settings(deadline=None)
@forall(programmes(st.just(NEED)), st.data())
def test_nothing_is_made_harder_after_a_flare_without_being_weighed(
    before: Programme, data: st.DataObject
) -> None:
    item = data.draw(st.sampled_from(before.items))
    part = data.draw(st.sampled_from(dose_parts(SHIPPED, item.exercise)))
    more = replace(item.dose, **{part: getattr(item.dose, part) + 1})
    after = prescription(
        NEED, [replace(i, own=more) if i.exercise == item.exercise else i for i in before.items]
    )
    same = plan_exercise(before, TODAY, before, [FLARE])
    assert not [id_ for id_ in same.open_decisions if id_.startswith("flare")]
    plan = plan_exercise(after, TODAY, before, [FLARE])
    assert [
        id_ for id_ in plan.open_decisions if id_.startswith(f"flare-that-lasts-{item.exercise}-")
    ]


def test_a_new_harder_variant_after_a_flare_is_weighed_too() -> None:
    before = prescription(NEED, [begun(NEED, "shoulder-rolls")])
    after = prescription(NEED, [begun(NEED, "shrug")])
    plan = plan_exercise(after, TODAY, before, [FLARE])
    assert any(id_.startswith("flare-shrug") for id_ in plan.open_decisions)


def test_what_was_weighed_is_one_dose_and_no_other() -> None:
    def open_of(sets: int) -> tuple[str, ...]:
        item = prescribed(NEED, "shoulder-rolls", "both", sets=sets, repetitions=6, per_week=2)
        return plan_exercise(prescription(NEED, [item]), TODAY, None, []).open_decisions

    assert open_of(9)
    assert not set(open_of(9)) & set(open_of(90))


@settings(deadline=None)
@forall(programmes(st.just(NEED)))
def test_a_step_up_takes_nothing_away_and_a_step_down_adds_nothing(signed: Programme) -> None:
    done = {item.exercise: 1.0 for item in signed.items}
    well = [WELL[0], replace(WELL[1], each=done)]
    for change in next_programme(replace(signed, need=replace(NEED, minutes=10**6)), well).changes:
        assert change.rule == "ready-for-more"
        assert change.exercise is not None
        assert change.to is not None
        item = next(i for i in signed.items if i.exercise == change.exercise)
        if change.to.exercise == item.exercise:
            assert _parts(change.to) >= _parts(item)
            assert all(a >= b for a, b in zip(_parts(change.to), _parts(item), strict=True))
    for change in next_programme(signed, [FLARE]).changes:
        same = [i for i in signed.items if i.exercise == change.exercise]
        if same and change.to is not None and change.to.exercise == change.exercise:
            assert all(a <= b for a, b in zip(_parts(change.to), _parts(same[0]), strict=True))


def _parts(item: Item) -> list[int]:
    return [value or 0 for value in asdict(item.dose).values()]


def test_what_was_done_well_is_offered_more_of_and_what_was_not_or_not_told_is_not() -> None:
    chosen = ["shoulder-rolls", "chin-tuck-lying", "neck-diagonal-stretch"]
    signed = prescription(NEED, [begun(NEED, id_) for id_ in chosen])
    each = {"shoulder-rolls": 1.0, "chin-tuck-lying": 0.5}
    reported = [WELL[0], replace(WELL[1], adherence=0.75, each=each)]
    changes = {c.exercise: c for c in next_programme(signed, reported).changes}
    assert changes["shoulder-rolls"].did == "more of it"
    assert changes["chin-tuck-lying"].did.startswith("stays")
    assert changes["neck-diagonal-stretch"].did.startswith("stays")
    worse = [*reported[:1], replace(reported[1], adverse_effect=True)]
    assert {c.did for c in next_programme(signed, worse).changes} == {"nothing is made harder"}


def test_a_later_report_of_all_together_counts_for_each() -> None:
    signed = prescription(NEED, [begun(NEED, "shoulder-rolls")])
    told = replace(WELL[1], each={"shoulder-rolls": 1.0})
    little = CheckIn(TODAY + timedelta(days=7), adherence=0.4, pain=4)
    assert next_programme(signed, [WELL[0], told]).changes[0].did == "more of it"
    assert not next_programme(signed, [WELL[0], told, little]).changes


shares = st.dictionaries(st.sampled_from(IDS), st.floats(0, 1).map(lambda s: round(s, 3)))


@forall(shares)
def test_what_was_done_of_all_is_the_mean_of_what_was_told(told: dict[str, float]) -> None:
    text = shares_text(told)
    assert (text is None) == (not told)
    assert read_shares(text) == told
    mean = total_share(told)
    assert (mean is None) == (not told)
    if mean is not None:
        assert mean == pytest.approx(sum(told.values()) / len(told))


@pytest.mark.parametrize("text", ["shrug", "shrug=", "=1", "shrug=2", "shrug=-1", "shrug=nan"])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="EXERCISE=SHARE"):
        read_shares(text)


def test_an_exercise_is_told_of_once() -> None:
    with pytest.raises(UsageError, match="twice"):
        read_shares("shrug=1 shrug=0")


@pytest.mark.parametrize(
    ("dose", "says"),
    [
        ({"sets": 1, "per_week": 2}, "say how many repetitions"),
        ({"sets": 0, "repetitions": 6, "per_week": 2}, "0 is not 1 to 999"),
        ({"sets": 1, "repetitions": 6, "per_week": 8}, "8 is not 1 to 7"),
        ({"sets": 1, "repetitions": 6, "per_week": 2, "minutes": 5}, "it has no minutes"),
    ],
)
def test_a_dose_that_makes_no_sense_is_refused_with_what_is_wrong(
    dose: dict[str, int], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        prescribed(NEED, "shoulder-rolls", "both", **dose)


def test_a_programme_has_each_exercise_once_and_at_least_one() -> None:
    with pytest.raises(UsageError, match="add one"):
        prescription(NEED, [])
    twice = [begun(NEED, "shrug"), begun(NEED, "shrug")]
    with pytest.raises(UsageError, match="twice"):
        prescription(NEED, twice)
    with pytest.raises(UsageError, match="did you mean `shrug`"):
        prescribed(NEED, "shrog", "both")


@forall(needs, st.sampled_from(IDS))
def test_an_alternative_serves_something_of_the_same(need: Need, id_: str) -> None:
    item = begun(need, id_)
    meant = set(item.serves or item.row.muscles)
    for other in alternatives(need, item):
        assert other != id_
        row = exercises(SHIPPED)[other]
        assert meant & set(row.muscles) or row.kind == item.row.kind == "aerobic-exercise"


def test_a_hand_chosen_exercise_brings_the_warnings_of_its_own_region() -> None:
    back = Need(SHIPPED, (Active("lumbar-multifidi"),), "low-back", equipment=HOME, minutes=60)
    page = handout(prescription(back, [begun(back, "chin-tuck-lying")]))
    assert "double vision" in page
    assert "bladder" in page


def test_what_changed_is_told_in_words() -> None:
    rolls, walk = begun(NEED, "shoulder-rolls"), begun(NEED, "walking")
    before = prescription(NEED, [rolls, walk])
    assert differences(None, before) == ["the first programme"]
    more = replace(rolls, own=replace(rolls.dose, sets=2))
    after = prescription(NEED, [begun(NEED, "chin-tuck-lying"), more])
    assert differences(before, after) == [
        "Chin tuck, lying added: 1 × 6, 2 days a week",
        "Walking taken out",
        "Slow shoulder rolls: 1 × 6, 2 days a week → 2 × 6, 2 days a week",
    ]
    turned = prescription(NEED, [walk, rolls])
    assert differences(before, turned) == ["in another order"]


def test_irritability_and_goal_are_kept_as_they_were() -> None:
    need = replace(NEED, irritability=Irritability.HIGH, goal=Goal.STRENGTH)
    plan = plan_exercise(prescription(need, [begun(need, "shrug")]), date(2026, 3, 31), None, [])
    assert any(id_.startswith("high-irritability-shrug") for id_ in plan.open_decisions)
