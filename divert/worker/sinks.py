"""Where messages go: a folder that anyone can open, a subscriber's webhook, GOV.UK Notify."""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx
from notifications_python_client.errors import HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

from divert.clock import Clock
from divert.config import Settings
from divert.law.message_rules import PERSON
from divert.worker.calendar import calendar_file
from divert.worker.outbox import CHANNELS, Message, Undeliverable

PATIENCE_S = 10
WORDS_FOR_NOTIFY = ("subject", "words")

# Its warnings quote answers, which may name people.
logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)


class Sink(Protocol):
    """Takes a message, or raises: Undeliverable where trying again would not help, anything else to be tried again.

    It may be handed a message that it took before (same `key`) and must not pass that on twice where it can tell.
    """

    def deliver(self, message: Message) -> None:
        """Return only once the message is safely the receiver's."""


class FolderSink:
    """One JSON file a message, and a calendar file beside it for an appointment. Written again, it is replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: Message) -> None:
        """The name of a file is the message's key: a case's reference, and no personal data."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if "appointment" in message.body:
            self._write(f"{message.key}.ics", calendar_file(message))
        content = cloud_event(message) if message.channel == "event" else _letter(message)
        self._write(f"{message.key}.json", json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n")

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all."""
        unfinished = self.folder / f".{name}"
        unfinished.write_bytes(content)
        unfinished.replace(self.folder / name)


class WebhookSink:
    """Each event by HTTP POST, as CloudEvents 1.0 in structured JSON, signed as Standard Webhooks 1.0 has it.

    The receiver verifies `webhook-signature` over id, timestamp and body with the shared secret, refuses an old
    timestamp, and ignores a `webhook-id` that it had before. Any answer but 2xx is tried again.
    """

    def __init__(self, url: str, secret: str, clock: Clock) -> None:
        self.url, self.key, self.clock = url, base64.b64decode(secret.removeprefix("whsec_")), clock
        self.client = httpx.Client(timeout=PATIENCE_S)

    def deliver(self, message: Message) -> None:
        """httpx.HTTPError where it was not taken."""
        body = json.dumps(cloud_event(message), ensure_ascii=False).encode()
        at = str(int(self.clock().timestamp()))
        signature = hmac.digest(self.key, b".".join((message.key.encode(), at.encode(), body)), hashlib.sha256)
        headers = {
            "content-type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": message.key,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }
        self.client.post(self.url, content=body, headers=headers).raise_for_status()


class NotifySink:
    """Texts and e-mail by GOV.UK Notify, through two templates that hold ((words)), and ((subject)) for e-mail.

    `mailbox` is where e-mail for staff goes, with {name} for the post or username.
    """

    def __init__(self, key: str, url: str, templates: Mapping[str, str], mailbox: str) -> None:
        self.client = NotificationsAPIClient(key, base_url=url, timeout=PATIENCE_S)
        self.templates, self.mailbox = templates, mailbox

    def deliver(self, message: Message) -> None:
        """Notify does not know a reference again, so every attempt but the first asks whether it has it."""
        address = message.address if message.recipient == PERSON else self.mailbox.format(name=message.recipient)
        if not address:
            raise Undeliverable("the person has no such address now")
        try:
            if message.attempt > 1 and self.client.get_all_notifications(reference=message.key)["notifications"]:
                return
            personalisation = {name: message.body[name] for name in WORDS_FOR_NOTIFY}
            template = self.templates[message.channel]
            if message.channel == "text":
                self.client.send_sms_notification(
                    address, template, {"words": personalisation["words"]}, reference=message.key
                )
            else:
                self.client.send_email_notification(address, template, personalisation, reference=message.key)
        except HTTPError as error:
            if error.status_code == httpx.codes.BAD_REQUEST:
                raise Undeliverable("Notify refused it (400): an address or template that cannot be used") from None
            raise


def cloud_event(message: Message) -> dict[str, Any]:
    """An event in the terms of CloudEvents 1.0. It names a case by its reference and holds no personal data."""
    return {
        "specversion": "1.0",
        "id": message.key,
        "source": "/cleveland-divert",
        "type": f"uk.cleveland-divert.{message.kind}",
        "subject": message.case_ref,
        "time": message.made_at.isoformat(),
        "datacontenttype": "application/json",
        "data": message.body,
    }


def configured_sinks(settings: Settings, clock: Clock) -> dict[str, Sink]:
    """The sink of each channel: the folder, wherever nothing better is set."""
    by_channel: dict[str, Sink] = dict.fromkeys(CHANNELS, FolderSink(settings.outbox_folder))
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        by_channel["event"] = WebhookSink(str(settings.webhook_url), settings.webhook_secret.get_secret_value(), clock)
    if settings.notify_key is not None:
        templates = {"text": settings.notify_text_template, "email": settings.notify_email_template}
        notify = NotifySink(settings.notify_key.get_secret_value(), settings.notify_url, templates, settings.mailbox)
        by_channel |= {"text": notify, "email": notify}
    return by_channel


def _letter(message: Message) -> dict[str, Any]:
    return {
        "id": message.key,
        "case": message.case_ref,
        "by": message.channel,
        "to": message.recipient,
        "subject": message.body["subject"],
        "words": message.body["words"],
        "written_at": message.made_at.isoformat(),
    }
