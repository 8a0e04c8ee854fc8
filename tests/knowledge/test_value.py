"""Knowledge is a value: two clinics' files side by side, neither of which knows of the other."""

from __future__ import annotations

import pickle
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import StringIO
from pathlib import Path

import polars as pl
import pytest

from reliefpath.care.planning.injection import InjectionRequest, plan_for
from reliefpath.care_log.folder import read_folder, write_folder
from reliefpath.errors import CareLogError, KnowledgeError, UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.pathway.assessment import assess
from reliefpath.pathway.model import load_pathway
from reliefpath.reference.therapies.injection import Plan, Portion, Site
from reliefpath.reference.therapies.injection.limits import injection_limits
from reliefpath.simulation import demo_clinic

WHO = "because: Our needles are shorter., by: Dr. Ana Ruiz, on: 2026-05-04"
VOLUME = f"{{in: limits, row: volume, set: {{most: 0.5, over: blocked}}, {WHO}}}"
DIABETES = f"{{in: findings, row: condition.codes.diabetes, set: {{bars: [red-flag]}}, {WHO}}}"
MUSCLE = (
    "{in: muscles, row: our-muscle, set: {name: Our muscle, region: hip, reaches: [hip], "
    f"referral: Hip, pneumothorax: 0, hazards: None known}}, {WHO}}}"
)
AS_OF = date(2026, 3, 31)
EPISODE = "demo-0001"
SITES = (Site("gluteus-medius", "left", (Portion("lidocaine", 1, "percent", 1),)),)


def text_of(clinic: str, *overrides: str) -> str:
    return f"clinic: {clinic}\noverrides:\n" + "".join(f"  - {o}\n" for o in overrides)


def knowledge_of(clinic: str, *overrides: str) -> Knowledge:
    return Knowledge.of_text(text_of(clinic, *overrides))


STRICT = knowledge_of("Strict", VOLUME)
CAREFUL = knowledge_of("Careful", DIABETES)
ALL = (Knowledge.shipped(), STRICT, CAREFUL)


def advice(knowledge: Knowledge) -> str:
    pathway = load_pathway(knowledge=knowledge)
    return assess(demo_clinic(40, 1, AS_OF, knowledge), pathway, AS_OF).write_json()


def plan(knowledge: Knowledge) -> Plan:
    care_log = demo_clinic(40, 1, AS_OF, knowledge)
    request = InjectionRequest(episode=EPISODE, sites=SITES, at=AS_OF)
    return plan_for(care_log, request, load_pathway(knowledge=knowledge))


def alone(knowledge: Knowledge) -> list[str]:
    """Advice and checks of a process that knows of one file alone."""
    text = None if knowledge.clinic is None else knowledge.clinic.text
    code = f"""
from reliefpath.knowledge import Knowledge
from tests.knowledge.test_value import advice, plan
mine = Knowledge.of_text({text!r})
print(repr([advice(mine), repr(plan(mine).checks)]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = literal_eval(done.stdout)
    return found


@pytest.mark.parametrize("knowledge", ALL, ids=["shipped", "strict", "careful"])
def test_two_clinics_side_by_side_are_given_what_each_is_given_alone(knowledge: Knowledge) -> None:
    found = {each: [advice(each), repr(plan(each).checks)] for each in (*ALL, *reversed(ALL))}
    assert found[knowledge] == alone(knowledge)


def test_the_two_differ_where_their_files_do() -> None:
    shipped, strict, careful = (pl.read_json(StringIO(advice(each))) for each in ALL)
    assert shipped.drop("pathway_version").equals(strict.drop("pathway_version"))
    assert careful["red_flag"].sum() > shipped["red_flag"].sum()
    volume = [next(c for c in plan(each).checks if c.id == "volume").verdict for each in ALL]
    assert volume == ["fine", "blocked", "fine"]


def test_threads_do_not_meet() -> None:
    expected = [advice(each) for each in ALL]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(advice, ALL * 4))
    assert found == expected * 4


def test_a_care_log_and_a_pathway_of_two_files_are_not_put_together() -> None:
    with pytest.raises(UsageError, match="another clinic's file than the pathway"):
        assess(demo_clinic(1, 1, AS_OF, STRICT), load_pathway(), AS_OF)


def test_a_folder_is_read_by_the_codes_that_it_is_given(tmp_path: Path) -> None:
    ours = knowledge_of("Ours", MUSCLE)
    care_log = demo_clinic(5, 1, AS_OF)
    write_folder(care_log, tmp_path)
    exams = (tmp_path / "exams.csv").read_text("utf-8").splitlines()
    exams[1] = ",".join(
        "our-muscle" if column == "muscle" else value
        for column, value in zip(exams[0].split(","), exams[1].split(","), strict=True)
    )
    (tmp_path / "exams.csv").write_text("\n".join(exams) + "\n", "utf-8")
    with pytest.raises(CareLogError, match="our-muscle"):
        read_folder(tmp_path)
    assert "our-muscle" in read_folder(tmp_path, knowledge=ours).care_log.exams["muscle"]


def test_it_equals_any_other_of_the_same_text_and_travels_to_another_process() -> None:
    same, other = knowledge_of("Strict", VOLUME), knowledge_of("Stricter", VOLUME)
    assert same == STRICT
    assert hash(same) == hash(STRICT)
    assert other != STRICT != Knowledge.shipped()
    for each in ALL:
        advice(each)  # what is derived from it stays behind
        sent = pickle.dumps(each)
        assert len(sent) < 10_000
        assert pickle.loads(sent) == each
    assert pickle.loads(pickle.dumps(STRICT)).changes == STRICT.changes
    assert pickle.loads(pickle.dumps(load_pathway(knowledge=STRICT))).knowledge == STRICT


def test_what_a_file_does_not_change_is_read_once_for_all() -> None:
    assert injection_limits(CAREFUL) is injection_limits(Knowledge.shipped())
    assert injection_limits(STRICT) is injection_limits(STRICT)
    assert injection_limits(STRICT) is not injection_limits(Knowledge.shipped())


def _files(folder: Path) -> Iterator[Path]:
    for name, text in (("one.yaml", text_of("One", VOLUME)), ("two.yaml", text_of("Two", VOLUME))):
        (folder / name).write_text(text, "utf-8")
        yield folder / name


def test_a_clinic_has_one_file(tmp_path: Path) -> None:
    one, two = _files(tmp_path)
    with pytest.raises(UsageError, match=r"two\.yaml` would come on top of .*one\.yaml"):
        Knowledge.shipped().with_overrides(one).with_overrides(two)


def test_a_file_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "clinic.yaml"
    file.write_text(text_of("Riverside", DIABETES, VOLUME.replace("0.5", "little")), "utf-8")
    for _ in range(2):
        with pytest.raises(KnowledgeError, match=r"clinic\.yaml:4: overrides\.1\.set\.most"):
            Knowledge.shipped().with_overrides(file)
    assert injection_limits(Knowledge.shipped()).limits["volume"].most == 10
