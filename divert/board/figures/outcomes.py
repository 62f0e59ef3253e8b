"""Figures of contracts, victims, deadlines and the panel. Each is a function of a view."""

from divert.board.counting.case_events import NEAR_MISS, limit_bands
from divert.board.figures.definition import BY_MONTH, Figure, Theme, View, measure, share_figure
from divert.board.figures.flow import NIC, REPORT
from divert.law.rulebook import ConditionKind, rulebook
from divert.models import Role

LIMIT_LAW = "Magistrates' Courts Act 1980 s.127"
VICTIMS_LAW = "Anti-social Behaviour, Crime and Policing Act 2014 s.102; Code of Practice for Victims of Crime"


def completion_of_accepted(view: View) -> Figure:
    """Completion by intention to treat."""
    return share_figure(
        view,
        id="completion-of-accepted",
        theme=Theme.contracts,
        title="Completed, of all accepted",
        numerator="completed",
        denominator="accepted",
        columns={"accepted": "Accepted", "completed": "Completed"},
        definition="Cases completed by the cut-off, out of all that police and probation had both accepted.",
        cohort=f"Everyone accepted, whatever became of them: by intention to treat. {BY_MONTH}",
        authority=f"{NIC}: success rate.",
        must_not_be_read_as=(
            "The rate among those who finish. Whoever declined, left, breached or is still under contract counts as not"
            " completed, so recent months are low because they are recent."
        ),
    )


def completion_of_ended(view: View) -> Figure:
    """Completion among those whose contract is over."""
    return share_figure(
        view,
        id="completion-of-ended",
        theme=Theme.contracts,
        title="Completed, of contracts that are over",
        numerator="completed",
        denominator="contract_over",
        columns={"contract_over": "Contract over", "completed": "Completed"},
        definition=(
            "Cases completed by the cut-off, out of all whose contract was signed and is over: completed, ended by a"
            " breach or new offence, or closed for any reason, death included."
        ),
        cohort=f"Those who signed and whose contract is over. {BY_MONTH}",
        authority=f"{NIC}: success rate.",
        must_not_be_read_as=(
            "What the scheme does for everyone it takes: those who never signed are left out, and in recent months"
            " short contracts and early failures are over first."
        ),
    )


def breach(view: View) -> Figure:
    """Breaches and new offences reported, and how many ended the contract."""
    return share_figure(
        view,
        id="breach",
        theme=Theme.contracts,
        title="Breach or new offence reported, of contracts signed",
        numerator="breached",
        denominator="signed",
        columns={"signed": "Contract signed", "breached": "Breach reported", "ended_by_breach": "Ended by a breach"},
        measures=[measure("Ended by a breach, of signed", view.share("ended_by_breach", "signed"))],
        definition=(
            "Cases in which a breach or a new offence was reported by the cut-off, out of all with a signed contract;"
            " beside them those that ended for it."
        ),
        cohort=BY_MONTH,
        authority="Scheme procedure: failure may, not must, lead to prosecution.",
        must_not_be_read_as="Reoffending. A report is not a finding, a missed meeting is no offence, and some go on.",
    )


def breach_decisions(view: View) -> Figure:
    """What was decided on reports of a breach."""
    return share_figure(
        view,
        id="breach-decisions",
        theme=Theme.contracts,
        title="What breach decisions came to",
        numerator="breach_decisions",
        denominator="breach_reports",
        columns={"breach_decisions": "Decisions"},
        by="decision",
        labels={"continue": "Goes on", "warn": "Goes on with a warning", "vary": "Goes on, changed", "end": "Ended"},
        definition=(
            "Decisions on reports of a breach or new offence by the cut-off, out of all reports. A report decided again"
            " after a review counts again."
        ),
        cohort="Every report.",
        authority="Scheme procedure: not decided by whoever reported it, and probation is heard.",
        must_not_be_read_as="How grave the breaches were: the same lapse can rightly end one contract and not another.",
    )


def appointments(view: View) -> Figure:
    """Appointments kept."""
    return share_figure(
        view,
        id="appointments",
        theme=Theme.contracts,
        title="Appointments kept",
        numerator="appointments_kept",
        denominator="appointments",
        columns={"appointments": "Appointments", "appointments_kept": "Kept"},
        definition=(
            "Appointments to which the person came, out of all recorded by the cut-off; one that failed through the"
            " service's own fault is in neither."
        ),
        cohort="Every appointment recorded, by month of referral. One person can have many.",
        authority=f"{NIC}: response and compliance.",
        must_not_be_read_as="People: a few who miss often weigh as much as many who miss once.",
    )


def conditions(view: View) -> Figure:
    """Conditions kept, by kind."""
    return share_figure(
        view,
        id="conditions",
        theme=Theme.contracts,
        title="Conditions kept, by kind",
        numerator="conditions_kept",
        denominator="conditions",
        columns={"conditions": "Conditions", "conditions_kept": "Kept"},
        by="kind",
        labels={kind.value: kind.label for kind in ConditionKind},
        measures=[measure("Waived, of conditions", view.share("conditions_waived", "conditions"))],
        definition="Conditions recorded as kept, out of those of contracts that are over, as known at the cut-off.",
        cohort="Every condition of contracts that have ended, but for those withdrawn when a contract was varied.",
        authority=f"{NIC}: compliance.",
        must_not_be_read_as="Change in people: a condition can be kept to the letter, or missed by one who changed.",
    )


def providers(view: View) -> Figure:
    """Conditions kept, by provider."""
    known = sorted({name for condition in rulebook().conditions.values() for name in condition.providers})
    return share_figure(
        view,
        id="providers",
        theme=Theme.contracts,
        title="Conditions kept, by provider",
        numerator="conditions_kept",
        denominator="conditions",
        columns={"conditions": "Conditions", "conditions_kept": "Kept"},
        by="provider",
        labels={name: name for name in known} | {"another, or none": "Another, or none"},
        definition="Conditions recorded as kept, out of those of contracts that are over, by their provider.",
        cohort=(
            "Every condition of contracts that have ended, but for those withdrawn when a contract was varied."
            " Providers that are not in the scheme's own list are put together."
        ),
        authority=f"{NIC}: provision.",
        must_not_be_read_as="Which provider is better: who is sent to whom depends on what they need.",
    )


def victims(view: View) -> Figure:
    """Victims asked, and their wishes on record."""
    return share_figure(
        view,
        id="victims",
        theme=Theme.care,
        title="Victims whose wishes are on record",
        numerator="victims_answered",
        denominator="victims",
        columns={"victims": "With a victim", "victims_asked": "Contact tried", "victims_answered": "Wishes on record"},
        measures=[measure("Contact tried, of cases with a victim", view.share("victims_asked", "victims"))],
        definition=(
            "Cases in which the victim's views were recorded, or that they declined to give any, by the cut-off, out of"
            " all with a person or business as victim."
        ),
        cohort=f"Cases with a victim. {BY_MONTH}",
        authority=f"{VICTIMS_LAW}.",
        must_not_be_read_as=(
            "Satisfaction, or that wishes were followed: it says that what victims wished, or that they would say"
            " nothing, was written down."
        ),
    )


def caseload(view: View) -> Figure:
    """Cases held, by post."""
    return share_figure(
        view,
        id="caseload",
        theme=Theme.care,
        title="Open cases held by a keyworker",
        numerator="caseload",
        denominator="open",
        columns={"caseload": "Cases"},
        by="post",
        labels={role.value: role.label for role in Role} | {"left": "No longer staff"},
        definition="Open cases that a keyworker held at the cut-off, out of all open; by the keyworker's post.",
        cohort="Cases open at the cut-off.",
        authority=f"{REPORT}: posts of the scheme.",
        must_not_be_read_as="Work: one case can be a telephone call a month, another a day a week.",
    )


def limits_at_risk(view: View) -> Figure:
    """Open cases whose time limit is near or passed."""
    return share_figure(
        view,
        id="limits-at-risk",
        theme=Theme.care,
        title="Open cases near or past a time limit",
        numerator="near_statutory_limit",
        denominator="statutory_limit",
        columns={"near_statutory_limit": "Set by statute", "near_precautionary_limit": "Kept as a precaution"},
        by="left",
        labels={name: name.capitalize() for name in limit_bands()},
        definition=(
            f"Open cases with at most {max(rulebook().limit_alert_days)} days left, at the cut-off, until the last day"
            " on which a charge can be issued, or with none left, out of all open cases with a limit set by statute."
            " Limits kept only as a precaution stand beside them and are not in the share."
        ),
        cohort="Cases open at the cut-off.",
        authority=f"{LIMIT_LAW}; the days are those on which the owner is reminded.",
        must_not_be_read_as="Charges lost: one can still be issued until the last day, and a kept contract needs none.",
    )


def limits_expired(view: View) -> Figure:
    """Returned cases that nobody can be charged for any more."""
    return share_figure(
        view,
        id="limits-expired",
        theme=Theme.care,
        title="Time limit expired: a failure of the scheme",
        numerator="expired",
        denominator="returned_ended",
        columns={"returned_ended": "Ended", "expired": "Expired"},
        definition=(
            "Returned cases recorded by the cut-off as outcome 17, that the time limit had passed, out of all returned"
            " cases whose end was recorded. Every one is a failure of the scheme."
        ),
        cohort="Cases returned to the force that were charged or closed, by month of referral.",
        authority=f"Home Office crime outcome 17; {LIMIT_LAW}.",
        must_not_be_read_as="All that was lost: a returned case that is still open past its limit is not here yet.",
    )


def near_misses(view: View) -> Figure:
    """Charges issued on the last days."""
    bands = [name for name in limit_bands() if name != "passed"]
    return share_figure(
        view,
        id="near-misses",
        theme=Theme.care,
        title=f"Charged with at most {NEAR_MISS} days left",
        numerator="near_miss",
        denominator="charged_with_limit",
        columns={"charged_with_limit": "Charged"},
        by="left",
        labels={name: name.capitalize() for name in bands},
        definition=(
            f"Charges issued with at most {NEAR_MISS} days left of a limit set by statute, out of all charges in"
            " returned cases with such a limit. By the day of the charge; where that is no longer on record, of its"
            " entry."
        ),
        cohort="Cases returned to the force and charged, where a statute sets a limit.",
        authority=f"{LIMIT_LAW}.",
        must_not_be_read_as="Charges out of time: these were in time, by little.",
    )


def scrutiny(view: View) -> Figure:
    """What the panel found."""
    scores = [score for scale in rulebook().score_editions.values() for score in scale.values()]
    return share_figure(
        view,
        id="scrutiny",
        theme=Theme.care,
        title="Found inappropriate by the scrutiny panel, or not concluded",
        numerator="inappropriate",
        denominator="findings",
        columns={"findings": "Policies"},
        by="score",
        labels={str(score.code): f"{score.code}: {score.title}" for score in scores},
        definition=(
            "Packs on which the panel's latest finding by the cut-off is that the decision was inappropriate, or that"
            " it could not conclude, which counts as the worst until it is settled, out of all packs found on. Each"
            " finding stands by itself in the table."
        ),
        cohort="Cases drawn at random; those chosen for a theme are not in it.",
        authority="Out of Court Disposal Scrutiny Panel: its own scale.",
        must_not_be_read_as=(
            "The scheme's rate of wrong decisions: a few packs a quarter cannot exclude a good many. Each meeting says"
            " what its draw proves."
        ),
    )


CONTRACTS = (completion_of_accepted, completion_of_ended, breach, breach_decisions, appointments, conditions, providers)
CARE = (victims, caseload, limits_at_risk, limits_expired, near_misses, scrutiny)
