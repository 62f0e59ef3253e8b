"""What must hold before a document is issued."""

from divert.casework.command import Context
from divert.casework.commands.documents import IssueDocument, sha256
from divert.casework.guard import guard
from divert.casework.guards.victim import has_a_victim
from divert.models import Case
from divert.people.rights import listed


def _when_it_is_issued(case: Case, _context: Context, command: IssueDocument) -> str:
    settled, now = command.settled, case.state.label.lower()
    states = " or ".join(state.label.lower() for state in settled.states)
    return f"The {settled.title.lower()} is issued while a case is {states}. This one is {now}."


@guard(_when_it_is_issued)
def document_fits_the_state(case: Case, _context: Context, command: IssueDocument) -> bool:
    return case.state in command.settled.states


def _who_issues_it(_case: Case, _context: Context, command: IssueDocument) -> str:
    able = listed(command.settled.by, " or ")
    return f"The {command.settled.title.lower()} is issued by the {able}."


@guard(_who_issues_it)
def document_is_theirs_to_issue(_case: Case, context: Context, command: IssueDocument) -> bool:
    return context.by.role in command.settled.by


@guard("There is no victim in this case to write to.")
def there_is_a_reader(case: Case, context: Context, command: IssueDocument) -> bool:
    return command.settled.reader != "the victim" or has_a_victim.holds(case, context)


def _what_is_missing(_case: Case, _context: Context, command: IssueDocument) -> str:
    kinds = {"appointment": "no booked appointment", "breach": "no report of a breach"}
    return f"There is {kinds[command.settled.about or 'breach']} with number {command.about} in this case."


@guard(_what_is_missing)
def what_it_is_about_is_there(case: Case, _context: Context, command: IssueDocument) -> bool:
    match command.settled.about:
        case "appointment":
            return any(
                appointment.number == command.about and appointment.status == "booked"
                for appointment in case.appointments
            )
        case "breach":
            return any(report.seq == command.about for report in case.breaches)
        case _:
            return True


CAN_BE_MADE = (document_fits_the_state, document_is_theirs_to_issue, there_is_a_reader, what_it_is_about_is_there)
"""What must hold before a document can even be previewed."""


@guard("What would be issued now is not what was previewed: the case, or the day, has changed. Look at it again.")
def is_what_was_previewed(case: Case, context: Context, command: IssueDocument) -> bool:
    if not all(required.holds(case, context, command) for required in CAN_BE_MADE):
        return True  # there is nothing to compare, and the reasons are given already
    return sha256(command.render_pdf(case, context)) == command.sha256
