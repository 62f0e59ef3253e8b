"""Random people do random things to random cases on random days. The table is kept to, and `check` stays clean."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pydantic import ValidationError

from divert.casework.check import check
from divert.casework.command import Context
from divert.casework.lifecycle import COMMANDS, row_for
from divert.casework.workflow import NoSuchCase, NotAllowed, Refused, objections, perform
from divert.db import Database
from divert.models import OPEN, Case, State
from divert.people.staff import SYSTEM, Actor
from tests.office import CAST, Office

PEOPLE = (*CAST, SYSTEM)
CHOICES: dict[str, list[Any]] = {
    "accept": [True, True, False],
    "agreed_by": ["probation.lead", "keyworker"],
    "decision": ["continue", "warn", "vary", "end"],
    "keyworker": ["keyworker", "keyworker.two", "specialist", "board"],
    "level": ["standard", "sensitive", "restricted"],
    "outcome_code": [1, 8, 10, 17, 22, 22],
    "override_reason": [None, "There is good reason."],
    "reason_code": ["ineligible", "not_agreed", "died", "duplicate", "moved_away", "withdrew_after_start"],
    "stage": ["entry", "review", "exit"],
    "views": ["sought", "obtained", "declined", "unreachable"],
}


class Scheme(RuleBasedStateMachine):
    """Some cases, a calendar, and whoever comes along. The model is what each case's state was last seen to be."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.office = Office(self.database)
        self.states: dict[str, State] = {}

    @initialize()
    def someone_is_referred(self) -> None:
        self.refer({})

    @rule(
        unknown=st.sampled_from(["remorse", "admission", "district", "victim_kind", "current_order"]),
        offence=st.sampled_from(["TH68010", "CJ67002", "CJ88116", "OF61102"]),
        days=st.integers(0, 120),
    )
    def another_is_referred(self, unknown: str, offence: str, days: int) -> None:
        happened = self.office.today - timedelta(days=days)
        self.refer({unknown: None, "offence_code": offence, "offence_on": happened})

    def refer(self, facts: dict[str, Any]) -> None:
        number = len(self.states)
        ref = self.office.refers(**{"crime_ref": f"CVP-{number}", "surname": f"Marsh {number}"} | facts)
        self.states[ref] = State.referred

    @rule(days=st.integers(1, 60))
    def time_passes(self, days: int) -> None:
        self.office.on(self.office.today + timedelta(days=days))

    @rule(data=st.data())
    def someone_does_what_the_page_offers(self, data: st.DataObject) -> None:
        ref = data.draw(st.sampled_from(sorted(self.states)))
        with self.office.database.reading() as session:
            case = self.office.find(session, ref)
            offered = [
                (who, slug)
                for who in PEOPLE
                for slug, command in COMMANDS.items()
                if row_for(command, case.state)
                and not objections(case, command, Context(session, who, self.office.now, case.version + 1))
            ]
        if offered:
            who, slug = data.draw(st.sampled_from(offered))
            self.act(data, ref, who, slug)

    @rule(data=st.data())
    def someone_tries_anything(self, data: st.DataObject) -> None:
        ref = data.draw(st.sampled_from(sorted(self.states)))
        self.act(
            data, ref, data.draw(st.sampled_from(PEOPLE)), data.draw(st.sampled_from(sorted(set(COMMANDS) - {"refer"})))
        )

    def act(self, data: st.DataObject, ref: str, who: Actor, slug: str) -> None:
        """Try it; then the state is one that the table leads to, or nothing has changed at all."""
        before = self.states[ref]
        with self.office.open(ref) as case:
            head, said = case.head, self.words_for(data, slug, case)
        try:
            command = COMMANDS[slug].model_validate(said)
            self.office.minutes += 1
            with self.office.database.writing() as session:
                receipt = perform(session, ref, command, who, self.office.now)
        except (Refused, NotAllowed, NoSuchCase, ValidationError):
            with self.office.open(ref) as case:
                assert (case.state, case.head) == (before, head)
            return
        row = row_for(COMMANDS[slug], before)
        assert row, f"{slug} is not done while a case is {before}"
        assert who.role in row.by
        assert receipt.state in {*row.targets, before}
        self.states[ref] = receipt.state

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
            if name == "appointment":
                said[name] = data.draw(st.sampled_from([3, *(one.number for one in case.appointments)]))
            if name == "condition":
                said[name] = data.draw(st.integers(1, 6))
            if name == "other_ref":
                said[name] = data.draw(st.sampled_from(sorted(self.states)))
        if "ends_on" in said:
            said["ends_on"] = today + timedelta(days=data.draw(st.sampled_from([30, 90, 130])))
        if slug == "escalate-deadline" and case.deadlines:
            late = data.draw(st.sampled_from(sorted(case.deadlines, key=lambda one: (one.seq, one.kind))))
            said = {"kind": late.kind, "due_on": late.due_on}
        return said

    @invariant()
    def every_case_stands_where_the_model_says(self) -> None:
        for ref, state in self.states.items():
            with self.office.open(ref) as case:
                assert case.state == state
                assert case.state not in OPEN or any(one.status == "open" for one in case.deadlines)


def test_random_lives_keep_to_the_table(database: Database) -> None:
    """Each life begins with crimes of its own: the database is the same, and grows."""

    class Life(Scheme):
        lives = 0

        def __init__(self) -> None:
            super().__init__()
            Life.lives += 1

        def refer(self, facts: dict[str, Any]) -> None:
            super().refer({"crime_ref": f"CVP-{Life.lives}-{len(self.states)}"} | facts)

    Life.database = database
    limits = settings(
        max_examples=10,
        derandomize=True,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=limits)
    with database.reading() as session:
        assert [str(fault) for fault in check(session)] == []
