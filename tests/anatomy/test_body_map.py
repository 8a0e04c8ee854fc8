"""The drawing on which patients mark their pain."""

from __future__ import annotations

from reliefpath.anatomy.body_map import areas, body, shapes
from reliefpath.therapies import finding_kinds


def test_what_can_be_marked_is_what_can_be_recorded() -> None:
    recorded = finding_kinds()["pain-area"].codes
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
