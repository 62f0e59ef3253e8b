"""The board's pages and figures: aggregates only, rounded already where they could point at a person.

Whatever the face, the counts are those of `CountStore.shown`: page, JSON, CSV, chart and paper can tell nothing more
than each other.
"""

import csv
import io
from calendar import month_name
from datetime import date
from itertools import chain
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.web.context import BySession, ByToken, RequestContext
from api.web.pages import write
from api.web.problems import FieldFault, ProblemError, invalid, located, may_answer
from divert.board.counting import breakdowns
from divert.board.counting.counts import WHOLE, Counts
from divert.board.counting.suppression import Audience
from divert.board.figures.catalogue import figures
from divert.board.figures.definition import Figure, Measure, Theme, View, count_in_words
from divert.board.figures.fairness import Fairness, Range, fairness
from divert.board.reading import chart
from divert.board.reading.compare import compare
from divert.board.reading.glance import glances, months_before
from divert.board.reading.paper import headline, measure_in_words, paper, rounding_note
from divert.board.reading.query import BREAKDOWNS_ASKED, BoardQuery
from divert.board.spending import read_spent
from divert.clock import london_date, london_text, written_date
from divert.people.rights import Subject

router = APIRouter(tags=["board"])

Parameters = Annotated[BoardQuery, Query()]
MAY = may_answer("not-signed-in", "not-allowed", "invalid", "still-counting")


@router.get("/api/board/figures", summary="Figures", responses=MAY)
def read_figures(context: ByToken, query: Parameters) -> list[Figure]:
    """Funnel, completion, breach, overrides, deadlines ...: each with its definition, and how it must not be read."""
    with context.reading(Subject.figures):
        return figures(_view(context, query))


@router.get("/api/board/fairness", summary="Fairness", responses=MAY)
def read_fairness(context: ByToken, query: Parameters) -> list[Fairness]:
    """Each stage by sex, ethnicity, age and district: rates, their ratios, and whether they differ beyond chance."""
    with context.reading(Subject.figures):
        day_asked(context, _of_everyone(query).as_at)
        return fairness(_counts_of(context, query))


@router.get("/board", include_in_schema=False)
def dashboard(request: Request, context: BySession) -> Response:
    """A few numbers, to be read in a minute."""
    with context.reading(Subject.figures) as (_, actor):
        page_query = _page_query(request, context, whole=True)
    day = page_query.query.on(page_query.today)
    now, before = (_counts_on(context, on, page_query.query) for on in (day, months_before(day)))
    return write(request, "board.html", actor=actor, glances=glances(now, before), **_page(context, page_query, now))


@router.get("/board/figures", include_in_schema=False)
@router.get("/board/figures/{theme}", include_in_schema=False)
def figures_page(request: Request, context: BySession, theme: str | None = None) -> Response:
    """The same, to be read."""
    with context.reading(Subject.figures) as (_, actor):
        chosen, page_query = _theme(theme), _page_query(request, context)
    view = _view_of(context, page_query.query)
    shown = [figure for figure in figures(view) if chosen is None or figure.theme is chosen]
    return write(
        request, "figures.html", actor=actor, figures=shown, theme=chosen, **_page(context, page_query, view.counts)
    )


@router.get("/board/compare", include_in_schema=False)
def compare_page(request: Request, context: BySession, by: Literal["phase", "district"] = "phase") -> Response:
    """Pilot beside full scheme, or district beside district."""
    with context.reading(Subject.figures) as (_, actor):
        page_query = _page_query(request, context, whole=True, aside=("by",))
    counts = _counts_of(context, page_query.query)
    return write(
        request,
        "compare.html",
        actor=actor,
        comparison=compare(counts, by),
        by=by,
        **_page(context, page_query, counts),
    )


@router.get("/board/fairness", include_in_schema=False)
def fairness_page(request: Request, context: BySession) -> Response:
    """Whether groups fare alike, to be read."""
    with context.reading(Subject.figures) as (_, actor):
        page_query = _page_query(request, context, whole=True)
    counts = _counts_of(context, page_query.query)
    return write(request, "fairness.html", actor=actor, stages=fairness(counts), **_page(context, page_query, counts))


@router.get("/board/table/{name}.csv", include_in_schema=False)
def table(context: BySession, query: Parameters, name: str) -> Response:
    """One figure's table, to take away."""
    with context.reading(Subject.figures):
        pass
    figure = _figure(context, query, name)
    if figure is None:
        raise ProblemError("not-found")
    return _csv(as_csv(figure, query), f"{name}-{figure.cut_off}")


@router.get("/board/chart/{name}.{kind}", include_in_schema=False)
@router.get("/board/chart/narrow/{name}.{kind}", include_in_schema=False)
def picture(
    request: Request, context: BySession, query: Parameters, name: str, kind: Literal["svg", "png"]
) -> Response:
    """One figure's chart, to look at beside its table or to take away; narrow, for a telephone."""
    with context.reading(Subject.figures):
        pass
    figure = _figure(context, query, name)
    return _picture(chart.chart(figure, _size(request)) if figure else None, name, kind)


@router.get("/board/fairness/chart/{name}.{kind}", include_in_schema=False)
@router.get("/board/fairness/chart/narrow/{name}.{kind}", include_in_schema=False)
def fairness_picture(
    request: Request, context: BySession, query: Parameters, name: str, kind: Literal["svg", "png"]
) -> Response:
    """One comparison's chart."""
    with context.reading(Subject.figures):
        pass
    stage = _stage(context, query, name)
    return _picture(chart.forest(stage, _size(request)) if stage else None, name, kind)


@router.get("/board/fairness/table/{name}.csv", include_in_schema=False)
def fairness_table(context: BySession, query: Parameters, name: str) -> Response:
    """One comparison's table, to take away."""
    with context.reading(Subject.figures):
        pass
    stage = _stage(context, query, name)
    if stage is None:
        raise ProblemError("not-found")
    return _csv(fairness_as_csv(stage), f"{name}-{stage.cut_off}")


def _figure(context: RequestContext, query: BoardQuery, name: str) -> Figure | None:
    return next((figure for figure in figures(_view(context, query)) if figure.id == name), None)


def _stage(context: RequestContext, query: BoardQuery, name: str) -> Fairness | None:
    day_asked(context, _of_everyone(query).as_at)
    return next((stage for stage in fairness(_counts_of(context, query)) if stage.id == name), None)


def _size(request: Request) -> chart.Size:
    return chart.NARROW if "/narrow/" in request.url.path else chart.WIDE


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _picture(spec: chart.Spec | None, name: str, kind: Literal["svg", "png"]) -> Response:
    if spec is None:
        raise ProblemError("not-found")
    headers = {"Content-Disposition": f'inline; filename="{name}.{kind}"', "Cache-Control": "private, max-age=60"}
    if kind == "svg":
        return Response(chart.svg(spec), media_type="image/svg+xml", headers=headers)
    return Response(chart.png(spec), media_type="image/png", headers=headers)


@router.get("/board/paper.pdf", include_in_schema=False)
def board_paper(context: BySession, query: Parameters) -> Response:
    """Everything, as a paper for the board's meeting."""
    with context.reading(Subject.figures):
        pass
    day = day_asked(context, query.as_at)
    now, before = (context.app_state.counts.shown(on, context.at, query.audience) for on in (day, months_before(day)))
    whole = query.place == WHOLE
    scope = f"{query.words()}, {_when(context, day)}"
    figures_of_query = figures(_view(context, query))
    pdf = paper(now, scope, glances(now, before) if whole else [], figures_of_query, fairness(now) if whole else [])
    headers = {"Content-Disposition": f'attachment; filename="board-paper-{day}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


def as_csv(figure: Figure, query: BoardQuery) -> str:
    """A figure's table, under what it means."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([figure.title, query.words(), f"as at {figure.cut_off}"])
    writer.writerow([figure.definition, *([figure.rests_on] if figure.rests_on else [])])
    writer.writerow([f"Must not be read as: {figure.must_not_be_read_as}"])
    writer.writerow([f"Counts are rounded to multiples of {figure.rounded_to}; 0 stands for anything below."])
    heading = f"{figure.share_of} (per cent)" if figure.unit == "per cent" else figure.unit.capitalize()
    writer.writerow([figure.by or "Row", *figure.columns.values(), heading, "From", "To"])
    blank = ["" for _ in figure.columns]
    writer.writerow(["All", *blank, *_range(figure)])
    for row in figure.rows:
        counts = ["withheld" if (n := row.counts.get(key)) is None else n for key in figure.columns]
        writer.writerow([row.label, *counts, "" if row.value is None else row.value])
    for measure in figure.measures:
        writer.writerow([f"{measure.label} ({measure.unit})", *blank, *_range(measure)])
    return text.getvalue()


def _range(number: Figure | Measure) -> list[float | str]:
    """A number, and from where to where it may lie."""
    return ["" if n is None else n for n in (number.value, number.low, number.high)]


def fairness_as_csv(stage: Fairness) -> str:
    """A comparison's table, under what it means. Ranges are two columns; no end: blank."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([stage.title, f"by {stage.by.lower()}", f"as at {stage.cut_off}"])
    writer.writerow([stage.definition])
    writer.writerow([f"Must not be read as: {stage.must_not_be_read_as}"])
    writer.writerow([f"Counts are rounded to multiples of {stage.rounded_to}; 0 stands for anything below."])
    headings = ("Per cent", "Ratio of rates", "Ratio of not", "Gap in 100")
    writer.writerow([stage.by, "Came to it", "Of", *chain(*((name, "from", "to") for name in headings)), "Finding"])
    for row in stage.rows:
        ranges = chain(*(_range_cells(value) for value in (row.rate, row.ratio, row.ratio_not, row.gap)))
        finding = "the group others are compared with" if row.group == stage.reference else row.finding
        writer.writerow([row.group, *("withheld" if n is None else n for n in (row.reached, row.of)), *ranges, finding])
    return text.getvalue()


def _range_cells(value: Range | None) -> tuple[float | str, ...]:
    numbers = (None, None, None) if value is None else (value.value, value.low, value.high)
    return tuple("" if n is None else n for n in numbers)


def _view(context: RequestContext, query: BoardQuery) -> View:
    """What is asked for, whatever the face: counts as they may be shown, and what was spent. Raises a problem."""
    day_asked(context, query.as_at)
    return _view_of(context, query)


def _view_of(context: RequestContext, query: BoardQuery) -> View:
    counts = _counts_of(context, query)
    return View(counts, query.place, read_spent(context.app_state.counts, counts.as_at, context.at, query.audience))


def _counts_of(context: RequestContext, query: BoardQuery) -> Counts:
    return _counts_on(context, query.on(london_date(context.at)), query)


def _counts_on(context: RequestContext, day: date, query: BoardQuery) -> Counts:
    return context.app_state.counts.shown(day, context.at, query.audience)


def day_asked(context: RequestContext, as_at: date | None) -> date:
    """The day asked for, else today. Raises a problem for one to come: its answer could change."""
    today = london_date(context.at)
    if fault := _future_day(as_at, today):
        raise invalid([fault])
    return as_at or today


def _future_day(as_at: date | None, today: date) -> FieldFault | None:
    if as_at is None or as_at <= today:
        return None
    return FieldFault(parameter="as_at", detail=f"This day is yet to come. Give one up to {written_date(today)}.")


def _of_everyone(query: BoardQuery) -> BoardQuery:
    """What is asked of everyone. Raises a problem where a breakdown is named too."""
    if query.place != WHOLE:
        raise invalid(
            [FieldFault(parameter=name, detail="This is of the whole scheme: leave it out.")
             for name in BREAKDOWN_PARAMETERS if getattr(query, name) is not None]
        )  # fmt: skip
    return query


BREAKDOWN_PARAMETERS = (*BREAKDOWNS_ASKED, "first", "last")
"""What of a question names a breakdown."""


class PageQuery(NamedTuple):
    """What a page was asked for, as typed. Where that cannot be answered, why not, and the whole scheme as of today."""

    query: BoardQuery
    typed: dict[str, str]
    errors: list[tuple[str, str]]
    today: date


def _page_query(
    request: Request, context: RequestContext, *, whole: bool = False, aside: tuple[str, ...] = ()
) -> PageQuery:
    """A page's question. `whole`: it is of everyone, and a breakdown is left aside; so are the parameters `aside`."""
    today = london_date(context.at)
    left_out = {*aside, *(BREAKDOWN_PARAMETERS if whole else ())}
    typed = {name: value.strip() for name, value in request.query_params.items() if name not in left_out}
    try:
        query = BoardQuery.model_validate(typed)
    except ValidationError as error:
        faults = [located(fault["loc"], fault) for fault in error.errors()]
        return PageQuery(BoardQuery(), typed, [(str(path[0]) if path else "", words) for path, words in faults], today)
    if fault := _future_day(query.as_at, today):
        return PageQuery(BoardQuery(), typed, [("as_at", fault.detail)], today)
    return PageQuery(query, typed, [], today)


def _theme(name: str | None) -> Theme | None:
    if name is not None and name not in Theme.__members__:
        raise ProblemError("not-found")
    return Theme[name] if name is not None else None


def _page(context: RequestContext, page_query: PageQuery, counts: Counts) -> dict[str, Any]:
    """What every page of the board shows around its numbers."""
    query, today = page_query.query, page_query.today
    day = query.on(today)
    return {
        "scope": query.words(),
        "typed": page_query.typed,
        "errors": page_query.errors,
        "status": 422 if page_query.errors else 200,
        "today": today,
        "as_at": day,
        "when": _when(context, day),
        "base": counts.base,
        "rounding_note": rounding_note(counts.base),
        "headline": headline,
        "measure_in_words": measure_in_words,
        "describe": chart.describe,
        "forest": chart.forest,
        "count": count_in_words,
        "query": _query_string(query),
        "query_whole": _query_string(query.model_copy(update=dict.fromkeys(BREAKDOWN_PARAMETERS))),
        "query_day": _query_string(BoardQuery(as_at=query.as_at)),
        "themes": Theme.__members__,
        "choices": {name: breakdowns.values(name) for name in BREAKDOWNS_ASKED}
        | {"months": _months(View(counts)), "audience": AUDIENCES},
    }


def _when(context: RequestContext, day: date) -> str:
    """As at which day, in words: one that is not over may still change."""
    if day < london_date(context.at):
        return f"as at the end of {written_date(day)}"
    counted_at = context.app_state.counts.counted_at or context.at
    return f"as at {london_text(counted_at)} (the day is not over)"


AUDIENCES = {Audience.board.value: "the board (by fives)", Audience.public.value: "publication (by tens)"}


def _query_string(query: BoardQuery) -> str:
    parameters = urlencode(query.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    return f"?{parameters}" if parameters else ""


def _months(view: View) -> dict[str, str]:
    """The months in which anyone was referred, in words."""
    return {month: f"{month_name[int(month[5:])]} {month[:4]}" for month in view.months}
