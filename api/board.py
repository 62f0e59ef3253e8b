"""The board's pages and figures: aggregates only, rounded already where they could point at a person.

Whatever the face, the counts are those of `Population.shown`: page, JSON, CSV, chart and paper can tell nothing more
than each other.
"""

import csv
import io
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.deps import Asking, ByToken, ByVisit
from api.page import write
from api.problems import FieldFault, ProblemError, invalid, may_answer
from divert.board import chart, cuts
from divert.board.asking import Asked
from divert.board.counts import WHOLE, Counts
from divert.board.fairness import Fairness, fairness
from divert.board.figure import Figure, Measure, Theme, View, count_in_words
from divert.board.figures import BOARD_READS, figures
from divert.board.glance import earlier, glances
from divert.board.paper import ground, paper, ranged, says
from divert.board.spending import spent
from divert.clock import london_date

router = APIRouter(tags=["board"])

View_ = Annotated[Asked, Query()]
MAY = may_answer("not-signed-in", "not-allowed", "invalid")


@router.get("/api/board/figures", summary="Figures", responses=MAY)
def read_figures(asking: ByToken, asked: View_) -> list[Figure]:
    """Funnel, completion, breach, overrides, deadlines ...: each with its definition, and how it must not be read."""
    with asking.reading(*BOARD_READS):
        return figures(_view(asking, asked))


@router.get("/api/board/fairness", summary="Fairness", responses=MAY)
def read_fairness(asking: ByToken, asked: View_) -> list[Fairness]:
    """Each stage by sex, ethnicity, age and district: rates, their ratios, and whether they differ beyond chance."""
    with asking.reading(*BOARD_READS):
        return fairness(_counts_of(asking, _whole(asked)))


@router.get("/board", include_in_schema=False)
def dashboard(request: Request, asking: ByVisit, asked: View_) -> Response:
    """A few numbers, to be read in a minute."""
    with asking.reading(*BOARD_READS) as (_, actor):
        day = day_asked(asking, _whole(asked).as_at)
    now, before = (asking.house.population.shown(on, asking.at, asked.audience) for on in (day, earlier(day)))
    return write(request, "board.html", actor=actor, found=glances(now, before), **_page(asking, asked, now))


@router.get("/board/figures", include_in_schema=False)
@router.get("/board/figures/{theme}", include_in_schema=False)
def figures_page(request: Request, asking: ByVisit, asked: View_, theme: str | None = None) -> Response:
    """The same, to be read."""
    with asking.reading(*BOARD_READS) as (_, actor):
        chosen = _theme(theme)
    view = _view(asking, asked)
    found = [one for one in figures(view) if chosen is None or one.theme is chosen]
    return write(request, "figures.html", actor=actor, figures=found, theme=chosen, **_page(asking, asked, view.counts))


@router.get("/board/fairness", include_in_schema=False)
def fairness_page(request: Request, asking: ByVisit, asked: View_) -> Response:
    """Whether groups fare alike, to be read."""
    with asking.reading(*BOARD_READS) as (_, actor):
        counts = _counts_of(asking, _whole(asked))
    return write(request, "fairness.html", actor=actor, found=fairness(counts), **_page(asking, asked, counts))


@router.get("/board/table/{name}.csv", include_in_schema=False)
def table(asking: ByVisit, asked: View_, name: str) -> Response:
    """One figure's table, to take away."""
    with asking.reading(*BOARD_READS):
        pass
    found = next((one for one in figures(_view(asking, asked)) if one.id == name), None)
    if found is None:
        raise ProblemError("not-found")
    kept = {"Content-Disposition": f'attachment; filename="{name}-{found.cut_off}.csv"'}
    return Response(as_csv(found, asked), media_type="text/csv; charset=utf-8", headers=kept)


@router.get("/board/chart/{name}.{kind}", include_in_schema=False)
def picture(asking: ByVisit, asked: View_, name: str, kind: Literal["svg", "png"]) -> Response:
    """One figure's chart, to look at beside its table or to take away."""
    with asking.reading(*BOARD_READS):
        pass
    found = next((one for one in figures(_view(asking, asked)) if one.id == name), None)
    return _drawn(chart.chart(found) if found else None, name, kind)


@router.get("/board/fairness/chart/{name}.{kind}", include_in_schema=False)
def fairness_picture(asking: ByVisit, asked: View_, name: str, kind: Literal["svg", "png"]) -> Response:
    """One comparison's chart."""
    with asking.reading(*BOARD_READS):
        pass
    found = next((one for one in fairness(_counts_of(asking, _whole(asked))) if one.id == name), None)
    return _drawn(chart.forest(found) if found else None, name, kind)


def _drawn(spec: chart.Spec | None, name: str, kind: Literal["svg", "png"]) -> Response:
    if spec is None:
        raise ProblemError("not-found")
    kept = {"Content-Disposition": f'inline; filename="{name}.{kind}"', "Cache-Control": "private, max-age=60"}
    if kind == "svg":
        return Response(chart.svg(spec), media_type="image/svg+xml", headers=kept)
    return Response(chart.png(spec), media_type="image/png", headers=kept)


@router.get("/board/paper.pdf", include_in_schema=False)
def board_paper(asking: ByVisit, asked: View_) -> Response:
    """Everything, as a paper for the board's meeting."""
    with asking.reading(*BOARD_READS):
        pass
    day = day_asked(asking, asked.as_at)
    now, before = (asking.house.population.shown(on, asking.at, asked.audience) for on in (day, earlier(day)))
    whole = asked.place == WHOLE
    found = figures(_view(asking, asked))
    made = paper(now, asked.words(), glances(now, before) if whole else [], found, fairness(now) if whole else [])
    kept = {"Content-Disposition": f'attachment; filename="board-paper-{day}.pdf"'}
    return Response(made, media_type="application/pdf", headers=kept)


def as_csv(figure: Figure, asked: Asked) -> str:
    """A figure's table, under what it means."""
    out = io.StringIO()
    to = csv.writer(out)
    to.writerow([figure.title, asked.words(), f"as at {figure.cut_off}"])
    to.writerow([figure.definition, *([figure.rests_on] if figure.rests_on else [])])
    to.writerow([f"Must not be read as: {figure.must_not_be_read_as}"])
    to.writerow([f"Counts are rounded to multiples of {figure.rounded_to}; 0 stands for anything below."])
    to.writerow([figure.by or "Row", *figure.columns.values(), figure.unit.capitalize(), "From", "To"])
    blank = ["" for _ in figure.columns]
    to.writerow(["All", *blank, *_range(figure)])
    for row in figure.rows:
        counts = ["withheld" if (n := row.counts.get(key)) is None else n for key in figure.columns]
        to.writerow([row.label, *counts, "" if row.value is None else row.value])
    for each in figure.measures:
        to.writerow([f"{each.label} ({each.unit})", *blank, *_range(each)])
    return out.getvalue()


def _range(one: Figure | Measure) -> list[float | str]:
    """A number, and from where to where it may lie."""
    return ["" if each is None else each for each in (one.value, one.low, one.high)]


def _view(asking: Asking, asked: Asked) -> View:
    """What is asked for, whatever the face: counts as they may be shown, and what was spent."""
    counts = _counts_of(asking, asked)
    return View(counts, asked.place, spent(asking.house.population, counts.as_at, asking.at, asked.audience))


def _counts_of(asking: Asking, asked: Asked) -> Counts:
    return asking.house.population.shown(day_asked(asking, asked.as_at), asking.at, asked.audience)


def day_asked(asking: Asking, as_at: date | None) -> date:
    """The day asked for, else today. Raises a problem for one to come: its answer could change."""
    today = london_date(asking.at)
    if as_at is not None and as_at > today:
        raise invalid([FieldFault(parameter="as_at", detail=f"This day is yet to come. Give one up to {today}.")])
    return as_at or today


def _whole(asked: Asked) -> Asked:
    """What is asked of everyone. Raises a problem where a cut is named too."""
    for name in ("district", "offence", "phase", "first", "last"):
        if getattr(asked, name) is not None:
            raise invalid([FieldFault(parameter=name, detail="This is of the whole scheme: leave it out.")])
    return asked


def _theme(name: str | None) -> Theme | None:
    if name is not None and name not in Theme.__members__:
        raise ProblemError("not-found")
    return Theme[name] if name is not None else None


def _page(asking: Asking, asked: Asked, counts: Counts) -> dict[str, Any]:
    """What every page of the board shows around its numbers."""
    query = asked.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {
        "asked": asked,
        "as_at": day_asked(asking, asked.as_at),
        "counted_at": asking.house.population.counted_at,
        "base": counts.base,
        "ground": ground(counts.base),
        "says": says,
        "ranged": ranged,
        "described": chart.described,
        "count": count_in_words,
        "query": ("?" + "&".join(f"{name}={value}" for name, value in query.items())) if query else "",
        "themes": Theme.__members__,
        "choices": {name: cuts.values(name) for name in ("district", "offence", "phase")},
    }
