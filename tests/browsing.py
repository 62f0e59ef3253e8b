"""A person with a browser that knows no JavaScript: reads a page, fills in the form it offers, sends it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from httpx2 import Response
from starlette.testclient import TestClient

from api.app import create_app
from api.desk.referrals import STEPS
from divert.models import Role
from divert.people.staff import add
from tests.office import DALE, Office
from tests.service import SETTINGS


@dataclass
class Sheet:
    """One form of a page: where it goes, what it holds, and what each list offers."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    offers: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)
    presses: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class Page:
    """A page as it was answered."""

    response: Response
    sheets: list[Sheet]
    links: dict[str, str]
    text: str

    @property
    def status(self) -> int:
        """As answered."""
        return self.response.status_code

    @property
    def form(self) -> Sheet:
        """The page's own form: neither that of signing out nor a search."""
        return next(one for one in reversed(self.sheets) if one.method == "post" and one.action != "/sign-out")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[Sheet] = []
        self.links: dict[str, str] = {}
        self.text: list[str] = []
        self._inside: dict[str, Any] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form":
            self.sheets.append(Sheet(said.get("action", ""), said.get("method", "get")))
        elif tag == "a":
            self._inside = {"a": said.get("href", ""), "from": len(self.text)}
        elif tag == "input" and said.get("type") in ("radio", "checkbox"):
            self.sheets[-1].offers.setdefault(name, []).append(said["value"])
            if "checked" in said:
                self.sheets[-1].values.setdefault(name, []).append(said["value"])
        elif tag == "input":
            self.sheets[-1].values.setdefault(name, []).append(said.get("value", ""))
        elif tag in ("select", "textarea"):
            self._inside = {tag: name, "from": len(self.text)}
            self.sheets[-1].values[name] = [""]
        elif tag == "option":
            self.sheets[-1].offers.setdefault(self._inside["select"], []).append(said["value"])
            if "selected" in said:
                self.sheets[-1].values[self._inside["select"]] = [said["value"]]
        elif tag == "button":
            self._inside = {"button": (name, said.get("value", "")), "from": len(self.text)}

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._inside:
            return
        said = "".join(self.text[self._inside["from"] :])
        if tag == "a":
            self.links[" ".join(said.split())] = self._inside["a"]
        elif tag == "textarea":
            self.sheets[-1].values[self._inside["textarea"]] = [said]
        elif tag == "button" and self.sheets:
            self.sheets[-1].buttons.append(" ".join(said.split()))
            self.sheets[-1].presses[" ".join(said.split())] = self._inside["button"]
        self._inside = {}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def in_boxes(form: Sheet, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as they are typed: a date in its boxes, whether written 2019-05-06, 6 May 2019 or with a time."""
    typed: dict[str, Any] = {}
    for name, answer in answers.items():
        if f"{name}-day" not in form.values:
            typed[name] = answer
            continue
        on, _, at = str(answer).partition("T")
        parts = on.split("-")[::-1] if "-" in on else on.split()
        typed |= {
            f"{name}-{part}": said for part, said in zip(("day", "month", "year"), parts or [""] * 3, strict=True)
        }
        typed |= {f"{name}-time": at} if at else {}
    return typed


@dataclass
class Person:
    """Somebody at the pages, signed in or not."""

    client: TestClient

    def reads(self, address: str) -> Page:
        """Follow a link."""
        return self._page(self.client.get(address))

    def signs_in(self, username: str, password: str) -> Page:
        """By the form."""
        return self.fills(self.reads("/sign-in"), username=username, password=password)

    def fills(self, page: Page, **answers: Any) -> Page:
        """Answer the questions of a page's form as named (a list: several of one name), leave the rest, and send it.

        A date is typed into its boxes. A name the form does not have, or a choice it does not offer, is an error:
        nobody could have given that answer.
        """
        return self.sends(page.form, self.answered(page.form, answers), str(page.response.url))

    def presses(self, page: Page, button: str, /, **answers: Any) -> Page:
        """The same, by another button than the form's own."""
        name, value = page.form.presses[button]
        return self.sends(page.form, {**self.answered(page.form, answers), name: [value]}, str(page.response.url))

    @staticmethod
    def answered(form: Sheet, answers: dict[str, Any]) -> dict[str, list[str]]:
        """What a form holds with these answers."""
        values = {name: list(value) for name, value in form.values.items()}
        for name, answer in in_boxes(form, answers).items():
            given = [str(one) for one in answer] if isinstance(answer, list) else [str(answer)]
            assert name in values or name in form.offers, (
                f"the form asks no {name}, only {sorted(values | form.offers)}"
            )
            if name in form.offers:
                assert set(given) <= set(form.offers[name]), f"{name} offers {form.offers[name]}, not {given}"
            values[name] = given
        return values

    def sends(
        self, form: Sheet, values: dict[str, list[str]], at: str, files: Sequence[tuple[str, tuple[str, bytes]]] = ()
    ) -> Page:
        """Send a form with these values; and with files, by the names of their questions."""
        return self._page(self.client.post(urljoin(at, form.action or at), data=values, files=list(files)))

    @staticmethod
    def _page(response: Response) -> Page:
        reader = _Reader()
        reader.feed(response.text)
        return Page(response, reader.sheets, reader.links, " ".join(" ".join(reader.text).split()))


PASSWORD = "a long invented password"
POSTS = {
    "pc.moss": Role.referring_officer,
    "pc.hale": Role.referring_officer,
    "insp.reed": Role.police_team_lead,
    "p.lane": Role.probation_team_lead,
    "k.ward": Role.probation_service_officer,
    "m.stone": Role.project_manager,
    "b.field": Role.board_member,
    "c.marsh": Role.panel_coordinator,
}

Visit = Callable[[str], Person]
"""Somebody of these posts, signed in."""


@contextmanager
def visits(desk: Office) -> Iterator[Visit]:
    """Anyone of the posts above: employed when first asked for, and signed in by the form whenever they are not."""
    app = create_app(desk.database, lambda: desk.now, SETTINGS)
    people: dict[str, Person] = {}

    def signed_in(username: str) -> Person:
        if username not in people:
            with desk.database.writing() as session:
                add(session, username, username.title(), POSTS[username], PASSWORD)
            people[username] = Person(TestClient(app))
        person = people[username]
        if person.reads("/visits").response.url.path == "/sign-in":
            assert person.signs_in(username, PASSWORD).status == 200
        return person

    yield signed_in
    for person in people.values():
        person.client.close()


def begins(officer: Person) -> Page:
    """A referral is begun: its first page."""
    page = officer.reads("/referrals")
    form = next(one for one in page.sheets if "Begin a referral" in one.buttons)
    return officer.sends(form, form.values, str(page.response.url))


def answers(officer: Person, page: Page, said: dict[str, Any]) -> Page:
    """Answer what this page asks, as far as it is known, and go on."""
    names = {name.removesuffix("-day") for name in (*page.form.values, *page.form.offers)}
    return officer.fills(page, **{name: value for name, value in said.items() if name in names})


def through(officer: Person, said: dict[str, Any]) -> Page:
    """Every page, to the check of the answers."""
    page = begins(officer)
    for step in STEPS:
        assert page.response.url.path.endswith(step.slug), page.text
        page = answers(officer, page, said)
    return page


def refers_this_person(officer: Person, page: Page) -> Page:
    """After all is answered."""
    form = next(one for one in page.sheets if "Refer this person" in one.buttons)
    return officer.sends(form, form.values, str(page.response.url))


def asks(officer: Person, slug: str) -> Page:
    """One page of a referral that is begun."""
    return officer.reads(begins(officer).response.url.path.replace(STEPS[0].slug, slug))


def refers(visit: Visit) -> str:
    """Dale is referred by PC Moss; where the case now stands."""
    officer = visit("pc.moss")
    page = refers_this_person(officer, through(officer, DALE))
    assert page.status == 200
    return page.response.url.path
