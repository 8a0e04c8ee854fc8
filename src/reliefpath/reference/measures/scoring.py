"""From items to a score, and from scores to improvement, exactly as published."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from reliefpath.errors import UsageError, nearest
from reliefpath.reference.measures.catalogue import Items, Measure


def score(
    measure: Measure, items: Mapping[str, float], activities: Collection[str] | None = None
) -> float:
    """Return the score of `items`, in the measure's unit; a missing item is left out.

    Args:
        measure: The measure, whose `scoring` states the rule and its source.
        items: Item id (`Measure.item_ids`) to its value; an activity's own name where the patient
            names the items.
        activities: The activities rated at baseline, for a measure whose items the patient names.
            Only these count, and all are needed. None: this is the baseline.

    Raises:
        UsageError: no item is accepted, an item is unknown or impossible, or too many are missing.
    """
    if measure.items is None:
        raise UsageError(f"{measure.name} is not scored from items; give its total")
    expected = _expected(measure, measure.items, items, activities)
    answered = [id_ for id_ in expected if id_ in items]
    _check_complete(measure, expected, answered)
    values = [_checked(measure, measure.items, id_, items[id_]) for id_ in answered]
    match measure.scoring.method:
        case "rescaled-mean":
            return _rescaled_mean(measure, measure.items, values)
        case "t-table":
            first = measure.items.low * len(values)
            return measure.scoring.t_scores[round(sum(values) - first)]
        case _:
            return sum(values) / len(values)


def burden(measure: Measure, value: float) -> float | None:
    """Return how far `value` is from well, in score units: 0 is well, larger is worse.

    None if no score of the measure means well.
    """
    if measure.well is None:
        return None
    return value - measure.well if measure.better == "lower" else measure.well - value


def improvement(measure: Measure, baseline: float, current: float) -> float | None:
    """Return the share of the way from `baseline` to well that is covered; negative when worse.

    None, undefined, where no score means well or the patient was already well at baseline.
    """
    before, now = burden(measure, baseline), burden(measure, current)
    if before is None or now is None or before <= 0:
        return None
    return (before - now) / before


def can_show(measure: Measure, value: float) -> bool | None:
    """Return whether a change that matters still fits between `value` and well.

    None if the measure has no MCID or no score that means well.
    """
    left = burden(measure, value)
    if left is None or measure.mcid is None:
        return None
    return left >= measure.mcid.value


def _expected(
    measure: Measure,
    model: Items,
    items: Mapping[str, float],
    activities: Collection[str] | None,
) -> Sequence[str]:
    """The ids that make up the score."""
    known = measure.item_ids
    if known is None:
        named = sorted(items if activities is None else activities)
        if not model.fewest <= len(named) <= model.most:
            wanted = f"{model.fewest} to {model.most} activities"
            raise UsageError(f"{measure.name} needs {wanted}; {len(named)} given")
        return named
    for id_ in items:
        if id_ not in known:
            raise UsageError(f"{measure.name} has no item {id_!r}{nearest(id_, known)}")
    return known


def _check_complete(measure: Measure, expected: Sequence[str], answered: Sequence[str]) -> None:
    missing = len(expected) - len(answered)
    allowed = measure.scoring.missing.allowed if measure.scoring.missing else 0
    if missing > allowed:
        raise UsageError(
            f"{measure.name} cannot be scored: {missing} of its {len(expected)} items missing, "
            f"at most {allowed} may be"
        )


def _checked(measure: Measure, model: Items, id_: str, value: float) -> float:
    """The value, if the item can take it. What a patient named stays out of the message."""
    inside = value >= model.low and (model.high is None or value <= model.high)
    if inside and math.isfinite(value) and (not model.whole or value == int(value)):
        return value
    which = "an activity" if model.named_by_patient else f"item {id_}"
    kind = "a whole number" if model.whole else "a number"
    top = f"from {model.low:g} up" if model.high is None else f"{model.low:g} to {model.high:g}"
    raise UsageError(f"{measure.name}, {which}: {value:g} is not {kind} {top}")


def _rescaled_mean(measure: Measure, model: Items, values: Sequence[float]) -> float:
    """Mean of the subscales' scores; multiplied before divided, so that whole scores stay whole."""
    assert measure.scale_range is not None  # the catalogue promises both
    assert model.high is not None
    scores = []
    start = 0
    for size in measure.scoring.groups or (len(values),):
        group = values[start : start + size]
        above = sum(group) - len(group) * model.low
        widest = len(group) * (model.high - model.low)
        scores.append(measure.low + above * measure.scale_range / widest)
        start += size
    return sum(scores) / len(scores)
