from typing import Any

import pytest

from reliefpath.documents.reference.therapies import therapies_markdown
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import (
    agent_catalogue,
    agents,
    finding_catalogue,
    finding_kinds,
    therapies,
    therapy_catalogue,
    unit_catalogue,
    units,
)

CATALOGUES = (
    therapy_catalogue(SHIPPED),
    agent_catalogue(SHIPPED),
    unit_catalogue(),
    finding_catalogue(SHIPPED),
)


def row(start: Any) -> Any:
    return next(line for line in therapies_markdown().splitlines() if line.startswith(start))


def test_the_page_shows_every_therapy_agent_unit_and_finding() -> None:
    page = therapies_markdown()
    codes = [code for kind in finding_kinds(SHIPPED).values() for code in kind.codes]
    for key in (*therapies(SHIPPED), *agents(SHIPPED), *units(), *codes):
        assert f"\n| `{key}` |" in page
    assert all(f"\n### `{kind}`\n" in page for kind in finding_kinds(SHIPPED))


def test_the_page_shows_every_source_with_its_certainty() -> None:
    page = therapies_markdown()
    for catalogue in CATALOGUES:
        for key, source in catalogue.sources.items():
            assert f"{key} ({source.certainty})" in page
            line = row(f"| {key} |")
            assert source.cite in line
            assert line.endswith(f"| {source.certainty} |")


def test_one_source_id_means_the_same_in_every_file() -> None:
    seen = {}  # type: ignore[var-annotated]
    for catalogue in CATALOGUES:
        for key, source in catalogue.sources.items():
            assert seen.setdefault(key, source) == source


@pytest.mark.parametrize(
    ("start", "part"),
    [
        ("| `strength-training` |", "Sessions a week: 3. Minutes a session: 20. Weeks: 10 or more"),
        ("| `dry-needling` |", "Sessions: 3 to 6. Fair trial, sessions: 4. Source:"),
        ("| `injection` | Trig", "Judged after weeks: 2, 6. Most sessions in twelve months: 3."),
        ("| `electro-dry-needling` |", "needling, counts as `dry-needling` | 7 |"),
        ("| `lidocaine` | Lido", "| 0.5, 1, 1.5, 2 | 4.5 | 300 |  | 10 |"),
        ("| `mepivacaine` | Mepi", "| 1, 1.5, 2 | 4.4 | 400 | 1000 | 16 |"),
        ("| `dexamethasone` | Dexa", "| 5.333 | 2 to 4 |"),
        ("| `ropivacaine` | Ropi", "; `max_mg`: ropivacaine-infiltration (secondary);"),
        ("| `lb` |", "| 453592.37 milligram |"),
        ("| `body-weight` |", "| nothing |"),
        ("| `pregnant` |", "| caution, steroid-contraindication |"),
    ],
)
def test_a_row_of_the_page_shows_its_numbers(start: Any, part: Any) -> None:
    assert part in row(start)
