"""What must hold at the end of a case, and for what is written beside it."""

from divert.casework.command import CaseCommand, Context
from divert.casework.commands.ending import (
    CHARGED,
    DIVERTED,
    TIME_EXPIRED,
    CloseCase,
    CompleteCase,
    RecordChargingDecision,
)
from divert.casework.commands.record import NOTES, CorrectNote, LinkCases, MergePerson, RecordFollowUp, Sensitive
from divert.casework.guard import Guard, guard
from divert.clock import written_date
from divert.models import Case, Sensitivity, State

# Ending


def _outcome_for_the_date(_case: Case, context: Context, _command: CaseCommand) -> str:
    starts = context.rules.outcomes[DIVERTED].starts
    return (
        f"From {written_date(starts)} a completed case is outcome 22; before that day outcome 22 did not exist:"
        " choose another code and explain it."
        if starts
        else ""
    )


@guard(_outcome_for_the_date)
def outcome_fits_the_date(_case: Case, context: Context, command: CompleteCase) -> bool:
    starts = context.rules.outcomes[DIVERTED].starts
    if starts is not None and context.today < starts:
        return command.outcome_code not in (DIVERTED, CHARGED, TIME_EXPIRED) and bool(command.explanation)
    return command.outcome_code == DIVERTED


def _expired(case: Case, context: Context, command: RecordChargingDecision) -> bool:
    return limit_passed(case, context) and case.limit_on is not None and command.decided_on > case.limit_on


def limit_passed(case: Case, context: Context) -> bool:
    """Whether a time limit set by statute has passed."""
    return case.limit_basis == "statutory" and case.limit_on is not None and context.today > case.limit_on


def _expiry_rule(case: Case, context: Context, command: RecordChargingDecision) -> str:
    if _expired(case, context, command) and case.limit_on:
        return (
            f"The time limit passed on {written_date(case.limit_on)}: this can only be outcome 17,"
            " and it is reported as a failure of the scheme."
        )
    return "Outcome 17 is for an offence whose time limit has passed. This one's has not."


@guard(_expiry_rule)
def expired_only_when_past_the_limit(case: Case, context: Context, command: RecordChargingDecision) -> bool:
    return _expired(case, context, command) == (command.outcome_code == TIME_EXPIRED)


@guard("Outcome 22 is for a case that was completed. This one was returned.")
def not_diverted(_case: Case, _context: Context, command: RecordChargingDecision) -> bool:
    return command.outcome_code != DIVERTED


@guard("A charge was issued.")
def charged(case: Case, _context: Context) -> bool:
    return case.outcome_code == CHARGED


@guard("No charge was issued.")
def not_charged(case: Case, context: Context) -> bool:
    return not charged.holds(case, context)


@guard("That reason does not fit where the case stands.")
def reason_fits_the_state(case: Case, context: Context, command: CloseCase) -> bool:
    states = context.rules.close_reasons[command.reason_code].states
    return not states or case.state in states


@guard("The time limit has not passed, so the case cannot be closed as expired.")
def expired_if_it_says_so(case: Case, context: Context, command: CloseCase) -> bool:
    return command.reason_code != "time_expired" or limit_passed(case, context)


@guard("Only a closing by 'Close the case' can be taken back.")
def was_closed_by_reason(case: Case, _context: Context) -> bool:
    return case.closed_from is not None


def stood(state: State) -> Guard:
    """The guard that says a closed case stood in `state` before."""
    return Guard(
        f"stood_{state.value}",
        f"The case did not stand as {state.label.lower()}.",
        lambda case, _context: case.closed_from == state,
        reads_the_command=False,
    )


# Record


@guard("There is no note with that number.")
def note_exists(case: Case, context: Context, command: CorrectNote) -> bool:
    entry = context.entry(case, command.note)
    return entry is not None and entry.command in NOTES


LEVELS = (Sensitivity.standard, Sensitivity.sensitive, Sensitivity.restricted)


@guard("That does not raise the sensitivity. Use 'Lift the sensitivity' to lower it.")
def upwards(case: Case, _context: Context, command: Sensitive) -> bool:
    return LEVELS.index(command.level) > LEVELS.index(case.sensitivity)


@guard("That does not lower the sensitivity. Use 'Raise the sensitivity' to raise it.")
def downwards(case: Case, _context: Context, command: Sensitive) -> bool:
    return LEVELS.index(command.level) < LEVELS.index(case.sensitivity)


@guard("There is no other case with that reference.")
def other_case_exists(case: Case, context: Context, command: LinkCases | MergePerson) -> bool:
    return command.other_ref != case.ref and context.case(command.other_ref) is not None


def _tables_out(_case: Case, context: Context, _command: CaseCommand) -> str:
    tables = ", ".join(context.rules.harm_tables_on(context.today))
    return f"There is no such table of harm scores yet: there is {tables or 'none'}. Leave out score and table."


@guard(_tables_out)
def harm_table_is_out(_case: Case, context: Context, command: RecordFollowUp) -> bool:
    return command.harm_table is None or command.harm_table in context.rules.harm_tables_on(context.today)
