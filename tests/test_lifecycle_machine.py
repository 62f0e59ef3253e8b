"""Random people do random things to random cases on random days, against a small model of what a case is.

The ordinary suite lives a few on each database; `python3 dev.py lives` as many as DIVERT_LIVES says.
"""

import os
from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pydantic import ValidationError

from divert.acts.refusals import NotAllowed, Refused
from divert.casework import deadlines
from divert.casework.command import Context
from divert.casework.lifecycle import COMMANDS, row_for
from divert.casework.upkeep.check import check
from divert.casework.workflow import NoSuchCase, objections, perform
from divert.db import Database
from divert.models import ANSWERED, OPEN, Case, State
from divert.people.staff import SYSTEM, Actor
from divert.worker.sweep import sweep
from tests.office import CAST, INSPECTOR, KEYWORKER, MANAGER, OFFICER, OTHER_INSPECTOR, PATHS, PROBATION_LEAD, Office

IN_THE_SUITE = 6
LIVES = int(os.environ.get("DIVERT_LIVES", IN_THE_SUITE))
STEPS_A_LIFE = 50
CASES_A_LIFE = 4
PEOPLE = (*CAST, SYSTEM)
TRIED = sorted(set(COMMANDS) - {"refer"})
CHOICES: dict[str, list[Any]] = {
    "accept": [True, True, False],
    "agreed_by": ["probation.lead", "probation.lead", "keyworker"],
    "decision": ["continue", "warn", "vary", "end"],
    "keyworker": ["keyworker", "keyworker.two", "specialist", "board"],
    "level": ["standard", "sensitive", "restricted"],
    "outcome_code": [1, 8, 10, 17, 22, 22],
    "override_reason": ["There is good reason.", "There is good reason.", None],
    "stage": ["entry", "review", "exit"],
    "views": ["sought", "obtained", "declined", "unreachable"],
}
CLOSING = {
    "close-case": ["died", "duplicate", "moved_away", "withdrew_before_start", "withdrew_after_start"],
    "return-to-force": ["ineligible", "not_agreed"],
}


@dataclass
class Model:
    """What a case must be, told without the table: only what moves it, and from where."""

    state: State = State.referred
    agreed: bool = False
    said: dict[str, bool] = field(default_factory=dict)
    keyworker: str | None = None
    paused: bool = False
    reporter: str | None = None
    closed_from: State | None = None

    def after(self, slug: str, who: Actor, said: dict[str, Any], verdict: str | None) -> State:
        """Where it stands once a command has been carried out. AssertionError where it should not have been."""
        match slug:
            case "record-referral-agreement":
                self.agreed = True
            case "check-eligibility" if self.state is State.referred:
                assert self.agreed
                return State.referred if verdict == "not_yet_known" else State.under_decision
            case "decide-for-police" | "decide-for-probation" | "reconsider":
                side = "police" if who.role.value.startswith("police") else "probation"
                assert (side in self.said) == (slug == "reconsider")
                self.said[side] = said["accept"]
                return State.accepted if self.said == {"police": True, "probation": True} else State.under_decision
            case "return-to-force":
                assert False in self.said.values()
                return State.returned
            case "allocate":
                assert said["keyworker"] != self.keyworker
                self.keyworker = said["keyworker"]
            case "sign-contract":
                assert who.username == self.keyworker
                return State.active
            case "decline-contract":
                return State.returned
            case "pause-contract" | "resume-contract":
                assert self.paused == (slug == "resume-contract")
                self.paused = not self.paused
            case "report-breach" | "record-new-offence":
                self.reporter = who.username
                return State.breach_review
            case "decide-breach":
                assert who.username != self.reporter
                return State.returned if said["decision"] == "end" else State.active
            case "review-breach":
                return State.breach_review
            case "complete-case":
                return State.completed
            case "record-charging-decision":
                return State.prosecuted if said["outcome_code"] == 1 else State.closed
            case "close-case":
                self.closed_from = self.state
                return State.closed
            case "reinstate":
                assert self.closed_from is not None
                back, self.closed_from = self.closed_from, None
                return back
        return self.state


BOTH = {"police": True, "probation": True}
SIGNED = {"agreed": True, "said": BOTH, "keyworker": KEYWORKER.username}
BEGUN: dict[State, dict[str, Any]] = {
    State.referred: {},
    State.accepted: {"agreed": True, "said": BOTH},
    State.active: SIGNED,
    State.breach_review: SIGNED | {"reporter": KEYWORKER.username},
    State.returned: {"agreed": True, "said": {"police": False}},
}
"""Where a life may begin, and what the model knows of it."""


class Scheme(RuleBasedStateMachine):
    """Some cases, a calendar, and whoever comes along."""

    database: ClassVar[Database]
    tally: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.office = Office(self.database)
        self.models: dict[str, Model] = {}

    @initialize(state=st.sampled_from(sorted(BEGUN)))
    def someone_is_with_the_scheme(self, state: State) -> None:
        """By the shortest path to where they stand."""
        ref = self.refer({})
        PATHS[state](self.office, ref)
        self.models[ref] = Model(state, **{name: copy(value) for name, value in BEGUN[state].items()})

    @precondition(lambda self: len(self.models) < CASES_A_LIFE)
    @rule(
        unknown=st.sampled_from(["remorse", "admission", "district", "victim_kind", "current_order", "asn"]),
        offence=st.sampled_from(["TH68010", "CJ67002", "CJ88116", "OF61102"]),
        days=st.integers(0, 120),
    )
    def another_is_referred(self, unknown: str, offence: str, days: int) -> None:
        happened = self.office.today - timedelta(days=days)
        self.refer({unknown: None, "offence_code": offence, "offence_on": happened})

    def refer(self, facts: dict[str, Any]) -> str:
        number = len(self.models)
        ref = self.office.refers(**{"crime_ref": f"CVP-{number}", "surname": f"Marsh {number}"} | facts)
        self.models[ref] = Model()
        return ref

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        """The worker goes round: whatever was missed is escalated, all of it, once; and no case moves by it."""
        self.office.on(self.office.today + timedelta(days=days))
        assert {one.fault for one in sweep(self.database, lambda: self.office.now)} <= {None}
        assert list(sweep(self.database, lambda: self.office.now)) == []

    def some_case(self, data: st.DataObject) -> str:
        """Any of them; one that has not ended more often."""
        refs = sorted(self.models)
        return data.draw(st.sampled_from([*[ref for ref in refs if self.models[ref].state in OPEN] * 3, *refs]))

    @rule(
        data=st.data(),
        ways=st.lists(st.sampled_from(("next", "next", "page", "page", "page", "any")), min_size=1, max_size=5),
    )
    def people_act(self, data: st.DataObject, ways: list[str]) -> None:
        """Some do the next thing, some what their page offers, and now and then one tries anything."""
        for way in ways:
            if way == "next":
                self.the_next_thing_is_done(data)
            elif way == "page":
                self.someone_does_what_their_page_offers(data)
            else:
                self.someone_tries_anything(data)

    def the_next_thing_is_done(self, data: st.DataObject) -> None:
        """What the procedure is waiting for is done, by whoever it waits for."""
        ref = self.some_case(data)
        with self.office.open(ref) as case:
            who, slug, said = self.next_thing(case)
        self.act(data, ref, who, slug, said)

    def someone_does_what_their_page_offers(self, data: st.DataObject) -> None:
        """A command that somebody may do now, one that moves the case more often."""
        ref = self.some_case(data)
        chance = Random(data.draw(st.integers(0, 1 << 32)))
        rows = [row for slug in TRIED if (row := row_for(COMMANDS[slug], self.models[ref].state))]
        rows.sort(key=lambda row: chance.random() / (3 if row.to else 1))
        with self.office.database.reading() as session:
            case = self.office.find(session, ref)
            at = (self.office.now, case.version + 1)
            who, slug = next(
                (one, row.command.slug())
                for row in rows
                for one in chance.sample(PEOPLE, len(PEOPLE))
                if one.role in row.by and not objections(case, row.command, Context(session, one, *at))
            )
        self.act(data, ref, who, slug)

    def someone_tries_anything(self, data: st.DataObject) -> None:
        ref = self.some_case(data)
        self.act(data, ref, data.draw(st.sampled_from(PEOPLE)), data.draw(st.sampled_from(TRIED)))

    def act(self, data: st.DataObject, ref: str, who: Actor, slug: str, more: dict[str, Any] | None = None) -> None:
        """Try it; then the case is what the model says that it must be, or nothing has changed at all."""
        model = self.models[ref]
        with self.office.open(ref) as case:
            head, said = case.head, self.words_for(data, slug, case) | (more or {})
        self.tally["tried"] += 1
        try:
            command = COMMANDS[slug].model_validate(said)
            self.office.minutes += 1
            with self.office.database.writing() as session:
                receipt = perform(session, ref, command, who, self.office.now)
        except (Refused, NotAllowed, NoSuchCase, ValidationError):
            with self.office.open(ref) as case:
                assert (case.state, case.head) == (model.state, head)
            return
        row = row_for(COMMANDS[slug], model.state)
        assert row, f"{slug} is not done while a case is {model.state}"
        assert who.role in row.by
        assert receipt.state in {*row.targets, model.state}
        with self.office.open(ref) as case:
            model.state = model.after(slug, who, command.model_dump(), case.verdict)
        assert receipt.state == model.state, slug
        self.tally["carried out"] += 1
        if row.targets:
            self.tally[f"to {model.state}"] += 1

    def next_thing(self, case: Case) -> tuple[Actor, str, dict[str, Any]]:
        """The usual path, from wherever a case stands."""
        keyworker = next((one for one in CAST if one.username == case.keyworker), KEYWORKER)
        heard = case.victim is None or case.victim.kind == "none" or case.victim.views in ANSWERED
        stages = {one.stage for one in case.need_scores}
        unmet = [one.number for one in case.conditions if one.status == "open" and one.kind != "refrain"]
        match case.state:
            case State.referred if case.agreement_signed_on is None:
                return OFFICER, "record-referral-agreement", {"signed_on": self.office.today}
            case State.referred if case.check is not None and not case.verdict_out_of_date:
                known = {"remorse": "yes", "admission": "yes", "district": "E06000001", "current_order": "none"}
                return MANAGER, "correct-facts", known
            case State.referred:
                return INSPECTOR, "check-eligibility", {}
            case State.under_decision if case.verdict_out_of_date:
                return INSPECTOR, "check-eligibility", {}
            case State.under_decision if not heard:
                return INSPECTOR, "record-victim-views", {"views": "declined"}
            case State.under_decision:
                sides = {"police": INSPECTOR, "probation": PROBATION_LEAD}
                open_sides = [side for side in sides if case.decision(side) is None]
                again = (
                    open_sides
                    or [side for side in sides if not (d := case.decision(side)) or not d.accept]
                    or ["police"]
                )
                slug = f"decide-for-{again[0]}" if open_sides else "reconsider"
                return sides[again[0]], slug, {"accept": True, "override_reason": "It is in nobody's interest."}
            case State.accepted if case.keyworker is None:
                return PROBATION_LEAD, "allocate", {"keyworker": "keyworker"}
            case State.accepted if "entry" not in stages:
                return keyworker, "assess-needs", {"stage": "entry"}
            case State.accepted:
                today = self.office.today
                return keyworker, "sign-contract", {"signed_on": today, "ends_on": today + timedelta(days=40)}
            case State.active if unmet:
                return PROBATION_LEAD, "waive-condition", {"condition": unmet[0]}
            case State.active if "exit" not in stages:
                return keyworker, "assess-needs", {"stage": "exit"}
            case State.active:
                return PROBATION_LEAD, "complete-case", {"outcome_code": 22}
            case State.breach_review:
                by = OTHER_INSPECTOR if case.breaches[-1].reported_by == INSPECTOR.username else INSPECTOR
                return by, "decide-breach", {}
            case State.returned:
                expired = case.limit_basis == "statutory" and case.limit_on and self.office.today > case.limit_on
                said = {"outcome_code": 17 if expired else 1, "decided_on": self.office.today}
                return INSPECTOR, "record-charging-decision", said
            case _:
                return INSPECTOR, "record-follow-up", {"checked_on": self.office.today}

    def words_for(self, data: st.DataObject, slug: str, case: Case) -> dict[str, Any]:
        """The command's own example, with the dates of today, this case's numbers, and choices left to chance."""
        said = dict(COMMANDS[slug].model_json_schema()["examples"][0])
        today = self.office.today
        for name in COMMANDS[slug].model_fields:
            if name.endswith("_on") and name in said:
                said[name] = today + timedelta(days=data.draw(st.sampled_from([0, 0, 0, -7, 1])))
            if name == "starts_at":
                said[name] = f"{today + timedelta(days=data.draw(st.integers(-1, 9)))}T10:00"
            if name in CHOICES:
                said[name] = data.draw(st.sampled_from(CHOICES[name]))
            if name == "reason_code":
                said[name] = data.draw(st.sampled_from(CLOSING[slug]))
            if name == "appointment":
                known = [one.about for one in case.deadlines if one.kind == "appointment"]
                said[name] = data.draw(st.sampled_from([*known, 3]))
            if name == "condition":
                known = [one.number for one in case.conditions if one.status == "open"]
                said[name] = data.draw(st.sampled_from([*known, 6]))
            if name == "other_ref":
                said[name] = data.draw(st.sampled_from(sorted(self.models)))
        if "ends_on" in said:
            said["ends_on"] = today + timedelta(days=data.draw(st.sampled_from([30, 90, 130])))
        if slug == "pause-contract":
            said["until_on"] = said["from_on"] + timedelta(days=9)
        waiting = [one for one in deadlines.standing(case) if one.escalated_on is None]
        if slug in ("escalate-deadline", "move-deadline") and waiting:
            late = data.draw(st.sampled_from(waiting))
            said |= {"kind": late.kind, "about": late.about}
            said["due_on"] = late.due_on if slug == "escalate-deadline" else today + timedelta(days=9)
        return said

    @invariant()
    def every_case_is_what_the_model_says_and_while_open_has_an_owner_and_a_deadline(self) -> None:
        for ref, model in self.models.items():
            with self.office.open(ref) as case:
                assert (case.state, case.keyworker) == (model.state, model.keyworker)
                if case.state in OPEN:
                    assert any(deadlines.in_somebodys_hands(case)), f"{ref} waits for nobody"
                    assert case.held_by, f"{ref} is nobody's"


def test_random_lives_keep_to_the_model(database: Database) -> None:
    """Each life begins with crimes of its own: the database is the same, and grows."""

    class Life(Scheme):
        lives = 0
        tally: ClassVar[Counter[str]] = Counter()

        def __init__(self) -> None:
            super().__init__()
            Life.lives += 1

        def refer(self, facts: dict[str, Any]) -> str:
            return super().refer({"crime_ref": f"CVP-{Life.lives}-{len(self.models)}"} | facts)

    Life.database = database
    limits = settings(
        max_examples=LIVES,
        derandomize=LIVES == IN_THE_SUITE,
        database=None,
        stateful_step_count=STEPS_A_LIFE,
        deadline=None,
        phases=[Phase.generate],  # a shorter life on a fuller database would be another life
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=limits)
    with database.reading() as session:
        assert [str(fault) for fault in check(session)] == []
    assert Life.tally["carried out"] > Life.tally["tried"] / 3, Life.tally
    if LIVES > IN_THE_SUITE:  # chance has had time to lead everywhere
        assert all(Life.tally[f"to {state}"] for state in set(State) - {State.referred}), Life.tally
        print(f"{database.url.get_backend_name()}: {Life.lives} lives, {dict(Life.tally)}")
