"""Charts: what a table shows, seen at once. A Vega-Lite specification of a figure, and its picture as SVG or PNG.

The pictures are made here, without a browser and without a network, and kept by the digest of what they show. A chart
always stands beside its table, says what it is in a title and in words, and tells nothing that the table does not.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import vl_convert

from divert.board.fairness import Fairness
from divert.board.figure import Figure, count_in_words

Spec = Mapping[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
INK, PALE, STRONG, LOUD = "#0b0c0c", "#8eb8dc", "#14385c", "#ca3535"
WIDTH = 560
MOST = 2
"""Counts that stand beside each other in one chart: a whole, and a part of it."""

CONFIG = {
    "font": "Noto Sans, Arial, Liberation Sans, sans-serif",
    "background": "#ffffff",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 13, "titleFontSize": 13, "labelColor": INK, "titleColor": INK, "labelLimit": 230,
             "gridColor": "#e5e6e7", "domainColor": INK, "tickColor": INK},
    "legend": {"labelFontSize": 13, "labelColor": INK, "orient": "top", "title": None},
    "title": {"fontSize": 16, "subtitleFontSize": 13, "color": INK, "subtitleColor": INK, "anchor": "start"},
}  # fmt: skip


def described(figure: Figure) -> str:
    """A chart in words, for whoever does not see it."""
    names = [figure.columns[key] for key in _shown(figure)]
    rows = "; ".join(
        f"{row.label}: " + ", ".join(count_in_words(row.counts.get(key), figure.rounded_to) for key in _shown(figure))
        for row in figure.rows
    )
    return f"{figure.title}. Bars of {' and '.join(name.lower() for name in names)}, by {figure.by.lower()}. {rows}."


def chart(figure: Figure) -> Spec | None:
    """Bars of a figure's table: of the whole and, before it, of the part. None where it has no rows."""
    if not figure.rows:
        return None
    names = [figure.columns[key] for key in _shown(figure)]
    data = [
        {"row": row.label, "what": figure.columns[key], "n": row.counts.get(key) or 0}
        for row in figure.rows
        for key in _shown(figure)
    ]
    bars: dict[str, Any] = {
        "x": {"field": "n", "type": "quantitative", "title": "Cases" if len(names) > 1 else names[0],
              "axis": {"tickMinStep": figure.rounded_to, "format": ","}, "stack": None},
        "y": {"field": "row", "type": "nominal", "sort": None, "title": None, "axis": {"labelPadding": 6}},
        "color": {"field": "what", "type": "nominal", "scale": {"domain": names, "range": [PALE, STRONG][-len(names):]},
                  "legend": None if len(names) == 1 else {}},
    }  # fmt: skip
    if len(names) > 1:
        bars["yOffset"] = {"field": "what", "type": "nominal", "sort": names}
    step = 30 if len(names) > 1 else 24
    return _framed(
        figure.title,
        f"{names[-1]}{f' of {names[0].lower()}' if len(names) > 1 else ''}, by {figure.by.lower()}; as at"
        f" {figure.cut_off}; counts rounded to {figure.rounded_to}",
        {"data": {"values": data}, "mark": {"type": "bar"}, "encoding": bars, "height": {"step": step / len(names)}},
    )


def forest(fairness: Fairness) -> Spec | None:
    """Each group's ratio of rates with its range, and where there would be no difference."""
    rows = [
        {"row": row.group, "value": row.ratio.value, "low": row.ratio.low, "high": row.ratio.high}
        for row in fairness.rows
        if row.ratio is not None and row.ratio.value and row.ratio.high is not None
    ]
    if not rows:
        return None
    across = {"type": "quantitative", "scale": {"type": "log"}, "title": f"Rate over that of {fairness.reference}"}
    down = {"field": "row", "type": "nominal", "sort": None, "title": None}
    layers = [
        {"mark": {"type": "rule", "strokeDash": [4, 4], "color": LOUD}, "encoding": {"x": {"datum": 1, **across}}},
        {"mark": {"type": "rule", "strokeWidth": 3, "color": PALE},
         "encoding": {"x": {"field": "low", **across}, "x2": {"field": "high"}, "y": down}},
        {"mark": {"type": "point", "filled": True, "size": 90, "color": STRONG},
         "encoding": {"x": {"field": "value", **across}, "y": down}},
    ]  # fmt: skip
    return _framed(
        fairness.title,
        f"Relative rate by {fairness.by.lower()}, with its range; 1: no difference; as at {fairness.cut_off}",
        {"data": {"values": rows}, "layer": layers, "height": {"step": 34}},
    )


def svg(spec: Spec) -> str:
    """The picture as SVG text."""
    return str(_made(json.dumps(spec, sort_keys=True), "svg"))


def png(spec: Spec) -> bytes:
    """The picture as PNG, at twice the size."""
    made = _made(json.dumps(spec, sort_keys=True), "png")
    return made if isinstance(made, bytes) else made.encode()


@lru_cache(maxsize=512)
def _made(spec: str, kind: Literal["svg", "png"]) -> str | bytes:
    _with_our_fonts()
    if kind == "svg":
        return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    return bytes(vl_convert.vegalite_to_png(spec, scale=2, allowed_base_urls=[]))


@lru_cache
def _with_our_fonts() -> None:
    """The same faces on every machine."""
    vl_convert.register_font_directory(str(files("fontpkg_noto_sans") / "files"))


def _framed(title: str, subtitle: str, parts: Mapping[str, Any]) -> Spec:
    return {
        "$schema": SCHEMA,
        "title": {"text": title, "subtitle": subtitle},
        "description": f"{title}. {subtitle}.",
        "width": WIDTH,
        "padding": 12,
        "config": CONFIG,
        **parts,
    }


def _shown(figure: Figure) -> Sequence[str]:
    """The counts that a chart shows: the first two, or the two of which the figure is a share."""
    keys = list(figure.columns)
    return [keys[0], keys[keys.index("signed")]] if {"referred", "signed"} <= set(keys) else keys[:MOST]
