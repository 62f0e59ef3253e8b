"""The PostgreSQL that the tests run on."""

from pathlib import Path

import psycopg
import pytest

from tests.databases import drop_postgres, fresh_postgres, lifeline, postgres_server, started, wheel_binaries


def answers(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_a_copy_holds_what_its_template_holds_and_changes_apart_from_it(postgres_admin_url: str) -> None:
    template = fresh_postgres(postgres_admin_url)
    with psycopg.connect(template) as connection:
        connection.execute("CREATE TABLE cases AS SELECT 'D-19-0001' AS ref")
    copy = fresh_postgres(postgres_admin_url, template)
    with psycopg.connect(copy) as connection:
        connection.execute("INSERT INTO cases VALUES ('D-19-0002')")
    assert answers(copy, "SELECT count(*) FROM cases") == 2
    assert answers(template, "SELECT count(*) FROM cases") == 1
    for url in (copy, template):
        drop_postgres(postgres_admin_url, url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(copy)


def test_a_server_for_measurements_writes_through_to_the_disk_and_goes_with_its_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DIVERT_TEST_POSTGRES_URL", raising=False)
    with postgres_server(durable=True) as url:
        assert answers(url, "SHOW fsync") == "on"
        folder = Path(str(answers(url, "SHOW unix_socket_directories")))
        assert folder.exists()
    assert not folder.exists()


def test_where_the_system_has_no_postgresql_the_wheel_s_serves() -> None:
    with lifeline() as folder:
        url = started(folder, wheel_binaries())
        assert str(answers(url, "SHOW server_version")).startswith("18.")
        assert answers(url, "SHOW server_encoding") == "UTF8"
