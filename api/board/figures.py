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
from divert.board.reading.compare import beside
from divert.board.reading.glance import earlier, glances
from divert.board.reading.paper import further, ground, paper, says
from divert.board.reading.query import Asked
from divert.board.spending import spent
from divert.clock import london_date, london_text, written_date
from divert.people.rights import Subject

router = APIRouter(tags=["board"])

View_ = Annotated[Asked, Query()]
MAY = may_answer("not-signed-in", "not-allowed", "invalid", "still-counting")


@router.get("/api/board/figures", summary="Figures", responses=MAY)
def read_figures(context: ByToken, asked: View_) -> list[Figure]:
    """Funnel, completion, breach, overrides, deadlines ...: each with its definition, and how it must not be read."""
    with context.reading(Subject.figures):
        return figures(_view(context, asked))


@router.get("/api/board/fairness", summary="Fairness", responses=MAY)
def read_fairness(context: ByToken, asked: View_) -> list[Fairness]:
    """Each stage by sex, ethnicity, age and district: rates, their ratios, and whether they differ beyond chance."""
    with context.reading(Subject.figures):
        day_asked(context, _whole(asked).as_at)
        return fairness(_counts_of(context, asked))


@router.get("/board", include_in_schema=False)
def dashboard(request: Request, context: BySession) -> Response:
    """A few numbers, to be read in a minute."""
    with context.reading(Subject.figures) as (_, actor):
        sought = _sought(request, context, whole=True)
    day = sought.asked.on(sought.today)
    now, before = (_counts_on(context, on, sought.asked) for on in (day, earlier(day)))
    return write(request, "board.html", actor=actor, found=glances(now, before), **_page(context, sought, now))


@router.get("/board/figures", include_in_schema=False)
@router.get("/board/figures/{theme}", include_in_schema=False)
def figures_page(request: Request, context: BySession, theme: str | None = None) -> Response:
    """The same, to be read."""
    with context.reading(Subject.figures) as (_, actor):
        chosen, sought = _theme(theme), _sought(request, context)
    view = _view_of(context, sought.asked)
    found = [one for one in figures(view) if chosen is None or one.theme is chosen]
    return write(
        request, "figures.html", actor=actor, figures=found, theme=chosen, **_page(context, sought, view.counts)
    )


@router.get("/board/compare", include_in_schema=False)
def compare_page(request: Request, context: BySession, by: Literal["phase", "district"] = "phase") -> Response:
    """Pilot beside full scheme, or district beside district."""
    with context.reading(Subject.figures) as (_, actor):
        sought = _sought(request, context, whole=True, beside=("by",))
    counts = _counts_of(context, sought.asked)
    return write(
        request, "compare.html", actor=actor, found=beside(counts, by), by=by, **_page(context, sought, counts)
    )


@router.get("/board/fairness", include_in_schema=False)
def fairness_page(request: Request, context: BySession) -> Response:
    """Whether groups fare alike, to be read."""
    with context.reading(Subject.figures) as (_, actor):
        sought = _sought(request, context, whole=True)
    counts = _counts_of(context, sought.asked)
    return write(request, "fairness.html", actor=actor, found=fairness(counts), **_page(context, sought, counts))


@router.get("/board/table/{name}.csv", include_in_schema=False)
def table(context: BySession, asked: View_, name: str) -> Response:
    """One figure's table, to take away."""
    with context.reading(Subject.figures):
        pass
    found = next((one for one in figures(_view(context, asked)) if one.id == name), None)
    if found is None:
        raise ProblemError("not-found")
    return _csv(as_csv(found, asked), f"{name}-{found.cut_off}")


@router.get("/board/chart/{name}.{kind}", include_in_schema=False)
@router.get("/board/chart/narrow/{name}.{kind}", include_in_schema=False)
def picture(request: Request, context: BySession, asked: View_, name: str, kind: Literal["svg", "png"]) -> Response:
    """One figure's chart, to look at beside its table or to take away; narrow, for a telephone."""
    with context.reading(Subject.figures):
        pass
    found = next((one for one in figures(_view(context, asked)) if one.id == name), None)
    return _drawn(chart.chart(found, _size(request)) if found else None, name, kind)


@router.get("/board/fairness/chart/{name}.{kind}", include_in_schema=False)
@router.get("/board/fairness/chart/narrow/{name}.{kind}", include_in_schema=False)
def fairness_picture(
    request: Request, context: BySession, asked: View_, name: str, kind: Literal["svg", "png"]
) -> Response:
    """One comparison's chart."""
    with context.reading(Subject.figures):
        pass
    found = _comparison(context, asked, name)
    return _drawn(chart.forest(found, _size(request)) if found else None, name, kind)


@router.get("/board/fairness/table/{name}.csv", include_in_schema=False)
def fairness_table(context: BySession, asked: View_, name: str) -> Response:
    """One comparison's table, to take away."""
    with context.reading(Subject.figures):
        pass
    found = _comparison(context, asked, name)
    if found is None:
        raise ProblemError("not-found")
    return _csv(fairness_as_csv(found), f"{name}-{found.cut_off}")


def _comparison(context: RequestContext, asked: Asked, name: str) -> Fairness | None:
    day_asked(context, _whole(asked).as_at)
    return next((one for one in fairness(_counts_of(context, asked)) if one.id == name), None)


def _size(request: Request) -> chart.Size:
    return chart.NARROW if "/narrow/" in request.url.path else chart.WIDE


def _csv(text: str, name: str) -> Response:
    kept = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=kept)


def _drawn(spec: chart.Spec | None, name: str, kind: Literal["svg", "png"]) -> Response:
    if spec is None:
        raise ProblemError("not-found")
    kept = {"Content-Disposition": f'inline; filename="{name}.{kind}"', "Cache-Control": "private, max-age=60"}
    if kind == "svg":
        return Response(chart.svg(spec), media_type="image/svg+xml", headers=kept)
    return Response(chart.png(spec), media_type="image/png", headers=kept)


@router.get("/board/paper.pdf", include_in_schema=False)
def board_paper(context: BySession, asked: View_) -> Response:
    """Everything, as a paper for the board's meeting."""
    with context.reading(Subject.figures):
        pass
    day = day_asked(context, asked.as_at)
    now, before = (context.app_state.counts.shown(on, context.at, asked.audience) for on in (day, earlier(day)))
    whole = asked.place == WHOLE
    found = figures(_view(context, asked))
    of = f"{asked.words()}, {_when(context, day)}"
    made = paper(now, of, glances(now, before) if whole else [], found, fairness(now) if whole else [])
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
    heading = f"{figure.share_of} (per cent)" if figure.unit == "per cent" else figure.unit.capitalize()
    to.writerow([figure.by or "Row", *figure.columns.values(), heading, "From", "To"])
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


def fairness_as_csv(one: Fairness) -> str:
    """A comparison's table, under what it means. Ranges are two columns; no end: blank."""
    out = io.StringIO()
    to = csv.writer(out)
    to.writerow([one.title, f"by {one.by.lower()}", f"as at {one.cut_off}"])
    to.writerow([one.definition])
    to.writerow([f"Must not be read as: {one.must_not_be_read_as}"])
    to.writerow([f"Counts are rounded to multiples of {one.rounded_to}; 0 stands for anything below."])
    ranged = ("Per cent", "Ratio of rates", "Ratio of not", "Gap in 100")
    to.writerow([one.by, "Came to it", "Of", *chain(*((name, "from", "to") for name in ranged)), "Finding"])
    for row in one.rows:
        told = chain(*(_three(each) for each in (row.rate, row.ratio, row.ratio_not, row.gap)))
        finding = "the group others are compared with" if row.group == one.reference else row.finding
        to.writerow([row.group, *("withheld" if n is None else n for n in (row.reached, row.of)), *told, finding])
    return out.getvalue()


def _three(told: Range | None) -> tuple[float | str, ...]:
    return ("", "", "") if told is None else tuple("" if n is None else n for n in (told.value, told.low, told.high))


def _view(context: RequestContext, asked: Asked) -> View:
    """What is asked for, whatever the face: counts as they may be shown, and what was spent. Raises a problem."""
    day_asked(context, asked.as_at)
    return _view_of(context, asked)


def _view_of(context: RequestContext, asked: Asked) -> View:
    counts = _counts_of(context, asked)
    return View(counts, asked.place, spent(context.app_state.counts, counts.as_at, context.at, asked.audience))


def _counts_of(context: RequestContext, asked: Asked) -> Counts:
    return _counts_on(context, asked.on(london_date(context.at)), asked)


def _counts_on(context: RequestContext, day: date, asked: Asked) -> Counts:
    return context.app_state.counts.shown(day, context.at, asked.audience)


def day_asked(context: RequestContext, as_at: date | None) -> date:
    """The day asked for, else today. Raises a problem for one to come: its answer could change."""
    today = london_date(context.at)
    if fault := _to_come(as_at, today):
        raise invalid([fault])
    return as_at or today


def _to_come(as_at: date | None, today: date) -> FieldFault | None:
    if as_at is None or as_at <= today:
        return None
    return FieldFault(parameter="as_at", detail=f"This day is yet to come. Give one up to {written_date(today)}.")


def _whole(asked: Asked) -> Asked:
    """What is asked of everyone. Raises a problem where a cut is named too."""
    if asked.place != WHOLE:
        raise invalid(
            [FieldFault(parameter=name, detail="This is of the whole scheme: leave it out.")
             for name in CUT if getattr(asked, name) is not None]
        )  # fmt: skip
    return asked


CUT = ("district", "offence", "phase", "first", "last")
"""What of a question names a cut."""


class Sought(NamedTuple):
    """What a page was asked for, as typed. Where that cannot be answered, why not, and the whole scheme as of today."""

    asked: Asked
    typed: dict[str, str]
    errors: list[tuple[str, str]]
    today: date


def _sought(request: Request, context: RequestContext, *, whole: bool = False, beside: tuple[str, ...] = ()) -> Sought:
    """A page's question. `whole`: it is of everyone, and a cut is left aside; so is what is `beside` the question."""
    today = london_date(context.at)
    aside = {*beside, *(CUT if whole else ())}
    typed = {name: value.strip() for name, value in request.query_params.items() if name not in aside}
    try:
        asked = Asked.model_validate(typed)
    except ValidationError as error:
        said = [located(one["loc"], one) for one in error.errors()]
        return Sought(Asked(), typed, [(str(at[0]) if at else "", words) for at, words in said], today)
    if fault := _to_come(asked.as_at, today):
        return Sought(Asked(), typed, [("as_at", fault.detail)], today)
    return Sought(asked, typed, [], today)


def _theme(name: str | None) -> Theme | None:
    if name is not None and name not in Theme.__members__:
        raise ProblemError("not-found")
    return Theme[name] if name is not None else None


def _page(context: RequestContext, sought: Sought, counts: Counts) -> dict[str, Any]:
    """What every page of the board shows around its numbers."""
    asked, today = sought.asked, sought.today
    day = asked.on(today)
    return {
        "asked": asked,
        "typed": sought.typed,
        "errors": sought.errors,
        "status": 422 if sought.errors else 200,
        "today": today,
        "as_at": day,
        "when": _when(context, day),
        "base": counts.base,
        "ground": ground(counts.base),
        "says": says,
        "further": further,
        "described": chart.described,
        "charted": chart.forest,
        "count": count_in_words,
        "query": _query(asked),
        "query_whole": _query(asked.model_copy(update=dict.fromkeys(CUT))),
        "query_day": _query(Asked(as_at=asked.as_at)),
        "themes": Theme.__members__,
        "choices": {name: breakdowns.values(name) for name in ("district", "offence", "phase")}
        | {"months": _months(View(counts)), "audience": AUDIENCES},
    }


def _when(context: RequestContext, day: date) -> str:
    """As at which day, in words: one that is not over may still change."""
    if day < london_date(context.at):
        return f"as at the end of {written_date(day)}"
    counted_at = context.app_state.counts.counted_at or context.at
    return f"as at {london_text(counted_at)} (the day is not over)"


AUDIENCES = {Audience.board.value: "the board (by fives)", Audience.public.value: "publication (by tens)"}


def _query(asked: Asked) -> str:
    said = urlencode(asked.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    return f"?{said}" if said else ""


def _months(view: View) -> dict[str, str]:
    """The months in which anyone was referred, in words."""
    return {month: f"{month_name[int(month[5:])]} {month[:4]}" for month in view.months}
