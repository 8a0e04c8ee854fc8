"""The demo clinic as a care log: sound, reproducible, relative to today, and varied."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reliefpath.care_log.folder import inspect_folder, write_folder
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.measures import measures
from reliefpath.simulation import ABOUT, demo_clinic
from reliefpath.simulation.world import words

TODAY = date(2026, 3, 2)
clinics = st.builds(
    demo_clinic, st.integers(1, 70), st.integers(0, 2**32), st.dates(date(1990, 1, 1))
)


@pytest.fixture(scope="module")
def clinic() -> CareLog:
    return demo_clinic(60, 1, TODAY)


def bytes_of(log: CareLog, folder: Path) -> dict[str, bytes]:
    write_folder(log, folder)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (bytes_of(demo_clinic(60, 7, TODAY), tmp_path / n) for n in "ab")
    assert first == second
    assert set(first) == {f"{name}.csv" for name in TABLES}


def test_another_seed_gives_another_clinic(clinic: CareLog) -> None:
    other = demo_clinic(60, 2, TODAY)
    assert not other.patients.equals(clinic.patients)
    assert not other.scores.equals(clinic.scores)


@settings(max_examples=15, deadline=None)
@given(clinics)
def test_no_clinic_has_a_problem(tmp_path_factory: pytest.TempPathFactory, log: CareLog) -> None:
    folder = tmp_path_factory.mktemp("clinic")
    write_folder(log, folder)
    reading = inspect_folder(folder)
    assert reading.problems == []
    for name in TABLES:
        assert reading.care_log.table(name).equals(log.table(name))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 60), st.integers(0, 99), st.integers(-4000, 4000))
def test_dates_move_with_today_and_nothing_else_does(patients: int, seed: int, days: int) -> None:
    moved = demo_clinic(patients, seed, TODAY + timedelta(days=days))
    log = demo_clinic(patients, seed, TODAY)
    for name in TABLES:
        by = pl.col(pl.Date, pl.Datetime) + pl.duration(days=days)
        assert log.table(name).with_columns(by).equals(moved.table(name))


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 70), st.integers(0, 2**32))
def test_nothing_lies_after_today_or_before_its_episode(patients: int, seed: int) -> None:
    log = demo_clinic(patients, seed, TODAY)
    tonight = datetime(2026, 3, 3, tzinfo=UTC)
    for table in (log.scores, log.treatments, log.exams, log.findings):
        assert (table["at"] < tonight).all()
    for table in (log.scores, log.treatments, log.exams):
        dated = table.join(log.episodes, on="episode")
        assert (dated["at"].dt.date() >= dated["started_on"]).all()


def test_identifiers_are_numbered_from_one_with_four_digits(clinic: CareLog) -> None:
    assert clinic.episodes["episode"][:2].to_list() == ["demo-0001", "demo-0002"]
    assert clinic.patients["patient"].to_list() == [f"P{n:04}" for n in range(1, 61)]


def test_some_patients_have_a_second_episode_in_another_region(clinic: CareLog) -> None:
    per_patient = clinic.episodes.group_by("patient").agg(
        pl.len(), pl.col("region").n_unique().alias("regions")
    )
    twice = per_patient.filter(pl.col("len") > 1)
    assert 2 <= twice.height <= 6
    assert (twice["regions"] == twice["len"]).all()


def test_the_showpiece_is_the_only_episode_of_its_patient() -> None:
    for seed in range(20):
        log = demo_clinic(40, seed, TODAY)
        assert log.episodes.filter(pl.col("patient") == "P0001").height == 1


def test_scores_lie_on_their_scales_grid(clinic: CareLog) -> None:
    whole = clinic.scores.filter(pl.col("measure").is_in(["nrs", "psfs", "ndi"]))
    assert (whole["value"] == whole["value"].round()).all()
    for name in clinic.scores["measure"].unique():
        values = clinic.scores.filter(pl.col("measure") == name)["value"]
        assert values.is_between(
            measures(SHIPPED)[name].low, measures(SHIPPED)[name].high or 1e9
        ).all()


def test_psfs_is_rated_as_the_same_three_activities_each_time(clinic: CareLog) -> None:
    psfs = clinic.scores.filter(pl.col("measure") == "psfs")
    assert psfs["item"].is_not_null().all()
    per_time = psfs.group_by("episode", "at").agg(pl.col("item").sort())
    assert (per_time["item"].list.len() == 3).all()
    assert (per_time.group_by("episode").agg(pl.col("item").n_unique())["item"] == 1).all()


def test_function_is_also_entered_as_totals_and_estimated_by_the_patient(clinic: CareLog) -> None:
    totals = clinic.scores.filter(pl.col("item").is_null())
    assert {"nrs", "ndi", "odi", "sane"} <= set(totals["measure"])


def test_an_episode_is_followed_by_a_measure_where_higher_is_better(clinic: CareLog) -> None:
    assert "psfs" in set(clinic.episodes["primary_measure"])


def test_patients_are_varied(clinic: CareLog) -> None:
    assert {"en", "es"} <= set(clinic.patients["language"])
    assert {"female", "male"} <= set(clinic.patients["sex"])
    assert clinic.patients["name"].n_unique() >= 55
    assert clinic.episodes["region"].n_unique() >= 5
    assert clinic.episodes["clinician"].n_unique() >= 4
    assert clinic.episodes["ended_on"].null_count() not in (0, clinic.episodes.height)
    ages = (pl.Series([TODAY]) - clinic.patients["birth_date"]).dt.total_days() / 365.25
    assert ages.is_between(17.9, 89.1).all()


def test_medicare_pays_for_those_of_pension_age(clinic: CareLog) -> None:
    people = clinic.episodes.join(clinic.patients, on="patient")
    pensioner = (pl.lit(TODAY) - pl.col("birth_date")).dt.total_days() >= 65 * 365.25 + 1
    assert set(people.filter(pensioner)["payer"]) == {"medicare"}


def test_complaints_speak_the_patients_language(clinic: CareLog) -> None:
    spoken = clinic.episodes.join(clinic.patients, on="patient")
    spanish = spoken["complaint"].str.contains("lado |lados|Dolor|Me duele")
    assert (spanish == (spoken["language"] == "es")).all()


def test_treatments_of_every_kind_are_given(clinic: CareLog) -> None:
    given_ = clinic.treatments
    assert {"education", "exercise", "dry-needling", "manual", "injection"} <= set(
        given_["therapy"]
    )
    first = given_.group_by("episode").agg(pl.col("at").min(), pl.col("therapy").first())
    assert (first["therapy"] == "education").all()
    needled = given_.filter(pl.col("therapy") == "dry-needling")
    assert needled["muscle"].is_not_null().all()
    assert needled["response"].is_not_null().all()
    assert set(needled["needle"]) <= set(words().needles["dry-needling"])
    assert set(needled["twitch_response"]) == {True, False, None}
    assert needled["lot"].is_null().all()
    assert 0.05 < needled["adverse_effect"].is_not_null().mean() < 0.3  # type: ignore[operator]


def test_injections_say_what_how_much_and_how_well() -> None:
    log = demo_clinic(2000, 1, TODAY)
    injected = log.treatments.filter(pl.col("therapy") == "injection")
    lidocaine = injected.filter(pl.col("agent") == "lidocaine")
    assert (
        lidocaine.select("muscle", "side", "amount", "volume_ml", "response")
        .null_count()
        .sum_horizontal()[0]
        == 0
    )
    assert (lidocaine["amount"] == 10 * lidocaine["volume_ml"]).all()
    steroid = injected.filter(pl.col("agent") == "triamcinolone")
    assert 0 < steroid.height < 0.2 * lidocaine.height
    assert set(injected["unit"]) == {"mg"}
    assert set(injected["needle"]) == set(words().needles["injection"])
    for agent, lots in words().lots.items():
        assert set(injected.filter(agent=agent)["lot"]) <= set(lots)


def test_findings_of_every_kind_are_on_record() -> None:
    log = demo_clinic(400, 1, TODAY)
    kinds = {"red-flag", "allergy", "medicine", "condition", "weight", "consent", "pregnancy"}
    assert set(log.findings["kind"]) == kinds | {"pain-area"}
    codes = set(log.findings["code"])
    assert {"screened", "apixaban", "diabetes", "pregnant", "lidocaine"} <= codes


def test_patients_draw_their_pain_and_draw_less_of_it_as_they_recover() -> None:
    log = demo_clinic(400, 1, TODAY)
    drawn = log.findings.filter(kind="pain-area").with_columns(day=pl.col("at").dt.date())
    assert (drawn["until"] == drawn["day"]).all()
    scored = log.scores.select("episode", day=pl.col("at").dt.date()).unique()
    assert drawn.join(scored, on=["episode", "day"], how="anti").is_empty()
    first = drawn.filter(pl.col("day") == pl.col("day").min().over("episode"))
    where = first.join(log.episodes.select("episode", painful="region"), on="episode")
    own = pl.col("code").str.strip_suffix("-left").str.strip_suffix("-right") == pl.col("painful")
    assert where.filter(own)["episode"].n_unique() == log.episodes.height
    sizes = drawn.group_by("episode", "day").len().sort("day")
    ends = sizes.group_by("episode").agg(first=pl.col("len").first(), last=pl.col("len").last())
    assert ends["last"].sum() < 0.9 * ends["first"].sum()  # type: ignore[operator]


def test_a_clinic_may_have_a_single_patient() -> None:
    log = demo_clinic(1, 0, TODAY)
    assert log.episodes["episode"].to_list() == ["demo-0001"]


@pytest.mark.parametrize(("patients", "seed"), [(0, 0), (-3, 0), (5, -1)])
def test_a_clinic_that_cannot_be_is_refused(patients: int, seed: int) -> None:
    with pytest.raises(UsageError, match=r"at least 1 patient|seed of 0 or more"):
        demo_clinic(patients, seed, TODAY)


def test_the_clinic_is_said_to_be_simulated() -> None:
    assert ABOUT.startswith("Simulated")
