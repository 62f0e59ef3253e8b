"""What was said, in words: the answers of a command, each under its question, and those of a case's history."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from api.case.view import EntryView
from api.web.pages import file_in_words, in_words
from divert.casework.command import CaseCommand
from divert.casework.commands.referral import CorrectFacts
from divert.casework.lifecycle import COMMANDS

Pairs = list[tuple[str, str]]


def entries_in_words(entries: Iterable[EntryView]) -> list[tuple[EntryView, Pairs]]:
    """Each entry with what was said in it, as far as the reader may know it."""
    return [
        (entry, answers(COMMANDS.get(entry.command), json.loads(entry.body) if entry.body else {})) for entry in entries
    ]


def answers(command: type[CaseCommand] | None, body: Mapping[str, Any]) -> Pairs:
    """Answers in words, each under its question."""
    fields = command.model_fields if command else {}
    texts = {
        name: _files(answer) if name == "files" else in_words(answer, name)
        for name, answer in body.items()
        if answer not in (None, [], "") or command is CorrectFacts  # which says only what changed
    }
    titles = {name: fields[name].title if name in fields else None for name in texts}
    return [(titles[name] or name.replace("_", " ").capitalize(), words) for name, words in texts.items()]


def _files(files: Iterable[Mapping[str, Any]]) -> str:
    """Each file by its title, with what it is and how large."""
    return "\n".join(
        f"{file['title']} ({file_in_words(file['file']['media_type'], file['file']['size'])})" for file in files
    )
