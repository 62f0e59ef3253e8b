"""Whoever signs, varies or pauses a contract sees beforehand how long it may run, and what the law leaves."""

from datetime import date

from divert.casework.briefs.terms import before_signing
from divert.casework.command import Context
from divert.casework.commands.contract import PauseContract
from divert.models import State
from tests.office import KEYWORKER, PROBATION_LEAD, Office
from tests.refusals import DRUNK


def before_the_keyworker(office: Office, ref: str) -> dict[str, str]:
    with office.database.reading() as session:
        case = office.find(session, ref)
        [section] = before_signing(case, Context(session, KEYWORKER, office.now, case.version + 1))
    return dict(section.lines)


def test_low_value_shop_theft_warns_of_the_limit_that_is_kept_as_a_precaution(office: Office) -> None:
    told = before_the_keyworker(office, office.case_in(State.accepted))
    assert told["By the scheme"] == "Up to 4 months: signed today, to 6 September 2019 at the latest."
    assert told["As a precaution"] == (
        "On current authority no limit binds. As a precaution 30 October 2019 is kept: "
        "one that ends after 16 October 2019 leaves fewer than 14 days before it."
    )
    assert "6 months after 30 April 2019 end on 30 October 2019" in told["How that is reckoned"]


def test_a_summary_offence_names_the_last_day_that_would_do(office: Office) -> None:
    ref = office.refers(**DRUNK, offence_on="2019-01-25")
    told = before_the_keyworker(office, ref)
    assert told["By law"] == (
        "A charge has to be issued by 25 July 2019. 14 days are kept back to decide, so it must end by 11 July 2019."
    )


def test_a_theft_of_great_value_has_no_limit_to_tell_of(office: Office) -> None:
    told = before_the_keyworker(office, office.refers(value_gbp="900.00"))
    assert told["By law"] == "No time limit runs for this offence."


def test_a_pause_of_the_contracts_end_lengthens_what_the_scheme_allows(office: Office) -> None:
    ref = office.case_in(State.active)
    away = PauseContract(from_on=office.today, until_on=date(2019, 5, 12), stops=["contract_end"], why="Away.")
    office.does(PROBATION_LEAD, away, ref)
    told = before_the_keyworker(office, ref)
    assert told["By the scheme"] == (
        "Up to 4 months: first signed on 6 May 2019, with 7 days of pauses, to 13 September 2019 at the latest."
    )
