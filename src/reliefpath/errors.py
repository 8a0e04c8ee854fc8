"""Everything ReliefPath refuses, and how it says so.

ReliefPathError             shown to the user without a traceback
├── UsageError              the command or function was called wrongly (exit 2)
├── ChartError              the database cannot do it now: full, locked, read-only, away (exit 3)
│   └── UncertainCommitError    the connection was lost while it wrote
└── ContentError            what was read has problems (exit 1)
    ├── CareLogError        a care log that breaks its schema
    ├── PathwayError        a pathway file that cannot be used
    └── KnowledgeError      a catalogue or prior file that cannot be used

CareLogWarning              what a care log leaves in doubt, where it is not refused
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_WORD = re.compile(r"[^\W\d_]{3,}")


def is_reason(text: str | None) -> bool:
    """Return whether a text says why: with a word of three different letters or more.

    >>> [is_reason(said) for said in ("on call", "x", "....", "aaaa", " ", None)]
    [True, False, False, False, False, False]
    """
    return any(len(set(word.lower())) >= 3 for word in _WORD.findall(text or ""))


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong, where it is, and what was expected instead.

    `line` counts from 1, the header of a CSV included; in a Parquet file or an Arrow table, which
    have no lines, it is the row, counted from 1.
    """

    file: str
    line: int | None
    column: str | None
    value: str | None
    expected: str
    warning: bool = False

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        column = "" if self.column is None else f" {self.column}"
        value = "" if self.value is None else f" {self.value!r}:"
        severity = "warning:" if self.warning else ""
        return " ".join(f"{place}:{column}{value} {severity} {self.expected}".split())


class ReliefPathError(Exception):
    """An error that the user can mend; its text says how."""

    exit_code = 2


class UsageError(ReliefPathError):
    """The command or function was called wrongly."""


class ChartError(ReliefPathError):
    """The database behind a chart cannot do what was asked; nothing was written."""

    exit_code = 3


class UncertainCommitError(ChartError):
    """The connection was lost during a commit: nobody can know whether it was written."""


class ContentError(ReliefPathError):
    """What was read has problems; `problems` lists every one of them."""

    exit_code = 1

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(
            problems,
            key=lambda p: (p.file, p.line or 0, p.column or "", p.value or "", p.expected),
        )
        super().__init__("\n".join(map(str, self.problems)))


class CareLogError(ContentError):
    """The care log breaks its schema."""


class PathwayError(ContentError):
    """The pathway file cannot be used."""


class KnowledgeError(ContentError):
    """A catalogue or prior file cannot be used."""


class CareLogWarning(UserWarning):
    """What `read_care_log` found in doubt, or left out because it was told to."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean `x`?)` for the known word nearest to `word`, or nothing.

    >>> nearest("lidocain", ["lidocaine", "bupivacaine"])
    ' (did you mean `lidocaine`?)'
    """
    match = nearest_of(word, known)
    return f" (did you mean `{match}`?)" if match else ""


def nearest_of(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to `word`, if any is near.

    >>> nearest_of("untill", ["until", "unit"])
    'until'
    """
    words = list(known)
    matches = get_close_matches(word.lower().replace("_", "-"), words, n=1, cutoff=0.6) or (
        get_close_matches(word, words, n=1, cutoff=0.6)
    )
    return matches[0] if matches else None
