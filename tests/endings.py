"""The ways a case can go, each told once for whoever needs a population: a person is referred today, and then …"""

from datetime import timedelta
from typing import Any

from divert.casework.commands.breach import DecideBreach
from divert.casework.commands.contract import DeclineContract
from divert.casework.commands.decisions import (
    CheckEligibility,
    DecideForPolice,
    DecideForProbation,
    Reconsider,
    ReturnToForce,
)
from divert.casework.commands.ending import CloseCase, RecordChargingDecision
from divert.casework.commands.referral import RecordReferralAgreement
from divert.models import State
from tests.office import INSPECTOR, MANAGER, OFFICER, PATHS, PROBATION_LEAD, Office


def somebody(office: Office, **facts: Any) -> str:
    """A new person and a new crime of three days ago, shop theft of a low value unless said otherwise."""
    number = len(office.refs) + 1
    new = {"crime_ref": f"CVP-19-{number:06}", "surname": f"Person{number:04}"}
    return office.refers(**{**new, "offence_on": (office.today - timedelta(days=3)).isoformat(), **facts})


def drunk(office: Office, **facts: Any) -> str:
    """Drunk and disorderly: summary only, so a charge has to be issued within six months; and no victim."""
    return somebody(office, offence_code="CJ67002", value_gbp=None, victim_kind="none", **facts)


def judged(office: Office, ref: str) -> str:
    """Agreed and checked, where there is no victim to ask."""
    office.does(OFFICER, RecordReferralAgreement(signed_on=office.today), ref)
    office.does(INSPECTOR, CheckEligibility(), ref)
    return ref


def completes(office: Office) -> str:
    """Everything kept, a month later."""
    return PATHS[State.completed](office, somebody(office))


def declines(office: Office) -> str:
    """Accepted, and will not sign."""
    ref = office.accepts(office.checks(somebody(office)))
    office.does(INSPECTOR, DeclineContract(reasons="Would rather go to court."), ref)
    return ref


def breaches(office: Office, decision: str = "end") -> str:
    """A breach two weeks after signing, and what the inspector decides."""
    ref = PATHS[State.breach_review](office, somebody(office))
    said = {"decision": decision, "probation_view": "No contact since.", "reasons": "No word from them."}
    office.does(INSPECTOR, DecideBreach.model_validate(said), ref)
    return ref


def is_ineligible(office: Office) -> str:
    """No admission: both say no, as the policy advises."""
    ref = office.checks(somebody(office, admission="no"))
    office.does(INSPECTOR, DecideForPolice(accept=False, reasons="No admission."), ref)
    office.does(PROBATION_LEAD, DecideForProbation(accept=False, reasons="No admission."), ref)
    office.does(INSPECTOR, ReturnToForce(reason_code="ineligible", reasons="No admission."), ref)
    return ref


def is_refused(office: Office) -> str:
    """A previous conviction, so a matter of judgement: both say no."""
    ref = office.checks(somebody(office, previous_convictions=1))
    office.does(INSPECTOR, DecideForPolice(accept=False, reasons="Third theft this year."), ref)
    office.does(PROBATION_LEAD, DecideForProbation(accept=False, reasons="We agree."), ref)
    office.does(INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons="Both said no."), ref)
    return ref


def is_disagreed_on(office: Office) -> str:
    """A previous conviction: probation says yes, police no, and probation gives way."""
    ref = office.checks(somebody(office, previous_convictions=1))
    office.does(PROBATION_LEAD, DecideForProbation(accept=True, reasons="Old and different."), ref)
    office.does(INSPECTOR, DecideForPolice(accept=False, reasons="Too recent."), ref)
    office.does(PROBATION_LEAD, Reconsider(accept=False, reasons="We accept that."), ref)
    office.does(INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons="Talked through."), ref)
    return ref


def is_refused_though_eligible(office: Office) -> str:
    """Eligible in every way, and the police say no: an override."""
    ref = office.checks(somebody(office))
    no = DecideForPolice(accept=False, reasons="Too grave.", override_reason="A vulnerable shopkeeper.")
    office.does(INSPECTOR, no, ref)
    office.does(INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons="Police said no."), ref)
    return ref


def withdraws(office: Office) -> str:
    """Changes their mind before anyone has decided."""
    ref = office.checks(somebody(office))
    office.does(MANAGER, CloseCase(reason_code="withdrew_before_start", explanation="Said so by telephone."), ref)
    return ref


def sent_back(office: Office, ref: str) -> str:
    """The police say no to a case for review, and return it."""
    office.does(INSPECTOR, DecideForPolice(accept=False, reasons="Third time this year."), ref)
    office.does(INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons="Police said no."), ref)
    return ref


def charged(office: Office, ref: str, outcome_code: int = 1) -> str:
    """The charging decision on a returned case, today."""
    decision = RecordChargingDecision(outcome_code=outcome_code, decided_on=office.today)
    office.does(INSPECTOR, decision, ref)
    return ref
