"""What lies before whoever signs, varies or pauses a contract: how long it may run, and what the law leaves."""

from datetime import timedelta

from divert.casework.briefs.breach import Lines, Section
from divert.casework.command import Context
from divert.casework.commands.referral import clock_of, referral_facts
from divert.casework.guards.term import days_paused
from divert.clock import written_date
from divert.law.time_limits import add_months
from divert.models import Case


def before_signing(case: Case, context: Context) -> list[Section]:
    """The days between which a contract's end must lie, each with its reason."""
    return [Section("How long it may run", [*_longest(case, context), *_limit(case, context)])]


def _longest(case: Case, context: Context) -> Lines:
    months, paused = context.policy(case).contract.max_months, days_paused(case)
    first = case.contracts[0].signed_on if case.contracts else context.today
    begun = f"first signed on {written_date(first)}" if case.contracts else "signed today"
    last = add_months(first, months) + timedelta(days=paused)
    more = f", with {paused} days of pauses" if paused else ""
    return [("By the scheme", f"Up to {months} months: {begun}{more}, to {written_date(last)} at the latest.")]


def _limit(case: Case, context: Context) -> Lines:
    if case.limit_on is None:
        return [("By law", "No time limit runs for this offence.")]
    kept_back = context.policy(case).time_limit.buffer_days
    latest = written_date(case.limit_on - timedelta(days=kept_back))
    reckoned = ("How that is reckoned", clock_of(referral_facts(case)).reasoning)
    if case.limit_basis == "statutory":
        binding = (
            f"A charge has to be issued by {written_date(case.limit_on)}. {kept_back} days are kept back to decide"
        )
        return [("By law", f"{binding}, so it must end by {latest}."), reckoned]
    warning = (
        f"On current authority no limit binds. As a precaution {written_date(case.limit_on)} is kept: "
        f"one that ends after {latest} leaves fewer than {kept_back} days before it."
    )
    return [("As a precaution", warning), reckoned]
