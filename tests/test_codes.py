"""Codes as people say them, wherever an answer holds one."""

from typing import Any

import pytest

from api.web.pages import in_words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sex", "F", "Female (F)"),
        ("ethnicity", "W1", "White: British (W1)"),
        ("district", "E06000001", "Hartlepool (E06000001)"),
        ("district", "E08000021", "E08000021"),
        ("offence_force", "17", "Cleveland Police (17)"),
        ("offence_code", "TH68010", "Theft from a shop (TH68010)"),
        ("reason_code", "died", "The person died (died)"),
        ("scores", [{"need": "alcohol", "score": 4}], "need: Alcohol (alcohol); score: 4"),
        ("harm_table", "cchi-2023-05", "Cambridge Crime Harm Index, table of May 2023 (cchi-2023-05)"),
        ("signed_on", "2019-05-06", "6 May 2019"),
        ("previous_convictions", 0, "0"),
        ("text", "F", "F"),
    ],
)
def test_the_words_come_first_and_the_code_after_them(name: str, value: Any, words: str) -> None:
    assert in_words(value, name) == words


def test_of_several_rows_each_has_its_line_and_what_was_left_out_is_not_told() -> None:
    rows = [{"code": "NO_REOFFEND", "detail": None}, {"code": "MADE_UP", "detail": "Six hours."}]
    assert in_words(rows, "conditions") == (
        "code: Commit no further offence (NO_REOFFEND)\ncode: MADE_UP; detail: Six hours."
    )
