"""Opens the packs of a draw: makes each from the ledger, takes out who it is about, and logs who read it.

A pack's bytes rest on what was known when the case left the scheme's hands, so they are the same whenever it is made.
What came later stands beside it: which facts were corrected since, and how many words are withheld from the reader
because only a later record shows that they name somebody. Whose record is gone is shown as missing, and never swapped:
it counts as the worst case.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.acts.refusals import NotFound
from divert.casework.commands.appointments import CorrectAttendance
from divert.casework.commands.conditions import CorrectCondition
from divert.casework.commands.referral import CorrectFacts
from divert.casework.upkeep.replay import Gone, as_it_stood, scratch
from divert.models import Case, Frame, LedgerEntry, Staff
from divert.people.rights import Rows, Subject, rows_for
from divert.people.staff import Actor
from divert.records import access, ledger
from divert.records.meetings import THEMATIC
from divert.scrutiny import pseudonyms
from divert.scrutiny.frame import drawn_cases, get_draw
from divert.scrutiny.pack import WORDS, Pack, content_of, make_pack
from divert.scrutiny.population import exit_seq
from divert.scrutiny.redaction import Identifiers, Redacted

PANEL = "Out of Court Disposal Scrutiny Panel"

NAMES = frozenset({
    "surname", "forenames", "officer", "officer_unit", "explained_by", "offence_place",
    "victim_name", "victim_contact", "contact_name",
})  # fmt: skip
REFERENCES = frozenset({
    "crime_ref", "custody_ref", "pnc_id", "cro_no", "asn", "urn", "other_ref",
    "postcode", "phone", "email", "victim_contact", "keyworker", "agreed_by",
})  # fmt: skip
"""Answers in the bodies of the ledger that say who or where someone is: names, part by part, and references, whole."""


class OpenedPack(BaseModel):
    """One pack of a draw, as it is read."""

    model_config = ConfigDict(frozen=True)

    pack: str = Field(description="Stratum and pick, never the case reference.", examples=["completed-1"])
    stratum: str
    sha256: str | None = Field(description="Of the pack's canonical JSON, the same whenever it is made.")
    known: dict[str, Any] | None = Field(description="What was known when the case left the scheme's hands.")
    missing: str | None = Field(description="Why there is nothing to read. It counts as the worst case.")
    corrected_since: tuple[str, ...] = Field(description="What was corrected later: fields, never what they held.")
    withheld_since: int = Field(description="Stretches withheld here, and not in the hashed text, for a later record.")
    disposed_of: bool = Field(description="Whether the case's records were lawfully disposed of since.")


class NoSuchPack(NotFound):
    """The draw has no such pack."""


def open_packs(
    session: Session, frame_digest: str, by: Actor, at: datetime, themes: Collection[str] = ()
) -> list[OpenedPack]:
    """Every pack of a frame's draw, in the order drawn; each opening is logged. Raises NoSuchFrame where none was."""
    return _open(session, frame_digest, packs_of(session, frame_digest), by, at, themes)


def open_pack(
    session: Session, frame_digest: str, pack: str, by: Actor, at: datetime, themes: Collection[str] = ()
) -> OpenedPack:
    """One pack, like completed-1; its opening is logged. Raises NoSuchFrame, NoSuchPack."""
    ref = packs_of(session, frame_digest).get(pack)
    if ref is None:
        raise NoSuchPack("This draw has no such pack. A pack is named by stratum and pick, like completed-1.")
    return _open(session, frame_digest, {pack: ref}, by, at, themes)[0]


def packs_of(session: Session, frame_digest: str) -> dict[str, str]:
    """The case reference of each pack of a frame's draw, in the order drawn; last those picked. Raises NoSuchFrame."""
    draw = get_draw(session, frame_digest)
    ids = {stratum: [case.id for case in cases] for stratum, cases in drawn_cases(draw).items()}
    ids[THEMATIC] = [pick.id for pick in draw.picks]
    refs = pseudonyms.reidentify(session, [id for of_stratum in ids.values() for id in of_stratum])
    return {
        f"{stratum}-{number}": refs[id]
        for stratum, of_stratum in ids.items()
        for number, id in enumerate(of_stratum, start=1)
    }


def case_of(session: Session, frame_digest: str, pack: str) -> Case | None:
    """The case of a pack of a draw; None where there is no record of it."""
    return session.scalar(select(Case).where(Case.ref == packs_of(session, frame_digest)[pack]))


def is_missing(session: Session, frame_digest: str, pack: str) -> bool:
    """Whether there is nothing to read of a case drawn: no record of it, or one that was disposed of."""
    case = case_of(session, frame_digest, pack)
    if case is None or case.disposed_at is not None:
        return True
    return exit_seq(session, case, session.get_one(Frame, frame_digest).cut_off) is None


def policy_of(session: Session, frame_digest: str, pack: str) -> str | None:
    """The policy by which the case of a pack was last checked before it left; None where it never was."""
    case = case_of(session, frame_digest, pack)
    if case is None:
        return None
    last = exit_seq(session, case, session.get_one(Frame, frame_digest).cut_off) or 0
    return next((check.pack_id for check in reversed(case.checks) if check.seq <= last), None)


def pack_of(session: Session, empty: Session, case: Case, seq: int, themes: Collection[str] = ()) -> Pack:
    """The pack of a case as it stood after entry `seq`, built in the empty database `empty`. Raises Gone."""
    entries = ledger.entries_of(session, case)[:seq]
    content = content_of(as_it_stood(empty, case.ref, entries), entries, themes)
    empty.rollback()
    return make_pack(_redact(content, identifiers(session, case.ref, entries)))


def identifiers(session: Session, case_ref: str, entries: Sequence[LedgerEntry]) -> Identifiers:
    """Who and where a case is about, as far as these entries say; and who of the staff acted in them."""
    names: set[str] = set()
    references = {case_ref, *(entry.by for entry in entries)}
    for entry in entries:
        for field, text in _answers(json.loads(entry.body or "{}")):
            names |= {text} if field in NAMES else set()
            references |= {text} if field in REFERENCES else set()
    names |= set(session.scalars(select(Staff.name).where(Staff.username.in_(references))))  # nobody is renamed
    return Identifiers(frozenset(names), frozenset(references))


def identifiers_today(session: Session, case: Case, entries: Sequence[LedgerEntry]) -> Identifiers:
    """Who and where a case is about, as far as anything on record says today. `entries`: all of its ledger."""
    names, references = identifiers(session, case.ref, entries)
    person, victim = case.person, case.victim
    live_names = [person.surname, person.forenames]
    live_references = [person.pnc_id, person.cro_no, person.postcode, person.phone, person.email]
    if victim is not None:
        live_names += [victim.name, victim.contact_name]
        live_references.append(victim.contact)
    return Identifiers(names.union(filter(None, live_names)), references.union(filter(None, live_references)))


def _open(
    session: Session, frame_digest: str, packs: dict[str, str], by: Actor, at: datetime, themes: Collection[str]
) -> list[OpenedPack]:
    """Members come from outside the scheme, so what they open is disclosed to the panel."""
    outside = rows_for(by.role, Subject.meetings) is Rows.attended
    kind: access.Kind = "disclosure" if outside else "consultation"
    cut_off = session.get_one(Frame, frame_digest).cut_off
    opened = []
    with scratch(session) as empty:
        for pack, ref in packs.items():
            access.record(session, by, kind, at, case_ref=ref, what="pack", recipient=PANEL if outside else None)
            case = session.scalar(select(Case).where(Case.ref == ref))
            seq = None if case is None else exit_seq(session, case, cut_off)
            if case is None or seq is None:
                opened.append(_missing_pack(pack, "No record of this case was found.", disposed_of=False))
                continue
            try:
                opened.append(_opened_pack(session, pack, case, seq, pack_of(session, empty, case, seq, themes)))
            except Gone:
                opened.append(_missing_pack(pack, "Its record was lawfully disposed of.", disposed_of=True))
    return opened


def _opened_pack(session: Session, name: str, case: Case, seq: int, pack: Pack) -> OpenedPack:
    """The pack as it is read today: what only later records show to name somebody is withheld too."""
    entries = ledger.entries_of(session, case)
    content = pack.content
    known = _redact(content, identifiers_today(session, case, entries))
    since = known["withheld"]
    known["withheld"] = content["withheld"]
    return OpenedPack(
        pack=name,
        stratum=name.rpartition("-")[0],
        sha256=pack.digest,
        known=known,
        missing=None,
        corrected_since=tuple(sorted(set(_corrections(entries[seq:])))),
        withheld_since=since["by_rule"] + since["by_check"],
        disposed_of=case.disposed_at is not None,
    )


def _missing_pack(name: str, why: str, *, disposed_of: bool) -> OpenedPack:
    return OpenedPack(
        pack=name,
        stratum=name.rpartition("-")[0],
        sha256=None,
        known=None,
        missing=f"{why} It is shown as missing, counts as the worst case, and no other case takes its place.",
        corrected_since=(),
        withheld_since=0,
        disposed_of=disposed_of,
    )


def _corrections(since: Sequence[LedgerEntry]) -> Iterator[str]:
    """What was corrected by these entries, by the names of the fields."""
    for entry in since:
        answers = json.loads(entry.body) if entry.body is not None else {}
        if entry.command == CorrectFacts.slug():
            yield from (field for field in answers if field != "reason")
        elif entry.command == CorrectCondition.slug() and answers:
            yield f"condition {answers['condition']}"
        elif entry.command == CorrectAttendance.slug() and answers:
            yield "attendance"


def _redact(content: dict[str, Any], identifiers: Identifiers) -> dict[str, Any]:
    """The same with everybody's own words redacted, and how many stretches were withheld."""
    counts = {"by_rule": 0, "by_check": 0}

    def withhold(text: str) -> str:
        result: Redacted = identifiers.redact(text)
        counts["by_rule"] += result.by_rule
        counts["by_check"] += result.by_check
        return result.text

    fields = {
        name: _redact_value(value, name in WORDS, withhold) for name, value in content.items() if name != "withheld"
    }
    return {**fields, "withheld": counts}


def _redact_value(value: Any, own_words: bool, withhold: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _redact_value(inner, name in WORDS, withhold) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redact_value(item, own_words, withhold) for item in value]
    return withhold(value) if own_words and isinstance(value, str) else value


def _answers(body: Any) -> Iterator[tuple[str, str]]:
    """Every answer in words, however deep, with the name of its field."""
    for name, value in body.items():
        for answer in value if isinstance(value, list) else [value]:
            if isinstance(answer, dict):
                yield from _answers(answer)
            elif isinstance(answer, str) and answer.strip():
                yield name, answer
