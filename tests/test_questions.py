"""The questions of a form: drawn as GOV.UK's own components draw them, and read back as they were typed."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic import Field as Asked
from starlette.datastructures import FormData

from api.web import date_input, forms
from api.web.components import components
from api.web.forms import Field, Form
from api.web.pages import render_question
from divert.acts.answers import IsoDate, Money, YesNo
from divert.acts.command import LondonInstant

GOVUK = components()
HINT, FAULT = "A hint & more.", "A <fault>."
LEGEND = {"classes": "govuk-fieldset__legend--s"}


class Parts(HTMLParser):
    """The tags of a piece of HTML, each with its attributes, and the words between them; spaces do not count."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: " ".join(sorted((value or "").split())) for name, value in attrs}
        self.found.append((tag, said))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append(" ".join(data.split()))


def theirs(one: Field) -> str:
    """What the library's macro makes of the same question."""
    title = one.title if one.required else f"{one.title} (optional)"
    about: dict[str, Any] = {
        "hint": {"text": one.hint} if one.hint else None,
        "errorMessage": {"text": one.error} if one.error else None,
    }
    label = {"label": {"text": title, "classes": "govuk-label--s"}, "id": one.name, "name": one.name, **about}
    legend = {"fieldset": {"legend": {"text": title, **LEGEND}}, **about}
    items = [{"value": value, "text": words, "checked": one.is_chosen(value)} for value, words in one.choices]
    match one.kind:
        case "text":
            more: dict[str, Any] = {"classes": "govuk-input--width-5", "inputmode": "numeric"} if one.numeric else {}
            more |= {"inputmode": "decimal", "prefix": {"text": "£"}} if one.money else {}
            return GOVUK["govukInput"]({**label, **more, "value": one.text, "autocomplete": "off"})
        case "words":
            return GOVUK["govukCharacterCount"](
                {**label, "value": one.text, "maxlength": one.max_length, "threshold": 50}
            )
        case "select":
            chosen = [{"value": "", "text": ""}, *({**item, "selected": item.pop("checked")} for item in items)]
            return GOVUK["govukSelect"]({**label, "items": chosen})
        case "radios":
            classes = "govuk-radios--inline" if one.brief else ""
            return GOVUK["govukRadios"](
                {**legend, "idPrefix": one.name, "name": one.name, "items": items, "classes": classes}
            )
        case "boxes":
            classes = "govuk-checkboxes--inline" if one.brief else ""
            return GOVUK["govukCheckboxes"](
                {**legend, "idPrefix": one.name, "name": one.name, "items": items, "classes": classes}
            )
        case "date":
            parts = [
                {
                    "name": part,
                    "value": typed,
                    "autocomplete": "off",
                    "classes": f"govuk-input--width-{2 if part in ('day', 'month') else 4}"
                    + (" govuk-input--error" if one.is_faulty(part) else ""),
                }
                for part, typed in one.date_parts.items()
            ]
            return GOVUK["govukDateInput"]({**legend, "id": one.name, "namePrefix": one.name, "items": parts})
    raise AssertionError(one.kind)


FEW = [("yes", "Yes"), ("no", "No")]
MANY = [(place, f"Choice “{place}”, which takes some words") for place in range(6)]
DRAWN: dict[str, dict[str, Any]] = {
    "text": {"kind": "text", "value": "O'Brien & <Fry>"},
    "a number": {"kind": "text", "value": 3, "numeric": True},
    "money": {"kind": "text", "value": "24.50", "numeric": True, "money": True},
    "words": {"kind": "words", "value": 'One\n  "two" <b>', "max_length": 4000},
    "radios": {"kind": "radios", "value": True, "choices": FEW},
    "long radios": {"kind": "radios", "value": 1, "choices": MANY[:3]},
    "a list": {"kind": "select", "value": 4, "choices": MANY},
    "boxes": {"kind": "boxes", "value": [1, 2], "choices": MANY},
    "a date": {"kind": "date", "date_parts": {"day": "31", "month": "", "year": "2019"}},
    "a date and time": {"kind": "date", "date_parts": {"day": "1", "month": "2", "year": "2019", "time": "14:30"}},
}


@pytest.mark.parametrize("fault", [None, FAULT], ids=["right", "wrong"])
@pytest.mark.parametrize("hint", ["", HINT], ids=["bare", "with a hint"])
@pytest.mark.parametrize("required", [True, False], ids=["needed", "optional"])
@pytest.mark.parametrize("what", DRAWN)
def test_each_kind_of_question_is_drawn_as_the_component_draws_it(
    what: str, required: bool, hint: str, fault: str | None
) -> None:
    one = Field(name="asked", title="What & when?", hint=hint, required=required, error=fault, **DRAWN[what])
    assert Parts(render_question(one)).found == Parts(theirs(one)).found


# Read back as typed


class Row(BaseModel):
    code: Literal["one", "two"]
    due_on: IsoDate | None = None


class Paper(BaseModel):
    """One of each."""

    name: str
    on: IsoDate
    at: LondonInstant | None = None
    cost: Money | None = None
    sure: YesNo | None = None
    which: list[Literal["a", "b", "c"]] = []
    why: Annotated[str, Asked(max_length=4000)] = ""
    rows: Annotated[list[Row], Asked(json_schema_extra={"one": "row"})] = []


FORM = Form(Paper)


def as_posted(questions: list[Field]) -> list[tuple[str, str]]:
    """What a browser sends of these questions, unchanged."""
    sent: list[tuple[str, str]] = []
    for one in questions:
        if one.kind == "date":
            sent += [(f"{one.name}-{part}", typed) for part, typed in one.date_parts.items()]
        elif one.kind == "rows":
            sent += [each for row in one.rows for each in as_posted(row)]
        elif one.kind in ("boxes", "radios", "select"):
            sent += [(one.name, str(value)) for value, _ in one.choices if one.is_chosen(value)]
        else:
            sent.append((one.name, one.text.replace("\n", "\r\n")))
    return sent


plain = st.text(st.characters(exclude_categories=["C"]) | st.just("\n"), max_size=30).map(str.strip)
dates = st.dates(date(1900, 1, 1), date(2099, 12, 31))
moments = st.tuples(dates, st.times()).map(lambda one: f"{one[0]}T{one[1]:%H:%M}")
papers = st.fixed_dictionaries(
    {"name": plain.filter(bool), "on": dates.map(date.isoformat)},
    optional={
        "at": moments,
        "cost": st.sampled_from(["0", "24.50"]),
        "sure": st.sampled_from(["yes", "no"]),
        "which": st.lists(st.sampled_from("abc"), unique=True, min_size=1).map(sorted),
        "why": plain.filter(bool),
        "rows": st.lists(
            st.fixed_dictionaries(
                {"code": st.sampled_from(["one", "two"])}, optional={"due_on": dates.map(date.isoformat)}
            ),
            min_size=1,
            max_size=4,
        ),
    },
)


@given(papers)
def test_what_a_form_shows_it_reads_back_unchanged(said: dict[str, Any]) -> None:
    assert FORM.read(FormData([*as_posted(FORM.questions(said))])) == said
    assert FORM.read(FormData([*forms.flat(said)])) == said
    Paper.model_validate(said)


@given(
    st.fixed_dictionaries(
        {part: st.text(st.characters(exclude_categories=["C"]), max_size=6).map(str.strip) for part in date_input.DATE}
    )
)
def test_boxes_come_to_a_date_that_exists_or_stay_as_they_were_typed(typed: dict[str, str]) -> None:
    made = date_input.join(typed)
    if isinstance(made, str):
        assert date.fromisoformat(made).isoformat() == made
        assert date_input.fault(typed) is None
    else:
        assert made == typed
        assert date_input.fault(typed) is not None


@pytest.mark.parametrize(
    ("day", "month", "year", "said", "box"),
    [
        ("", "3", "2019", "This must include a day.", "day"),
        ("27", "", "2019", "This must include a month.", "month"),
        ("27", "", "", "This must include a month and a year.", "month"),
        ("27", "3", "19", "The year must have four figures, like 2019.", "year"),
        ("31", "6", "2019", "This is not a date that exists. Write it like 27 3 2019.", "day"),
        ("27", "March", "1066", "This date is outside 1880 to 2100.", "day"),
    ],
)
def test_a_date_that_cannot_be_used_says_what_is_missing_and_keeps_what_was_typed(
    day: str, month: str, year: str, said: str, box: str
) -> None:
    posted = FormData({"name": "Dale", "on-day": day, "on-month": month, "on-year": year})
    data = FORM.read(posted)
    with pytest.raises(ValidationError) as caught:
        Paper.model_validate(data)
    errors = forms.faults(caught.value)
    questions = FORM.questions(data, errors)
    assert forms.summary(questions, errors) == [(f"on-{box}", f"On: {said}")]
    (asked,) = [one for one in questions if one.name == "on"]
    kept = {"day": day, "month": month, "year": year}
    assert asked.date_parts in (kept, {**kept, "month": "3"})


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("14:30", "2019-03-27T14:30"),
        ("9.05", "2019-03-27T09:05"),
        ("2pm", "2019-03-27T14:00"),
        ("2", None),
        ("24:00", None),
        ("", None),
    ],
)
def test_a_time_stands_beside_its_date(time: str, said: str | None) -> None:
    posted = FormData({"at-day": "27", "at-month": "mar", "at-year": "2019", "at-time": time})
    read = FORM.read(posted)["at"]
    assert read == said or (said is None and read["time"] == time)


def test_a_date_in_one_text_is_taken_too() -> None:
    assert FORM.read(FormData({"on": "2019-03-27"})) == {"on": "2019-03-27"}


def test_an_instant_is_shown_by_cleveland_s_clock() -> None:
    (asked,) = [one for one in FORM.questions({"at": datetime(2019, 6, 1, 9, 0, tzinfo=UTC)}) if one.name == "at"]
    assert asked.date_parts == {"day": "1", "month": "6", "year": "2019", "time": "10:00"}


def test_every_error_links_to_something_that_is_there() -> None:
    posted = FormData({"on-day": "1", "rows-0-due_on-day": "9", "sure": "maybe", "which": "z", "cost": "much"})
    data = FORM.read(posted)
    with pytest.raises(ValidationError) as caught:
        Paper.model_validate(data)
    errors = forms.faults(caught.value)
    questions = FORM.questions(data, errors)
    page = "".join(render_question(one) for one in questions)
    links = [target for target, _ in forms.summary(questions, errors)]
    assert len(links) == len(errors) == 7
    assert set(links) <= set(re.findall(r' id="([^"]+)"', page))
