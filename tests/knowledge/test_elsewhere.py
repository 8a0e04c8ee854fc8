"""A function is asked under another clinic's file, in a process that goes by that."""

from __future__ import annotations

import os

import pytest

from reliefpath.errors import UsageError
from reliefpath.knowledge.elsewhere import Elsewhere
from reliefpath.reference.therapies.injection.limits import injection_limits

STRICT = """clinic: Strict
overrides:
  - {in: limits, row: volume, set: {most: MOST}, because: Less is enough., by: Ana, on: 2026-05-04}
"""


def test_each_file_has_its_answer_and_none_leaks_into_this_process() -> None:
    shipped = injection_limits().limits["volume"].most
    with Elsewhere() as elsewhere:
        for most in (2.0, 3.0, 2.0):
            limits = elsewhere.call(STRICT.replace("MOST", str(most)), injection_limits)
            assert limits.limits["volume"].most == most
        assert elsewhere.call(None, injection_limits) is injection_limits()
    assert injection_limits().limits["volume"].most == shipped


def test_a_file_that_is_refused_says_why_each_time_it_is_asked() -> None:
    with Elsewhere() as elsewhere:
        for told in ("Input should be a valid number", "was refused|comes too late"):
            with pytest.raises(UsageError, match=told):
                elsewhere.call(STRICT.replace("MOST", "two"), injection_limits)


def test_a_process_that_ends_is_an_error_and_not_an_answer() -> None:
    with Elsewhere() as elsewhere:
        for _ in range(2):
            with pytest.raises(UsageError, match="ended unexpectedly"):
                elsewhere.call(STRICT.replace("MOST", "2"), os._exit, 3)
