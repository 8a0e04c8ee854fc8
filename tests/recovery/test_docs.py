"""The documentation's example must do what it shows."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "recovery.md"


def test_example_of_the_page_does_what_it_shows() -> None:
    failed, attempted = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert attempted > 5
    assert failed == 0
