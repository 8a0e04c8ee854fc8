"""Compilation, and the few functions that every compiled loop needs.

Loops run over lanes, elements of arrays in single precision, in the form that the compiler turns
into vector instructions. It may not reorder or fuse anything, so every machine computes the same
bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])

F = np.float32
ZERO, HALF, ONE, TWO = F(0), F(0.5), F(1), F(2)
HIGHEST = F(9)
"""Standard deviations from the mean beyond which a probability is 0 or 1."""
# Abramowitz & Stegun 7.1.28: erf(x) = 1 - 1 / (1 + a1 x + ... + a6 x^6)^16, to 3e-7
E1, E2, E3 = F(0.0705230784), F(0.0422820123), F(0.0092705272)
E4, E5, E6 = F(0.0001520143), F(0.0002765672), F(0.0000430638)
ROOT_HALF = F(math.sqrt(0.5))
X2, X3, X4, X5 = (F(1 / math.factorial(m)) for m in range(2, 6))
L3, L5, L7, L9, L11, L13, L15 = (F(2 / m) for m in range(3, 16, 2))
LOWEST = F(-50)


def compiled(function: FunctionT) -> FunctionT:
    """Compile `function`; keep the machine code on disk wherever a place for it can be written."""
    try:
        machine_code = njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:
        machine_code = njit(nogil=True, error_model="numpy")(function)
    return cast(FunctionT, machine_code)


@compiled
def exponential(x: np.float32) -> np.float32:
    """Return e^x for x of at most 0, to 5 digits; below -50 it is as at -50."""
    x = max(x, LOWEST)
    p = x * F(1 / 128)
    power = ONE + p * (ONE + p * (X2 + p * (X3 + p * (X4 + p * X5))))
    for _ in range(7):
        power *= power
    return power


@compiled
def normal(x: np.float32) -> np.float32:
    """Return the standard normal probability below x, to 1e-6."""
    a = min(abs(x), HIGHEST) * ROOT_HALF
    t = ONE + a * (E1 + a * (E2 + a * (E3 + a * (E4 + a * (E5 + a * E6)))))
    t *= t
    t *= t
    t *= t
    t *= t
    tail = HALF / t
    return ONE - tail if x > ZERO else tail


@compiled
def student(t: np.float32, four_degrees: np.float32) -> np.float32:
    """Return the Student-t probability below t, to 3e-4 from 9 degrees of freedom on.

    Li & De Moor 1999, Computational Statistics & Data Analysis 29:459: a normal probability of
    t (4 v + t^2 - 1) / (4 v + 2 t^2).
    """
    square = t * t
    return normal(t * (four_degrees + square - ONE) / (four_degrees + square + square))


@compiled
def logarithm(x: np.float32) -> np.float32:
    """Return log x for x of at least 1: to 1e-6 up to 3, to 1e-3 up to 8, ever lower beyond."""
    u = (x - ONE) / (x + ONE)
    q = u * u
    series = L9 + q * (L11 + q * (L13 + q * L15))
    return u * (TWO + q * (L3 + q * (L5 + q * (L7 + q * series))))


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
