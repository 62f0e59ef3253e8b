"""Hands at a real browser: they read what a page offers, fill in its form, and press; by mouse or by keyboard alone."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from playwright.sync_api import ElementHandle, Locator, Page

FORM = "main form[method=post]:last-of-type"
SEND = "main form[method=post] button.govuk-button:not(.govuk-button--secondary, [name])"
FURTHEST = 400
"""So many presses of Tab reach the end of any page."""


class Control(NamedTuple):
    """One control of a form, as the page holds it."""

    name: str
    kind: str
    value: str
    handle: ElementHandle


class Hands:
    """Somebody with a mouse."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def opens(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self.address + path)

    def follows(self, link: str) -> None:
        """Follow a link by its words."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=link, exact=True).first.click()

    def answers(self, **said: Any) -> set[str]:
        """Fill in what the page's form asks of these answers, in the order of the page; the names that it asked."""
        wanted = flat(said)
        asked = set()
        for control in self.controls():
            given = wanted.get(control.name)
            if given is not None and (control.kind not in ("radio", "checkbox") or control.value in given):
                self.gives(control, given[0])
                asked.add(control.name)
        return asked

    def sends(self) -> None:
        """Press the button that goes on, wherever the page has one that goes elsewhere."""
        self._press(self.page.locator(SEND).last)

    def _press(self, button: Locator) -> None:
        with self.page.expect_navigation():  # else the next answer may be given to the page that is going
            button.click()

    def controls(self) -> list[Control]:
        """What the form holds, in the order of the page."""
        found = []
        for handle in self.page.query_selector_all(f"{FORM} :is(input:not([type=hidden]), select, textarea)"):
            name, value = handle.get_attribute("name") or "", handle.get_attribute("value") or ""
            tag = handle.evaluate("one => one.tagName.toLowerCase()")
            kind = (handle.get_attribute("type") or "text") if tag == "input" else tag
            found.append(Control(name, kind, value, handle))
        return found

    def gives(self, control: Control, answer: str) -> None:
        """Answer one control."""
        if control.kind in ("radio", "checkbox"):
            control.handle.check()
        elif control.kind == "select" and not control.handle.is_visible():
            self.page.locator(f"#{box_of(control)}").fill(words_of(control, answer))
        elif control.kind == "select":
            control.handle.select_option(answer)
        else:
            control.handle.fill(answer)

    def reads(self) -> str:
        """What the page says."""
        return " ".join(self.page.locator("main").inner_text().split())

    @property
    def path(self) -> str:
        """Where they are."""
        return self.page.url.removeprefix(self.address).partition("?")[0]


class Keys(Hands):
    """Somebody with a keyboard alone: what cannot be reached by Tab, and worked from there, does not exist for them."""

    def follows(self, link: str) -> None:
        """Tab to the link, and press Enter."""
        self._reach(lambda here: here["tag"] == "A" and here["text"] == link, link)
        self._leave("Enter")

    def _press(self, button: Locator) -> None:
        """Tab to the button, and press Enter."""
        words = " ".join(button.inner_text().split())
        self._reach(lambda here: here["tag"] == "BUTTON" and here["text"] == words and not here["name"], words)
        self._leave("Enter")

    def gives(self, control: Control, answer: str) -> None:
        """Tab to the control, and answer with keys."""
        keyboard = self.page.keyboard
        if control.kind == "radio":
            self._reach(lambda here: here["name"] == control.name, control.name)
            offered = [one.value for one in self.controls() if one.name == control.name]
            keyboard.press("Space")
            for _ in range(len(offered)):
                if self._here()["value"] == control.value:
                    return
                keyboard.press("ArrowDown")
            raise AssertionError(f"no key leads to {control.value} of {control.name}")
        if control.kind == "select" and not control.handle.is_visible():
            self._reach(lambda here: here["id"] == box_of(control), control.name)
            keyboard.press("Control+a")
            keyboard.type(words_of(control, answer))
            keyboard.press("ArrowDown")
            keyboard.press("Enter")
            return
        box = control.kind == "checkbox"
        self._reach(lambda here: here["name"] == control.name and (not box or here["value"] == control.value), answer)
        if box:
            keyboard.press("Space")
        elif control.kind == "select":
            values = control.handle.evaluate("one => [...one.options].map(option => option.value)")
            keyboard.press("Home")
            for _ in range(values.index(answer)):
                keyboard.press("ArrowDown")
        else:
            keyboard.press("Control+a")
            keyboard.type(answer)

    def _reach(self, there: Any, what: str) -> None:
        """Press Tab until the focus is there, from where it is, round the page at most once."""
        for _ in range(FURTHEST):
            if there(self._here()):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {what!r} on {self.path}")

    def _here(self) -> dict[str, str]:
        """The element that has the focus."""
        found: dict[str, str] = self.page.evaluate(
            """() => { const one = document.activeElement; return {
                tag: one.tagName, name: one.getAttribute('name') || '', value: one.getAttribute('value') || '',
                id: one.id, text: (one.textContent || '').trim().replace(/\\s+/g, ' ') } }"""
        )
        return found

    def _leave(self, key: str) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press(key)


def box_of(control: Control) -> str:
    """Of a long list that scripts have made a box to type in: the box, by its id."""
    return (control.handle.get_attribute("id") or "").removesuffix("-select")


def words_of(control: Control, answer: str) -> str:
    """What a list calls an answer."""
    words = control.handle.query_selector(f'option[value="{answer}"]')
    assert words, f"{control.name} does not offer {answer}"
    return words.inner_text() or words.evaluate("one => one.textContent.trim()")


def flat(said: Mapping[str, Any]) -> dict[str, list[str]]:
    """Answers by the names of controls: a date in its boxes, yes and no in words, several of one name together."""
    found: dict[str, list[str]] = {}
    for name, answer in said.items():
        if isinstance(answer, date):
            found |= {f"{name}-{part}": [str(getattr(answer, part))] for part in ("day", "month", "year")}
            if isinstance(answer, datetime):
                found[f"{name}-time"] = [f"{answer:%H:%M}"]
        elif isinstance(answer, bool):
            found[name] = ["yes" if answer else "no"]
        elif isinstance(answer, list):
            found[name] = [str(one) for one in answer]
        else:
            found[name] = [str(answer)]
    return found
