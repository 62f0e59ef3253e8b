"""Where messages go, each tried for real: a folder, a signed webhook, GOV.UK Notify; and what they never say."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import HttpUrl, SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from divert.casework.commands.appointments import BookAppointment, CancelAppointment, RescheduleAppointment
from divert.casework.lifecycle import COMMANDS
from divert.clock import system_clock
from divert.config import Settings
from divert.law.offences import known_offences
from divert.law.rulebook import rulebook
from divert.models import Role, State
from divert.worker.outbox import Message
from divert.worker.rounds import Delivery, deliver
from divert.worker.sinks import FolderSink, Sink, WebhookSink, configured_sinks
from tests.office import DALE, KEYWORKER, Office

PHONE = "07700 900123"
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbG9uZSE="
NOTIFY_KEY = "tests-11111111-1111-4111-8111-111111111111-22222222-2222-4222-8222-222222222222"
RULES = rulebook().messages
TITLES = [offence.title for offence in known_offences().all]
CODES = sorted(known_offences().codes)


def sending(office: Office, to: dict[str, Sink], at: datetime | None = None) -> list[Delivery]:
    return list(deliver(office.database, lambda: at or office.now, to, "one"))


def an_appointment(office: Office, place: str = "Safety Hub") -> tuple[str, int]:
    ref = office.case_in(State.active, phone=PHONE)
    meeting = {"starts_at": "2019-07-15T14:30", "purpose": "Shop theft awareness", "place": place}
    return ref, office.does(KEYWORKER, BookAppointment.model_validate(meeting), ref).version


class Answers(BaseHTTPRequestHandler):
    """A service on this machine: keeps each request, and answers with what it is told to."""

    kept: ClassVar[list[tuple[str, dict[str, str], bytes]]]
    status: ClassVar[int]

    def do_POST(self) -> None:
        """Keep it."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.kept.append((self.path, dict(self.headers), body))
        self._answer(self.status, {"id": "1"} if self.status < 300 else {"errors": [{"error": "x", "message": "x"}]})

    def do_GET(self) -> None:
        """What Notify knows of a reference."""
        asked = parse_qs(urlsplit(self.path).query)["reference"]
        sent = [json.loads(body)["reference"] for _, _, body in self.kept]
        self._answer(200, {"notifications": [{"reference": one} for one in sent if one in asked]})

    def _answer(self, status: int, said: Any) -> None:
        written = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def listening(status: int = 200) -> Iterator[tuple[str, type[Answers]]]:
    """Such a service, and its address."""
    answers = type("Answering", (Answers,), {"kept": [], "status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", answers
        finally:
            server.shutdown()
            thread.join()


# what is never said


def test_every_message_belongs_to_a_command_and_a_reader_and_has_only_blanks_that_are_filled() -> None:
    appointment, deadline = {"day", "time", "place"}, {"title", "due"}
    filled = {"book-appointment": appointment | {"again"}, "reschedule-appointment": appointment,
              "cancel-appointment": appointment | {"none_after"}, "escalate-deadline": deadline}  # fmt: skip
    for rule in RULES.all:
        assert set(rule.on) <= set(COMMANDS)
        assert rule.to in {"person", "keyworker", "owner", *Role}
        assert all(rule.blanks <= filled.get(on, set()) | {"ref"} for on in rule.on), rule.kind


@pytest.mark.parametrize("said", TITLES + CODES)
def test_the_title_and_code_of_every_offence_are_noticed(said: str) -> None:
    assert RULES.reveals(said)
    assert RULES.reveals(f"Room 2: {said.upper()}.")


@given(st.sampled_from(TITLES + CODES), st.text(max_size=40), st.text(max_size=40))
def test_no_place_can_carry_an_offence_into_a_text(told: str, before: str, after: str) -> None:
    assert RULES.place(f"{before} {told} {after}") == RULES.unnamed_place


@pytest.mark.parametrize("place", ["Safety Hub", "5 Church Street, Hartlepool", "Public Library", "Probation office"])
def test_an_ordinary_place_is_named(place: str) -> None:
    assert RULES.place(place) == place


def test_neither_text_nor_calendar_tells_the_offence_or_what_a_meeting_is_for(desk: Office, tmp_path: Path) -> None:
    an_appointment(desk, place="Shoplifting course room, theft unit")
    sending(desk, configured_sinks(Settings(outbox_folder=tmp_path), system_clock))
    told = "".join(file.read_text(encoding="utf-8") for file in tmp_path.glob("*.text.*"))
    assert "the place you were told of" in told
    for word in ("shop", "theft", "awareness", DALE["offence_code"], DALE["surname"], DALE["crime_ref"]):
        assert word.casefold() not in told.casefold(), word


# the folder


def test_a_newcomer_finds_a_file_for_each_message_and_no_name_in_any_name(office: Office, tmp_path: Path) -> None:
    ref, seq = an_appointment(office)
    done = sending(office, configured_sinks(Settings(outbox_folder=tmp_path / "out"), system_clock))
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {f"{one.message.key}.json" for one in done} | {f"{ref}.{seq}.text.appointment_booked.person.ics"}
    event = json.loads((tmp_path / "out" / f"{ref}.6.json").read_text(encoding="utf-8"))
    assert (event["id"], event["type"], event["subject"]) == (f"{ref}.6", "uk.cleveland-divert.case.accepted", ref)
    assert event["data"]["state"] == "accepted"
    everything = "".join(names) + json.dumps(event)
    assert DALE["surname"] not in everything
    assert PHONE not in everything


def test_a_file_written_again_is_the_same_file(tmp_path: Path) -> None:
    one = Message(
        1, "D-19-0001", 1, "event", "case.referred", "subscribers", 0, {}, datetime(2019, 5, 6, tzinfo=UTC), 1
    )
    for _ in range(2):
        FolderSink(tmp_path).deliver(one)
    assert [file.name for file in tmp_path.iterdir()] == ["D-19-0001.1.json"]


def test_an_appointment_however_moved_is_one_entry_in_a_calendar(desk: Office, tmp_path: Path) -> None:
    ref, first = an_appointment(desk)
    moved = {"appointment": first, "starts_at": "2019-07-17T10:00", "asked_by": "client", "why": "New shift."}
    second = desk.does(KEYWORKER, RescheduleAppointment.model_validate(moved), ref).version
    desk.does(KEYWORKER, CancelAppointment(appointment=second, asked_by="service", why="Ill."), ref)
    sending(desk, configured_sinks(Settings(outbox_folder=tmp_path), system_clock))
    files = sorted(tmp_path.glob("*.ics"), key=lambda file: int(file.name.split(".")[1]))
    read = [icalendar.Calendar.from_ical(file.read_bytes()) for file in files]
    events = [one for each in read for one in each.walk("VEVENT")]
    assert {str(one["UID"]) for one in events} == {f"{ref}.{first}@cleveland-divert"}
    assert [str(one["SEQUENCE"]) for one in events] == ["0", "1", "2"]
    assert [one.decoded("DTSTART") for one in events] == [
        datetime(2019, 7, 15, 13, 30, tzinfo=UTC),
        *[datetime(2019, 7, 17, 9, 0, tzinfo=UTC)] * 2,
    ]
    assert [str(each["METHOD"]) for each in read] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert [str(one["STATUS"]) for one in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert {str(one["LOCATION"]) for one in events} == {"Safety Hub"}
    assert all(file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n") > 0 for file in files)


# the webhook


def test_a_subscriber_verifies_each_event_and_knows_it_by_its_id(office: Office) -> None:
    ref = office.case_in(State.accepted)
    with listening() as (address, answers):
        settings = Settings(webhook_url=HttpUrl(f"{address}/events"), webhook_secret=SecretStr(SECRET))
        done = sending(office, configured_sinks(settings, system_clock))
    assert [one.fault for one in done] == [None] * 3
    for (path, headers, body), seq in zip(answers.kept, (1, 4, 6), strict=True):
        event = Webhook(SECRET).verify(body, headers)
        sent_as = {name.casefold(): value for name, value in headers.items()}
        assert (path, sent_as["content-type"]) == ("/events", "application/cloudevents+json; charset=utf-8")
        assert (event["specversion"], event["id"], event["subject"]) == ("1.0", f"{ref}.{seq}", ref)
        assert datetime.fromisoformat(event["time"]).tzinfo is not None
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body.replace(b"accepted", b"rejected") + b" ", headers)
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "A" * 32).verify(body, headers)


def test_a_subscriber_who_answers_anything_but_2xx_is_sent_it_again(desk: Office) -> None:
    desk.refers()
    for status in (302, 401, 500):
        with listening(status) as (address, answers):
            to: dict[str, Sink] = {"event": WebhookSink(address, SECRET, system_clock)}
            (tried,) = sending(desk, to, desk.on(desk.today.replace(day=desk.today.day + 1)).now)
            assert tried.fault == f"HTTPStatusError {status}"
            assert len(answers.kept) == 1


def test_a_subscriber_who_is_not_there_is_a_fault_without_an_address(desk: Office) -> None:
    desk.refers()
    to: dict[str, Sink] = {"event": WebhookSink("http://127.0.0.1:1/secret-path", SECRET, system_clock)}
    assert [one.fault for one in sending(desk, to)] == ["ConnectError"]


# GOV.UK Notify


def notify(address: str, folder: Path) -> dict[str, Sink]:
    return configured_sinks(
        Settings(
            outbox_folder=folder,
            notify_key=SecretStr(NOTIFY_KEY),
            notify_url=address,
            notify_text_template="text-template",
            notify_email_template="email-template",
            mailbox="divert-{name}@example.com",
        ),
        system_clock,
    )


def test_texts_and_e_mail_go_by_notify_to_the_person_and_to_the_post(office: Office, tmp_path: Path) -> None:
    ref, seq = an_appointment(office)
    with listening(201) as (address, answers):
        assert not [one.fault for one in sending(office, notify(address, tmp_path)) if one.fault]
    sent = {path: json.loads(body) for path, _, body in answers.kept}
    text, mail = sent["/v2/notifications/sms"], sent["/v2/notifications/email"]
    assert (text["phone_number"].replace(" ", ""), text["template_id"]) == (PHONE.replace(" ", ""), "text-template")
    assert text["reference"] == f"{ref}.{seq}.text.appointment_booked.person"
    assert "Monday 15 July 2019 at 2:30pm" in text["personalisation"]["words"]
    assert mail["email_address"] == "divert-keyworker@example.com"
    assert mail["personalisation"]["subject"] == f"{ref} is yours"
    assert all(headers["Authorization"].startswith("Bearer ") for _, headers, _ in answers.kept)


def test_what_notify_took_before_a_worker_died_is_not_sent_again(desk: Office, tmp_path: Path) -> None:
    an_appointment(desk)
    with listening(201) as (address, answers):
        to = notify(address, tmp_path)
        (text,) = [one.message for one in sending(desk, to) if one.message.channel == "text"]
        before = len(answers.kept)
        to["text"].deliver(again(text))
        assert len(answers.kept) == before


def again(message: Message) -> Message:
    """The same message at its second attempt."""
    return Message(**{**vars(message), "attempt": 2})


@pytest.mark.parametrize(("status", "dead"), [(400, True), (403, False), (429, False), (500, False)])
def test_notify_s_refusal_of_an_address_is_final_and_any_other_is_not(
    desk: Office, tmp_path: Path, status: int, dead: bool
) -> None:
    an_appointment(desk)
    with listening(status) as (address, _):
        tried = [one for one in sending(desk, notify(address, tmp_path)) if one.message.channel == "text"]
    assert [(one.fault or "").startswith("Notify refused it (400)") for one in tried] == [dead]
    assert PHONE not in str(tried[0].fault)


def test_a_person_who_has_no_telephone_any_more_is_a_dead_letter_for_someone_to_see(
    desk: Office, tmp_path: Path
) -> None:
    an_appointment(desk)
    with desk.database.writing() as session:
        desk.find(session, desk.refs[0]).person.phone = None
    with listening(201) as (address, _):
        faults = [one.fault for one in sending(desk, notify(address, tmp_path)) if one.message.channel == "text"]
    assert faults == ["the person has no such address now"]
