"""The demo clinic: a believable care log of people who do not exist."""

from __future__ import annotations

from datetime import date

import numpy as np

from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED, Knowledge
from reliefpath.simulation.care import treatment_parts
from reliefpath.simulation.course import check_ins, pain_left
from reliefpath.simulation.drawing import drawing_part, until_that_day
from reliefpath.simulation.examination import exam_part, finding_parts
from reliefpath.simulation.people import episode_table, make_people, patient_table
from reliefpath.simulation.plan import make_plan
from reliefpath.simulation.scores import score_parts
from reliefpath.simulation.tables import timed
from reliefpath.simulation.visits import visit_table
from reliefpath.simulation.world import words, world

ABOUT = (
    "Simulated: none of these patients exists. Their courses follow published figures where there "
    "are any, assumptions elsewhere. They show how ReliefPath works, not whether the strategy does."
)
"""What to say wherever the demo clinic is shown."""


def demo_clinic(
    patients: int, seed: int, as_of: date, knowledge: Knowledge = SHIPPED, zone: str = "UTC"
) -> CareLog:
    """Return the care log of a simulated clinic as it stands on `as_of`.

    The same arguments give the same care log to the byte, and another `as_of` the same one moved in
    time. Episode `demo-0001` is a showpiece: levelled off a little above 80 % after the full
    conservative course, with consent still to be asked for. From 30 patients on, every kind of
    course occurs at least once.

    Args:
        patients: How many; about one in sixteen has an earlier episode too.
        seed: Which clinic, 0 or more.
        as_of: Today; nothing lies after it.
        knowledge: The catalogues by which the clinic works.
        zone: The time zone on whose clocks its visits begin.

    Raises:
        UsageError: there is no patient, or the seed is negative.
    """
    if patients < 1:
        raise UsageError(f"a clinic needs at least 1 patient; {patients} asked for")
    if seed < 0:
        raise UsageError(f"expected a seed of 0 or more, not {seed}")
    streams = np.random.default_rng(seed).spawn(8)
    cast, persons, days, scores, care, exams, findings, drawings = streams
    plan = make_plan(world(), patients, cast, knowledge)
    people = make_people(plan, persons)
    visits = check_ins(plan, days)
    relief = plan.cast.within(lambda a: a.relief, care)
    left = pain_left(plan, visits.day, relief, scores)
    found = [
        *finding_parts(plan, people, findings),
        drawing_part(plan, words(), visits, left, drawings),
    ]
    named = patient_table(plan, people, words(), as_of, persons)
    episodes = episode_table(plan, people, words(), as_of, persons)
    return CareLog(
        knowledge=knowledge,
        patients=named,
        episodes=episodes,
        scores=timed(
            "scores", score_parts(plan, people, words(), visits, left, scores), plan, as_of
        ),
        treatments=timed(
            "treatments", treatment_parts(plan, words(), visits, relief, care), plan, as_of
        ),
        exams=timed("exams", [exam_part(plan, words(), exams)], plan, as_of),
        findings=until_that_day(timed("findings", found, plan, as_of)),
        visits=visit_table(episodes, words(), as_of, zone),
    )
