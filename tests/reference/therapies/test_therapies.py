import re
from itertools import pairwise
from typing import Any

import pytest

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import Family, counted_as, therapies, therapy_catalogue

ID = r"[a-z0-9]+(-[a-z0-9]+)*"


def invasiveness(key: Any) -> Any:
    return therapies(SHIPPED)[key].invasiveness


def test_therapy_ids_are_lower_case_words_joined_by_hyphens() -> None:
    assert [key for key in therapies(SHIPPED) if not re.fullmatch(ID, key)] == []


def test_every_source_of_a_therapy_and_its_course_is_defined_and_every_source_is_used() -> None:
    catalogue = therapy_catalogue(SHIPPED)
    rows = catalogue.therapies.values()
    named = {name for row in rows for name in (*row.source, *row.course.source)}
    assert named == set(catalogue.sources)


def test_therapies_are_listed_from_least_to_most_invasive() -> None:
    ranks = [row.invasiveness for row in therapies(SHIPPED).values()]
    assert ranks == sorted(ranks)


def test_each_step_of_the_clinic_is_more_invasive_than_the_one_before() -> None:
    steps = (
        "education",
        "heat-cold",
        "stretching",
        "exercise",
        "manual",
        "tens",
        "dry-needling",
        "electro-dry-needling",
        "injection",
        "botulinum-toxin",
    )
    assert all(invasiveness(before) < invasiveness(after) for before, after in pairwise(steps))


def test_everything_outside_the_pathway_is_more_invasive_than_an_injection() -> None:
    outside = [key for key, row in therapies(SHIPPED).items() if row.family is Family.REFERRAL]
    assert outside == ["botulinum-toxin", "nerve-block", "joint-injection", "epidural-injection"]
    assert all(invasiveness(key) > invasiveness("injection") for key in outside)


def test_every_family_but_referral_holds_something_no_more_invasive_than_an_injection() -> None:
    inside = {
        row.family
        for row in therapies(SHIPPED).values()
        if row.invasiveness <= invasiveness("injection")
    }
    assert inside == set(Family) - {Family.REFERRAL}


@pytest.mark.parametrize(
    ("key", "counted"),
    [
        (
            "exercise",
            {"exercise", "stretching", "strength-training", "aerobic-exercise", "motor-control"},
        ),
        ("dry-needling", {"dry-needling", "electro-dry-needling"}),
        ("injection", {"injection"}),
        ("acupuncture", {"acupuncture"}),
    ],
)
def test_sessions_of_a_narrower_therapy_count_as_the_broader_one(key: Any, counted: Any) -> None:
    assert set(counted_as(SHIPPED, key)) == counted


def test_a_therapy_counts_as_one_of_its_own_family_that_counts_as_nothing_else() -> None:
    for row in therapies(SHIPPED).values():
        if row.counts_as is not None:
            broader = therapies(SHIPPED)[row.counts_as]
            assert broader.family is row.family
            assert broader.counts_as is None


def test_every_exercise_counts_as_exercise() -> None:
    family = {key for key, row in therapies(SHIPPED).items() if row.family is Family.EXERCISE}
    assert family == set(counted_as(SHIPPED, "exercise"))


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("strength-training", "adequate_weeks", 10),
        ("strength-training", "sessions_per_week", (3, 3)),
        ("strength-training", "weeks", (10, None)),
        ("stretching", "weeks", (4, 12)),
        ("dry-needling", "sessions", (3, 6)),
        ("dry-needling", "adequate_sessions", 4),
        ("manual", "sessions", (4, 8)),
        ("injection", "reassess_weeks", (2, 6)),
        ("injection", "sessions_per_year", 3),
    ],
)
def test_a_course_has_the_numbers_of_its_source(key: Any, field: Any, value: Any) -> None:
    assert getattr(therapies(SHIPPED)[key].course, field) == value


def test_no_span_of_a_course_ends_before_it_begins() -> None:
    for row in therapies(SHIPPED).values():
        course = row.course
        for span in (
            course.sessions_per_week,
            course.sessions,
            course.session_minutes,
            course.weeks,
        ):
            assert span is None or 0 < span[0] <= (span[1] or span[0])


def test_a_fair_trial_lies_within_the_course() -> None:
    for row in therapies(SHIPPED).values():
        course = row.course
        for trial, span in (
            (course.adequate_weeks, course.weeks),
            (course.adequate_sessions, course.sessions),
        ):
            if trial is not None:
                assert span is not None
                assert span[0] <= trial <= (span[1] or trial)


def test_the_dose_of_the_strength_trial_is_less_sure_than_its_effect() -> None:
    row = therapies(SHIPPED)["strength-training"]
    sources = therapy_catalogue(SHIPPED).sources
    assert sources["andersen-2008"].certainty == "read"
    assert [sources[name].certainty for name in row.course.source] == ["unverified"]
