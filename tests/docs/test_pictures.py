"""The pictures of the documentation are what the tests saw."""

import re
from collections.abc import Iterable
from pathlib import Path

from .pages import DOCS

WEB = Path(__file__).parents[1] / "web"


def test_every_picture_of_the_documentation_is_kept_by_a_test_and_every_kept_one_is_shown() -> None:
    shown = named(DOCS.glob("*.md"), r"<!-- picture: ([\w-]+):")
    kept = named(WEB.glob("*.py"), r'\bpicture\(.+, "([\w-]+)"\)')
    assert shown == kept
    assert len(shown) > 5


def named(files: Iterable[Path], pattern: str) -> list[str]:
    """What a pattern finds, in order."""
    return sorted(name for file in files for name in re.findall(pattern, file.read_text("utf-8")))
