"""The drawing on which patients mark their pain."""

from __future__ import annotations

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.anatomy.body_map import areas, body, referral, shapes, spots
from reliefpath.reference.therapies import finding_kinds


def test_what_can_be_marked_is_what_can_be_recorded() -> None:
    recorded = finding_kinds(SHIPPED)["pain-area"].codes
    assert [area.code for area in areas()] == list(recorded)
    for area in areas():
        assert recorded[area.code].name == f"{body().names[area.region]}, {area.side}"
        assert not recorded[area.code].bars


def test_the_left_is_on_the_right_from_the_front_and_on_the_left_from_behind() -> None:
    front = {shape.area.code: shape.mirrored for shape in shapes("front")}
    back = {shape.area.code: shape.mirrored for shape in shapes("back")}
    assert (front["arm-left"], front["arm-right"]) == (False, True)
    assert (back["arm-left"], back["arm-right"]) == (True, False)


def test_every_area_is_drawn_somewhere() -> None:
    drawn = {shape.area for view in ("front", "back") for shape in shapes(view)}
    assert drawn == set(areas())


def test_every_muscle_has_its_place_on_each_side() -> None:
    assert list(body().muscles) == list(muscles(SHIPPED))
    left, right = spots("infraspinatus", "both")
    assert (left.view, left.x < 0 < right.x, left.y == right.y) == ("back", True, True)
    assert spots("masseter", "left")[0].x > 0
    assert spots("a-clinics-own", "left") == ()


def test_pain_is_referred_on_the_same_side_unless_it_is_said_to_cross() -> None:
    def felt(muscle: str, side: str) -> list[str]:
        return [area.code for area in referral(muscles(SHIPPED)[muscle], side)]

    assert felt("infraspinatus", "left") == ["shoulder-left", "arm-left"]
    forehead = ["head-left", "head-right", "neck-right"]
    assert felt("sternocleidomastoid-clavicular", "right") == forehead
    assert felt("rhomboids", "both") == ["upper-back-left", "upper-back-right"]
