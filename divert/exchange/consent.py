"""What a person has agreed to have shared, with whom, on a given day: read off what they said, last word first."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from divert.models import Case, Consent


class Part(StrEnum):
    """A part of a case that a person may agree to have shared. Nothing else of a case is ever exported this way."""

    who = "who"
    where_it_stands = "where_it_stands"
    contract = "contract"
    appointments = "appointments"
    needs = "needs"

    @property
    def label(self) -> str:
        """As a sentence says it."""
        return self.value.replace("_", " ")


def standing(case: Case, recipient: str, on: date) -> dict[Part, Consent]:
    """The parts that may go to `recipient` on that day, each with the statement that allows it.

    Of everything the person said by then about an organisation and a part, the last counts. A consent holds to the end
    of its last day.
    """
    found = {}
    for part in Part:
        said = [one for one in case.consents if one.said_on <= on and _is_about(one, recipient, part)]
        last = max(said, key=lambda one: (one.said_on, one.seq), default=None)
        if last and last.given and (last.until_on is None or on <= last.until_on):
            found[part] = last
    return found


def anybody(case: Case, on: date) -> bool:
    """Whether there is any organisation that anything may go to on that day."""
    named = {name for one in case.consents for name in one.recipients}
    return any(standing(case, name, on) for name in named)


def in_order(parts: Sequence[Part]) -> list[Part]:
    """Each part once, as the format orders them."""
    return [part for part in Part if part in parts]


def same(one: str, other: str) -> bool:
    """Whether two names are one organisation's: capitals and spaces apart."""
    return _plain(one) == _plain(other)


def _is_about(said: Consent, recipient: str, part: Part) -> bool:
    """A withdrawal that names no organisation, or no part, is about all of them."""
    about_them = any(same(name, recipient) for name in said.recipients) if said.recipients else not said.given
    return about_them and (part in said.parts if said.parts else not said.given)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
