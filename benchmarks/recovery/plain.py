"""Three cases that everybody would call alike, and what is called level of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reliefpath.recovery import recover

from .peers.clinical_rule import clinical_rule
from .worlds import plain_case

KINDS = ("improving", "levelled", "flat")
NOISES = (0.8, 1.2)
SURE = 0.8
"""Probability of a level course from which it is called level."""


@dataclass(frozen=True)
class Plain:
    """How many of the episodes of one plain case are called level, as a share.

    Attributes:
        kind: See `plain_case`.
        noise_sd: Of single scores.
        ours: With `p_level` of at least 0.8 under the prior as shipped.
        rule: By the clinical rule.
    """

    kind: str
    noise_sd: float
    ours: float
    rule: float


def plain_cases(episodes: int) -> list[Plain]:
    """Return what is called level of each case and noise."""
    found = []
    for kind in KINDS:
        for noise_sd in NOISES:
            h = plain_case(kind, noise_sd, episodes)
            told = recover(h.offsets, h.weeks, h.burden, h.scale_range, h.mcid, step=h.step)
            rule = float(np.mean(clinical_rule(h).level))
            found.append(Plain(kind, noise_sd, float(np.mean(told.p_level >= SURE)), rule))
    return found
