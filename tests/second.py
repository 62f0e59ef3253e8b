"""The board's counts a second way: every case by itself, from its ledger as it stood, in plain Python."""

import json
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.board.counting.counts import Cell
from divert.casework.commands.appointments import CorrectAttendance, RecordAttendance
from divert.casework.commands.breach import DecideBreach, RecordNewOffence, ReportBreach
from divert.casework.commands.conditions import MarkConditionKept, WaiveCondition
from divert.casework.commands.contract import SignContract
from divert.casework.commands.ending import CompleteCase
from divert.casework.commands.record import RecordFollowUp
from divert.casework.commands.referral import CorrectFacts, Refer
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.commands.victim import RecordVictimViews
from divert.clock import london_date
from divert.db import Database
from divert.law.rulebook import rulebook
from divert.models import Case, Check, Deadline, Decision, LedgerEntry, Person, Staff, Victim

TAKEN = ("accepted", "active", "breach_review")
OVER = ("active", "breach_review")
ATTENDANCE = (RecordAttendance.slug(), CorrectAttendance.slug())
FINAL = ("completed", "prosecuted", "closed")
BANDS = (3, 7, 14, 21, 28, 42, 56, 84, 112, 140, 182)
NAMES = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "O": "Other"}
LIMIT_BANDS = ((1, "0 to 1 days left"), (7, "2 to 7 days left"), (14, "8 to 14 days left"), (28, "15 to 28 days left"))


def second_counts(database: Database, day: date) -> dict[Cell, int]:
    """Every count of a day that is not nought."""
    counts: Counter[Cell] = Counter()
    with database.reading() as session:
        posts = {staff.username: staff.role.value for staff in session.scalars(select(Staff))}
        for case in session.scalars(select(Case)):
            entries = [
                entry
                for entry in session.scalars(
                    select(LedgerEntry).where(LedgerEntry.case_id == case.id).order_by(LedgerEntry.seq)
                )
                if london_date(entry.at) <= day
            ]
            if entries:
                for name, own_place, n in additions(session, case, entries, day, posts):
                    if own_place is not None:
                        counts[Cell(name, *own_place)] += n
                    else:
                        counts[Cell(name)] += n
                        for dim, value in places(session, case, entries).items():
                            counts[Cell(name, dim, value)] += n
    return {cell: n for cell, n in counts.items() if n}


def places(session: Session, case: Case, entries: Sequence[LedgerEntry]) -> dict[str, str]:
    """Where a case stands in each breakdown, from what had been said of it."""
    facts: dict[str, Any] = {}
    for entry in entries:
        if entry.command in (Refer.slug(), CorrectFacts.slug()) and entry.body:
            facts |= json.loads(entry.body)
    on, born = date.fromisoformat(facts["referred_on"]), facts.get("date_of_birth")
    person = session.get_one(Person, case.person_id)
    sex, ethnicity = facts.get("sex", person.sex), facts.get("ethnicity", person.ethnicity)
    return {
        "month": f"{london_date(entries[0].at):%Y-%m}",
        "phase": "pilot" if on < date(2019, 4, 1) else "full",
        "district": facts.get("district") or "elsewhere or not known",
        "offence": facts["offence_code"],
        "sex": sex if sex in ("F", "M") else "not stated",
        "ethnicity": "not stated" if ethnicity in (None, "NS") else NAMES[ethnicity[0]],
        "age": age_band(date.fromisoformat(born), on) if born else "not stated",
    }


def age_band(born: date, on: date) -> str:
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    for least, name in ((50, "50 and over"), (35, "35 to 49"), (25, "25 to 34"), (18, "18 to 24")):
        if years >= least:
            return name
    return "under 18"


Addition = tuple[str, tuple[str, str] | None, int]
"""The name of a count, a place in which alone it counts (None: in every place of the case), and how many."""


def additions(
    session: Session, case: Case, entries: Sequence[LedgerEntry], day: date, posts: dict[str, str]
) -> Iterator[Addition]:
    """What one case adds to which counts."""
    yield from stages(session, case, entries, day)
    yield from within(session, case, entries, day, posts)
    yield from afterwards(entries, day)


def stages(session: Session, case: Case, entries: Sequence[LedgerEntry], day: date) -> Iterator[Addition]:
    first: dict[str, date] = {}

    def reached(stage: str, entry: LedgerEntry) -> None:
        first.setdefault(stage, london_date(entry.at))

    for entry in entries:
        path = (entry.from_state, entry.to_state)
        if entry.from_state is None:
            reached("referred", entry)
        elif path == ("accepted", "active"):
            reached("signed", entry)
        elif path == ("active", "breach_review"):
            reached("breached", entry)
        elif path == ("breach_review", "returned"):
            reached("ended_by_breach", entry)
        for state, stage in (("accepted", "accepted"), ("completed", "completed"), ("returned", "returned"),
                             ("prosecuted", "charged")):  # fmt: skip
            if entry.to_state == state and entry.from_state != state:
                reached(stage, entry)
        if entry.command in ATTENDANCE and json.loads(entry.body or "{}")["attended"]:
            reached("met", entry)
    yield from ((stage, None, 1) for stage in first)
    for name, start, end in (
        ("took_to_accept", "referred", "accepted"),
        ("took_to_sign", "accepted", "signed"),
        ("took_to_meet", "signed", "met"),
        ("took_to_complete", "signed", "completed"),
        ("took_to_charge", "returned", "charged"),
    ):
        if start in first and end in first:
            yield name, None, 1
            yield name, ("days", band((first[end] - first[start]).days)), 1
    stands = entries[-1].to_state
    if "signed" in first and stands not in OVER:
        yield "contract_over", None, 1
    if stands not in FINAL:
        yield "open", None, 1

    checks = [check for check in session.scalars(select(Check).where(Check.case_id == case.id).order_by(Check.seq))
              if london_date(check.at) <= day]  # fmt: skip
    if checks and checks[-1].verdict != "not_yet_known":
        yield "judged", None, 1
        yield {"eligible": "eligible", "review": "for_review", "ineligible": "ineligible"}[checks[-1].verdict], None, 1
        if checks[-1].verdict == "ineligible":
            yield from (("ineligible", ("rule", rule), 1) for rule in checks[-1].because.split())
    answers: dict[str, bool] = {}
    for decision in session.scalars(select(Decision).where(Decision.case_id == case.id).order_by(Decision.seq)):
        if london_date(decision.at) <= day:
            answers.setdefault(decision.side, decision.accept)
            for name in ("decisions", *(["overrides"] if decision.override else [])):
                yield name, None, 1
                yield name, ("side", decision.side), 1
    if len(answers) == 2:
        yield "both_decided", None, 1
        if answers["police"] != answers["probation"]:
            yield "disagreed", None, 1


def band(days: int) -> str:
    least = 0
    for most in BANDS:
        if days <= most:
            return f"{least:04}-{most:04}"
        least = most + 1
    return f"{least:04}-"


def within(
    session: Session, case: Case, entries: Sequence[LedgerEntry], day: date, posts: dict[str, str]
) -> Iterator[Addition]:
    stands = entries[-1].to_state
    bodies = [(entry, json.loads(entry.body or "{}")) for entry in entries]

    attended: dict[int, tuple[bool, str | None]] = {}
    for entry, body in bodies:
        if entry.command in ATTENDANCE:
            attended[body["appointment"]] = (body["attended"], body["fault"])
    for came, fault in attended.values():
        if came or fault != "service":
            yield "appointments", None, 1
            if came:
                yield "appointments_kept", None, 1

    yield from conditions(bodies)
    for entry, body in bodies:
        if entry.command in (ReportBreach.slug(), RecordNewOffence.slug()):
            yield "breach_reports", None, 1
            yield "breach_reports", ("kind", "breach" if entry.command == ReportBreach.slug() else "new_offence"), 1
        if entry.command == DecideBreach.slug():
            yield "breach_decisions", None, 1
            yield "breach_decisions", ("decision", body["decision"]), 1

    at_entry: dict[str, int] = {}
    at_exit: dict[str, int] = {}
    for entry, body in bodies:
        if entry.command == AssessNeeds.slug() and body["stage"] in ("entry", "exit"):
            scores = {score["need"]: score["score"] for score in body["scores"]}
            if body["stage"] == "entry":
                at_entry = at_entry or scores
            else:
                at_exit |= scores
    sex = session.get_one(Person, case.person_id).sex
    for need in at_exit:
        if at_entry.get(need, 0) > 0 and not rulebook().needs[need].restricted:
            for name in ("needs_compared", *(["needs_less"] if at_exit[need] < at_entry[need] else [])):
                yield name, None, 1
                yield name, ("need", need), 1
                yield name, ("need and sex", f"{need}|{sex if sex in ('F', 'M') else 'not stated'}"), 1

    victim = session.get(Victim, case.id)
    if victim is not None and victim.kind in ("person", "business"):
        yield "victims", None, 1
        views = [body["views"] for entry, body in bodies if entry.command == RecordVictimViews.slug()]
        at_referral = bodies[0][1].get("victim_views")
        views += [at_referral] if at_referral else []
        if views:
            yield "victims_asked", None, 1
        if {"obtained", "declined"} & set(views):
            yield "victims_answered", None, 1

    keyworkers = [body["keyworker"] for entry, body in bodies if entry.command == Allocate.slug()]
    if stands in TAKEN and keyworkers:
        yield "caseload", None, 1
        yield "caseload", ("post", posts[keyworkers[-1]]), 1
    yield from limits(session, case, entries, day)


def conditions(bodies: Sequence[tuple[LedgerEntry, dict[str, Any]]]) -> Iterator[Addition]:
    """Of a contract that is or has been over: what stood in it at the end, and what was kept."""
    promised: dict[int, dict[str, Any]] = {}
    standing: dict[int, str] = {}
    over = False
    kinds = rulebook().conditions
    for entry, body in bodies:
        if entry.command == SignContract.slug():
            promised = dict(enumerate(body["conditions"], start=1))
            standing = dict.fromkeys(promised, "open")
        if entry.command == MarkConditionKept.slug():
            standing[body["condition"]] = "kept"
        if entry.command == WaiveCondition.slug():
            standing[body["condition"]] = "waived"
        if entry.command == CompleteCase.slug():
            for number, condition in promised.items():
                if standing[number] == "open" and kinds[condition["code"]].kind == "refrain":
                    standing[number] = "kept"
        over = over or (entry.from_state in OVER and entry.to_state not in OVER)
    if not over:
        return
    offered = {name for kind in kinds.values() for name in kind.providers}
    for number, condition in promised.items():
        for name in ("conditions", *(["conditions_kept"] if standing[number] == "kept" else [])):
            provider = condition["provider"] if condition["provider"] in offered else "another, or none"
            yield name, None, 1
            yield name, ("kind", kinds[condition["code"]].kind), 1
            yield name, ("provider", provider), 1
        if standing[number] == "waived":
            yield "conditions_waived", None, 1


def limits(session: Session, case: Case, entries: Sequence[LedgerEntry], day: date) -> Iterator[Addition]:
    seqs = {entry.seq for entry in entries}
    rows = session.scalars(select(Deadline).where(Deadline.case_id == case.id)).all()
    for row in rows:
        if row.kind in ("statutory_limit", "precautionary_limit") and row.seq in seqs and row.until_seq not in seqs:
            yield row.kind, None, 1
            left = (row.due_on - day).days
            near = "passed" if left < 0 else next((name for most, name in LIMIT_BANDS if left <= most), None)
            if near:
                yield f"near_{row.kind}", ("all", ""), 1
                yield f"near_{row.kind}", ("left", near), 1
    last = next(entry for entry in reversed(entries) if entry.from_state != entry.to_state)
    if last.from_state == "returned" and last.to_state in ("prosecuted", "closed"):
        body = json.loads(last.body or "{}")
        yield "returned_ended", None, 1
        if body.get("outcome_code") == 17 or body.get("reason_code") == "time_expired":
            yield "expired", None, 1
        statutory = [row for row in rows if row.kind == "statutory_limit" and row.until_seq == last.seq]
        if statutory and last.to_state == "prosecuted":
            left = (statutory[0].due_on - date.fromisoformat(body["decided_on"])).days
            yield "charged_with_limit", None, 1
            yield "charged_with_limit", ("left", next((n for most, n in LIMIT_BANDS if left <= most), "more")), 1
            if left <= 7:
                yield "near_miss", None, 1


def afterwards(entries: Sequence[LedgerEntry], day: date) -> Iterator[Addition]:
    last = next(entry for entry in reversed(entries) if entry.from_state != entry.to_state)
    if last.to_state not in FINAL or not any(entry.to_state == "accepted" for entry in entries):
        return
    ended = london_date(last.at)
    checks = [json.loads(entry.body or "{}") for entry in entries if entry.command == RecordFollowUp.slug()]
    for months in (6, 12, 24):
        mature_on = later(ended, months + 6)
        names = [f"matured_{months}"] if mature_on <= day else []
        mature = [check for check in checks if date.fromisoformat(check["checked_on"]) >= mature_on]
        if mature:
            names.append(f"checked_{months}")
            on = mature[-1]["offence_on"]
            if mature[-1]["reoffended"] and (on is None or date.fromisoformat(on) <= later(ended, months)):
                names.append(f"reoffended_{months}")
                if months == 12 and mature[-1].get("harm_days") is not None:
                    yield "harm_scored", None, 1
                    yield "harm_scored", ("harm", f"{mature[-1]['harm_table']}|{harm_band(mature[-1]['harm_days'])}"), 1
        for name in names:
            yield name, None, 1
            yield name, ("ended", last.to_state.value), 1


def harm_band(days: int) -> str:
    ends = ((1, "0000-0001"), (7, "0002-0007"), (31, "0008-0031"), (92, "0032-0092"), (365, "0093-0365"))
    return next((name for most, name in (*ends, (1825, "0366-1825")) if days <= most), "1826-")


def later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
