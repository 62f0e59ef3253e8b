"""The facts that a policy reads, derived once from what an officer said at referral. Pure."""

from collections.abc import Sequence
from datetime import date

from divert.eligibility.facts import Facts, FurtherOffence, ReferralFacts
from divert.eligibility.policy import Policy
from divert.law.offences import Basis, Catalogue
from divert.law.time_limits import Limit, add_months, earliest, latest_start, limit_for


def derive(referral: ReferralFacts, policy: Policy, offences: Catalogue) -> Facts:
    """The facts of a referral, with contract length and buffer as the pack has them. Raises UnknownOffence."""
    on, born = referral.referred_on, referral.date_of_birth
    alleged: Sequence[ReferralFacts | FurtherOffence] = [referral, *referral.further_offences]
    known = [offences.find(offence.offence_code, on) for offence in alleged if offence.offence_code is not None]
    all_known = len(known) == len(alleged)
    dates = [offence.offence_on for offence in alleged if offence.offence_on is not None]
    forces = tuple(offence.offence_force for offence in alleged if offence.offence_force is not None)
    limits: list[Limit] = []
    undated: set[Basis] = set() if all_known else {Basis.statutory, Basis.precautionary}
    for offence in alleged:
        if offence.offence_code is None:
            continue
        listed = offences.find(offence.offence_code, on)
        if offence.offence_on is None:
            undated.add(listed.limit.basis)
        else:
            limits.append(limit_for(listed, offence.offence_on, offence.value_gbp))

    def fit(basis: Basis) -> tuple[bool | None, date | None, date | None]:
        limit = earliest(limits, basis)
        start = latest_start(limit, policy.time_limit.buffer_days, policy.contract.max_months)
        if start is not None and on > start:
            return False, limit.last_day, start
        return None if basis in undated else True, limit.last_day, start

    fits, limit_on, start_by = fit(Basis.statutory)
    fits_precaution, precaution_on, _ = fit(Basis.precautionary)
    return Facts(
        age=None if born is None else on.year - born.year - ((on.month, on.day) < (born.month, born.day)),
        district=referral.district,
        offence_codes=tuple(listed.code for listed in known) if all_known else None,
        offence_modes=tuple(listed.mode.value for listed in known) if all_known else None,
        offence_forces=forces if len(forces) == len(alleged) else None,
        offence_age_months=max(_whole_months(day, on) for day in dates) if len(dates) == len(alleged) else None,
        admission=referral.admission,
        remorse=referral.remorse,
        sufficient_evidence=referral.sufficient_evidence,
        agreement_signed=referral.agreement_signed_on is not None,
        previous_convictions=referral.previous_convictions,
        previous_divert=referral.previous_divert,
        current_order=referral.current_order,
        on_bail=referral.on_bail,
        detained=referral.detained,
        co_accused=referral.co_accused,
        hate_crime=referral.hate_crime,
        domestic_abuse=referral.domestic_abuse,
        custody_likely=referral.custody_likely,
        gravity=referral.gravity,
        gravity_matrix=referral.gravity_matrix,
        fits_time_limit=fits,
        time_limit_on=limit_on,
        latest_start=start_by,
        fits_precautionary_limit=fits_precaution,
        precautionary_limit_on=precaution_on,
    )


def _whole_months(start: date, end: date) -> int:
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1
