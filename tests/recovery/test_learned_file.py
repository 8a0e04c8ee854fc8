"""Learned priors as a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from reliefpath.errors import KnowledgeError, UsageError
from reliefpath.recovery import DEFAULT_PRIOR, Priors
from reliefpath.recovery.learned import priors_text, read_priors

OTHER = replace(DEFAULT_PRIOR, start=(6.5, 1.25))
PRIORS = Priors(DEFAULT_PRIOR, {("nrs", "neck"): OTHER})
TEXT = priors_text(PRIORS, {None: 900, ("nrs", "neck"): 300}, "900 series of scores")


def written(folder: Path, text: str) -> Path:
    file = folder / "prior.yaml"
    file.write_text(text, "utf-8")
    return file


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    found = read_priors(written(tmp_path, TEXT))
    assert found.of("nrs", "neck").start == OTHER.start
    assert found.of("nrs", "hip").start == DEFAULT_PRIOR.start
    for name in ("shapes", "asymptotes", "deviations"):
        learned, shipped = getattr(found.overall, name), getattr(DEFAULT_PRIOR, name)
        assert list(learned) == list(shipped)
        assert list(learned.values()) == pytest.approx(list(shipped.values()), rel=1e-8)


def test_file_in_the_words_of_before_is_read(tmp_path: Path) -> None:
    """Versions before 0.2 wrote other names for two parts."""
    old = TEXT.replace("asymptotes:", "endings:").replace("deviations:", "wanders:")
    assert old != TEXT
    assert read_priors(written(tmp_path, old)) == read_priors(written(tmp_path, TEXT))


def test_file_says_what_it_was_learned_from() -> None:
    assert "cite: 900 series of scores" in TEXT
    assert "episodes: 300" in TEXT


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("start: [5.75, 2.2]", "start: [5.75, -2.2]", "must be above 0"),
        ("start: [5.75, 2.2]", "start: [5.75]", "priors.0.start"),
        ("measure: nrs", "measures: nrs", "priors.1"),
        ("episodes: 900", "episodes: many", "priors.0.episodes"),
        ("certainty: derived", "certainty: sure", "certainty"),
    ],
)
def test_a_slip_is_refused_where_it_is(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(KnowledgeError, match=message):
        read_priors(written(tmp_path, TEXT.replace(old, new)))


def test_group_without_its_region_is_refused(tmp_path: Path) -> None:
    broken = TEXT.replace("  region: neck\n", "").replace("region: neck, ", "")
    with pytest.raises(KnowledgeError, match="names measure and region"):
        read_priors(written(tmp_path, broken))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="recovery learn"):
        read_priors(tmp_path / "none.yaml")
