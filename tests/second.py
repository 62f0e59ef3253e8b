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
from divert.clock import london_date
from divert.db import Database
from divert.law.rulebook import rulebook
from divert.models import Case, Check, Deadline, Decision, LedgerEntry, Person, Staff, Victim

HELD = ("accepted", "active", "breach_review")
OVER = ("active", "breach_review")
FINAL = ("completed", "prosecuted", "closed")
BANDS = (3, 7, 14, 21, 28, 42, 56, 84, 112, 140, 182)
NAMES = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "O": "Other"}
LIMIT_BANDS = ((1, "0 to 1 days left"), (7, "2 to 7 days left"), (14, "8 to 14 days left"), (28, "15 to 28 days left"))


def second_counts(database: Database, day: date) -> dict[Cell, int]:
    """Every count of a day that is not nought."""
    found: Counter[Cell] = Counter()
    with database.reading() as session:
        posts = {one.username: one.role.value for one in session.scalars(select(Staff))}
        for case in session.scalars(select(Case)):
            entries = [
                one
                for one in session.scalars(
                    select(LedgerEntry).where(LedgerEntry.case_id == case.id).order_by(LedgerEntry.seq)
                )
                if london_date(one.at) <= day
            ]
            if entries:
                for name, extra, n in told(session, case, entries, day, posts):
                    if extra is not None:
                        found[Cell(name, *extra)] += n
                    else:
                        found[Cell(name)] += n
                        for dim, value in places(session, case, entries).items():
                            found[Cell(name, dim, value)] += n
    return {cell: n for cell, n in found.items() if n}


def places(session: Session, case: Case, entries: Sequence[LedgerEntry]) -> dict[str, str]:
    """Where a case stands in each cut, from what had been said of it."""
    said: dict[str, Any] = {}
    for one in entries:
        if one.command in ("refer", "correct-facts") and one.body:
            said |= json.loads(one.body)
    on, born = date.fromisoformat(said["referred_on"]), said.get("date_of_birth")
    person = session.get_one(Person, case.person_id)
    sex, ethnicity = said.get("sex", person.sex), said.get("ethnicity", person.ethnicity)
    return {
        "month": f"{london_date(entries[0].at):%Y-%m}",
        "phase": "pilot" if on < date(2019, 4, 1) else "full",
        "district": said.get("district") or "elsewhere or not known",
        "offence": said["offence_code"],
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


Told = tuple[str, tuple[str, str] | None, int]


def told(
    session: Session, case: Case, entries: Sequence[LedgerEntry], day: date, posts: dict[str, str]
) -> Iterator[Told]:
    """What one case adds to which counts."""
    yield from stages(session, case, entries, day)
    yield from within(session, case, entries, day, posts)
    yield from afterwards(entries, day)


def stages(session: Session, case: Case, entries: Sequence[LedgerEntry], day: date) -> Iterator[Told]:
    first: dict[str, date] = {}

    def reached(stage: str, entry: LedgerEntry) -> None:
        first.setdefault(stage, london_date(entry.at))

    for one in entries:
        path = (one.from_state, one.to_state)
        if one.from_state is None:
            reached("referred", one)
        elif path == ("accepted", "active"):
            reached("signed", one)
        elif path == ("active", "breach_review"):
            reached("breached", one)
        elif path == ("breach_review", "returned"):
            reached("ended_by_breach", one)
        for state, stage in (("accepted", "accepted"), ("completed", "completed"), ("returned", "returned"),
                             ("prosecuted", "charged")):  # fmt: skip
            if one.to_state == state and one.from_state != state:
                reached(stage, one)
        if one.command in ("record-attendance", "correct-attendance") and json.loads(one.body or "{}")["attended"]:
            reached("met", one)
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

    checks = [one for one in session.scalars(select(Check).where(Check.case_id == case.id).order_by(Check.seq))
              if london_date(one.at) <= day]  # fmt: skip
    if checks and checks[-1].verdict != "not_yet_known":
        yield "judged", None, 1
        yield {"eligible": "eligible", "review": "for_review", "ineligible": "ineligible"}[checks[-1].verdict], None, 1
        if checks[-1].verdict == "ineligible":
            yield from (("ineligible", ("rule", rule), 1) for rule in checks[-1].because.split())
    said: dict[str, bool] = {}
    for decision in session.scalars(select(Decision).where(Decision.case_id == case.id).order_by(Decision.seq)):
        if london_date(decision.at) <= day:
            said.setdefault(decision.side, decision.accept)
            for name in ("decisions", *(["overrides"] if decision.override else [])):
                yield name, None, 1
                yield name, ("side", decision.side), 1
    if len(said) == 2:
        yield "both_decided", None, 1
        if said["police"] != said["probation"]:
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
) -> Iterator[Told]:
    stands = entries[-1].to_state
    bodies = [(one, json.loads(one.body or "{}")) for one in entries]

    attended: dict[int, tuple[bool, str | None]] = {}
    for one, said in bodies:
        if one.command in ("record-attendance", "correct-attendance"):
            attended[said["appointment"]] = (said["attended"], said["fault"])
    for came, fault in attended.values():
        if came or fault != "service":
            yield "appointments", None, 1
            if came:
                yield "appointments_kept", None, 1

    yield from conditions(bodies)
    for one, said in bodies:
        if one.command in ("report-breach", "record-new-offence"):
            yield "breach_reports", None, 1
            yield "breach_reports", ("kind", "breach" if one.command == "report-breach" else "new_offence"), 1
        if one.command == "decide-breach":
            yield "breach_decisions", None, 1
            yield "breach_decisions", ("decision", said["decision"]), 1

    entry: dict[str, int] = {}
    last: dict[str, int] = {}
    for one, said in bodies:
        if one.command == "assess-needs" and said["stage"] in ("entry", "exit"):
            scores = {score["need"]: score["score"] for score in said["scores"]}
            if said["stage"] == "entry":
                entry = entry or scores
            else:
                last |= scores
    sex = session.get_one(Person, case.person_id).sex
    for need in last:
        if entry.get(need, 0) > 0 and not rulebook().needs[need].restricted:
            for name in ("needs_compared", *(["needs_less"] if last[need] < entry[need] else [])):
                yield name, None, 1
                yield name, ("need", need), 1
                yield name, ("need and sex", f"{need}|{sex if sex in ('F', 'M') else 'not stated'}"), 1

    victim = session.get(Victim, case.id)
    if victim is not None and victim.kind in ("person", "business"):
        yield "victims", None, 1
        views = [said["views"] for one, said in bodies if one.command == "record-victim-views"]
        at_referral = bodies[0][1].get("victim_views")
        views += [at_referral] if at_referral else []
        if views:
            yield "victims_asked", None, 1
        if {"obtained", "declined"} & set(views):
            yield "victims_answered", None, 1

    keyworker = [said["keyworker"] for one, said in bodies if one.command == "allocate"]
    if stands in HELD and keyworker:
        yield "caseload", None, 1
        yield "caseload", ("post", posts[keyworker[-1]]), 1
    yield from limits(session, case, entries, day)


def conditions(bodies: Sequence[tuple[LedgerEntry, dict[str, Any]]]) -> Iterator[Told]:
    """Of a contract that is or has been over: what stood in it at the end, and what was kept."""
    promised: dict[int, dict[str, Any]] = {}
    standing: dict[int, str] = {}
    over = False
    kinds = rulebook().conditions
    for one, said in bodies:
        if one.command == "sign-contract":
            promised = dict(enumerate(said["conditions"], start=1))
            standing = dict.fromkeys(promised, "open")
        if one.command == "mark-condition-kept":
            standing[said["condition"]] = "kept"
        if one.command == "waive-condition":
            standing[said["condition"]] = "waived"
        if one.command == "complete-case":
            for number, each in promised.items():
                if standing[number] == "open" and kinds[each["code"]].kind == "refrain":
                    standing[number] = "kept"
        over = over or (one.from_state in OVER and one.to_state not in OVER)
    if not over:
        return
    offered = {name for each in kinds.values() for name in each.providers}
    for number, each in promised.items():
        for name in ("conditions", *(["conditions_kept"] if standing[number] == "kept" else [])):
            provider = each["provider"] if each["provider"] in offered else "another, or none"
            yield name, None, 1
            yield name, ("kind", kinds[each["code"]].kind), 1
            yield name, ("provider", provider), 1
        if standing[number] == "waived":
            yield "conditions_waived", None, 1


def limits(session: Session, case: Case, entries: Sequence[LedgerEntry], day: date) -> Iterator[Told]:
    made = {one.seq: one for one in entries}
    rows = session.scalars(select(Deadline).where(Deadline.case_id == case.id)).all()
    for row in rows:
        if row.kind in ("statutory_limit", "precautionary_limit") and row.seq in made and row.until_seq not in made:
            yield row.kind, None, 1
            left = (row.due_on - day).days
            near = "passed" if left < 0 else next((name for most, name in LIMIT_BANDS if left <= most), None)
            if near:
                yield f"near_{row.kind}", ("all", ""), 1
                yield f"near_{row.kind}", ("left", near), 1
    last = next(one for one in reversed(entries) if one.from_state != one.to_state)
    if last.from_state == "returned" and last.to_state in ("prosecuted", "closed"):
        said = json.loads(last.body or "{}")
        yield "returned_ended", None, 1
        if said.get("outcome_code") == 17 or said.get("reason_code") == "time_expired":
            yield "expired", None, 1
        law = [row for row in rows if row.kind == "statutory_limit" and row.until_seq == last.seq]
        if law and last.to_state == "prosecuted":
            left = (law[0].due_on - date.fromisoformat(said["decided_on"])).days
            yield "charged_with_limit", None, 1
            yield "charged_with_limit", ("left", next((n for most, n in LIMIT_BANDS if left <= most), "more")), 1
            if left <= 7:
                yield "near_miss", None, 1


def afterwards(entries: Sequence[LedgerEntry], day: date) -> Iterator[Told]:
    last = next(one for one in reversed(entries) if one.from_state != one.to_state)
    if last.to_state not in FINAL or not any(one.to_state == "accepted" for one in entries):
        return
    ended = london_date(last.at)
    checks = [json.loads(one.body or "{}") for one in entries if one.command == "record-follow-up"]
    for months in (6, 12, 24):
        ripe = later(ended, months + 6)
        names = [f"matured_{months}"] if ripe <= day else []
        seen = [said for said in checks if date.fromisoformat(said["checked_on"]) >= ripe]
        if seen:
            names.append(f"checked_{months}")
            on = seen[-1]["offence_on"]
            if seen[-1]["reoffended"] and (on is None or date.fromisoformat(on) <= later(ended, months)):
                names.append(f"reoffended_{months}")
                if months == 12 and seen[-1].get("harm_days") is not None:
                    yield "harm_scored", None, 1
                    yield "harm_scored", ("harm", f"{seen[-1]['harm_table']}|{harm_band(seen[-1]['harm_days'])}"), 1
        for name in names:
            yield name, None, 1
            yield name, ("ended", last.to_state.value), 1


def harm_band(days: int) -> str:
    ends = ((1, "0000-0001"), (7, "0002-0007"), (31, "0008-0031"), (92, "0032-0092"), (365, "0093-0365"))
    return next((name for most, name in (*ends, (1825, "0366-1825")) if days <= most), "1826-")


def later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
