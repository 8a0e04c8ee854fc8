"""A clinic's file is refused at its line, with what to do, unless every override is sound."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from reliefpath.documents.papers.catalogue import Codes
from reliefpath.errors import KnowledgeError, UsageError
from reliefpath.knowledge import Clinic, Knowledge, read_clinic
from reliefpath.knowledge.amending import amended
from reliefpath.knowledge.catalogue import Catalogue
from reliefpath.reference.anatomy.catalogue import MuscleCatalogue
from reliefpath.reference.measures.catalogue import MeasureCatalogue
from reliefpath.reference.therapies.exercise.catalogue import ExerciseCatalogue
from reliefpath.reference.therapies.findings import FindingCatalogue
from reliefpath.reference.therapies.injectables import AgentCatalogue
from reliefpath.reference.therapies.injection.limits import InjectionLimits

SHIPPED: dict[str, tuple[str, type[Catalogue]]] = {
    "measures": ("reference/measures/measures.yaml", MeasureCatalogue),
    "muscles": ("reference/anatomy/muscles.yaml", MuscleCatalogue),
    "agents": ("reference/therapies/agents.yaml", AgentCatalogue),
    "findings": ("reference/therapies/findings.yaml", FindingCatalogue),
    "exercises": ("reference/therapies/exercise/exercises.yaml", ExerciseCatalogue),
    "limits": ("reference/therapies/injection/limits.yaml", InjectionLimits),
    "codes": ("documents/papers/codes.yaml", Codes),
}
WHO = "because: Our needles are shorter., by: Dr. Ana Ruiz, on: 2026-05-04"
VOLUME = "in: limits, row: volume, set: {most: 1}"


def read(folder: Path, *overrides: str, head: str = "clinic: Riverside") -> Clinic:
    file = folder / "clinic.yaml"
    listed = "\n".join(f"  - {{{override}}}" for override in overrides)
    file.write_text(f"{head}\noverrides:\n{listed}\n", "utf-8")
    return read_clinic(file)


def taken(name: str, clinic: Clinic) -> Any:
    path, model = SHIPPED[name]
    file = files("reliefpath").joinpath(path)
    return amended(name, file, model, clinic, Knowledge.shipped())[0]


def refusal(folder: Path, name: str, *overrides: str, head: str = "clinic: Riverside") -> str:
    with pytest.raises(KnowledgeError) as refused:
        taken(name, read(folder, *overrides, head=head))
    return str(refused.value)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("by: Dr. Ana Ruiz, on: 2026-05-04", "no `because`:"),
        ("because: Shorter needles., on: 2026-05-04", "no `by`:"),
        ("because: Shorter needles., by: Dr. Ana Ruiz", "no `on`:"),
        ("because: ' ', by: '', on: 2026-05-04", "no `because` and no `by`:"),
    ],
)
def test_an_override_without_reason_name_and_day_is_refused(
    tmp_path: Path, who: str, told: str
) -> None:
    text = refusal(tmp_path, "limits", f"{VOLUME}, {WHO}", f"{VOLUME}, {who}")
    assert text.startswith("clinic.yaml:4: overrides.1")
    assert told in text
    assert "who decided it (`by`)" in text


def test_a_day_that_is_none_is_refused(tmp_path: Path) -> None:
    text = refusal(tmp_path, "limits", f"{VOLUME}, because: too much, by: b, on: last spring")
    assert "clinic.yaml:3: overrides.0.on 'last spring':" in text


def test_an_unknown_catalogue_is_refused_with_the_nearest(tmp_path: Path) -> None:
    text = refusal(tmp_path, "limits", f"in: limit, row: volume, set: {{most: 1}}, {WHO}")
    assert "overrides.0.in 'limit': unknown catalogue (did you mean `limits`?)" in text


def test_an_unknown_limit_is_refused_since_nobody_would_ask_for_it(tmp_path: Path) -> None:
    text = refusal(tmp_path, "limits", f"in: limits, row: volumes, set: {{most: 1}}, {WHO}")
    assert "overrides.0.row 'volumes': `limits` has no such row (did you mean `volume`?)" in text
    assert "none can be added" in text


def test_a_new_row_that_may_be_a_slip_is_told_the_nearest_and_what_it_lacks(
    tmp_path: Path,
) -> None:
    text = refusal(tmp_path, "agents", f"in: agents, row: lidocain, set: {{max_mg: 200}}, {WHO}")
    assert "overrides.0.set.name" in text
    assert "is a new row (did you mean `lidocaine`?), and a new row needs it" in text


def test_a_row_inside_a_row_that_is_not_there_is_refused(tmp_path: Path) -> None:
    override = f"in: measures, row: nrs.mcidd, set: {{value: 1}}, {WHO}"
    assert "no such row (did you mean `nrs.mcid`?)" in refusal(tmp_path, "measures", override)


def test_an_unknown_key_is_refused_with_the_nearest(tmp_path: Path) -> None:
    text = refusal(tmp_path, "limits", f"in: limits, row: volume, set: {{mist: 1}}, {WHO}")
    assert "overrides.0.set.mist unknown key (did you mean `most`?)" in text


def test_a_value_that_breaks_the_model_is_refused_at_its_line(tmp_path: Path) -> None:
    text = refusal(tmp_path, "limits", f"in: limits, row: volume, set: {{most: little}}, {WHO}")
    assert "clinic.yaml:3: overrides.0.set.most 'little': must be a number" in text


def test_an_anaesthetic_cannot_lose_its_maximum(tmp_path: Path) -> None:
    text = refusal(tmp_path, "agents", f"in: agents, row: lidocaine, set: {{max_mg: null}}, {WHO}")
    assert "clinic.yaml:3: overrides.0.set" in text
    assert "belong to every anaesthetic" in text


def test_a_source_that_nobody_defines_is_refused(tmp_path: Path) -> None:
    override = f"in: limits, row: volume, set: {{most: 1, source: [board]}}, {WHO}"
    text = refusal(tmp_path, "limits", override)
    assert "overrides.0.set.source 'board': unknown source" in text
    assert "define it under `sources`" in text


@pytest.mark.parametrize(
    ("id_", "told"), [("practice", "choose another name"), ("'clinic:x'", "are taken")]
)
def test_a_source_with_a_name_that_is_taken_is_refused(tmp_path: Path, id_: str, told: str) -> None:
    head = f"clinic: Riverside\nsources: {{{id_}: {{cite: The board, certainty: house}}}}"
    assert told in refusal(tmp_path, "limits", f"{VOLUME}, {WHO}", head=head)


@pytest.mark.parametrize("row", ["volume", "limits.volume"])
def test_the_same_row_twice_is_refused_whatever_it_is_called(tmp_path: Path, row: str) -> None:
    again = f"in: limits, row: {row}, set: {{over: blocked}}, {WHO}"
    text = refusal(tmp_path, "limits", f"{VOLUME}, {WHO}", again)
    assert text.startswith("clinic.yaml:4: overrides.1.row")
    assert "is overridden in line 3 already" in text


def test_a_catalogue_that_no_longer_holds_together_is_refused_at_the_override_that_broke_it(
    tmp_path: Path,
) -> None:
    sound = f"in: exercises, row: doses.stretching, set: {{sets: [2, 4]}}, {WHO}"
    broken = f"in: exercises, row: jaw-opening, set: {{muscles: [no-such-muscle]}}, {WHO}"
    text = refusal(tmp_path, "exercises", sound, broken)
    assert text.startswith("clinic.yaml:4: overrides.1.set")
    assert "names what is not there: ['no-such-muscle']" in text


def test_an_unknown_key_of_the_file_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    assert "unknown key" in refusal(
        tmp_path, "limits", f"{VOLUME}, {WHO}", head="clinic: R\nsource: {}"
    )
    assert "overrides" in refusal(tmp_path, "limits")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        read_clinic(tmp_path / "none.yaml")


def test_a_row_names_who_changed_it_what_it_was_and_why(tmp_path: Path) -> None:
    catalogue = taken("limits", read(tmp_path, f"{VOLUME}, {WHO}"))
    row = catalogue.limits["volume"]
    first, *shipped = (str(catalogue.sources[name]) for name in row.source)
    assert row.most == 1
    assert first == (
        "Riverside, Dr. Ana Ruiz, 2026-05-04: most 1, shipped 10. Our needles are shorter. [house]"
    )
    assert shipped  # what was not changed still rests on what it rested on


def test_a_field_that_is_changed_no_longer_claims_its_own_source(tmp_path: Path) -> None:
    override = f"in: agents, row: ropivacaine, set: {{max_mg: 150}}, {WHO}"
    row = taken("agents", read(tmp_path, override)).agents["ropivacaine"]
    assert row.max_mg == 150
    assert row.source[0] == "clinic:agents.agents.ropivacaine"
    assert "max_mg" not in row.source_of


def test_rows_inside_rows_and_names_with_dots_can_be_changed_and_added(tmp_path: Path) -> None:
    mcid = f"in: measures, row: nrs.mcid, set: {{value: 1.5}}, {WHO}"
    assert taken("measures", read(tmp_path, mcid)).measures["nrs"].mcid.value == 1.5
    latex = (
        "in: findings, row: allergy.codes.our-latex, "
        f"set: {{name: Latex, because: Gloves., bars: [caution]}}, {WHO}"
    )
    codes = taken("findings", read(tmp_path, latex)).kinds["allergy"].codes
    assert codes["our-latex"].source == ("clinic:findings.kinds.allergy.codes.our-latex",)
    code = f"in: codes, row: diagnoses.M79.99, set: {{name: Ours, regions: [hip]}}, {WHO}"
    assert "M79.99" in taken("codes", read(tmp_path, code)).diagnoses


def test_a_single_letter_is_no_reason(tmp_path: Path) -> None:
    text = refusal(tmp_path, "limits", f"{VOLUME}, because: x, by: Ana, on: 2026-05-04")
    assert "no `because`" in text
