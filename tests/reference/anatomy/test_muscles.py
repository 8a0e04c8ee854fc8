import re
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import Certainty
from reliefpath.reference.anatomy import REGIONS, Muscle, Region, muscle_catalogue, muscles

ID = r"[a-z0-9]+(-[a-z0-9]+)*"


def test_regions_are_the_ones_an_episode_may_have_from_head_to_foot() -> None:
    assert REGIONS == (
        "head",
        "jaw",
        "neck",
        "shoulder",
        "upper-back",
        "chest",
        "abdomen",
        "low-back",
        "hip",
        "arm",
        "leg",
    )


def test_every_region_has_a_meaning_and_a_muscle() -> None:
    assert all(region.meaning for region in Region)
    assert {muscle.region for muscle in muscles(SHIPPED).values()} == set(Region)


@pytest.mark.parametrize(
    "key",
    [
        "upper-trapezius",
        "levator-scapulae",
        "sternocleidomastoid-sternal",
        "sternocleidomastoid-clavicular",
        "scalenes",
        "masseter",
        "infraspinatus",
        "rhomboids",
        "pectoralis-minor",
        "quadratus-lumborum",
        "lumbar-multifidi",
        "gluteus-minimus",
        "piriformis",
        "wrist-extensors",
        "vastus-medialis",
        "soleus",
    ],
)
def test_muscles_that_pain_clinics_treat_are_known(key: Any) -> None:
    assert key in muscles(SHIPPED)


def test_muscles_are_the_rows_of_the_list_with_separable_heads_apart() -> None:
    assert len(muscles(SHIPPED)) == 57


def test_muscle_ids_are_lower_case_words_joined_by_hyphens() -> None:
    assert [key for key in muscles(SHIPPED) if not re.fullmatch(ID, key)] == []


def test_muscle_names_are_unique() -> None:
    names = [muscle.name for muscle in muscles(SHIPPED).values()]
    assert len(set(names)) == len(names)


def test_every_source_of_a_muscle_is_defined_and_every_source_is_used() -> None:
    catalogue = muscle_catalogue(SHIPPED)
    named = {name for muscle in catalogue.muscles.values() for name in muscle.source}
    assert named == set(catalogue.sources)


def test_referral_drawings_whose_books_were_not_read_are_unverified() -> None:
    sources = muscle_catalogue(SHIPPED).sources
    for muscle in muscles(SHIPPED).values():
        books = [sources[name] for name in muscle.source if name in ("simons-1999", "travell-1992")]
        assert [book.certainty for book in books] == [Certainty.UNVERIFIED]


def test_a_muscle_reaches_its_own_region_first() -> None:
    assert all(muscle.reaches[0] is muscle.region for muscle in muscles(SHIPPED).values())


@pytest.mark.parametrize(
    ("key", "reaches"),
    [
        ("upper-trapezius", {"neck", "head", "jaw"}),
        ("levator-scapulae", {"neck", "upper-back", "shoulder"}),
        ("scalenes", {"neck", "chest", "upper-back", "arm"}),
        ("infraspinatus", {"shoulder", "arm"}),
        ("gluteus-minimus", {"hip", "leg"}),
        ("deltoid", {"shoulder"}),
    ],
)
def test_a_muscle_reaches_the_regions_of_its_referral(key: Any, reaches: Any) -> None:
    assert set(muscles(SHIPPED)[key].reaches) == reaches


def test_a_muscle_that_does_not_reach_its_own_region_is_refused() -> None:
    with pytest.raises(ValidationError, match="own region, neck"):
        Muscle(
            name="Muscle",
            region=Region.NECK,
            reaches=(Region.HEAD,),
            referral="Head",
            pneumothorax=0,
            hazards="None",
            source=("book",),
        )


@pytest.mark.parametrize(
    ("key", "risk"),
    [
        ("rhomboids", 2),
        ("scalenes", 2),
        ("intercostals-diaphragm", 2),
        ("infraspinatus", 1),
        ("rectus-abdominis-obliques", 1),
        ("masseter", 0),
        ("piriformis", 0),
        ("iliocostalis-thoracis", 2),
        ("iliocostalis-lumborum", 0),
    ],
)
def test_the_lung_risk_is_the_one_listed(key: Any, risk: Any) -> None:
    assert muscles(SHIPPED)[key].pneumothorax == risk


@pytest.mark.parametrize(
    ("key", "risk"),
    [
        ("upper-trapezius", 2),
        ("latissimus-dorsi", 2),
        ("quadratus-lumborum", 2),
        ("splenius-cervicis", 1),
        ("sternocleidomastoid-sternal", 1),
    ],
)
def test_where_lung_risk_is_given_as_a_range_the_higher_is_kept_and_said(
    key: Any, risk: Any
) -> None:
    muscle = muscles(SHIPPED)[key]
    assert muscle.pneumothorax == risk
    assert "the higher is kept" in muscle.hazards


def test_no_muscle_of_limb_or_jaw_puts_the_lung_at_risk() -> None:
    limbs = {Region.ARM, Region.LEG, Region.HIP, Region.JAW, Region.HEAD}
    assert {m.pneumothorax for m in muscles(SHIPPED).values() if m.region in limbs} == {0}


def test_importing_the_catalogues_needs_no_data_frame_or_array_library() -> None:
    check = (
        "import sys, reliefpath.reference.anatomy, reliefpath.reference.therapies;"
        "sys.exit(bool({'polars', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_no_angle_is_called_safe_at_the_lumbar_multifidi() -> None:
    hazards = muscles(SHIPPED)["lumbar-multifidi"].hazards
    assert hazards.endswith("so that angle is no safeguard")
    assert [key for key, row in muscles(SHIPPED).items() if "; angle towards" in row.hazards] == []


def test_the_peritoneum_is_warned_of_under_iliocostalis_lumborum() -> None:
    assert "peritoneum" in muscles(SHIPPED)["iliocostalis-lumborum"].hazards
