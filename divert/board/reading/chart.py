"""Charts: what a table shows, seen at once. A Vega-Lite specification of a figure, and its picture as SVG or PNG.

The pictures are made here, without a browser and without a network, and kept by the digest of what they show. A chart
always stands beside its table, says what it is in a title and in words, and tells nothing that the table does not.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from textwrap import wrap
from typing import Any, Literal, NamedTuple

import vl_convert

from divert.board.figures.definition import Figure, count_in_words
from divert.board.figures.fairness import Fairness
from divert.clock import written_date

Spec = Mapping[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
INK, PALE, STRONG, LOUD = "#0b0c0c", "#8eb8dc", "#14385c", "#ca3535"
STEPS = (1, 2, 4, 10, 20, 40, 100, 200, 400, 1_000, 2_000, 4_000, 10_000, 20_000, 40_000, 100_000, 200_000)
TICKS = 6
"""At most so many numbers along the bars."""


class Size(NamedTuple):
    """How wide the field of bars is, in pixels, and how many letters a line of labels, title or subtitle holds."""

    width: int
    label: int
    title: int
    subtitle: int


WIDE, NARROW = Size(560, 30, 64, 84), Size(230, 15, 32, 42)
"""For a page, paper and taking away; and for a telephone."""

CONFIG = {
    "font": "Noto Sans, Arial, Liberation Sans, sans-serif",
    "background": "#ffffff",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 13, "titleFontSize": 13, "labelColor": INK, "titleColor": INK, "labelLimit": 0,
             "gridColor": "#e5e6e7", "domainColor": INK, "tickColor": INK},
    "legend": {"labelFontSize": 13, "labelColor": INK, "labelLimit": 0, "orient": "top", "title": None},
    "title": {"fontSize": 16, "subtitleFontSize": 13, "color": INK, "subtitleColor": INK, "anchor": "start",
              "frame": "bounds"},
}  # fmt: skip


def describe(figure: Figure) -> str:
    """A chart in words, for whoever does not see it."""
    keys = _counts_shown(figure)
    names = [figure.columns[key] for key in keys]
    rows = "; ".join(
        f"{row.label}: " + ", ".join(count_in_words(row.counts.get(key), figure.rounded_to) for key in keys)
        for row in figure.rows
    )
    return f"{figure.title}. Bars of {' and '.join(name.lower() for name in names)}, by {figure.by.lower()}. {rows}."


def chart(figure: Figure, size: Size = WIDE) -> Spec | None:
    """Bars of a figure's table: of the whole and, below it, of the part. None where it has no rows."""
    if not figure.rows:
        return None
    names = [figure.columns[key] for key in _counts_shown(figure)]
    data: list[dict[str, Any]] = [
        {"row": _lines(row.label, size.label), "what": figure.columns[key], "n": row.counts.get(key) or 0}
        for row in figure.rows
        for key in _counts_shown(figure)
    ]
    ticks = _ticks(max(bar["n"] for bar in data), figure.rounded_to)
    encoding: dict[str, Any] = {
        "x": {"field": "n", "type": "quantitative", "title": "Cases" if len(names) > 1 else names[0], "stack": None,
              "scale": {"domain": [0, ticks[-1]]}, "axis": {"values": ticks, "format": ",d"}},
        "y": DOWN,
        "color": {"field": "what", "type": "nominal", "scale": {"domain": names, "range": [PALE, STRONG][-len(names):]},
                  "legend": None if len(names) == 1 else {"columns": 1 if size is NARROW else 2}},
    }  # fmt: skip
    if len(names) > 1:
        encoding["yOffset"] = {"field": "what", "type": "nominal", "sort": names}
    thick = 30 if len(names) > 1 else 24
    step = max(thick, LINE * max(_height(bar["row"]) for bar in data) + 4)
    return _specification(
        figure.title,
        f"By {figure.by.lower()}; as at {written_date(figure.cut_off)}; counts rounded to {figure.rounded_to}",
        size,
        [bar["row"] for bar in data],
        {
            "data": {"values": data},
            "mark": {"type": "bar", "height": (thick - 4) / len(names)},
            "encoding": encoding,
            "height": {"step": step / len(names)},
        },
    )


def forest(fairness: Fairness, size: Size = WIDE) -> Spec | None:
    """Each group's ratio of rates with its range, and where there would be no difference."""
    rows: list[dict[str, Any]] = [
        {"row": _lines(row.group, size.label), "value": row.ratio.value, "low": row.ratio.low, "high": row.ratio.high}
        for row in fairness.rows
        if row.ratio is not None and row.ratio.value and row.ratio.low and row.ratio.high is not None
    ]
    if not rows:
        return None
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    ticks = [tick for tick in RATIOS if low / 2 <= tick <= high * 2]
    across = {
        "type": "quantitative",
        "scale": {"type": "log", "domain": [min(low, *ticks), max(high, *ticks)]},
        "axis": {"values": ticks, "format": "~r"},
        "title": wrap(f"Rate over that of {fairness.reference}", size.subtitle),
    }
    layers = [
        {"mark": {"type": "rule", "strokeDash": [4, 4], "color": LOUD}, "encoding": {"x": {"datum": 1, **across}}},
        {"mark": {"type": "rule", "strokeWidth": 3, "color": PALE},
         "encoding": {"x": {"field": "low", **across}, "x2": {"field": "high"}, "y": DOWN}},
        {"mark": {"type": "point", "filled": True, "size": 90, "color": STRONG},
         "encoding": {"x": {"field": "value", **across}, "y": DOWN}},
    ]  # fmt: skip
    step = max(34, LINE * max(_height(row["row"]) for row in rows) + 4)
    return _specification(
        f"{fairness.title}, by {fairness.by.lower()}",
        f"Ratio of rates, with its range; 1: no difference; as at {written_date(fairness.cut_off)}",
        size,
        [row["row"] for row in rows],
        {"data": {"values": rows}, "layer": layers, "height": {"step": step}},
    )


DOWN = {"field": "row", "type": "nominal", "sort": None, "title": None,
        "axis": {"labelPadding": 6, "labelExpr": r"split(datum.label, '\n')"}}  # fmt: skip
LINE, LETTER = 15, 8
"""How high a line of a label is, and how wide a letter, in pixels."""

RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def _lines(text: str, letters: int) -> str:
    """A text broken into lines of at most so many letters."""
    return "\n".join(wrap(text, letters))


def _height(label: str) -> int:
    return label.count("\n") + 1


def _ticks(most: int, base: int) -> list[int]:
    """Whole numbers along an axis, multiples of what counts are rounded to, from 0 to the most or just beyond."""
    step = next((step for step in STEPS if most <= base * step * (TICKS - 1)), STEPS[-1]) * base
    return list(range(0, max(most, 1) + step, step))


def svg(spec: Spec) -> str:
    """The picture as SVG text."""
    return str(_picture(json.dumps(spec, sort_keys=True), "svg"))


def png(spec: Spec) -> bytes:
    """The picture as PNG, at twice the size."""
    picture = _picture(json.dumps(spec, sort_keys=True), "png")
    return picture if isinstance(picture, bytes) else picture.encode()


@lru_cache(maxsize=512)
def _picture(spec: str, kind: Literal["svg", "png"]) -> str | bytes:
    _register_fonts()
    if kind == "svg":
        return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    return bytes(vl_convert.vegalite_to_png(spec, scale=2, allowed_base_urls=[]))


@lru_cache
def _register_fonts() -> None:
    """The same faces on every machine."""
    vl_convert.register_font_directory(str(files("fontpkg_noto_sans") / "files"))


def _specification(title: str, subtitle: str, size: Size, labels: Sequence[str], parts: Mapping[str, Any]) -> Spec:
    widest = max(len(line) for label in labels for line in label.split("\n"))
    return {
        "$schema": SCHEMA,
        "title": {"text": wrap(title, size.title), "subtitle": wrap(subtitle, size.subtitle)},
        "description": f"{title}. {subtitle}.",
        "width": size.width,
        # A reader's own fonts may be wider than ours: no label is to be cut off.
        "padding": {"left": 8 + widest * LETTER // 5, "right": 40, "top": 8, "bottom": 8},
        "config": CONFIG,
        **parts,
    }


def _counts_shown(figure: Figure) -> Sequence[str]:
    """The counts that a chart shows: the two of which the figure is a share, or else the first."""
    return figure.charted or [*figure.columns][:1]
