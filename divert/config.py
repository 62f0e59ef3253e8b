"""Settings: everything that differs between one installation and the next, read from DIVERT_* variables."""

import re
import secrets
from functools import lru_cache
from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

WEBHOOK_SECRET = re.compile(r"whsec_(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")


class Settings(BaseSettings):
    """One installation's settings. Each is read from the environment as DIVERT_ and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="DIVERT_", extra="ignore")

    database_url: str = Field(
        default="sqlite:///var/divert.db",
        description="Where cases are kept: sqlite:///FILE (embedded, the default) or postgresql://USER@HOST/NAME.",
    )
    secret: SecretStr | None = Field(
        default=None, description="Signs page sessions. Blank: one is made and kept in var/secret."
    )
    secret_file: Path = Field(default=Path("var/secret"), description="Where that one is kept.")
    https: bool = Field(
        default=True,
        description="False only for plain HTTP on this machine itself: cookies are then not marked Secure.",
    )
    max_body_bytes: int = Field(default=2_000_000, gt=0, description="The largest request body accepted, in bytes.")
    max_file_bytes: int = Field(
        default=10_000_000, gt=0, description="The largest file of evidence accepted, in bytes."
    )
    evidence_folder: Path = Field(
        default=Path("var/evidence"), description="Where files of evidence are kept, each under its SHA-256."
    )
    requests_per_minute: int = Field(default=1200, gt=0, description="What one caller may ask a minute; then 429.")

    outbox_folder: Path = Field(
        default=Path("var/outbox"), description="Where messages are put that no service below is set to take."
    )
    webhook_url: HttpUrl | None = Field(
        default=None, description="Where each event is sent: CloudEvents 1.0 by HTTP POST, signed."
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="Signs them (Standard Webhooks): whsec_ and at least 24 bytes in base64."
    )
    notify_key: SecretStr | None = Field(default=None, description="GOV.UK Notify API key, for texts and e-mail.")
    notify_url: str = Field(default="https://api.notifications.service.gov.uk", description="Where Notify is.")
    notify_text_template: str = Field(default="", description="Notify's template for texts: it holds ((words)).")
    notify_email_template: str = Field(
        default="", description="Notify's template for e-mail: its subject holds ((subject)), its body ((words))."
    )
    mailbox: str = Field(
        default="{name}@example.com", description="Where e-mail for staff goes: {name} is the post or username."
    )

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        """What is of use only together is there together."""
        if (self.webhook_url is None) != (self.webhook_secret is None):
            raise ValueError("DIVERT_WEBHOOK_URL and DIVERT_WEBHOOK_SECRET: set both or neither.")
        if self.webhook_secret is not None and not WEBHOOK_SECRET.match(self.webhook_secret.get_secret_value()):
            raise ValueError("DIVERT_WEBHOOK_SECRET: write whsec_ and at least 24 bytes in base64.")
        if self.notify_key is not None and not (self.notify_text_template and self.notify_email_template):
            raise ValueError("DIVERT_NOTIFY_KEY: set DIVERT_NOTIFY_TEXT_TEMPLATE and DIVERT_NOTIFY_EMAIL_TEMPLATE too.")
        return self

    def signing_secret(self) -> str:
        """The secret that signs page sessions; made once and kept readable by the owner alone."""
        if self.secret is not None:
            return self.secret.get_secret_value()
        if not self.secret_file.exists():
            self.secret_file.parent.mkdir(parents=True, exist_ok=True)
            self.secret_file.touch(mode=0o600)
            self.secret_file.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        return self.secret_file.read_text(encoding="utf-8").strip()


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
