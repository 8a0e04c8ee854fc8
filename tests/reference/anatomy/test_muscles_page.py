from reliefpath.documents.reference.markdown import table
from reliefpath.documents.reference.muscles import muscles_markdown
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import Region, muscle_catalogue, muscles, trigger_point_catalogue


def test_the_page_shows_every_muscle_once() -> None:
    page = muscles_markdown()
    assert {key: page.count(f"| `{key}` |") for key in muscles(SHIPPED)} == dict.fromkeys(
        muscles(SHIPPED), 1
    )


def test_the_page_shows_every_region_and_every_definition() -> None:
    page = muscles_markdown()
    assert all(f"| `{region}` | {region.meaning} |" in page for region in Region)
    assert all(f"`{d.rule}`" in page for d in trigger_point_catalogue().definitions.values())


def test_the_page_shows_every_source_with_its_certainty() -> None:
    page = muscles_markdown()
    for catalogue in (muscle_catalogue(SHIPPED), trigger_point_catalogue()):
        for key, source in catalogue.sources.items():
            assert f"{key} ({source.certainty})" in page
            assert any(
                line.startswith(f"| {key} |") and source.cite in line for line in page.splitlines()
            )


def test_every_row_of_a_table_is_as_wide_as_its_header() -> None:
    width = None
    for line in muscles_markdown().splitlines():
        cells = line.count("|") if line.startswith("|") else None
        assert width is None or cells is None or cells == width
        width = cells


def test_a_bar_inside_a_cell_does_not_end_it() -> None:
    assert table(("a",), [["b|c"]]) == "| a |\n| --- |\n| b\\|c |\n"
