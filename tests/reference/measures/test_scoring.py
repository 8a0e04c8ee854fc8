"""Scores against published rules, and the laws of improvement."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.measures import Measure, burden, can_show, improvement, measures, score

WITH_WELL = sorted(id_ for id_, m in measures(SHIPPED).items() if m.well is not None)
FROM_ITEMS = sorted(id_ for id_, m in measures(SHIPPED).items() if m.items and m.item_ids)


def numbered(*values: float) -> dict[str, float]:
    return {str(i): value for i, value in enumerate(values, start=1)}


def same(id_: str, value: float) -> dict[str, float]:
    return dict.fromkeys(measures(SHIPPED)[id_].item_ids or (), value)


def reversed_scale(measure: Measure) -> Measure:
    """The same measure counted from the other end."""
    assert measure.high is not None
    assert measure.well is not None
    return measure.model_copy(
        update={
            "better": "higher" if measure.better == "lower" else "lower",
            "well": measure.low + measure.high - measure.well,
        }
    )


@st.composite
def a_measure_and_scores(draw: st.DrawFn, count: int) -> tuple[Measure, list[float]]:
    measure = measures(SHIPPED)[draw(st.sampled_from(WITH_WELL))]
    inside = st.floats(measure.low, measure.high)
    return measure, draw(st.lists(inside, min_size=count, max_size=count))


@st.composite
def a_measure_and_items(draw: st.DrawFn) -> tuple[Measure, dict[str, float]]:
    measure = measures(SHIPPED)[draw(st.sampled_from(FROM_ITEMS))]
    assert measure.items is not None
    assert measure.item_ids is not None
    assert measure.scoring.missing is not None
    value = st.integers(int(measure.items.low), int(measure.items.high or 1000))
    items: dict[str, float] = {id_: draw(value) for id_ in measure.item_ids}
    left_out = draw(st.lists(st.sampled_from(measure.item_ids), unique=True))
    for id_ in left_out[: measure.scoring.missing.allowed]:
        del items[id_]
    return measure, items


def test_peg_is_the_mean_of_three() -> None:
    assert score(measures(SHIPPED)["peg"], {"pain": 7, "enjoyment": 5, "activity": 4}) == 16 / 3


def test_ndi_is_the_plain_sum_when_all_items_are_answered() -> None:
    assert score(measures(SHIPPED)["ndi"], numbered(1, 2, 3, 4, 5, 0, 1, 2, 3, 2)) == 23


def test_ndi_prorates_a_missing_item() -> None:
    items = numbered(2, 2, 2, 2, 2, 2, 2, 2, 4)
    assert score(measures(SHIPPED)["ndi"], items) == pytest.approx(20 / (5 * 9) * 50)


def test_ndi_refuses_three_missing_items() -> None:
    ndi = measures(SHIPPED)["ndi"]
    assert score(ndi, numbered(*[2] * 8)) == 20
    with pytest.raises(UsageError, match="3 of its 10 items missing, at most 2"):
        score(ndi, numbered(*[2] * 7))


def test_odi_is_a_percentage_of_the_items_answered() -> None:
    odi = measures(SHIPPED)["odi"]
    assert score(odi, numbered(*[2] * 10)) == 40
    assert score(odi, numbered(*[3] * 9)) == 60
    with pytest.raises(UsageError, match="at most 1"):
        score(odi, numbered(*[3] * 8))


def test_spadi_is_the_mean_of_its_subscales_and_not_the_sum_of_all_items() -> None:
    items = numbered(*[10] * 5, *[0] * 8)
    assert score(measures(SHIPPED)["spadi"], items) == 50
    assert 100 * sum(items.values()) / 130 == pytest.approx(38.46, abs=0.01)


def test_spadi_needs_every_item() -> None:
    with pytest.raises(UsageError, match="1 of its 13 items missing"):
        score(measures(SHIPPED)["spadi"], numbered(*[5] * 12))


def test_quickdash_leaves_one_missing_item_out_of_its_mean() -> None:
    quickdash = measures(SHIPPED)["quickdash"]
    assert score(quickdash, numbered(*[3] * 11)) == 50
    assert score(quickdash, numbered(*[2] * 9, 4)) == pytest.approx((22 / 10 - 1) * 25)
    with pytest.raises(UsageError, match="2 of its 11 items missing"):
        score(quickdash, numbered(*[3] * 9))


def test_lefs_is_a_sum_and_fills_up_to_four_missing_items_with_the_mean() -> None:
    lefs = measures(SHIPPED)["lefs"]
    assert score(lefs, numbered(*[3] * 19, 0)) == 57
    assert score(lefs, numbered(*[3] * 16)) == 60
    with pytest.raises(UsageError, match="5 of its 20 items missing"):
        score(lefs, numbered(*[3] * 15))


@pytest.mark.parametrize(
    ("id_", "items", "t_score"),
    [
        ("promis-pi-4a", (1, 1, 1, 1), 41.6),
        ("promis-pi-4a", (1, 1, 2, 1), 49.6),
        ("promis-pi-4a", (3, 3, 3, 3), 61.2),
        ("promis-pi-4a", (5, 5, 5, 4), 71.6),
        ("promis-pi-4a", (5, 5, 5, 5), 75.6),
        ("promis-pf-4a", (1, 1, 1, 1), 22.5),
        ("promis-pf-4a", (3, 3, 3, 3), 36.7),
        ("promis-pf-4a", (5, 4, 5, 5), 48.3),
        ("promis-pf-4a", (5, 5, 5, 5), 57.0),
    ],
)
def test_promis_raw_sums_give_the_t_scores_of_the_manual(
    id_: str, items: tuple[int, ...], t_score: float
) -> None:
    assert score(measures(SHIPPED)[id_], numbered(*items)) == t_score


@pytest.mark.parametrize("id_", ["promis-pi-4a", "promis-pf-4a"])
def test_promis_needs_all_four_items(id_: str) -> None:
    with pytest.raises(UsageError, match="1 of its 4 items missing"):
        score(measures(SHIPPED)[id_], numbered(3, 3, 3))


def test_ppt_is_the_mean_of_three_trials_in_kilopascals() -> None:
    assert score(measures(SHIPPED)["ppt"], numbered(200.5, 220, 240.5)) == pytest.approx(661 / 3)


def test_psfs_counts_only_the_activities_rated_at_baseline() -> None:
    psfs = measures(SHIPPED)["psfs"]
    first = {"drive": 2, "lift": 4, "sleep": 6}
    assert score(psfs, first) == 4
    later = {"drive": 8, "lift": 9, "sleep": 10, "swim": 0}
    assert score(psfs, later, activities=first) == 9


def test_psfs_has_no_score_without_one_of_the_first_activities() -> None:
    psfs = measures(SHIPPED)["psfs"]
    first = {"drive": 2, "lift": 4, "sleep": 6}
    with pytest.raises(UsageError, match="1 of its 3 items missing") as refusal:
        score(psfs, {"drive": 8, "lift": 9, "swim": 10}, activities=first)
    assert "sleep" not in str(refusal.value)


@pytest.mark.parametrize("count", [0, 2, 6])
def test_psfs_takes_three_to_five_activities(count: int) -> None:
    with pytest.raises(UsageError, match=f"3 to 5 activities; {count} given"):
        score(measures(SHIPPED)["psfs"], {f"activity {i}": 5 for i in range(count)})


def test_a_measure_entered_as_its_total_is_not_scored_from_items() -> None:
    with pytest.raises(UsageError, match="give its total"):
        score(measures(SHIPPED)["nrs"], {"1": 5})


def test_an_unknown_item_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(UsageError, match="did you mean `enjoyment`"):
        score(measures(SHIPPED)["peg"], {"pain": 7, "enjoymnt": 5, "activity": 4})


@pytest.mark.parametrize("value", [-1, 5.5, 11, math.nan, math.inf])
def test_an_impossible_item_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match=r"item pain: .* is not a whole number 0 to 10"):
        score(measures(SHIPPED)["peg"], {"pain": value, "enjoyment": 5, "activity": 4})


@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_an_impossible_pressure_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match=r"item 2: .* is not a number from 0 up"):
        score(measures(SHIPPED)["ppt"], numbered(200, value, 210))


def test_the_name_a_patient_gave_an_activity_stays_out_of_the_message() -> None:
    with pytest.raises(UsageError, match="an activity: 12 is not") as refusal:
        score(measures(SHIPPED)["psfs"], {"drive to my daughter": 12, "lift": 4, "sleep": 6})
    assert "daughter" not in str(refusal.value)


@given(a_measure_and_items())
def test_a_score_lies_within_its_range(case: tuple[Measure, dict[str, float]]) -> None:
    measure, items = case
    value = score(measure, items)
    assert measure.low <= value
    assert measure.high is None or value <= measure.high


@pytest.mark.parametrize(
    "id_", [id_ for id_ in FROM_ITEMS if measures(SHIPPED)[id_].high is not None]
)
def test_the_ends_of_the_items_give_the_ends_of_the_score(id_: str) -> None:
    m = measures(SHIPPED)[id_]
    assert m.item_low is not None
    assert m.item_high is not None
    assert score(m, same(id_, m.item_low)) == m.low
    assert score(m, same(id_, m.item_high)) == m.high


@given(a_measure_and_items(), st.data())
def test_the_worse_an_item_the_worse_the_score(
    case: tuple[Measure, dict[str, float]], data: st.DataObject
) -> None:
    measure, items = case
    id_ = data.draw(st.sampled_from(sorted(items)))
    if measure.item_high is None or items[id_] < measure.item_high:
        assert score(measure, items | {id_: items[id_] + 1}) > score(measure, items)


@given(a_measure_and_scores(1))
def test_improvement_is_nothing_at_baseline_and_everything_at_well(
    case: tuple[Measure, list[float]],
) -> None:
    measure, (baseline,) = case
    assert measure.well is not None
    if baseline == measure.well:
        assert improvement(measure, baseline, baseline) is None
    else:
        assert improvement(measure, baseline, baseline) == 0
        assert improvement(measure, baseline, measure.well) == 1


@given(a_measure_and_scores(3))
def test_improvement_rises_as_the_burden_falls(case: tuple[Measure, list[float]]) -> None:
    measure, (baseline, one, other) = case
    assert measure.well is not None
    if baseline == measure.well:
        return
    worse, better = sorted((one, other), reverse=measure.better == "lower")
    low, high = improvement(measure, baseline, worse), improvement(measure, baseline, better)
    assert low is not None
    assert high is not None
    assert low <= high


@given(a_measure_and_scores(2))
def test_improvement_does_not_depend_on_which_end_the_scale_counts_from(
    case: tuple[Measure, list[float]],
) -> None:
    measure, (baseline, current) = case
    assert measure.high is not None
    assert measure.well is not None
    if abs(baseline - measure.well) < 1e-3:  # mirroring rounds a smaller difference away
        return
    mirror = measure.low + measure.high
    mirrored = improvement(reversed_scale(measure), mirror - baseline, mirror - current)
    assert mirrored == pytest.approx(improvement(measure, baseline, current), abs=1e-6, rel=1e-6)


@pytest.mark.parametrize(
    ("id_", "baseline", "current", "expected"),
    [
        ("nrs", 8, 2, 0.75),
        ("nrs", 4, 5, -0.25),
        ("psfs", 2, 8, 0.75),
        ("psfs", 4, 1, -0.5),
        ("lefs", 40, 70, 0.75),
        ("promis-pi-4a", 61.6, 46.6, 0.75),
        ("nrs", 0, 3, None),
        ("psfs", 10, 10, None),
        ("groc", 0, 5, None),
        ("pgic", 4, 2, None),
        ("ppt", 200, 300, None),
    ],
)
def test_improvement_is_the_share_of_the_way_to_well(
    id_: str, baseline: float, current: float, expected: float | None
) -> None:
    assert improvement(measures(SHIPPED)[id_], baseline, current) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("id_", "value", "expected"),
    [("nrs", 3, 3), ("psfs", 3, 7), ("sane", 100, 0), ("groc", 3, None), ("ppt", 200, None)],
)
def test_burden_is_the_distance_from_well(id_: str, value: float, expected: float | None) -> None:
    assert burden(measures(SHIPPED)[id_], value) == expected


@pytest.mark.parametrize(
    ("id_", "value", "expected"),
    [
        ("nrs", 2, True),
        ("nrs", 1, False),
        ("psfs", 8, True),
        ("psfs", 8.5, False),
        ("ndi", 7.5, True),
        ("ndi", 7, False),
        ("ppt", 200, None),
        ("pgic", 3, None),
        ("promis-pf-6b", 40, None),
    ],
)
def test_a_scale_can_show_what_is_left_while_its_mcid_still_fits(
    id_: str, value: float, expected: bool | None
) -> None:
    assert can_show(measures(SHIPPED)[id_], value) is expected
