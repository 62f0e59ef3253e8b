"""What is told to whom, as data; and what may never be said to a person, whoever reads over their shoulder."""

import re
from collections.abc import Iterable
from datetime import time
from pathlib import Path
from string import Formatter
from typing import Literal

from pydantic import Field

from divert.law.offences import Catalogue
from divert.law.rule_files import RulesError, Strict, read

PERSON = "person"
WORD = re.compile(r"\w+")


class MessageRule(Strict):
    """One message: the commands that cause it, whom it goes to, the ways to reach them, and its words."""

    kind: str = Field(max_length=40)
    on: tuple[str, ...] = Field(min_length=1)
    days_before: int | None = Field(default=None, ge=1)
    """A reminder: told so many days before the appointment. None: told at once."""
    to: str = Field(max_length=60)
    by: tuple[Literal["text", "email"], ...] = Field(min_length=1)
    subject: str = Field(max_length=120)
    words: str = Field(max_length=480)

    @property
    def blanks(self) -> set[str]:
        """The names in its words that are to be filled in."""
        return {name for text in (self.subject, self.words) for _, name, _, _ in Formatter().parse(text) if name}


class _Messages(Strict):
    message: tuple[MessageRule, ...]
    unspoken: tuple[str, ...]
    ordinary: tuple[str, ...]
    unnamed_place: str
    reminder_at: time


class MessageRules:
    """The messages by the command that causes them, and the words that no message to a person holds."""

    def __init__(
        self, messages: Iterable[MessageRule], unspoken: Iterable[str], unnamed_place: str, reminder_at: time
    ) -> None:
        self.all = tuple(messages)
        self.unspoken = frozenset(_normalised(word) for word in unspoken)
        self.unnamed_place, self.reminder_at = unnamed_place, reminder_at
        self._unspoken_pattern = re.compile(rf"\b(?:{'|'.join(re.escape(word) for word in sorted(self.unspoken))})\b")

    def caused_by(self, command: str) -> tuple[MessageRule, ...]:
        """The messages that a command causes."""
        return tuple(rule for rule in self.all if command in rule.on)

    def reveals(self, text: str) -> bool:
        """Whether a text holds a word that a stranger may not read: in capitals or small, whatever stands between."""
        return self._unspoken_pattern.search(_normalised(text)) is not None

    def place(self, name: str) -> str:
        """A place as a person may be told it."""
        return self.unnamed_place if self.reveals(name) else name


def load_messages(path: Path, offences: Catalogue) -> MessageRules:
    """The messages of a file. RulesError where one to a person would tell what it may not."""
    file = read(path, _Messages)
    ordinary = {_normalised(word) for word in file.ordinary}
    offence_words = {
        word for offence in offences.all for word in _normalised(f"{offence.title} {offence.code}").split()
    }
    revealing = {word for word in offence_words - ordinary if not word.isdigit()}
    rules = MessageRules(file.message, revealing.union(file.unspoken), file.unnamed_place, file.reminder_at)
    if len({rule.kind for rule in rules.all}) < len(rules.all):
        raise RulesError(path, "message", "a kind stands twice")
    for rule in rules.all:
        if rule.to == PERSON and rules.reveals(f"{rule.subject} {rule.words} {file.unnamed_place}"):
            raise RulesError(path, f"message {rule.kind}", "says a word that may not be said to a person")
    return rules


def _normalised(text: str) -> str:
    return " ".join(WORD.findall(text.casefold()))
