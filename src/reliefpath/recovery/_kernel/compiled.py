"""The compiled loops: C beside this file, which `hatch_build.py` makes a library of.

Arrays are handed over as they are, so that their kinds are checked.
"""

from __future__ import annotations

import sys
from ctypes import CDLL, POINTER, Structure, c_bool, c_double, c_int64, c_void_p, pointer
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.ctypeslib import ndpointer
from numpy.typing import NDArray

from reliefpath.recovery._kernel.packing import PackedPrior, PackedTargets
from reliefpath.recovery.batch import Batch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LIBRARY = Path(__file__).with_name("kernel.dll" if sys.platform == "win32" else "kernel.so")


class _Scores(Structure):
    """`struct scores`; see `Batch`."""

    _fields_ = tuple((name, c_void_p) for name in ("offsets", "day", "burden", "effect"))


class _Tally(Structure):
    """`struct tally`; see `reliefpath.recovery.learning`."""

    _fields_ = (
        *((name, c_void_p) for name in ("shapes", "shapes_of_long")),
        *((name, c_void_p) for name in ("deviations", "asymptotes", "numbers")),
        ("many", c_int64),
    )


_FLOATS, _INTS = (ndpointer(kind, flags=("C", "A")) for kind in (np.float64, np.int64))
_TO_FILL = ndpointer(np.float64, flags=("C", "A", "W"))
_SCORES, _PRIOR, _TARGETS = POINTER(_Scores), POINTER(PackedPrior), POINTER(PackedTargets)
_RANGE = (c_bool, c_int64, c_int64, _SCORES)
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "recover_range": (*_RANGE, *3 * [_FLOATS], _TARGETS, _PRIOR, _TO_FILL, c_int64),
    "forecast_range": (
        *(*_RANGE, _FLOATS, _INTS, _FLOATS, c_int64),
        *(_FLOATS, c_int64, _PRIOR, _TO_FILL),
    ),
    "curve_at": (c_bool, _SCORES, c_double, _INTS, _FLOATS, c_int64, _PRIOR, _TO_FILL),
    "outlook_range": (*_RANGE, *3 * [_FLOATS], _TARGETS, _FLOATS, _PRIOR, _TO_FILL),
    "tally_range": (*_RANGE, _FLOATS, _PRIOR, POINTER(_Tally)),
    "digamma": (c_double, c_double),
    "space_bytes": (c_int64, _PRIOR, c_int64),
}
"""What each function returns, and what it takes."""


@cache
def library() -> CDLL:
    """Return the library, with the functions of the widest kernel under their own names.

    Raises:
        ImportError: It was never built.
    """
    found, width = _loaded(), widest_kernel()
    for name, (answer, *arguments) in _SIGNATURES.items():
        function = getattr(found, f"{name}_{width}")
        function.argtypes, function.restype = arguments, answer
        setattr(found, name, function)
    return found


def widest_kernel() -> int:
    """Return the number of the widest kernel that this machine can run."""
    return int(_loaded().widest_kernel())


def _loaded() -> CDLL:
    try:
        return CDLL(str(LIBRARY))
    except OSError as error:
        raise ImportError(
            f"The compiled recovery curve can't be loaded from {LIBRARY} ({error}). "
            "Build it with `python hatch_build.py` in the source, or install the package again."
        ) from error


def _call(name: str, *arguments: object) -> None:
    if not getattr(library(), name)(*arguments):
        raise MemoryError(f"There is no memory for an episode with so many scores ({name}).")


def _scores(batch: Batch) -> Any:
    columns = (batch.offsets, batch.day, batch.score, batch.effect)
    return pointer(_Scores(*(column.ctypes.data for column in columns)))


def recover_range(
    first: int,
    last: int,
    batch: Batch,
    mcid: Floats,
    targets: PackedTargets,
    prior: PackedPrior,
    out: Floats,
) -> None:
    """Answer the questions for the episodes from `first` up to `last`, which are columns of `out`.

    Its rows are the fields of `Recovery`; what can't be answered is left as it is. `mcid` is in the
    measure's units.
    """
    own = (batch.scale_range, mcid, batch.step)
    asked = (pointer(targets), pointer(prior))
    _call("recover_range", first, last, _scores(batch), *own, *asked, out, out.shape[1])


def outlook_range(
    first: int,
    last: int,
    batch: Batch,
    mcid: Floats,
    targets: PackedTargets,
    clear: Floats,
    prior: PackedPrior,
    out: Floats,
) -> None:
    """Fill `out` with the weeks from the latest score until the course is clearly level or not.

    A score comes each week, and is what the curve so far expects, without an injection's effect. 0
    is clear already; what is never clear within the weeks of a level course, or can't be asked, is
    left as it is. `clear` is the highest probability that is clear, and the lowest.
    """
    own = (batch.scale_range, mcid, batch.step)
    asked = (pointer(targets), clear, pointer(prior))
    _call("outlook_range", first, last, _scores(batch), *own, *asked, out)


def forecast_range(
    first: int,
    last: int,
    batch: Batch,
    at: Ints,
    effect_at: Floats,
    levels: Floats,
    prior: PackedPrior,
    out: Floats,
) -> None:
    """Fill `out`, by episode, day in its row of `at` and level, with quantiles of the score then.

    They are on the common scale; a day below 0 is not asked for.
    """
    asked = (at, effect_at, at.shape[1], levels, len(levels))
    _call(
        "forecast_range",
        first,
        last,
        _scores(batch),
        batch.common_step,
        *asked,
        pointer(prior),
        out,
    )


def curve_at(batch: Batch, at: Ints, effect_at: Floats, prior: PackedPrior, out: Floats) -> None:
    """Fill the rows of `out` with mean, 5 % and 95 % quantile of the course on the days `at`.

    The batch is of one episode, which has scores.
    """
    own = (_scores(batch), float(batch.common_step[0]))
    _call("curve_at", *own, at, effect_at, len(at), pointer(prior), out)


def tally(batch: Batch, prior: PackedPrior, sums: dict[str, Floats], many: int) -> None:
    """Add to the sums what the episodes say; those of `many` scores or more are long.

    `shapes`, `deviations` and `asymptotes` get how many episodes belong to each, a part of an
    episode where it may belong to several; `shapes_of_long` those of long ones alone.
    """
    into = _Tally(**{name: column.ctypes.data for name, column in sums.items()}, many=many)
    whole = (0, len(batch.scale_range), _scores(batch), batch.common_step)
    _call("tally_range", *whole, pointer(prior), pointer(into))


def digamma(x: float) -> float:
    """Return the digamma function of x, at least 3, to 1e-5."""
    return float(library().digamma(x))


def space_bytes(prior: PackedPrior, longest: int) -> int:
    """Return the bytes of one thread's working space for episodes of up to `longest` scores."""
    return int(library().space_bytes(pointer(prior), longest))
