"""How the scheme names itself on its letters, and where it is reached."""

from functools import lru_cache
from typing import Any

from pydantic import Field

from divert.law.rule_files import Strict, read, rules_folder


class Letterhead(Strict):
    """The sender. `says` is the line under the name, `hours` when the telephone is answered."""

    name: str
    says: str
    address: tuple[str, ...] = Field(min_length=1)
    telephone: str
    email: str
    hours: str


@lru_cache
def letterhead() -> dict[str, Any]:
    """The sender, JSON-ready, from letterhead.toml in the rules folder. Raises RulesError where that cannot be used."""
    return read(rules_folder() / "letterhead.toml", Letterhead).model_dump(mode="json")
