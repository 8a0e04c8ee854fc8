"""The recovery curve as a picture: one Vega-Lite chart, drawn by the server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from reliefpath.pathway.model import Pathway
from reliefpath.reference.therapies.catalogue import Family
from reliefpath.web.views.course import Course
from reliefpath.web.views.tips import given_tip, score_tips

Layer = dict[str, Any]
FAMILIES = {
    Family.EDUCATION: "education",
    Family.EXERCISE: "exercise",
    Family.NEEDLING: "dry needling",
    Family.INJECTION: "injection",
    Family.PASSIVE: "other",
    Family.REFERRAL: "other",
}
LANES = tuple(dict.fromkeys(FAMILIES.values()))
SHOWN = {"domain": {"expr": "[from, to]"}, "nice": False}
"""The weeks that are shown: the whole course, until somebody at the page looks closer."""
WITHIN = [{"filter": "from <= datum.week && datum.week <= to"}]
AREA, LINE = ({"type": kind, "clip": True} for kind in ("area", "line"))
POINT = {"type": "point", "stroke": "transparent", "strokeWidth": 14}
"""A mark that is easy to point at: what is clear around it counts as the mark."""
TIP = {"tooltip": {"field": "tip"}}
SHAPES = ("square", "circle", "triangle-up", "diamond", "cross")


@dataclass(frozen=True)
class Look:
    """How a chart looks: its colours, and how large it is in pixels."""

    text: str = "#1b2027"
    soft: str = "#525b66"
    line: str = "#d3d9e0"
    mark: str = "#0a5a8f"
    window: str = "#cfe8d6"
    good: str = "#1b6b3a"
    passing: str = "#8a5200"
    width: int = 860
    height: int = 320

    @property
    def is_narrow(self) -> bool:
        """Whether there is no room for words beside the curve."""
        return self.width < 400

    @classmethod
    def of(cls, *, dark: bool, narrow: bool) -> Look:
        """Return the look that fits the style sheet of the pages."""
        colours = DARK if dark else cls()
        return replace(colours, width=300, height=240) if narrow else colours


DARK = Look("#e8ecf1", "#aab4c0", "#3a444f", "#7cc0ee", "#21402c", "#7fd39c", "#f0b45f")


def spec(course: Course, pathway: Pathway, look: Look) -> dict[str, Any]:
    """Return the chart in Vega-Lite: the curve, and below it what was given when."""
    x: Layer = {"field": "week", "type": "quantitative", "scale": SHOWN}
    lanes = _lanes(course, x, look)
    return {
        "background": None,
        "params": [{"name": "from", "value": 0.0}, {"name": "to", "value": float(course.at[-1])}],
        "padding": {"left": 16 if look.is_narrow else 24, "top": 6, "right": 24, "bottom": 4},
        "config": _config(look),
        "bounds": "flush",
        "spacing": 16,
        "vconcat": [_curve(course, pathway, x, look), *lanes],
        "resolve": {"scale": {"x": "shared"}},
    }


def _curve(course: Course, pathway: Pathway, x: Layer, look: Look) -> Layer:
    measure = course.measure
    title = f"{measure.name} ({measure.well:g} is well)"
    y: Layer = {"type": "quantitative", "scale": {"domain": [measure.low, measure.high]}}
    y |= {"title": None if look.is_narrow else title}
    axis = x | {"axis": {"labels": False, "ticks": False, "title": None, "grid": False}}
    low, middle, high = course.curve
    rows = _rows(week=course.at, low=low, value=middle, high=high)
    past = [row for row in rows if row["week"] <= course.now]
    future = [row for row in rows if row["week"] >= course.now]
    expected = _rows(
        week=course.ahead, low=course.expected[0], value=course.expected[1], high=course.expected[2]
    )
    band = {"x": axis, "y": y | {"field": "low"}, "y2": {"field": "high"}}
    line = {"x": axis, "y": y | {"field": "value"}}
    layers = [
        _window(course, pathway, y, look),
        _layer(expected, AREA | {"color": look.soft, "opacity": 0.14}, band),
        _layer(past, AREA | {"color": look.mark, "opacity": 0.22}, band),
        _layer(future, AREA | {"color": look.mark, "opacity": 0.1}, band),
        _layer(past, LINE | {"color": look.mark, "strokeWidth": 2.5}, line),
        _layer(future, LINE | {"color": look.mark, "strokeDash": [5, 4]}, line),
        *_passing(course, line, look),
        _scores(course, line, look),
        *_today(course, axis, look),
    ]
    return {"width": look.width, "height": look.height, "layer": layers}


def _scores(course: Course, line: Layer, look: Look) -> Layer:
    rows = _rows(week=course.weeks, value=course.values)
    told = [row | {"tip": tip} for row, tip in zip(rows, score_tips(course), strict=True)]
    mark = POINT | {"size": 55, "fill": look.text, "opacity": 1}
    return _layer(told, mark, line | TIP) | {"transform": WITHIN}


def _window(course: Course, pathway: Pathway, y: Layer, look: Look) -> Layer:
    first, last = course.window
    least, most = (f"{100 * share:g}" for share in pathway.recovery.window)
    text: Layer = {"type": "text", "text": ["the window", f"{least} to {most} %"], "align": "left"}
    text |= {"x": look.width + 6, "color": look.good, "baseline": "middle", "dy": -6}
    band: Layer = {"type": "rect", "color": look.window}
    middle = {"y": y | {"field": "middle"}}
    named = [] if look.is_narrow else [{"mark": text, "encoding": middle}]
    return {
        "data": {"values": [{"low": first, "high": last, "middle": (first + last) / 2}]},
        "layer": [
            {"mark": band, "encoding": {"y": y | {"field": "low"}, "y2": {"field": "high"}}},
            *named,
        ],
    }


def _passing(course: Course, line: Layer, look: Look) -> list[Layer]:
    """What an injection takes off for a while."""
    if course.with_injection is None:
        return []
    begins = min(t.week for t in course.treatments if t.family is Family.INJECTION)
    rows = [r for r in _rows(week=course.at, value=course.with_injection) if r["week"] >= begins]
    mark = LINE | {"color": look.passing, "strokeDash": [2, 3], "strokeWidth": 2}
    return [_layer(rows, mark, line)]


def _today(course: Course, x: Layer, look: Look) -> list[Layer]:
    today = [{"week": course.now}]
    rule = {"type": "rule", "color": look.soft, "strokeDash": [3, 3]}
    text = {"type": "text", "text": "today", "align": "left", "dx": 4, "y": 8, "color": look.soft}
    marks = [_layer(today, mark, {"x": x}) for mark in (rule, text)]
    return [mark | {"transform": WITHIN} for mark in marks]


def _lanes(course: Course, x: Layer, look: Look) -> list[Layer]:
    """What was given, a lane each family; shape and place tell them apart, not colour alone."""
    marks = [
        {"week": given.week, "lane": FAMILIES[given.family], "tip": given_tip(given)}
        for given in course.treatments
    ]
    present = [lane for lane in LANES if any(mark["lane"] == lane for mark in marks)]
    title = {"axis": {"title": "weeks in care", "grid": False}}
    lane = {"field": "lane", "type": "nominal", "title": None, "scale": {"domain": present}}
    shapes = [SHAPES[LANES.index(name)] for name in present]
    shape = {"field": "lane", "scale": {"domain": present, "range": shapes}, "legend": None}
    return [
        {
            "width": look.width,
            "height": max(18 * len(present), 2),
            "data": {"values": marks},
            "transform": WITHIN,
            "mark": POINT | {"size": 45, "fill": look.mark, "opacity": 0.9},
            "encoding": TIP
            | {
                "x": x | title,
                "y": lane | {"axis": {"domain": False, "ticks": False, "labelPadding": 10}},
                "shape": shape,
            },
        }
    ]


def _config(look: Look) -> Layer:
    axis: Layer = {"labelColor": look.soft, "titleColor": look.soft, "domainColor": look.line}
    axis |= {"tickColor": look.line, "gridColor": look.line, "gridOpacity": 0.5, "tickCount": 6}
    axis |= {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    plain: Layer = {"font": "sans-serif", "view": {"stroke": None}, "text": {"fontSize": 12}}
    silent: Layer = {"mark": {"aria": False}}  # the page says it in words, and in a table
    return plain | silent | {"axis": axis}


def _layer(values: list[Layer], mark: Layer, encoding: Layer) -> Layer:
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _rows(**columns: Any) -> list[Layer]:
    numbers = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in numbers]
