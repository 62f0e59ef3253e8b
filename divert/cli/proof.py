"""Proof: that the ledger is as it was written, that the database keeps its invariants, and what the procedure is."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlalchemy import func, select

from divert.acts.chain import Fault
from divert.casework.lifecycle import mermaid
from divert.casework.upkeep.check import check as faults_in
from divert.cli.cases import AsJson
from divert.cli.terminal import NOT_SO, WrongCall, answer, answer_json, database, watched
from divert.clock import london_text, system_clock
from divert.config import settings
from divert.models import Case
from divert.policies import adopted
from divert.records import evidence, ledger, meetings
from divert.records.seal import seal as seal_now
from divert.records.seal import verify_seal


def verify(
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", help="One case, like D-19-0001.")] = None,
    seal: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="Compare with a seal, as the minutes hold it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that no byte of the ledger was changed, removed, swapped or added. Exit 1 where one was."""
    with database() as opened, opened.reading() as session:
        if case is not None and session.scalar(select(Case.id).where(Case.ref == case)) is None:
            raise WrongCall(f"there is no case {case} here; against a seal, `--seal` shows a case that was removed.")
        faults = list(watched(ledger.verify(session, case), "Entries"))
        faults += [] if case else [*adopted.verify(session), *meetings.verify(session)]
        if seal is not None:
            faults += verify_seal(session, seal)
        cases = 1 if case else session.scalar(select(func.count()).select_from(Case)) or 0
    _tell(faults, cases, as_json, "The ledger is as it was written")


def check(as_json: AsJson = False) -> None:
    """Prove the invariants of everything kept: history, replay, owners, deadlines, files. Exit 1 where one fails."""
    with database() as opened, opened.reading() as session:
        cases = session.scalar(select(func.count()).select_from(Case)) or 0
        faults = list(watched(faults_in(session), "Cases"))
        faults += watched(evidence.faults(session, settings().evidence_folder), "Files")
    _tell(faults, cases, as_json, "Every invariant holds")


def _tell(faults: Sequence[Fault], cases: int, as_json: bool, when_none: str) -> None:
    if as_json:
        listed = [{"case": fault.chain, "entry": fault.seq, "what": fault.what} for fault in faults]
        answer_json({"sound": not faults, "cases": cases, "faults": listed})
    else:
        for fault in faults:
            answer(str(fault))
        answer(f"{len(faults)} faults in {cases} cases." if faults else f"{when_none}: {cases} cases.")
    if faults:
        raise typer.Exit(NOT_SO)


def seal(as_json: AsJson = False) -> None:
    """One digest over the heads of all chains, for the board's minutes."""
    with database() as opened, opened.writing() as session:
        newest = seal_now(session, system_clock())
    at = newest.at
    if as_json:
        answer_json({"digest": newest.digest, "at": at.isoformat(), "cases": newest.cases, "entries": newest.entries})
    else:
        answer(newest.digest)
        answer(f"{newest.cases} cases, {newest.entries} entries, {london_text(at)}. Put the digest in the minutes;")
        answer(f"check against it with: divert verify --seal {newest.digest}")


def diagram() -> None:
    """The lifecycle of a case as a Mermaid diagram, from the table of transitions."""
    answer(mermaid().rstrip())
