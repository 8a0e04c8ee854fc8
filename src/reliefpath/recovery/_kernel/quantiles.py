"""The quantiles of what is asked, searched for among its probabilities; compiled."""

from __future__ import annotations

import math

from reliefpath.recovery._kernel.compiling import F, compiled, total
from reliefpath.recovery._kernel.posterior import WEIGHT, Floats
from reliefpath.recovery._kernel.question import VAR_X, Mixture, X, below, mean, share_below
from reliefpath.recovery.prior import RANGE

LEVEL_LIMIT = 100 * RANGE
"""A point of the curve is looked for this far from well."""
CLOSE, NEAR, FAR = 0.01, 0.012, 1.0
"""What is foretold of a quantile is taken for it if it can't be off by more than about `CLOSE`
hundredths of a standard deviation and a point is `NEAR`; one that is `FAR` tells nothing. In the
tails, where a deviation is less of a probability, more is let pass."""
WARY, UNEVEN = 5, 2.5
"""How much less is believed of fewer than three points, or of ones this unevenly spaced."""
TIGHT, TRUSTED = 1e-3, 3.5
"""A bracket this narrow is enough; nothing is foretold from a point that far out."""
STEPS = 40
PATIENCE, STILL = 4, 1e-4
"""After so many looks on both sides of 0 a share is looked for next to it, at this distance."""
SURE = 1e-7


@compiled
def normal_quantile(p: float) -> float:
    """Return the standard normal quantile of p, to 5e-4 (Abramowitz & Stegun 26.2.23)."""
    p = min(max(p, SURE), 1.0 - SURE)
    t = math.sqrt(-2.0 * math.log(min(p, 1.0 - p)))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    return -z if p < 0.5 else z


@compiled
def note(q: float, z: float, seen: int, known: Floats) -> int:
    """Note beside `seen` other points that z is the normal quantile of P(x <= q)."""
    known[0, seen], known[1, seen] = q, z
    return seen + 1


@compiled
def _foretold(
    goal: float,
    spread: float,
    below_q: float,
    below_z: float,
    above_q: float,
    above_z: float,
    third_q: float,
    third_z: float,
    fourth_q: float,
    fourth_z: float,
) -> tuple[float, float]:
    """Return where z is expected to be `goal`, and how far off that may be, but for a factor.

    By inverse interpolation through the points that are known.
    """
    if above_z - goal < goal - below_z:
        near_q, near_z, other_q, other_z = above_q, above_z, below_q, below_z
    else:
        near_q, near_z, other_q, other_z = below_q, below_z, above_q, above_z
    if not math.isfinite(other_z):
        other_q, other_z, third_q, third_z = third_q, third_z, fourth_q, fourth_z
    off = WARY * abs(goal - near_z)
    if not math.isfinite(other_z):
        return near_q + (goal - near_z) * spread, off
    slope = (other_q - near_q) / (other_z - near_z)
    step = slope * (goal - near_z)
    if not math.isfinite(third_z):
        return near_q + step, off
    next_slope = (third_q - other_q) / (third_z - other_z)
    bend = (next_slope - slope) / (third_z - near_z) * (goal - near_z) * (goal - other_z)
    # probability may climb all at once, where shapes have not begun
    if max(slope, next_slope) > UNEVEN * min(slope, next_slope) or abs(bend) > abs(step):
        return near_q + step, off
    return near_q + step + bend, abs((goal - near_z) * (goal - other_z) * (goal - third_z))


@compiled
def quantile(
    p: float,
    guess: float,
    spread: float,
    limit: float,
    share: bool,
    seen: int,
    of: Mixture,
) -> tuple[float, int]:
    """Return the q within `limit` where P(x <= q), or of a share P(x <= q b), is p.

    Inverse interpolation in normal quantiles, which are nearly straight in q, inside a bracket that
    shrinks. It begins with the `seen` points that are known of the distribution function, adds to
    them, and returns how many there are then.
    """
    known = of.known
    goal = normal_quantile(p)
    loose = math.exp(0.25 * goal * goal)
    low, high = -limit, limit
    # the nearest points below and above, and the two that were displaced last
    below_q, below_z, above_q, above_z = 0.0, -math.inf, 0.0, math.inf
    third_q, third_z, fourth_q, fourth_z = 0.0, math.nan, 0.0, math.nan
    q, look, m = min(max(guess, low), high), 0, 0
    while look < STEPS:
        if m == seen:
            z = normal_quantile(share_below(q, of) if share else below(q, of))
            seen = note(q, z, seen, known)
            look += 1
        at, z = known[0, m], known[1, m]
        m += 1
        if z < goal:
            low = max(low, at)
        else:
            high = min(high, at)
        if abs(z) < TRUSTED:
            old_q, old_z = at, z
            if below_z < z < goal:
                old_q, old_z, below_q, below_z = below_q, below_z, at, z
            elif goal <= z < above_z:
                old_q, old_z, above_q, above_z = above_q, above_z, at, z
            if math.isfinite(old_z):
                fourth_q, fourth_z, third_q, third_z = third_q, third_z, old_q, old_z
        if m < seen:
            continue
        if high - low < TIGHT * spread:
            break
        near = min(goal - below_z, above_z - goal)
        if look == 0 and near > FAR:
            continue
        q, off = _foretold(
            goal,
            spread,
            below_q,
            below_z,
            above_q,
            above_z,
            third_q,
            third_z,
            fourth_q,
            fourth_z,
        )
        if share and look >= PATIENCE and low < 0.0 < high:
            # shapes that have not begun have all their probability at 0
            if high - low < 4.0 * STILL:
                return 0.0, seen
            q = STILL if high > STILL else -STILL
        elif not low < q < high:
            q = 0.5 * (low + high)
        elif near < NEAR * loose and off < CLOSE * loose:
            break
    return q, seen


@compiled
def loss_quantiles(levels: Floats, of: Mixture, out: Floats) -> None:
    """Fill `out` with the quantiles of -x."""
    guess = mean(of)
    spread = _spread(guess, of)
    seen = 0
    for m in range(len(levels)):
        if seen + STEPS > of.known.shape[1]:
            seen = 0
        near = guess - normal_quantile(levels[m]) * spread
        found, seen = quantile(1.0 - levels[m], near, spread, LEVEL_LIMIT, False, seen, of)
        out[m] = -found


@compiled
def _spread(mean: float, of: Mixture) -> float:
    """Return the standard deviation of x."""
    rows, out, lane = of.rows, of.posterior, of.lane
    middle = F(mean)
    for p in range(rows.shape[1]):
        off = rows[X, p] - middle
        lane[0, p] = out[WEIGHT, p] * (off * off + rows[VAR_X, p])
    return math.sqrt(max(float(total(lane, lane.shape[1])), 1e-8))
