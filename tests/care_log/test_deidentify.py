"""A care log is shared without its people, and still says the same of their recovery."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import polars.selectors as cs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reliefpath.care_log.deidentify import Report, deidentify
from reliefpath.care_log.log import CareLog, assemble
from reliefpath.care_log.schema import TABLES, Kind
from reliefpath.care_log.sharing import sharing_catalogue
from reliefpath.care_log.small_groups import guard_findings, guard_people
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import cited_rows
from reliefpath.pathway.assessment import assess
from reliefpath.pathway.model import load_pathway
from reliefpath.reference.therapies import SCREENED
from reliefpath.simulation import demo_clinic

from .crowd import crowd

AS_OF = date(2026, 1, 31)
clinics = st.builds(
    crowd, st.integers(0, 2**32).map(Random), st.integers(min_value=4, max_value=40)
)
few = st.integers(min_value=2, max_value=6)
seeds = st.integers(0, 2**32).map(Random)


def texts(care_log: CareLog) -> set[str]:
    return {
        str(value)
        for name in TABLES
        for column in care_log.table(name)
        if column.dtype == pl.String
        for value in column.drop_nulls().unique()
    }


def dates(care_log: CareLog) -> set[date]:
    return {
        value
        for name in TABLES
        for column in care_log.table(name)
        if column.dtype.is_temporal()
        for value in column.dt.date().drop_nulls().unique()
    }


@settings(max_examples=25)
@given(clinics, few, seeds)
def test_no_identifier_name_free_text_or_date_survives(
    care_log: CareLog, fewest: int, random: Random
) -> None:
    safe, _ = deidentify(care_log, fewest, random)
    codes = {
        value
        for table in TABLES.values()
        for column in table.columns
        if column.kind is Kind.CODE
        for value in care_log.table(table.name)[column.name].drop_nulls()
    }
    secrets = texts(care_log) - codes
    assert secrets >= {"MRN000", "CASE000x0", "Ada Nr0", "my 0 hurts", "Dr. Grau", "carry Mia"}
    shown = texts(safe)
    assert not {s for s in secrets if any(s in text for text in shown)}
    assert not dates(care_log) & dates(safe)
    clocks = {at.time() for name in ("scores", "treatments") for at in safe.table(name)["at"]}
    assert all(clock < (datetime.min + timedelta(seconds=20)).time() for clock in clocks)


@settings(max_examples=25)
@given(clinics, few, seeds)
def test_what_is_left_is_a_care_log(care_log: CareLog, fewest: int, random: Random) -> None:
    safe, _ = deidentify(care_log, fewest, random)
    again, bad = assemble({name: safe.table(name) for name in TABLES}, SHIPPED)
    assert all(b.warning for _, b in bad)
    assert all(again.table(name).equals(safe.table(name)) for name in TABLES)


@settings(max_examples=25)
@given(clinics, few, seeds)
def test_days_between_rows_of_a_patient_and_their_order_stay(
    care_log: CareLog, fewest: int, random: Random
) -> None:
    safe, report = deidentify(care_log, fewest, random)
    before, after = timeline(care_log), timeline(safe)
    both = after.join(before, on=["table", "number"], suffix="_before")
    assert both.height == after.height
    moved = both["at"].dt.date() - both["at_before"].dt.date()
    spread = both.with_columns(moved=moved).group_by("patient").agg(pl.col("moved").n_unique())
    assert spread.height == report.patients
    assert (spread["moved"] == 1).all()
    order = pl.col("at", "at_before").rank("dense").over("patient")
    ranks = both.select("patient", "at", "at_before").with_columns(order)
    assert (ranks["at"] == ranks["at_before"]).all()


def timeline(care_log: CareLog) -> pl.DataFrame:
    """Every row that has a number of its own."""
    owned = care_log.episodes.select("episode", "patient")
    parts = [("scores", "value"), ("treatments", "volume_ml"), ("findings", "value")]
    return pl.concat(
        (rows if "patient" in rows.columns else rows.join(owned, on="episode"))
        .filter(pl.col(number).is_not_null() & (pl.col(number) % 1 == 0.5))
        .select("patient", "at", table=pl.lit(name), number=number)
        for name, number in parts
        for rows in [care_log.table(name)]
    )


@settings(max_examples=40)
@given(clinics, few, seeds)
def test_enough_patients_share_whatever_is_shown_of_one(
    care_log: CareLog, fewest: int, random: Random
) -> None:
    safe, report = deidentify(care_log, fewest, random)
    shown = safe.patients.join(
        safe.episodes.group_by("patient").agg(
            regions=pl.col("region").sort().str.join(), first=pl.col("started_on").min()
        ),
        on="patient",
    ).with_columns(age=pl.col("first").dt.year() - pl.col("birth_date").dt.year())
    groups = shown.group_by("sex", "age", "regions").len()
    assert groups.is_empty() or groups["len"].min() >= fewest  # type: ignore[operator]
    assert shown.height == safe.patients.height == report.patients
    assert report.patients + report.left_out == care_log.patients.height
    findings = safe.findings.group_by("kind", "code").agg(pl.col("patient").n_unique())
    assert (findings["patient"] >= fewest).all()


@settings(max_examples=20)
@given(clinics, few, st.integers(0, 2**32), st.integers(0, 2**32))
def test_the_order_of_rows_tells_nothing(
    care_log: CareLog, fewest: int, seed: int, shuffled: int
) -> None:
    mix: dict[str, Any] = {"fraction": 1.0, "shuffle": True, "seed": shuffled}
    other = CareLog.of(lambda name: care_log.table(name).sample(**mix), SHIPPED)
    safe, _ = deidentify(care_log, fewest, Random(seed))
    same, _ = deidentify(other, fewest, Random(seed))
    for name in TABLES:
        assert safe.table(name).equals(same.table(name))
        assert safe.table(name).equals(safe.table(name).sort(*TABLES[name].schema))


def test_two_exports_of_the_same_care_log_share_no_identifier() -> None:
    care_log = crowd(Random(1), 40)
    one, two = (deidentify(care_log, 3)[0] for _ in range(2))
    assert not set(one.patients["patient"]) & set(two.patients["patient"])
    assert not set(one.episodes["episode"]) & set(two.episodes["episode"])


def test_activities_that_a_patient_named_are_the_same_at_every_visit() -> None:
    safe, _ = deidentify(crowd(Random(1), 40), 3, Random(2))
    items = safe.scores.drop_nulls("item").join(safe.episodes, on="episode")
    assert set(items["item"]) == {"item-1", "item-2", "item-3"}
    values = items.group_by("patient", "item").agg(pl.col("value").n_unique())
    assert (values["value"] == 1).all()
    numbers = items.group_by("item").agg(pl.col("value").n_unique())
    assert (numbers["value"] == 3).all()  # the number tells nothing of the activity


def link(care_log: CareLog, safe: CareLog) -> dict[str, str]:
    """Which episode is which: what somebody who has both can do, and the reader is told."""

    def signatures(log: CareLog) -> dict[Any, str]:
        start = log.episodes.select("episode", "started_on", "region")
        rows = log.scores.join(start, on="episode").with_columns(
            day=(pl.col("at").dt.date() - pl.col("started_on")).dt.total_days(),
            item=pl.col("item").is_null(),
        )
        found: dict[Any, str] = {}
        for (episode,), part in rows.group_by("episode"):
            columns = part.select("region", "day", "measure", "item", "value").sort(pl.all())
            found[tuple(columns.rows())] = str(episode)
        return found

    old, new = signatures(care_log), signatures(safe)
    return {old[signature]: new[signature] for signature in new}


ITS_OWN = {"episode", "patient", "clinician", "as_of", "dry_needling_harm", "notes"}
"""What an assessment may say otherwise of the export, besides dates: harm is told in free text."""


def advice_on(care_log: CareLog, episode: str, later: timedelta = timedelta()) -> pl.DataFrame:
    table = assess(care_log.only(episode), load_pathway(), AS_OF + later)
    return table.filter(episode=episode).drop(ITS_OWN).drop(cs.date())


def begin(care_log: CareLog, episode: str) -> date:
    row = care_log.episodes.row(by_predicate=pl.col("episode") == episode, named=True)
    started: date = row["started_on"]
    return started


def test_recovery_facts_and_advice_of_every_episode_stay_the_same_but_for_findings() -> None:
    care_log = demo_clinic(60, 3, AS_OF)
    safe, _ = deidentify(care_log, 2, Random(4))
    pairs = link(care_log, safe)
    assert len(pairs) == safe.episodes.height > 40
    before, after = (replace(log, findings=log.findings.clear()) for log in (care_log, safe))
    for old, new in list(pairs.items())[::2]:
        later = begin(safe, new) - begin(care_log, old)
        assert advice_on(before, old).equals(advice_on(after, new, later))


def test_a_finding_left_out_answers_no_criterion_that_was_not_answered() -> None:
    care_log = demo_clinic(60, 3, AS_OF)
    safe, report = deidentify(care_log, 4, Random(4))
    assert report.findings_left_out
    pairs, differ = link(care_log, safe), 0
    for old, new in list(pairs.items())[1::2]:
        later = begin(safe, new) - begin(care_log, old)
        one, two = advice_on(care_log, old), advice_on(safe, new, later)
        differ += not one.equals(two)
        for criterion in load_pathway().criteria:
            assert two[criterion][0] in (one[criterion][0], None)
    assert differ


def person(n: int, **values: Any) -> CareLog:
    patients = [{"patient": f"P{i}", "sex": "female"} | values for i in range(n)]
    started = date(2026, 1, 10)
    episodes = [
        {"episode": f"E{i}", "patient": f"P{i}", "region": "neck", "started_on": started}
        for i in range(n)
    ]
    scores = [
        {"episode": f"E{i}", "at": date(2026, 7, 10), "measure": "nrs", "value": 4.0}
        for i in range(n)
    ]
    tables = {"patients": patients, "episodes": episodes, "scores": scores}
    care_log, bad = assemble({name: pl.DataFrame(rows) for name, rows in tables.items()}, SHIPPED)
    assert not bad
    return care_log


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (date(1986, 1, 10), 40),  # a birthday on the first day
        (date(1986, 1, 11), 30),
        (date(1936, 1, 11), 80),  # 89 throughout: the 90th birthday is in 2026, after the last row
        (date(1936, 1, 10), 90),
        (date(1936, 7, 10), 90),  # 89 at first, 90 at the last visit
        (date(1915, 3, 1), 90),
        (None, None),
    ],
)
def test_age_is_a_band_of_ten_years_and_all_of_90_and_over_are_one(
    born: date | None, age: int | None
) -> None:
    safe, _ = deidentify(person(11, birth_date=born))
    for row in safe.patients.join(safe.episodes, on="patient").iter_rows(named=True):
        birth = row["birth_date"]
        assert birth == (None if age is None else date(row["started_on"].year - age, 1, 1))


def test_whom_too_few_are_like_loses_sex_then_age_and_is_left_out_at_last() -> None:
    people = pl.DataFrame(
        {
            "patient": list("abcdefghij"),
            "sex": ["female"] * 3 + ["male"] + ["female", "male"] + ["male"] * 3 + ["female"],
            "age": [40] * 4 + [50, 50] + [60, 70, 80] + [40],
            "regions": ["neck"] * 4 + ["hip"] * 5 + ["jaw"],
        }
    )
    guarded = guard_people(people, 2)
    shown = {row[0]: row[1:3] for row in guarded.people.select("patient", "sex", "age").rows()}
    assert shown["a"] == shown["b"] == shown["c"] == ("female", 40)
    assert shown["e"] == shown["f"] == ("unknown", 50)
    assert shown["g"] == shown["h"] == shown["i"] == ("male", None)
    assert guarded.left_out == len({"d", "j"})
    assert (guarded.sex_hidden, guarded.age_hidden) == (2, 3)


def finding(patient: str, kind: str, code: str) -> tuple[str, str, str]:
    return patient, kind, code


def test_silence_about_a_finding_left_out_is_unknown() -> None:
    rows = [finding(p, "allergy", SCREENED) for p in "abc"]
    rows += [finding(p, "medicine", "aspirin") for p in "abc"]
    rows += [finding("a", "allergy", "metal"), finding("b", "consent", "injection-refused")]
    rows += [finding(p, "consent", "injection") for p in "abc"]
    table = pl.DataFrame(rows, ["patient", "kind", "code"], orient="row")
    kept, gone = guard_findings(table, 2, SHIPPED)
    assert gone == ["allergy/metal", "consent/injection-refused"]
    assert set(kept.filter(kind="allergy")["patient"]) == {"b", "c"}
    assert set(kept.filter(kind="consent")["patient"]) == {"a", "c"}
    assert set(kept.filter(kind="medicine")["patient"]) == {"a", "b", "c"}


def test_a_red_flag_that_nobody_asks_about_leaves_no_answer_behind() -> None:
    rows = [finding(p, k, SCREENED) for p in "abc" for k in ("red-flag", "medicine")]
    rows += [finding("a", "after-effect", "chest-pain"), finding("b", "after-effect", "bruise")]
    table = pl.DataFrame(rows, ["patient", "kind", "code"], orient="row")
    kept, gone = guard_findings(table, 2, SHIPPED)
    assert gone == ["after-effect/bruise", "after-effect/chest-pain"]
    assert set(kept.filter(kind="red-flag")["patient"]) == {"b", "c"}
    assert set(kept.filter(kind="medicine")["patient"]) == {"a", "b", "c"}


def test_the_gap_of_one_finding_makes_no_other_rare() -> None:
    rows = [finding("a", "allergy", "metal"), *(finding(p, "allergy", SCREENED) for p in "ab")]
    table = pl.DataFrame(rows, ["patient", "kind", "code"], orient="row")
    kept, gone = guard_findings(table, 2, SHIPPED)
    assert kept.is_empty()
    assert gone == ["allergy/metal", "allergy/screened"]


def test_the_reader_is_told_no_small_number() -> None:
    text = Report(11, 90, 11, 0, 10, ("allergy/metal",), ("treatments.muscle psoas",)).text()
    assert "the sex of 11 patients and the age of no patients are hidden" in text
    assert "fewer than 11 patients are left out" in text
    assert "Findings left out: allergy/metal." in text
    assert "psoas" not in text
    for note in sharing_catalogue().notes.values():
        assert " ".join(note.say.split()) in text


def test_codes_that_few_have_are_told_to_whoever_decides() -> None:
    care_log = person(11)
    needled = pl.DataFrame({"episode": ["E0"], "at": [AS_OF], "therapy": ["dry-needling"]})
    tables = {name: care_log.table(name) for name in TABLES} | {"treatments": needled}
    _, report = deidentify(assemble(tables, SHIPPED)[0])
    assert report.rare == ("treatments.therapy dry-needling",)
    assert "dry-needling" not in report.text()


def test_a_group_of_one_is_refused() -> None:
    with pytest.raises(UsageError, match="one guards nobody"):
        deidentify(person(3), 1)


def test_patients_of_whom_nothing_happened_stay_without_an_age() -> None:
    only = {"patients": person(11, birth_date=date(1950, 1, 1)).patients}
    safe, _ = deidentify(assemble(only, SHIPPED)[0])
    assert safe.patients["birth_date"].to_list() == [None] * 11


def test_what_holds_until_the_end_of_time_still_holds() -> None:
    finding = {"at": AS_OF, "kind": "condition", "code": "pacemaker", "until": date(9999, 12, 31)}
    care_log = person(11)
    tables = {name: care_log.table(name) for name in TABLES}
    tables["findings"] = pl.DataFrame([{"patient": f"P{i}"} | finding for i in range(11)])
    safe, _ = deidentify(assemble(tables, SHIPPED)[0])
    assert safe.findings["until"].to_list() == [None] * 11


def test_an_empty_care_log_stays_empty() -> None:
    safe, report = deidentify(assemble({}, SHIPPED)[0])
    assert all(safe.table(name).is_empty() for name in TABLES)
    assert "A care log of no patients" in report.text()


def test_the_reader_and_the_page_are_told_the_numbers_in_force() -> None:
    catalogue = sharing_catalogue()
    limits, notes = catalogue.limits, catalogue.notes
    page = (Path(__file__).parents[2] / "docs" / "rights.md").read_text("utf-8")
    for text in (page, notes["dates"].say):
        assert f"{limits.first_year.value}" in text
    for text in (page, notes["ages"].say):
        assert f"{limits.oldest_age.value} and over" in " ".join(text.split())
        assert limits.age_band_years.value == 10
        assert "band of ten years" in text
    assert f"fewer than {limits.fewest_alike.value} patients" in page


def test_every_source_of_what_is_shared_is_used() -> None:
    catalogue = sharing_catalogue()
    named = {name for _, row in cited_rows(catalogue) for name in row.source}
    assert named == set(catalogue.sources)
