"""What all tables share: names of constraints, and instants that are always UTC."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, ForeignKey, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from divert.models.states import Role, Sensitivity, State


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on both databases (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant; keep the rest as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Model(DeclarativeBase):
    """All tables share one set of constraint names, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name
        datetime: Instant,
        dict[str, Any]: JSON,
        State: Enum(State, native_enum=False, length=20, create_constraint=False),
        Role: Enum(Role, native_enum=False, length=30, create_constraint=False),
        Sensitivity: Enum(Sensitivity, native_enum=False, length=12, create_constraint=False),
    }


def case_key() -> Mapped[int]:
    """The case a row belongs to; with `seq` it is the row's key."""
    return mapped_column(ForeignKey("cases.id"), primary_key=True)


def entry_key() -> Mapped[int]:
    """The ledger entry that made a row."""
    return mapped_column(primary_key=True, autoincrement=False)
