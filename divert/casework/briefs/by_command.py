"""Which command's form shows what, before the person who fills it in: the steps taken, like cases, and the clock."""

from collections.abc import Callable, Mapping

from divert.casework.briefs.breach import Section, before_charging, before_deciding, before_reporting
from divert.casework.briefs.terms import before_signing
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.breach import DecideBreach, ReportBreach, ReviewBreach
from divert.casework.commands.contract import PauseContract, SignContract, VaryContract
from divert.casework.commands.ending import RecordChargingDecision
from divert.models import Case

BEFORE: Mapping[type[CaseCommand], Callable[[Case, Context], list[Section]]] = {
    SignContract: before_signing,
    VaryContract: before_signing,
    PauseContract: before_signing,
    ReportBreach: before_reporting,
    DecideBreach: before_deciding,
    ReviewBreach: before_charging,
    RecordChargingDecision: before_charging,
}
