"""Line drawings of the exercises: a figure of joints, where it starts, where it goes, and an arrow.

A pose names the hip and the direction of each part of the body, in degrees clockwise from upwards;
the parts always have the same length, so that every figure is the same person.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files
from math import atan2, cos, degrees, radians, sin

from pydantic import Field

from reliefpath.errors import KnowledgeError
from reliefpath.knowledge.catalogue import Record, read_record

TORSO, NECK, HEAD, NOSE = 28.0, 11.0, 7.0, 1.6
ARM = (14.0, 13.0, 7.0)
LEG = (19.0, 19.0, 7.0)
SHOULDER, HIP = 9.0, 5.0
"""Half the breadth of a figure seen from the front."""
FAINT = 0.3
Point = tuple[float, float]
Limb = tuple[float, ...]
"""The directions of upper arm, forearm and hand, or of thigh, shin and foot."""


class Pose(Record):
    """How a figure stands, sits or lies."""

    hip: Point
    torso: float = 0
    bend: float = Field(default=0, description="How far the back is round, to its left")
    head: float | None = Field(default=None, description="As the torso, unless it is said")
    nose: float | None = Field(default=None, description="Where the face looks, if sideways")
    shrug: float = Field(default=0, description="How far the shoulders are lifted")
    arms: tuple[Limb, ...] = ()
    legs: tuple[Limb, ...] = ()


class Drawing(Record):
    """A figure at the start, faint, and at the end of a movement, with what it needs."""

    front: bool = Field(default=False, description="Seen from the front: shoulders and hips apart")
    box: tuple[float, float, float, float] = (0, 0, 120, 100)
    start: Pose | None = None
    end: Pose
    things: tuple[tuple[Point, ...], ...] = Field(default=(), description="Floor, wall, chair")
    balls: tuple[tuple[float, float, float], ...] = ()
    weights: bool = Field(default=False, description="Whether the hands hold weights")
    band: Point | None = Field(default=None, description="Where a band from the last hand ends")
    arrows: tuple[tuple[Point, ...], ...] = Field(description="Curves, each through three points")


class Drawings(Record):
    """The content of `drawings.yaml`."""

    drawings: dict[str, Drawing]


@cache
def drawings() -> dict[str, Drawing]:
    """Return the drawings, by exercise; not every exercise has one."""
    return read_record(files(__package__) / "drawings.yaml", Drawings, KnowledgeError).drawings


def drawing_svg(drawing: Drawing, name: str) -> str:
    """Return a drawing as SVG that is read aloud as the name of its exercise."""
    parts = [_stroke(thing, 1.6, 0.6) for thing in drawing.things]
    if drawing.start is not None:
        parts += [f'<g opacity="{FAINT}">', *_figure(drawing, drawing.start), "</g>"]
    parts += [*_figure(drawing, drawing.end), *(_circle(x, y, r) for x, y, r in drawing.balls)]
    parts += ['<g class="move">', *(_arrow(arrow) for arrow in drawing.arrows), "</g>"]
    box = " ".join(f"{number:g}" for number in drawing.box)
    return (
        f'<svg class="drawing" role="img" viewBox="{box}">'
        f"<title>{escape(name)}</title>"
        '<g fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">'
        f"{''.join(parts)}</g></svg>"
    )


def _figure(drawing: Drawing, pose: Pose) -> Iterator[str]:
    neck = _from(pose.hip, pose.torso, TORSO)
    upright = pose.torso if pose.head is None else pose.head
    head = _from(neck, upright, NECK)
    breadth = (SHOULDER, HIP) if drawing.front else (0.0, 0.0)
    shoulders = _apart(_from(neck, pose.torso, pose.shrug - 3), pose.torso, breadth[0])
    hips = _apart(pose.hip, pose.torso, breadth[1])
    yield _torso(pose, neck, head)
    if drawing.front:
        yield _stroke((shoulders[0], neck, shoulders[1]), 3.6)
        yield _stroke(hips, 3.6)
    for i, limb in enumerate(pose.legs):
        yield _stroke(_joints(hips[i % 2], limb, LEG), 3.6)
    for i, limb in enumerate(pose.arms):
        joints = _joints(shoulders[i % 2], limb, ARM)
        yield _stroke(joints, 3.2)
        if drawing.band and limb is pose.arms[-1]:
            yield _stroke((joints[-1], drawing.band), 1.4)
        if drawing.weights:
            yield _weight(joints[-1])
    yield _circle(*head, HEAD, filled=True)
    if pose.nose is not None:
        yield _stroke((_from(head, pose.nose, HEAD - 1), _from(head, pose.nose, HEAD + NOSE)), 3)


def _torso(pose: Pose, neck: Point, head: Point) -> str:
    middle = _from(_from(pose.hip, pose.torso, TORSO / 2), pose.torso - 90, 2 * pose.bend)
    through = f"M{_xy(pose.hip)}Q{_xy(middle)} {_xy(neck)}L{_xy(head)}"
    return f'<path d="{through}" stroke-width="4.2"/>'


def _joints(start: Point, limb: Limb, lengths: tuple[float, ...]) -> tuple[Point, ...]:
    joints = [start]
    for angle, length in zip(limb, lengths, strict=False):
        joints.append(_from(joints[-1], angle, length))
    return tuple(joints)


def _apart(middle: Point, upright: float, half: float) -> tuple[Point, Point]:
    return _from(middle, upright - 90, half), _from(middle, upright + 90, half)


def _from(point: Point, angle: float, length: float) -> Point:
    turn = radians(angle)
    return point[0] + length * sin(turn), point[1] - length * cos(turn)


def _arrow(through: tuple[Point, ...]) -> str:
    """A curve whose middle point pulls it aside, with a tip along its end."""
    start, *pull, end = through
    before = pull[-1] if pull else start
    angle = degrees(atan2(end[0] - before[0], before[1] - end[1]))
    curve = f"Q{_xy(pull[0])} {_xy(end)}" if pull else f"L{_xy(end)}"
    tip = (_from(end, angle + 150, 5), end, _from(end, angle - 150, 5))
    return f'<path d="M{_xy(start)}{curve}" stroke-width="2"/>{_stroke(tip, 2)}'


def _stroke(points: tuple[Point, ...], width: float, opacity: float = 1) -> str:
    faint = "" if opacity == 1 else f' opacity="{opacity}"'
    return f'<path d="M{"L".join(map(_xy, points))}" stroke-width="{width}"{faint}/>'


def _weight(hand: Point) -> str:
    x, y = hand
    ends = (_stroke(((end, y - 2.5), (end, y + 2.5)), 3) for end in (x - 4, x + 4))
    return _stroke(((x - 4, y), (x + 4, y)), 2) + "".join(ends)


def _circle(x: float, y: float, radius: float, *, filled: bool = False) -> str:
    fill = ' fill="currentColor" stroke="none"' if filled else ' stroke-width="1.8"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"{fill}/>'


def _xy(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
