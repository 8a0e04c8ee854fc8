"""A medicine or an allergen is read by whatever name it has, and kept in its words otherwise."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from care.asking import plan_of
from reliefpath.care_log.folder import inspect_folder, read_folder, write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import FINDINGS
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import folded
from reliefpath.pathway.facts import facts
from reliefpath.reference.therapies import NOT_UNDERSTOOD, SCREENED
from reliefpath.reference.therapies.injection import Plan, Portion, Site
from reliefpath.reference.therapies.terms import code_of
from reliefpath.simulation import demo_clinic

from .clinic import FILES, changed, write

AS_OF = date(2026, 3, 31)
EPISODE = "demo-0015"
RECORD = demo_clinic(60, 1, AS_OF).only(EPISODE)
SITES = (Site("gluteus-medius", "left", (Portion("lidocaine", 1, "percent", 1.0),)),)
FLAGS = ["red_flag", "contraindication", "caution", "anticoagulated", "consented"]
KINDS = st.sampled_from(["allergy", "medicine"])
WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)


def findings(folder: Path) -> pl.DataFrame:
    reading = inspect_folder(folder)
    assert reading.errors == []
    return reading.care_log.findings


def row(kind: str, words: str) -> str:
    return f"{FILES['findings']}P1,2026-01-05,{kind},{words},,,\n"


def with_row(kind: str, words: str) -> dict[str, pl.DataFrame]:
    """The record with one more finding, as raw tables."""
    patient = RECORD.patients["patient"][0]
    when = RECORD.episodes["started_on"][0]
    more = {"patient": patient, "at": when, "kind": kind, "code": words}
    raw = {name: frame.to_arrow() for name, frame in tables(RECORD).items()}
    added = pl.DataFrame([more], {**FINDINGS.schema, "at": pl.Date})
    added = added.with_columns(pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    return {**raw, "findings": pl.concat([RECORD.findings, added]).to_arrow()}  # type: ignore[dict-item]


def tables(care_log: CareLog) -> dict[str, pl.DataFrame]:
    return {name: pl.DataFrame(table) for name, table in care_log.to_arrow().items()}


def by_arrow(kind: str, words: str) -> CareLog:
    return CareLog.from_arrow(with_row(kind, words))  # type: ignore[arg-type]


def by_file(kind: str, words: str, file_format: str) -> CareLog:
    raw = with_row(kind, words)
    frames = {name: pl.DataFrame(table) for name, table in raw.items()}
    with TemporaryDirectory() as folder:
        write_folder(CareLog.of(frames.__getitem__, SHIPPED), Path(folder), file_format)  # type: ignore[arg-type]
        return read_folder(Path(folder)).care_log


def plan(care_log: CareLog) -> Plan:
    return plan_of(care_log, EPISODE, SITES, AS_OF)


def test_brands_and_usual_medicines_are_read_without_a_problem(tmp_path: Path) -> None:
    names = ("Eliquis", "coumadin", "LOVENOX", "metformin", "Insulin", "ibuprofen 400 mg")
    text = FILES["findings"] + "".join(f"P1,2026-01-05,medicine,{n},,,\n" for n in names)
    reading = inspect_folder(write(tmp_path, findings=text))
    assert reading.problems == []
    assert reading.care_log.findings["code"].to_list()[2:] == [
        "apixaban",
        "warfarin",
        "low-molecular-weight-heparin",
        "glucose-lowering",
        "glucose-lowering",
        "no-rule",
    ]
    assert reading.care_log.findings["words"].to_list()[2:] == list(names)


def test_what_no_catalogue_knows_is_kept_in_its_words_and_told(tmp_path: Path) -> None:
    reading = inspect_folder(write(tmp_path, findings=row("allergy", "Zorblax")))
    last = reading.care_log.findings.row(-1, named=True)
    assert (last["code"], last["words"]) == (NOT_UNDERSTOOD, "Zorblax")
    assert [str(p) for p in reading.problems] == [
        "findings.csv:4: code 'Zorblax': warning: allergy that is not understood: kept in its own "
        "words, and unknown until a clinician says what it is"
    ]
    assert reading.care_log.incomplete == frozenset()


def test_a_condition_that_no_catalogue_knows_is_still_refused(tmp_path: Path) -> None:
    reading = inspect_folder(write(tmp_path, findings=row("condition", "diabetis")))
    assert ["did you mean `diabetes`" in str(p) for p in reading.errors] == [True]
    assert reading.care_log.incomplete == {"P1"}


def test_words_beside_a_name_stay_with_it(tmp_path: Path) -> None:
    text = "patient,at,kind,code,words\nP1,2026-01-05,medicine,Eliquis,since May\n"
    text += "P1,2026-01-05,medicine,M-12,Zorblax\nP1,2026-01-05,medicine,not-understood,Plavix\n"
    rows = findings(write(tmp_path, findings=text)).select("code", "words").rows()
    assert rows == [
        ("apixaban", "Eliquis (since May)"),
        (NOT_UNDERSTOOD, "M-12 (Zorblax)"),
        ("clopidogrel", "Plavix"),
    ]


def test_an_agent_is_read_by_its_brand_and_suggested_by_nothing_else(tmp_path: Path) -> None:
    folder = write(tmp_path, **changed("treatments", "lidocaine", "Xylocaine"))
    assert inspect_folder(folder).care_log.treatments["agent"].to_list()[-1] == "lidocaine"
    folder = write(tmp_path, **changed("treatments", "lidocaine", "novocaine"))
    assert "did you mean" not in str(inspect_folder(folder).errors)


@pytest.mark.parametrize(
    ("region", "meant"), [("hand", "arm"), ("Foot", "leg"), ("lumbar", "low-back"), ("hed", None)]
)
def test_a_region_is_suggested_by_what_belongs_to_it_and_never_by_spelling(
    tmp_path: Path, region: str, meant: str | None
) -> None:
    folder = write(tmp_path, **changed("episodes", "neck", region))
    said = str(next(p for p in inspect_folder(folder).errors if p.column == "region"))
    assert (f"did you mean `{meant}`?" in said) == (meant is not None)
    assert "did you mean `head`" not in said


@given(KINDS, WORDS)
@example("medicine", "none 5")
@example("allergy", "Zorblax")
@example("medicine", "Eliquis")
@settings(max_examples=30, deadline=None)
def test_no_words_are_lost_or_make_a_record_safer_than_it_was_without(
    kind: str, words: str
) -> None:
    if code_of(SHIPPED, kind, words) == SCREENED:
        return
    before = facts(RECORD, AS_OF).filter(episode=EPISODE).row(0, named=True)
    for care_log in (
        by_arrow(kind, words),
        by_file(kind, words, "csv"),
        by_file(kind, words, "parquet"),
    ):
        last = care_log.findings.filter(pl.col("words").is_not_null()).row(-1, named=True)
        assert last["words"] == words or last["code"] == words
        after = facts(care_log, AS_OF).filter(episode=EPISODE).row(0, named=True)
        for flag in FLAGS:
            assert after[flag] is not False or before[flag] is False
    plain, now = plan(RECORD), plan(care_log)
    assert {c.id for c in plain.blocking} <= {c.id for c in now.blocking}
    assert set(plain.open_decisions) <= {c.id for c in now.checks}
    if last["code"] == NOT_UNDERSTOOD:
        assert f"{kind}-{NOT_UNDERSTOOD}" in {c.id for c in now.blocking}


NAMED = [("medicine", "Eliquis"), ("allergy", "Xylocaine"), ("medicine", "norvir")]


@pytest.mark.parametrize(("kind", "name"), NAMED)
@pytest.mark.parametrize("case", [str.upper, str.title, lambda name: f"  {name.lower()} "])
def test_a_name_in_any_case_gives_the_facts_of_its_code(kind, name, case) -> None:  # type: ignore[no-untyped-def]
    code = code_of(SHIPPED, kind, name)
    assert code is not None
    assert folded(name) != code
    by_name, by_code = by_arrow(kind, case(name)), by_arrow(kind, code)
    assert facts(by_name, AS_OF).equals(facts(by_code, AS_OF))


def test_what_was_read_and_written_again_is_read_the_same(tmp_path: Path) -> None:
    care_log = by_arrow("allergy", "Zorblax")
    write_folder(care_log, tmp_path / "out", "csv")
    again = read_folder(tmp_path / "out").care_log
    assert again.findings.equals(care_log.findings)
