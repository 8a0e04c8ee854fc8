"""Compilation, and the few functions that every compiled loop needs.

Loops run over lanes, elements of arrays in single precision, in the form that the compiler turns
into vector instructions. It may not reorder or fuse anything, so every machine computes the same
bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from reliefpath.recovery._kernel.packing import PackedPrior

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])

F = np.float32
I = np.int32  # noqa: E741
ZERO, HALF, ONE, TWO = F(0), F(0.5), F(1), F(2)
LOG_2, LOG2_E = F(math.log(2)), F(1 / math.log(2))
ROUND = F(3 << 22)
"""Added to a small number, it leaves the nearest whole one in the lowest bits."""
ROOT_HALF_BITS, EXPONENT = I(0x3F3504F3), I(23)
X2, X3, X4, X5, X6 = (F(1 / math.factorial(m)) for m in range(2, 7))
L3, L5, L7 = (F(2 / m) for m in range(3, 8, 2))
LOWEST = F(-80)
LEAST_SQUARE = F(1e-9)
UNIT = F(1 << 30)
"""Parts of a probability are added up as whole numbers of this size: in any order, to the bit."""


class StudentLaw(NamedTuple):
    """How the Student-t of an episode is computed; see `student`.

    Attributes:
        per_degree: 1 by the degrees of freedom.
        end: How far z goes.
        c0, c1, c2, c3, c4, c5, c6: Coefficients of the polynomial in z.
    """

    per_degree: np.float32
    end: np.float32
    c0: np.float32
    c1: np.float32
    c2: np.float32
    c3: np.float32
    c4: np.float32
    c5: np.float32
    c6: np.float32


def compiled(function: FunctionT) -> FunctionT:
    """Compile `function`; keep the machine code on disk wherever a place for it can be written."""
    try:
        machine_code = njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:
        machine_code = njit(nogil=True, error_model="numpy")(function)
    return cast(FunctionT, machine_code)


def _same_bits(kind: Any) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(kind))

    return generate


def _bits(_context: Any, _x: Any) -> Any:
    return types.int32(types.float32), _same_bits(types.int32)


def _number(_context: Any, _x: Any) -> Any:
    return types.float32(types.int32), _same_bits(types.float32)


bits = cast(Callable[[Any], Any], intrinsic(_bits))
"""The bits of a number in single precision, as a whole number."""
number = cast(Callable[[Any], Any], intrinsic(_number))
"""The number in single precision that has these bits."""


@compiled
def exponential(x: np.float32) -> np.float32:
    """Return e^x for x of at most 0, to 6 digits; below -80 it is as at -80."""
    x = max(x, LOWEST)
    shifted = x * LOG2_E + ROUND
    f = x - (shifted - ROUND) * LOG_2
    power = ONE + f * (ONE + f * (X2 + f * (X3 + f * (X4 + f * (X5 + f * X6)))))
    found: np.float32 = number(I(bits(power) + I(bits(shifted) << EXPONENT)))
    return found


@compiled
def logarithm(x: np.float32) -> np.float32:
    """Return log x, to 7 digits of its distance from the nearest power of 2."""
    power = I(I(bits(x) - ROOT_HALF_BITS) >> EXPONENT)
    m = number(I(bits(x) - I(power << EXPONENT)))
    u = (m - ONE) / (m + ONE)
    q = u * u
    found: np.float32 = F(power) * LOG_2 + u * (TWO + q * (L3 + q * (L5 + q * L7)))
    return found


@compiled
def student_law(n: int, prior: PackedPrior) -> StudentLaw:
    """Return the law after `n` scores."""
    row = prior.students[min(n, len(prior.students) - 1)]
    per_degree = F(1.0 / (prior.dof + n))
    return StudentLaw(per_degree, row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7])


@compiled
def student(off: np.float32, square: np.float32, law: StudentLaw) -> np.float32:
    """Return the Student-t probability below what is `off` from the mean, to 2e-4.

    `square` is the variance and `off` squared by the degrees of freedom v. So z = off by its root
    is t / sqrt(1 + t^2 / v), whose density is (1 - z^2 / v)^(v/2 - 1), for which the packed prior
    has a polynomial; one root and one division are all it takes.
    """
    _, end, c0, c1, c2, c3, c4, c5, c6 = law
    z = off / math.sqrt(max(square, LEAST_SQUARE))
    z = min(max(z, -end), end)
    q = z * z
    series = c0 + q * (c1 + q * (c2 + q * (c3 + q * (c4 + q * (c5 + q * c6)))))
    return HALF + z * series


@compiled
def total(lane: NDArray[np.float32], n: int) -> np.float32:
    """Return the sum of the first `n` elements of row 0, which are used up, in a fixed order."""
    while n > 8:
        half = (n + 1) // 2
        for k in range(n - half):
            lane[0, k] += lane[0, half + k]
        n = half
    found = ZERO
    for k in range(n):
        found += lane[0, k]
    return found
