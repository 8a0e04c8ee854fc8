"""The outcome measures as data."""

import subprocess
import sys
from pathlib import Path

import pytest

from reliefpath.documents.reference.measures import measures_markdown
from reliefpath.errors import KnowledgeError
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import Certainty, cited_rows
from reliefpath.reference.measures import Measure, measures, sources, table
from reliefpath.reference.measures.catalogue import FILE, read_measures

FREE = {"nrs", "vas", "psfs", "peg", "groc", "pgic", "sane", "ppt", "spadi"}


@pytest.fixture(params=measures(SHIPPED))
def measure(request: pytest.FixtureRequest) -> Measure:
    return measures(SHIPPED)[request.param]


def test_measures_are_listed_in_catalogue_order() -> None:
    assert list(measures(SHIPPED)) == [
        "nrs",
        "vas",
        "psfs",
        "peg",
        "groc",
        "pgic",
        "sane",
        "ppt",
        "ndi",
        "odi",
        "spadi",
        "quickdash",
        "lefs",
        "promis-pi-4a",
        "promis-pi-6a",
        "promis-pf-4a",
        "promis-pf-6b",
    ]


def test_measures_load_neither_polars_nor_numpy() -> None:
    code = (
        "import sys; from reliefpath.reference.measures import measures; "
        "from reliefpath.knowledge import SHIPPED; measures(SHIPPED);"
        "sys.exit(any(name in sys.modules for name in ('polars', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code]).returncode == 0


def test_every_cited_part_of_a_measure_resolves_its_sources(measure: Measure) -> None:
    parts = dict(cited_rows(measure))
    assert ("scoring",) in parts
    assert ("licence",) in parts
    for row in parts.values():
        assert row.source
        assert set(row.source) <= set(sources(SHIPPED))


def test_every_source_is_named_by_a_measure() -> None:
    named = {s for m in measures(SHIPPED).values() for _, row in cited_rows(m) for s in row.source}
    assert named == set(sources(SHIPPED))


def test_a_source_that_was_read_online_says_where() -> None:
    assert sources(SHIPPED)["abbott-2014"].url is not None
    assert sources(SHIPPED)["abbott-2014"].certainty is Certainty.READ
    assert sources(SHIPPED)["farrar-2001"].certainty is Certainty.UNVERIFIED


def test_well_is_the_better_end_of_the_range(measure: Measure) -> None:
    if measure.well is not None:
        assert measure.well == (measure.low if measure.better == "lower" else measure.high)


def test_only_a_measure_of_the_present_state_has_a_score_that_means_well() -> None:
    without = {id_ for id_, m in measures(SHIPPED).items() if m.well is None}
    assert without == {"groc", "pgic", "ppt", "promis-pi-6a", "promis-pf-6b"}
    assert {id_ for id_, m in measures(SHIPPED).items() if m.retrospective} == {"groc", "pgic"}


def test_thresholds_are_in_the_measures_own_unit_and_inside_its_range(measure: Measure) -> None:
    for threshold in filter(None, (measure.mcid, measure.mdc)):
        assert threshold.unit == measure.unit
        assert measure.scale_range is None or threshold.value < measure.scale_range


def test_bands_start_inside_the_range_in_rising_order(measure: Measure) -> None:
    if measure.bands:
        starts = list(measure.bands.starts)
        assert starts == sorted(starts)
        assert measure.low <= starts[0]
        assert measure.high is None or starts[-1] <= measure.high


def test_bands_of_the_odi_are_not_those_of_the_ndi() -> None:
    ndi, odi = measures(SHIPPED)["ndi"].bands, measures(SHIPPED)["odi"].bands
    assert ndi is not None
    assert odi is not None
    assert list(ndi.starts) == [0, 5, 15, 25, 35]
    assert list(odi.starts) == [0, 21, 41, 61, 81]


def test_ndi_thresholds_are_raw_and_not_percent() -> None:
    ndi = measures(SHIPPED)["ndi"]
    assert (ndi.high, ndi.unit) == (50, "raw points")
    assert ndi.mcid is not None
    assert ndi.mdc is not None
    assert (ndi.mcid.value, ndi.mdc.value) == (7.5, 10)


def test_items_of_licensed_measures_carry_no_text(measure: Measure) -> None:
    if measure.items and not measure.licence.free:
        assert not measure.items.labels


def test_free_measures_are_exactly_those_anyone_may_build_in() -> None:
    assert {id_ for id_, m in measures(SHIPPED).items() if m.licence.free} == FREE


def test_item_ids_are_names_numbers_none_or_the_patients_own() -> None:
    assert measures(SHIPPED)["peg"].item_ids == ("pain", "enjoyment", "activity")
    assert measures(SHIPPED)["ppt"].item_ids == ("1", "2", "3")
    assert measures(SHIPPED)["nrs"].item_ids == ()
    assert measures(SHIPPED)["psfs"].item_ids is None


def test_loinc_codes_have_a_valid_check_digit() -> None:
    codes = [loinc.code for m in measures(SHIPPED).values() for loinc in m.loinc]
    assert codes
    for code in codes:
        number, check = code.split("-")
        assert luhn(number) == int(check), code


def test_a_loinc_code_stands_for_one_measure() -> None:
    codes = [loinc.code for m in measures(SHIPPED).values() for loinc in m.loinc]
    assert len(codes) == len(set(codes))


def test_the_older_code_of_the_numeric_rating_scale_is_marked_legacy() -> None:
    nrs = {loinc.code: loinc.legacy for loinc in measures(SHIPPED)["nrs"].loinc}
    assert nrs == {"72514-3": False, "38208-5": True}


def test_measure_without_items_to_score_is_refused() -> None:
    broken = measures(SHIPPED)["peg"].model_dump() | {"items": None}
    with pytest.raises(ValueError, match="expected items"):
        Measure.model_validate(broken)


def test_t_table_of_the_wrong_length_is_refused() -> None:
    broken = measures(SHIPPED)["promis-pi-4a"].model_dump()
    broken["scoring"]["t_scores"] = broken["scoring"]["t_scores"][1:]
    with pytest.raises(ValueError, match="expected 17 T-scores"):
        Measure.model_validate(broken)


def test_well_inside_the_range_is_refused() -> None:
    broken = measures(SHIPPED)["lefs"].model_dump() | {"well": 77}
    with pytest.raises(ValueError, match="end of the range"):
        Measure.model_validate(broken)


def test_rescaling_without_an_end_is_refused() -> None:
    broken = measures(SHIPPED)["ndi"].model_dump() | {"high": None}
    with pytest.raises(ValueError, match="to rescale between"):
        Measure.model_validate(broken)


def test_table_has_one_row_a_measure_in_its_own_unit() -> None:
    frame = table(SHIPPED)
    assert frame["measure"].to_list() == list(measures(SHIPPED))
    rows_ = {row["measure"]: row for row in frame.iter_rows(named=True)}
    assert rows_["ndi"] == {
        "measure": "ndi",
        "construct": "function",
        "low": 0,
        "high": 50,
        "better": "lower",
        "well": 0,
        "scale_range": 50,
        "mcid": 7.5,
        "mdc": 10,
        "step": 1,
        "free": False,
    }
    assert rows_["ppt"]["scale_range"] is None
    assert rows_["groc"]["scale_range"] == 14
    assert rows_["groc"]["mcid"] is None


def test_page_tells_every_measure_with_its_rule_thresholds_and_licence(measure: Measure) -> None:
    page = measures_markdown()
    assert f"## {measure.name}\n" in page
    assert measure.scoring.rule in page
    assert measure.licence.terms in page
    for threshold in filter(None, (measure.mcid, measure.mdc)):
        assert f": {threshold.value:g} ({threshold.unit})" in page


def test_page_says_how_sure_each_source_is() -> None:
    page = measures_markdown()
    for id_, source in sources(SHIPPED).items():
        assert f"`{id_}`, {source.certainty}" in page


def test_an_unknown_source_deep_inside_a_measure_is_refused_with_its_line(tmp_path: Path) -> None:
    text = FILE.read_text("utf-8")
    file = tmp_path / "measures.yaml"
    file.write_text(text.replace("confidence: 0.9, source: [binkley-1999]", "source: [binkly]"))
    with pytest.raises(KnowledgeError) as refusal:
        read_measures(file)
    (problem,) = refusal.value.problems
    assert (problem.column, problem.value) == ("measures.lefs.mdc.source", "binkly")
    assert "did you mean `binkley-1999`?" in problem.expected
    assert problem.line is not None
    assert "mdc: {value: 9" in file.read_text().splitlines()[problem.line - 1]


def luhn(number: str) -> int:
    """LOINC's check digit, Luhn's modulus 10."""
    backwards = number[::-1]
    doubled = str(int(backwards[::2][::-1]) * 2)
    return -sum(int(digit) for digit in doubled + backwards[1::2]) % 10


@pytest.mark.parametrize(
    ("key", "mcid", "mdc"),
    [("vas", 15, None), ("ndi", 7.5, 10), ("odi", 10, 13.5), ("spadi", 8, 18), ("lefs", 9, 9)],
)
def test_a_change_that_matters_and_one_beyond_chance_are_those_of_the_paper(
    key: str, mcid: float, mdc: float | None
) -> None:
    measure = measures(SHIPPED)[key]
    assert measure.mcid is not None
    assert measure.mcid.value == mcid
    assert (measure.mdc.value if measure.mdc else None) == mdc
