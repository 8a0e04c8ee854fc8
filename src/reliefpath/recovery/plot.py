"""The picture of a recovery curve: one Vega-Lite chart, for Altair and as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from reliefpath.errors import UsageError

if TYPE_CHECKING:
    import altair
    import numpy as np

Columns = dict[str, "NDArray[np.float64]"]
GREY, GREEN = "#7f7f7f", "#2e9e5b"
"""Can be seen on a white page and on a black one."""


def recovery_chart(
    scores: Columns,
    curve: Columns,
    window: tuple[float, float] | None,
    limits: tuple[float, float],
    title: str,
    expected: Columns | None = None,
) -> dict[str, Any]:
    """Return the chart in Vega-Lite: the window, the curve in its band, and the scores.

    Args:
        scores: `week` and `value` of each score.
        curve: `week`, `value`, `low` and `high` of each point of the curve.
        window: the scores between which the window lies, if it has any.
        limits: the least and the greatest score of the measure.
        title: what is measured.
        expected: `week`, `low` and `high` of scores to come.
    """
    x: dict[str, Any] = {"field": "week", "type": "quantitative", "title": "weeks in care"}
    y: dict[str, Any] = {"field": "value", "type": "quantitative", "title": title}
    y |= {"scale": {"domain": list(limits)}}
    across: dict[str, Any] = {"y": y | {"field": "low"}, "y2": {"field": "high"}}
    band, line = {"x": x} | across, {"x": x, "y": y}
    layers = [
        _layer(curve, {"type": "area", "opacity": 0.2}, band),
        _layer(curve, {"type": "line"}, line),
        _layer(scores, {"type": "point", "filled": True, "size": 60}, line),
    ]
    if expected is not None:
        layers.insert(0, _layer(expected, {"type": "area", "opacity": 0.1}, band))
    if window is not None:
        low, high = sorted(window)
        rows = {"values": [{"low": low, "high": high}]}
        mark = {"type": "rect", "opacity": 0.15, "color": GREEN}
        layers.insert(0, {"data": rows, "mark": mark, "encoding": across})
    return {"layer": layers}


def altair_chart(spec: dict[str, Any]) -> altair.LayerChart:
    """Return a chart for Altair.

    Raises:
        UsageError: Altair is not installed.
    """
    try:
        import altair
    except ImportError:
        message = "a plot needs Altair; install it with: pip install 'reliefpath[plot]'"
        raise UsageError(message) from None
    chart: altair.LayerChart = altair.LayerChart.from_dict(spec)
    return chart


def svg(spec: dict[str, Any], width: int = 480, height: int = 220) -> str:
    """Return a chart as SVG that suits a light page and a dark one."""
    import vl_convert

    colours = ("labelColor", "titleColor", "domainColor", "tickColor", "gridColor")
    axis: dict[str, Any] = dict.fromkeys(colours, GREY)
    axis |= {"gridOpacity": 0.2, "titleFontWeight": "normal", "tickCount": 6}
    config = {"axis": axis, "view": {"stroke": None}, "mark": {"aria": False}}
    sized = {"background": None, "width": width, "height": height, "config": config}
    drawn: str = vl_convert.vegalite_to_svg({**spec, **sized})
    return drawn


def _layer(columns: Columns, mark: dict[str, Any], encoding: dict[str, Any]) -> dict[str, Any]:
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    values = [dict(zip(columns, row, strict=True)) for row in rows]
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}
