"""How often a password may be guessed, on both databases."""

from datetime import timedelta
from threading import Barrier, Thread

from sqlalchemy import func, select

from divert.models import LoginAttempts
from divert.people import login_attempts as guesses
from divert.people import sessions as visits
from divert.people.login_attempts import ACCOUNT, ADDRESS, FORGOTTEN_AFTER
from tests.office import OFFICER, Office

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def guesses_at(office: Office, username: str, address: str) -> int:
    with office.database.writing() as session:
        return guesses.count_attempt(session, username, address, office.now)


def test_an_account_is_closed_for_a_while_from_wherever_the_guesses_come(office: Office) -> None:
    said = [guesses_at(office, "officer", f"192.0.2.{place}") for place in range(ACCOUNT.max_attempts + 2)]
    assert said == [0] * ACCOUNT.max_attempts + [60, 60]
    assert guesses_at(office, "manager", HERE) == 0
    office.minutes += 1
    assert [guesses_at(office, "officer", HERE) for _ in range(2)] == [0, 60]


def test_an_address_is_closed_for_a_while_whichever_accounts_it_guesses_at(office: Office) -> None:
    said = [guesses_at(office, f"name.{number}", HERE) for number in range(ADDRESS.max_attempts + 1)]
    assert said == [0] * ADDRESS.max_attempts + [10]
    assert guesses_at(office, "officer", ELSEWHERE) == 0


def test_whoever_gets_it_right_owes_nothing(office: Office) -> None:
    for _ in range(3 * ADDRESS.max_attempts):
        assert guesses_at(office, "officer", HERE) == 0
        with office.database.writing() as session:
            guesses.count_success(session, "officer", HERE, office.now)


def test_strangers_cannot_lock_somebody_out_of_where_they_have_signed_in_before(office: Office) -> None:
    with office.database.writing() as session:
        visits.begin(session, OFFICER.username, office.now, address=HERE)
    for _ in range(ACCOUNT.max_attempts):
        guesses_at(office, "officer", ELSEWHERE)
    assert guesses_at(office, "officer", ELSEWHERE) > 0
    assert guesses_at(office, "officer", HERE) == 0


def test_many_at_once_count_as_many(office: Office) -> None:
    ready, said = Barrier(ACCOUNT.max_attempts + 4), []

    def stranger() -> None:
        ready.wait(timeout=60)
        said.append(guesses_at(office, "officer", HERE))

    threads = [Thread(target=stranger) for _ in range(ACCOUNT.max_attempts + 4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said) == [0] * ACCOUNT.max_attempts + [60] * 4


def test_what_has_drained_away_is_forgotten_and_no_name_is_kept(office: Office) -> None:
    for number in range(5):
        guesses_at(office, f"name.{number}", HERE)
    office.on(office.today + FORGOTTEN_AFTER + timedelta(days=1))
    guesses_at(office, "officer", ELSEWHERE)
    with office.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempts)) == 2
        assert all(len(of) == 64 for of in session.scalars(select(LoginAttempts.of)))
