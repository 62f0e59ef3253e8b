"""What must hold of the two decisions, police and probation, and of what follows a refusal."""

from divert.casework.command import Context
from divert.casework.commands.decisions import Decide, ReturnToForce
from divert.casework.guard import guard
from divert.models import Case
from divert.people.rights import SIDES


@guard("The facts have changed since eligibility was checked. Check it again first.")
def verdict_up_to_date(case: Case, _context: Context) -> bool:
    return not case.verdict_out_of_date


@guard("Eligibility is not yet known. Supply the missing facts and check again.")
def verdict_known(case: Case, _context: Context) -> bool:
    return case.verdict not in (None, "not_yet_known")


@guard("This side has decided already. Use 'Reconsider your decision'.")
def side_has_not_decided(case: Case, context: Context) -> bool:
    return case.decision(SIDES[context.by.role]) is None


@guard("You have made no decision in this case that could be reconsidered.")
def decided_before(case: Case, context: Context) -> bool:
    mine = case.decision(SIDES[context.by.role])
    return mine is not None and mine.by == context.by.username


@guard("Police and probation decide separately: two different people.")
def two_different_people(case: Case, context: Context) -> bool:
    others = [case.decision(side) for side in SIDES.values() if side != SIDES[context.by.role]]
    return all(other is None or other.by != context.by.username for other in others)


@guard("This goes against the verdict, so it is an override. Say why.")
def override_is_explained(case: Case, _context: Context, command: Decide) -> bool:
    return not command.is_override(case) or bool(command.override_reason)


@guard("Nobody has said no. A case goes back to the force only after a refusal.")
def someone_refused(case: Case, _context: Context) -> bool:
    return any(
        decision is not None and not decision.accept
        for decision in (case.decision("police"), case.decision("probation"))
    )


@guard("That reason does not fit where the case stands: it comes from another step.")
def return_reason_fits(case: Case, context: Context, command: ReturnToForce) -> bool:
    return case.state in context.rules.return_reasons[command.reason_code].states


@guard("Police and probation have both said yes.")
def both_agree(case: Case, _context: Context) -> bool:
    return all(
        decision is not None and decision.accept for decision in (case.decision("police"), case.decision("probation"))
    )
