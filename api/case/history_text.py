"""What was said, in words: the answers of a command, each under its question, and those of a case's history."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from api.case.view import EntryView
from api.web.pages import in_words, kept_as
from divert.casework.command import CaseCommand
from divert.casework.commands.referral import CorrectFacts
from divert.casework.lifecycle import COMMANDS

Pairs = list[tuple[str, str]]


def told(entries: Iterable[EntryView]) -> list[tuple[EntryView, Pairs]]:
    """Each entry with what was said in it, as far as the reader may know it."""
    return [(one, answers(COMMANDS.get(one.command), json.loads(one.body) if one.body else {})) for one in entries]


def answers(command: type[CaseCommand] | None, body: Mapping[str, Any]) -> Pairs:
    """Answers in words, each under its question."""
    asked = command.model_fields if command else {}
    given = {
        name: _files(answer) if name == "files" else in_words(answer, name)
        for name, answer in body.items()
        if answer not in (None, [], "") or command is CorrectFacts  # which says only what changed
    }
    titles = {name: asked[name].title if name in asked else None for name in given}
    return [(titles[name] or name.replace("_", " ").capitalize(), words) for name, words in given.items()]


def _files(named: Iterable[Mapping[str, Any]]) -> str:
    """Each file by its title, with what it is and how large."""
    return "\n".join(f"{one['title']} ({kept_as(one['file']['media_type'], one['file']['size'])})" for one in named)
