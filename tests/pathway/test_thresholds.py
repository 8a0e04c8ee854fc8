"""Each limit of the pathway as shipped, at it and just beside it, in numbers of the test's own."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.assessment import advise
from reliefpath.pathway.cases import shipped_chapters
from reliefpath.pathway.facts import facts, schema
from reliefpath.pathway.model import StatusName, load_pathway

from .strategies import AS_OF, facts_table

PATHWAY = load_pathway()
_PLAIN = next(c for c in shipped_chapters()[1].vignettes if c.title == "A plain candidate")
CANDIDATE: dict[str, Any] = {
    name: value
    for name, value in facts(_PLAIN.care_log(SHIPPED), _PLAIN.day).row(0, named=True).items()
    if name in schema()
}
REPEAT: dict[str, Any] = {
    "injected": True,
    "weeks_since_injection": 20.0,
    "weeks_since_any_injection": 20.0,
    "injection_sessions_365d": 1,
    "injection_relief": 0.6,
    "injection_relief_now": 0.2,
    "injection_relief_weeks": 8.0,
    "exercise_since_injection": True,
    "weeks_since_score": 0.0,
}


def told(**changes: Any) -> dict[str, Any]:
    """The advice on a plain candidate with some facts changed."""
    return advise(facts_table([CANDIDATE | changes]), PATHWAY, AS_OF).row(0, named=True)


def test_the_candidate_is_offered_an_injection_and_so_is_one_whose_relief_wore_off() -> None:
    assert told()["gate"] is True
    assert told(**REPEAT)["gate"] is True


LIMITS = [
    # criterion, fact, values that satisfy it, values that do not
    ("exercise-trial", "exercise_weeks", (6.0, 6.1), (0.0, 5.9)),
    ("exercise-adherence", "exercise_adherence", (0.75, 0.76), (0.0, 0.74)),
    ("exercise-goes-on", "weeks_since_exercise", (0.0, 5.9, 6.0), (6.1, 20.0)),
    ("exercise-goes-on", "exercise_adherence_lately", (0.75, 0.76), (0.0, 0.74)),
    ("dry-needling-trial", "dry_needling_sessions", (4, 5), (0, 3)),
    ("scale-certain", "scale_in_doubt", (False,), (True,)),
    ("patient-agrees", "own_estimate", (None, 0.40, 0.41, 0.94, 0.95), (0.2, 0.39, 0.96, 1.0)),
    ("patient-agrees", "pgic", (None, 1.0, 2.0), (3.0, 4.0, 7.0)),
    ("patient-agrees", "groc", (None, 3.0, 7.0), (2.0, 0.0, -5.0)),
    ("conservative-trial", "conservative_weeks", (6.0, 6.1), (5.9,)),
    ("time-in-care", "weeks_in_care", (8.0, 8.1), (7.9,)),
    ("score-recent", "weeks_since_score", (1.9, 2.0), (2.1,)),
    ("enough-scores", "score_count", (3, 4), (2,)),
    ("plateau", "p_level", (0.90, 0.91), (0.81, 0.89)),
    ("plateau", "p_plateau", (0.80, 0.81), (0.72, 0.79)),
    ("plateau", "second_p_level", (None, 0.21), (0.20, 0.1)),
    ("window", "improvement", (0.75, 0.76, 0.89, 0.90), (0.74, 0.91)),
    ("measures-agree", "disagreement", (None, 2.9), (3.0, 3.1)),
    ("levels-off-below-recovered", "level_ahead", (0.89,), (0.90, 0.91)),
    ("no-flare", "flare", (None, -1.0, 0.9), (1.0, 1.1)),
    ("exam-recent", "weeks_since_exam", (3.9, 4.0), (4.1,)),
    ("active-trigger-point", "active_trigger_points", (1, 2), (0,)),
    ("injection-yearly-limit", "injection_sessions_365d", (0, 2), (3, 4)),
    ("in-care", "in_care", (True,), (False,)),
    ("in-care-or-follow-up", "in_care", (True,), (False,)),
]


@pytest.mark.parametrize(("criterion", "fact", "yes", "no"), LIMITS)
def test_each_limit_of_the_gate_holds_at_it_and_beside_it(
    criterion: str, fact: str, yes: tuple[Any, ...], no: tuple[Any, ...]
) -> None:
    for value in yes:
        assert told(**REPEAT | {fact: value})[criterion] is True, value
    for value in no:
        row = told(**REPEAT | {fact: value})
        assert (row[criterion], row["gate"]) == (False, False), value


@pytest.mark.parametrize(
    ("criterion", "fact", "yes", "no"),
    [
        ("injection-interval", "weeks_since_any_injection", (6.0, 6.1), (0.0, 5.9)),
        ("repeat-after-relief", "injection_relief", (0.50, 0.51), (0.0, 0.49)),
        ("repeat-after-lasting-relief", "injection_relief_weeks", (6.0, 6.1), (5.9,)),
        ("repeat-after-exercise", "exercise_since_injection", (True,), (False,)),
    ],
)
def test_each_limit_of_a_repeat_holds_at_it_and_beside_it_and_only_for_a_repeat(
    criterion: str, fact: str, yes: tuple[Any, ...], no: tuple[Any, ...]
) -> None:
    for value in yes:
        assert told(**REPEAT | {fact: value})[criterion] is True, value
    for value in no:
        assert told(**REPEAT | {fact: value})[criterion] is False, value
    assert told(**REPEAT | {fact: None})[criterion] is None
    first = {"injected": False, "injection_sessions_365d": 0}
    assert told(**REPEAT | first | {fact: no[0]})[criterion] is True


@pytest.mark.parametrize(
    ("weeks", "now", "may"),
    [(11.5, 0.6, False), (11.9, 0.5, False), (11.5, 0.49, True), (12.0, 0.9, True)],
)
def test_relief_that_holds_is_waited_for_until_twelve_weeks(
    weeks: float, now: float, may: bool
) -> None:
    row = told(**REPEAT | {"weeks_since_injection": weeks, "injection_relief_now": now})
    assert row["repeat-once-worn-off"] is may


@pytest.mark.parametrize("unknown", ["injected", "injection_sessions_365d", "own_estimate"])
def test_whether_anything_was_injected_must_be_known(unknown: str) -> None:
    gate = told(**{unknown: None})["gate"]
    assert gate is (True if unknown == "own_estimate" else None)


HALF: dict[str, Any] = {"improvement": 0.5}
STATUSES: list[tuple[str, dict[str, Any], StatusName]] = [
    ("a red flag", {"red_flag": True}, StatusName.REFERRED),
    ("a relapse", {"relapse": True}, StatusName.RECURRED),
    ("52 weeks well", {"weeks_since_recovery": 52.0, "weeks_since_score": 0.0}, StatusName.LASTING),
    (
        "51.9 weeks well",
        {"weeks_since_recovery": 51.9, "weeks_since_score": 0.0},
        StatusName.RECOVERED,
    ),
    (
        "no score in the last of 52 weeks",
        {"weeks_since_recovery": 52.5, "weeks_since_score": 1.0},
        StatusName.RECOVERED,
    ),
    ("no score", {"score_count": None}, StatusName.GATHERING),
    ("two scores", {"score_count": 2}, StatusName.GATHERING),
    ("three scores", {"score_count": 3}, StatusName.PLATEAUED),
    ("no curve", {"improvement": None}, StatusName.GATHERING),
    ("four weeks of silence", {"weeks_since_score": 4.0}, StatusName.PLATEAUED),
    ("more than four weeks of silence", {"weeks_since_score": 4.1}, StatusName.GATHERING),
    ("likely to worsen", {"p_worsening": 0.80}, StatusName.WORSENING),
    ("less likely to worsen", {"p_worsening": 0.79}, StatusName.PLATEAUED),
    ("likely worse again", {"p_worse": 0.62, "scatter": 0.9}, StatusName.WORSENING),
    ("less likely worse again", {"p_worse": 0.61, "scatter": 0.9}, StatusName.PLATEAUED),
    ("worse by calm scores", {"p_worse": 0.45, "scatter": 0.4}, StatusName.WORSENING),
    ("less likely so", {"p_worse": 0.43, "scatter": 0.4}, StatusName.PLATEAUED),
    ("the same by scores that scatter", {"p_worse": 0.45, "scatter": 0.5}, StatusName.PLATEAUED),
    (
        "likely worse again after a recovery",
        {"weeks_since_recovery": 5.0, "p_worse": 0.45, "scatter": 0.4},
        StatusName.RECURRED,
    ),
    (
        "less likely worse again after a recovery",
        {"weeks_since_recovery": 5.0, "p_worse": 0.43, "scatter": 0.4},
        StatusName.RECOVERED,
    ),
    ("eight weeks in care", {"weeks_in_care": 8.0}, StatusName.PLATEAUED),
    ("less than eight weeks in care", {"weeks_in_care": 7.9}, StatusName.RECOVERING),
    ("level at 90 %", {"p_level": 0.90}, StatusName.PLATEAUED),
    ("level at 89 %", {"p_level": 0.89}, StatusName.RECOVERING),
    ("nothing to gain at 80 %", {"p_plateau": 0.80}, StatusName.PLATEAUED),
    ("nothing to gain at 79 %", {"p_plateau": 0.79}, StatusName.RECOVERING),
    ("75 % better", {"improvement": 0.75}, StatusName.PLATEAUED),
    ("74.9 % better", {"improvement": 0.749}, StatusName.STALLED),
    ("90 % better", {"improvement": 0.90}, StatusName.PLATEAUED),
    ("90.1 % better", {"improvement": 0.901}, StatusName.RECOVERING),
    ("heading to 89.9 %", {"level_ahead": 0.899}, StatusName.PLATEAUED),
    ("heading to 90 %", {"level_ahead": 0.90}, StatusName.RECOVERING),
    ("relieved by an injection", {"relieved": True}, StatusName.RECOVERING),
    ("half better", HALF, StatusName.STALLED),
    ("half better, level at 89 %", HALF | {"p_level": 0.89}, StatusName.RECOVERING),
    ("half better, 79 % sure of it", HALF | {"p_plateau": 0.79}, StatusName.RECOVERING),
    ("half better in 7.9 weeks", HALF | {"weeks_in_care": 7.9}, StatusName.RECOVERING),
    ("half better by an injection", HALF | {"relieved": True}, StatusName.RECOVERING),
]


@pytest.mark.parametrize(
    ("changes", "status"), [case[1:] for case in STATUSES], ids=[case[0] for case in STATUSES]
)
def test_each_limit_of_a_status_holds_and_the_gate_opens_under_plateaued_alone(
    changes: dict[str, Any], status: StatusName
) -> None:
    row = told(**changes)
    assert row["status"] == status
    assert row["status-plateaued"] is (status == "plateaued")
    assert not (row["gate"] and status != "plateaued")


@pytest.mark.parametrize("changes", [case[1] for case in STATUSES[1:]], ids=str)
def test_a_flare_is_told_first_in_every_status_and_the_end_of_care_before_it(
    changes: dict[str, Any],
) -> None:
    assert told(**changes, flare=1.0)["next_step"].startswith("A flare: the latest score of nrs")
    ended = told(**changes, flare=1.0, in_care=False, weeks_since_injection=10.0)
    assert ended["next_step"].startswith("Care has ended, and nothing more is asked")
    assert ended["would_change"] == [ended["next_step"]]
    assert all(ended[id_] for id_ in PATHWAY.follow_up.criteria)


def test_whose_care_ended_with_a_red_flag_is_not_referred_anew_but_looked_after() -> None:
    ended = told(in_care=False, red_flag=True, red_flags="foot-drop")
    assert ended["status"] == "referred"
    assert ended["next_step"].startswith("Care has ended")
    assert any("make sure that somebody has followed it up" in note for note in ended["notes"])


def test_a_recurred_patient_is_asked_for_screening_first() -> None:
    assert told(relapse=True, red_flag=None)["next_step"].startswith("Screen for red flags")


def test_the_order_of_urgency() -> None:
    order = [
        *("referred", "worsening", "recurred", "plateaued", "stalled"),
        *("gathering", "recovering", "recovered", "lasting"),
    ]
    assert {name: status.urgency for name, status in PATHWAY.statuses.items()} == {
        name: place for place, name in enumerate(order, start=1)
    }


def test_what_is_asked_of_the_curve_and_what_counts_as_a_trial() -> None:
    asked, trial = PATHWAY.targets, PATHWAY.counted_trial
    assert (asked.window, asked.recovered) == ((0.75, 0.9), 0.9)
    assert (asked.horizon_weeks, asked.level_weeks) == (6, 13)
    assert (trial.gap_weeks, trial.lately_weeks, trial.needling_days_apart) == (6, 4, 3)


CHECK_INS = [
    ("after-injection", 0.4, "injection"),
    ("after-injection-2-weeks", 2.0, "injection"),
    ("after-injection-6-weeks", 6.0, "injection"),
    ("after-injection-12-weeks", 12.0, "injection"),
    ("after-injection-26-weeks", 26.0, "injection"),
    ("after-injection-52-weeks", 52.0, "injection"),
    ("recovered-3-months", 13.0, "recovery"),
    ("recovered-6-months", 26.0, "recovery"),
    ("recovered-12-months", 52.0, "recovery"),
]


@pytest.mark.parametrize(("criterion", "weeks", "since"), CHECK_INS)
def test_each_check_in_is_due_from_its_week_on_until_a_score_answers_it(
    criterion: str, weeks: float, since: str
) -> None:
    def answer(ago: float, score: float) -> bool:
        found: bool = told(**{f"weeks_since_{since}": ago, "weeks_since_score": score})[criterion]
        return found

    assert answer(weeks - 0.01, weeks - 0.01)  # too early
    assert not answer(weeks, weeks)  # due, and no score since
    assert not answer(weeks + 10, weeks + 10)
    assert answer(weeks + 10, 0.0)  # answered today
    day = weeks if weeks >= 1 else 0.5
    assert answer(day + 10, 10.0)  # answered when it was due
    assert not answer(day + 10, 10.5)  # half a week too early, or before the injection
    assert set(PATHWAY.follow_up.criteria) == {
        *(id_ for id_, _, _ in CHECK_INS),
        *("recovery-holds", "relief-settles"),
    }


@pytest.mark.parametrize(
    ("criterion", "fact"), [("recovery-holds", "slipping"), ("relief-settles", "relieved")]
)
def test_a_recovery_that_slips_and_relief_that_may_pass_are_told_while_care_goes_on(
    criterion: str, fact: str
) -> None:
    answers = [told(**{fact: value})[criterion] for value in (True, False, None)]
    assert answers == [False, True, None]
    assert told(**{fact: True}, in_care=False)[criterion] is True


def test_where_it_is_not_known_whether_care_has_ended_all_else_is_asked_as_well() -> None:
    row = told(in_care=None, exercise_weeks=0.0)
    assert row["next_step"] == "Record whether care has ended."
    assert row["gate"] is False
    assert any(text.startswith("Exercise for at least 6 weeks") for text in row["would_change"])


ABOUT_INJECTIONS = ("evidence", "anaesthetic-only", "coverage-uncertain")
NO_GAIN: dict[str, Any] = {
    "dry_needling_sessions": 3,
    "dry_needling_response": 0.0,
    "dry_needling_gain": 0.0,
}
NOTES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("injection-effect", {"injection_effect": 0.1}, {"injection_effect": 0.0}),
    ("relief-fades", REPEAT | {"injection_relief": 0.5}, REPEAT | {"injection_relief": 0.49}),
    (
        "relief-fades",
        REPEAT | {"injection_relief_now": 0.49},
        REPEAT | {"injection_relief_now": 0.5},
    ),
    *(("needling-brings-nothing", NO_GAIN, NO_GAIN | {fact: 0.1}) for fact in list(NO_GAIN)[1:]),
    ("needling-brings-nothing", NO_GAIN, NO_GAIN | {"dry_needling_sessions": 2}),
    (
        "needling-not-tolerated",
        {"dry_needling_sessions": 3, "needling_refused": True},
        {"dry_needling_sessions": 4, "needling_refused": True},
    ),
    (
        "needling-not-tolerated",
        {"dry_needling_sessions": 0, "dry_needling_harm": True},
        {"dry_needling_sessions": 0, "dry_needling_harm": False, "needling_refused": False},
    ),
    (
        "look-again",
        {"p_level": 0.89, "look_again_weeks": 2.0},
        {"p_level": 0.90, "look_again_weeks": 2.0},
    ),
    (
        "look-again",
        {"p_level": 0.21, "look_again_weeks": 2.0},
        {"p_level": 0.20, "look_again_weeks": 2.0},
    ),
    ("measures-disagree", {"disagreement": 2.0}, {"disagreement": 1.9}),
    ("floor", {"residual_visible": False}, {"residual_visible": True}),
    (
        "own-estimate-differs",
        {"own_estimate": 0.5, "improvement_low": 0.51},
        {"own_estimate": 0.5, "improvement_low": 0.5},
    ),
    (
        "own-estimate-differs",
        {"own_estimate": 0.95, "improvement_high": 0.94},
        {"own_estimate": 0.95, "improvement_high": 0.95},
    ),
    (
        "floor",
        {"residual_visible": False, "improvement": 0.75},
        {"residual_visible": False, "improvement": 0.74},
    ),
    *((about, {}, {"in_care": False}) for about in ABOUT_INJECTIONS),
    ("anticoagulated", {"anticoagulated": True}, {"anticoagulated": False}),
    ("red-flag-after-care", {"in_care": False, "red_flag": True}, {"red_flag": True}),
    ("care-ended", {"in_care": False}, {"in_care": False, "in_follow_up": True}),
    ("follow-up-goes-on", {"in_care": False, "in_follow_up": True}, {"in_care": False}),
    ("pregnant", {"pregnant": True}, {"pregnant": False}),
    ("caution", {"caution": True}, {"caution": False}),
    ("caution-unknown", {"caution": None}, {"caution": False}),
    ("steroid-unknown", {"steroid_mg_365d": None}, {"steroid_mg_365d": 0.0}),
]


def test_every_note_is_tried() -> None:
    assert {note for note, *_ in NOTES} == set(PATHWAY.notes)


@pytest.mark.parametrize(("note", "there", "not_there"), NOTES)
def test_each_note_stands_where_it_should_and_not_just_beside(
    note: str, there: dict[str, Any], not_there: dict[str, Any]
) -> None:
    opening = PATHWAY.notes[note].say.partition("{")[0][:30]
    assert any(said.startswith(opening) for said in told(**there)["notes"])
    assert not any(said.startswith(opening) for said in told(**not_there)["notes"])


def test_whoever_is_seen_first_comes_first() -> None:
    """In care, urgent, with an open gate, long without a score; and then by name."""
    worse = {"p_worsening": 0.9}
    rows: dict[str, dict[str, Any]] = {
        "no score yet": worse | {"weeks_since_score": None},
        "three weeks of silence": worse | {"weeks_since_score": 3.0},
        "scored today": worse | {"weeks_since_score": 0.0},
        "a candidate of two weeks ago": {"weeks_since_score": 2.0},
        "a candidate of last week": {"weeks_since_score": 1.0},
        "another of last week": {"weeks_since_score": 1.0},
        "consent is not known": {"weeks_since_score": 2.0, "consented": None},
        "consent was refused": {"weeks_since_score": 2.0, "consented": False},
        "getting worse, but no longer in care": worse | {"in_care": False},
    }
    table = facts_table([CANDIDATE | changes for changes in rows.values()])
    named = table.with_columns(episode=pl.Series(list(rows))).sample(
        fraction=1, shuffle=True, seed=1
    )
    assert advise(named, PATHWAY, AS_OF)["episode"].to_list() == list(rows)
