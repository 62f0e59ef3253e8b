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


def consents_in_force(case: Case, recipient: str, on: date) -> dict[Part, Consent]:
    """The parts that may go to `recipient` on that day, each with the statement that allows it.

    Of everything the person said by then about an organisation and a part, the last counts. A consent holds to the end
    of its last day.
    """
    in_force = {}
    for part in Part:
        consents = [
            consent for consent in case.consents if consent.said_on <= on and _is_about(consent, recipient, part)
        ]
        last = max(consents, key=lambda consent: (consent.said_on, consent.seq), default=None)
        if last and last.given and (last.until_on is None or on <= last.until_on):
            in_force[part] = last
    return in_force


def has_consent_in_force(case: Case, on: date) -> bool:
    """Whether there is any organisation that anything may go to on that day."""
    organisations = {name for consent in case.consents for name in consent.recipients}
    return any(consents_in_force(case, name, on) for name in organisations)


def in_order(parts: Sequence[Part]) -> list[Part]:
    """Each part once, as the format orders them."""
    return [part for part in Part if part in parts]


def same_organisation(name: str, other_name: str) -> bool:
    """Whether two names are one organisation's: capitals and spaces apart."""
    return _normalised(name) == _normalised(other_name)


def _is_about(consent: Consent, recipient: str, part: Part) -> bool:
    """A withdrawal that names no organisation, or no part, is about all of them."""
    withdrawn = not consent.given
    names = consent.recipients
    names_recipient = any(same_organisation(name, recipient) for name in names) if names else withdrawn
    names_part = part in consent.parts if consent.parts else withdrawn
    return names_recipient and names_part


def _normalised(name: str) -> str:
    return " ".join(name.split()).casefold()
