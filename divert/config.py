"""Settings: everything that differs between one installation and the next, read from DIVERT_* variables."""

import secrets
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    https: bool = Field(default=False, description="True where pages are served over HTTPS: cookies are marked Secure.")
    max_body_bytes: int = Field(default=2_000_000, gt=0, description="The largest request body accepted, in bytes.")
    requests_per_minute: int = Field(default=1200, gt=0, description="What one caller may ask a minute; then 429.")

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
