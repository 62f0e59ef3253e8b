"""What is to be told is written with the command or not at all, and delivered in order, once for each receiver's id."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from divert.casework.commands.appointments import BookAppointment, CancelAppointment, RescheduleAppointment
from divert.casework.commands.ending import CloseCase
from divert.casework.commands.record import AddNote
from divert.casework.workflow import perform
from divert.clock import LONDON
from divert.db import Database
from divert.models import Case, OutboxMessage, Role, State
from divert.worker import outbox
from divert.worker.outbox import CHANNELS, LEASE, TRIES, Message, Undeliverable
from divert.worker.rounds import GIVE_UP_AFTER, Delivery, deliver
from divert.worker.sweep import sweep
from tests.command_line import divert
from tests.office import KEYWORKER, MANAGER, Office

PHONE = "07700 900123"


@dataclass
class Receiver:
    """A sink that keeps what it is sent, and refuses where told to."""

    refuses: Callable[[Message], Exception | None] = lambda _: None
    had: list[Message] = field(default_factory=list)

    def deliver(self, message: Message) -> None:
        """Take it or raise."""
        if fault := self.refuses(message):
            raise fault
        self.had.append(message)


def everywhere(receiver: Receiver) -> dict[str, Receiver]:
    return dict.fromkeys(CHANNELS, receiver)


def delivering(office: Office, receiver: Receiver, at: datetime | None = None, worker: str = "one") -> list[Delivery]:
    return list(deliver(office.database, lambda: at or office.now, everywhere(receiver), worker))


def written(database: Database) -> list[tuple[int, str, str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        return [(one.seq, one.channel, one.kind, one.recipient) for one in rows]


def booked(office: Office, ref: str, place: str = "Safety Hub") -> int:
    meeting = {"starts_at": "2019-07-15T14:30", "purpose": "Shop theft awareness", "place": place}
    return office.does(KEYWORKER, BookAppointment.model_validate(meeting), ref).version


# what is written, and when


def test_every_move_of_a_case_is_an_event_and_what_moves_nothing_is_none(office: Office) -> None:
    ref = office.case_in(State.accepted)
    office.does(MANAGER, AddNote(text="Rang the family."), ref)
    events = [(seq, kind) for seq, channel, kind, _ in written(office.database) if channel == "event"]
    assert events == [(1, "case.referred"), (4, "case.under_decision"), (6, "case.accepted")]


def test_a_message_goes_with_its_command_or_not_at_all(office: Office) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    before = written(office.database)
    asked = BookAppointment.model_validate({"starts_at": "2019-07-15T14:30", "purpose": "Talk", "place": "Hub"})

    def cut_short() -> None:
        with office.database.writing() as session:
            perform(session, ref, asked, KEYWORKER, office.now)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        cut_short()
    assert written(office.database) == before
    seq = booked(office, ref)
    assert written(office.database) == [
        *before,
        (seq, "text", "appointment_booked", "person"),
        (seq, "text", "appointment_reminder", "person"),
    ]


def test_a_missed_deadline_is_told_to_subscribers_and_to_whom_it_went(office: Office) -> None:
    office.refers()
    office.on("2019-05-20")
    kinds = {one.kind for one in sweep(office.database, lambda: office.now)}
    told = Counter(row[1:] for row in written(office.database))
    assert told["event", "deadline.escalated", "subscribers"] == len(kinds) > 0
    assert told["email", "deadline_escalated", Role.project_manager] == len(kinds)


def test_a_keyworker_is_told_of_a_case_that_is_theirs(office: Office) -> None:
    office.case_in(State.active)
    assert ("email", "case_allocated", "keyworker") in {row[1:] for row in written(office.database)}


def test_a_person_without_a_telephone_is_written_to_by_e_mail_and_without_either_not_at_all(office: Office) -> None:
    for number, (known, by) in enumerate([({"email": "d@example.com"}, ["email"]), ({}, [])]):
        someone = {"crime_ref": f"CVP-19-{number}", "surname": f"Marr{'e' * number}", **known}
        ref = office.on("2019-05-06").case_in(State.active, **someone)
        seq = booked(office, ref)
        with office.database.reading() as session:
            query = select(OutboxMessage.channel).join(Case).where(Case.ref == ref, OutboxMessage.seq == seq)
            assert session.scalars(query).all() == by * 2  # told at once, and reminded the day before


# delivery


def test_messages_of_a_case_come_in_order(office: Office) -> None:
    refs = [office.case_in(State.accepted, crime_ref=f"CVP-19-{n}", surname=f"Marr{'e' * n}") for n in range(3)]
    receiver = Receiver()
    delivering(office, receiver)
    for ref in refs:
        mine = [one.seq for one in receiver.had if one.case_ref == ref]
        assert mine == [1, 4, 6]
    assert delivering(office, receiver) == []


def test_a_message_that_fails_holds_back_its_case_and_no_other(office: Office) -> None:
    held = office.case_in(State.accepted)
    other = office.case_in(State.accepted, crime_ref="CVP-19-2", surname="Marr")
    receiver = Receiver(lambda one: OSError() if (one.case_ref, one.seq) == (held, 4) else None)
    delivering(office, receiver)
    assert [one.seq for one in receiver.had if one.case_ref == held] == [1]
    assert [one.seq for one in receiver.had if one.case_ref == other] == [1, 4, 6]


def test_two_workers_at_once_take_each_message_once(office: Office) -> None:
    for number in range(6):
        office.on("2019-05-06").case_in(State.active, crime_ref=f"CVP-19-{number}", surname=f"Marr{'e' * number}")
    receiver, ready, faults = Receiver(), threading.Barrier(2), list[Exception]()

    def work(name: str) -> None:
        ready.wait()
        try:
            while delivering(office, receiver, worker=name):
                pass
        except Exception as fault:
            faults.append(fault)

    workers = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert faults == []
    delivering(office, receiver)  # what one held while the other found nothing
    keys = [one.key for one in receiver.had]
    assert len(keys) == len(set(keys)) == len(written(office.database))
    for ref in office.refs:
        mine = [one.seq for one in receiver.had if (one.case_ref, one.channel) == (ref, "event")]
        assert mine == sorted(mine)


@pytest.mark.parametrize("sent", [False, True], ids=["before it was sent", "after it was sent"])
def test_a_worker_that_dies_with_a_message_leaves_it_to_the_next(office: Office, sent: bool) -> None:
    ref = office.refers()
    receiver = Receiver()
    with office.database.writing() as session:
        first = outbox.take(session, office.now, "dead")
    assert first is not None
    if sent:
        receiver.deliver(first)
    assert delivering(office, receiver) == []  # the lease is not over
    delivering(office, receiver, office.now + LEASE)
    assert {one.key for one in receiver.had} == {f"{ref}.1"}
    assert receiver.had[-1].attempt == 2
    with office.database.writing() as session:  # were it only slow, it could not undo what the other did
        outbox.postpone(session, first, "dead", office.now, "late", for_good=True)
        assert outbox.undelivered_messages(session) == []


def test_a_worker_that_was_too_slow_changes_nothing_while_another_has_the_message(office: Office) -> None:
    office.refers()
    with office.database.writing() as session:
        first = outbox.take(session, office.now, "slow")
    with office.database.writing() as session:
        assert first is not None
        assert outbox.take(session, office.now + LEASE, "next") is not None
    with office.database.writing() as session:
        outbox.postpone(session, first, "slow", office.now, "late", for_good=True)
        outbox.mark_delivered(session, first, "slow", office.now)
        ((_, held),) = outbox.undelivered_messages(session)
        assert (held.leased_by, held.dead_at, held.fault) == ("next", None, None)


def test_an_hour_without_a_receiver_loses_nothing_and_sends_nothing_twice(office: Office) -> None:
    refs = [office.case_in(State.accepted, crime_ref=f"CVP-19-{n}", surname=f"Marr{'e' * n}") for n in range(5)]
    start = office.now
    receiver = Receiver(lambda _: ConnectionError())
    for minute in range(60):
        assert len(delivering(office, receiver, start + timedelta(minutes=minute))) <= GIVE_UP_AFTER * len(CHANNELS)
    assert receiver.had == []
    receiver.refuses = lambda _: None
    for minute in range(60, 180):
        delivering(office, receiver, start + timedelta(minutes=minute))
    keys = [one.key for one in receiver.had]
    assert len(keys) == len(set(keys)) == len(written(office.database))
    for ref in refs:
        assert [one.seq for one in receiver.had if one.case_ref == ref] == [1, 4, 6]


def test_tries_come_further_and_further_apart_up_to_an_hour() -> None:
    waits = [outbox.backoff(attempt) for attempt in range(1, TRIES)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (outbox.FIRST_WAIT, outbox.LONGEST_WAIT)
    assert sum(waits, timedelta()) > timedelta(hours=20)


# dead letters


def test_after_the_last_try_a_message_is_dead_and_lets_the_next_go(office: Office) -> None:
    office.case_in(State.under_decision)
    receiver = Receiver(lambda one: OSError() if one.seq == 1 else None)
    at = office.now
    for _ in range(TRIES):
        assert receiver.had == []
        delivering(office, receiver, at)
        at += outbox.LONGEST_WAIT
    with office.database.reading() as session:
        ((_, dead),) = outbox.undelivered_messages(session, dead=True)
        assert (dead.seq, dead.attempts, dead.fault) == (1, TRIES, "OSError")
    assert [one.seq for one in receiver.had] == [4]


def test_a_message_that_kills_each_worker_is_dead_after_as_many(office: Office) -> None:
    office.refers()
    at = office.now
    for number in range(TRIES):
        with office.database.writing() as session:
            assert outbox.take(session, at, f"worker {number}") is not None
        at += LEASE
    with office.database.writing() as session:
        assert outbox.take(session, at, "the last") is None
        assert [one.fault for _, one in outbox.undelivered_messages(session, dead=True)] == [
            "no worker came back from it"
        ]


def test_what_cannot_be_delivered_is_shown_without_its_words_and_retried_by_hand(
    office: Office, database_url: str
) -> None:
    ref = office.case_in(State.active)
    refusing = Receiver(lambda one: Undeliverable("no such mailbox") if one.channel == "email" else None)
    delivering(office, refusing)
    (shown,) = divert("outbox", "list", "--dead", "--json", url=database_url).json
    assert (shown["case"], shown["standing"], shown["fault"], shown["attempts"]) == (ref, "dead", "no such mailbox", 1)
    assert "no such mailbox" in divert("outbox", "list", url=database_url).answer
    assert "has been given to you" not in str(shown)
    assert divert("outbox", "retry", shown["id"], url=database_url).code == 0
    again = divert("outbox", "retry", shown["id"], url=database_url)
    assert (again.code, again.answer) == (2, "")
    assert f"there is no dead message {shown['id']}" in again.words
    receiver = Receiver()
    assert [one.fault for one in delivering(office, receiver, office.now + timedelta(days=20000))] == [None]
    assert [one.kind for one in receiver.had] == ["case_allocated"]


# what a person is told


def test_an_appointment_booked_moved_and_called_off_is_told_with_day_time_and_place(office: Office) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    first = booked(office, ref)
    moved = {"appointment": first, "starts_at": "2019-07-17T10:00", "asked_by": "client", "why": "New shift."}
    second = office.does(KEYWORKER, RescheduleAppointment.model_validate(moved), ref).version
    office.does(KEYWORKER, CancelAppointment(appointment=second, asked_by="service", why="Ill."), ref)
    receiver = Receiver()
    delivering(office, receiver)
    told = [one.body["words"] for one in receiver.had if one.channel == "text"]
    assert told[0].startswith("You have an appointment on Monday 15 July 2019 at 2:30pm, at Safety Hub.")
    assert "It is now on Wednesday 17 July 2019 at 10am, at Safety Hub." in told[1]
    assert "on Wednesday 17 July 2019 at 10am, at Safety Hub, will not take place." in told[2]


def begins(day: str) -> BookAppointment:
    return BookAppointment.model_validate({"starts_at": f"{day}T14:30", "purpose": "Talk", "place": "Safety Hub"})


def told(receiver: Receiver, channel: str = "text") -> list[tuple[int, str]]:
    return [(one.seq, one.kind.removeprefix("appointment_")) for one in receiver.had if one.channel == channel]


def test_what_is_told_of_an_appointment_after_it_has_begun_is_not_sent_but_shown(office: Office) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    first, second = (office.does(KEYWORKER, begins(day), ref).version for day in ("2019-05-07", "2019-05-20"))
    off = office.does(KEYWORKER, CancelAppointment(appointment=first, asked_by="service", why="Ill."), ref).version
    receiver = Receiver(lambda one: ConnectionError() if one.channel == "text" else None)
    delivering(office, receiver)
    receiver.refuses = lambda _: None
    delivering(office, receiver, office.on("2019-05-09").now)  # the receiver was down for two days
    assert told(receiver) == [(second, "booked")]
    with office.database.reading() as session:
        dead = [(one.seq, one.fault) for _, one in outbox.undelivered_messages(session, dead=True)]
    assert dead == [(seq, "the appointment it tells of has begun") for seq in (first, off)]


def test_nobody_is_told_of_an_appointment_that_is_put_on_record_after_it_began(office: Office) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    before = written(office.database)
    office.does(KEYWORKER, begins(str(office.today - timedelta(days=1))), ref)
    assert written(office.database) == before


def test_a_person_is_reminded_once_at_ten_in_the_morning_the_day_before(office: Office) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    seq, receiver = office.does(KEYWORKER, begins("2019-05-20"), ref).version, Receiver()
    delivering(office, receiver)
    at_ten = datetime(2019, 5, 19, 10, tzinfo=LONDON)
    delivering(office, receiver, at_ten - timedelta(seconds=1))
    assert told(receiver) == [(seq, "booked")]
    for _ in range(2):
        delivering(office, receiver, at_ten)
    assert told(receiver) == [(seq, "booked"), (seq, "reminder")]
    assert (
        receiver.had[-1]
        .body["words"]
        .startswith("A reminder: you have an appointment tomorrow, Monday 20 May 2019, at 2:30pm, at Safety Hub.")
    )


def test_nobody_is_reminded_of_what_they_are_told_of_after_the_hour_of_reminding(office: Office) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    office.minutes = 120  # noon, for the next day
    seq, receiver = office.does(KEYWORKER, begins("2019-05-07"), ref).version, Receiver()
    delivering(office, receiver, office.on("2019-05-07").now)
    assert told(receiver) == [(seq, "booked")]


def test_a_reminder_that_waits_for_its_day_lets_what_comes_after_it_go(office: Office) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    far, near = (office.does(KEYWORKER, begins(day), ref).version for day in ("2019-06-20", "2019-05-20"))
    receiver = Receiver()
    delivering(office, receiver)
    assert told(receiver) == [(far, "booked"), (near, "booked")]
    delivering(office, receiver, office.on("2019-05-19").now + timedelta(hours=1))
    delivering(office, receiver, office.on("2019-06-19").now + timedelta(hours=1))
    assert told(receiver)[2:] == [(near, "reminder"), (far, "reminder")]


def test_a_reminder_that_fails_on_its_day_is_tried_again_and_holds_back_what_was_written_after_it(
    office: Office,
) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    first = office.does(KEYWORKER, begins("2019-05-20"), ref).version
    receiver = Receiver()
    delivering(office, receiver)
    receiver.refuses = lambda _: ConnectionError()
    delivering(office, receiver, office.on("2019-05-19").now + timedelta(hours=2))
    second = office.does(KEYWORKER, begins("2019-06-20"), ref).version
    receiver.refuses = lambda _: None
    delivering(office, receiver, office.now + timedelta(hours=2))
    assert told(receiver) == [(first, "booked"), (first, "reminder"), (second, "booked")]


@pytest.mark.parametrize("how", ["moved", "called off", "closed"])
def test_nobody_is_reminded_of_what_will_not_take_place(office: Office, how: str) -> None:
    ref = office.case_in(State.active, phone=PHONE)
    seq, receiver = office.does(KEYWORKER, begins("2019-05-20"), ref).version, Receiver()
    if how == "moved":
        moved = {"appointment": seq, "starts_at": "2019-05-29T10:00", "asked_by": "client", "why": "New shift."}
        office.does(KEYWORKER, RescheduleAppointment.model_validate(moved), ref)
    elif how == "called off":
        office.does(KEYWORKER, CancelAppointment(appointment=seq, asked_by="service", why="Ill."), ref)
    else:
        office.does(MANAGER, CloseCase(reason_code="died", explanation="Told by the family."), ref)
    delivering(office, receiver)
    delivering(office, receiver, office.on("2019-05-19").now + timedelta(hours=2))
    assert "reminder" not in [kind for _, kind in told(receiver)]
    with office.database.reading() as session:
        waiting = [(one.kind, one.due_at.date()) for _, one in outbox.undelivered_messages(session)]
    assert waiting == ([("appointment_reminder", date(2019, 5, 28))] if how == "moved" else [])
