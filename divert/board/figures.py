"""The board's figures, one function each, all from casework's own history and never from the access log.

A figure is asked for as at a day, and that day's answer stays the same for ever. Adding one is a function and its name
in FIGURES.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from divert.board import limits
from divert.board.as_at import STAGES, AsAt, Month
from divert.board.figure import Figure, FigureRow, row, share_row
from divert.models import Decision, Role
from divert.rulebook import rulebook

BOARD_READS = (
    Role.board_member,
    Role.project_manager,
    Role.police_team_lead,
    Role.probation_team_lead,
    Role.auditor,
)
"""Who may see the figures."""

BY_MONTH = "Every case, by the month in which its referral was recorded."
NIC = "National Institute of Corrections: outcome and performance measures for pretrial diversion"
LIMIT_LAW = "Magistrates' Courts Act 1980 s.127"


def figures(session: Session, as_at: date) -> list[Figure]:
    """Every figure, suppressed for the board. A face refuses a day still to come: its answer could change."""
    population = AsAt(session, as_at)
    return [figure(population) for figure in FIGURES]


def funnel(as_at: AsAt) -> Figure:
    """How far cases came."""
    stages = ("referred", "judged", "eligible", "accepted", "signed", "completed", "breached", "returned", "charged")
    return Figure.share(
        id="funnel",
        title="From referral to outcome",
        definition=(
            "Cases with a signed contract, out of all referred. By month: cases that had come to each stage by the"
            " cut-off, each case once a stage. Judged: the verdict of the last check is known. Breach reported: also"
            " where the case then went on. Returned: ineligible, not agreed, declined, breached or a new offence."
        ),
        counted=as_at.total("signed"),
        of=as_at.total("referred"),
        cohort=BY_MONTH,
        cut_off=as_at.day,
        authority=f"Commissioner's report, 13 November 2018; {NIC}.",
        must_not_be_read_as=(
            "A success rate. Recent months are still under way, and more can be accepted than were found eligible:"
            " people decide, the verdict advises."
        ),
        columns={stage: STAGES[stage] for stage in stages},
        rows=[row(month.label, {stage: month.counts[stage] for stage in stages}) for month in as_at.months],
    )


def completion_of_accepted(as_at: AsAt) -> Figure:
    """Completion by intention to treat."""
    return Figure.share(
        id="completion-of-accepted",
        title="Completed, of all accepted",
        definition="Cases completed by the cut-off, out of all that police and probation had both accepted.",
        counted=as_at.total("completed"),
        of=as_at.total("accepted"),
        cohort=f"By intention to treat. {BY_MONTH}",
        cut_off=as_at.day,
        authority=f"{NIC}: success rate.",
        must_not_be_read_as=(
            "The rate among those who finish. Whoever declined, left, breached or is still under contract counts as not"
            " completed, so recent months are low because they are recent."
        ),
        columns={stage: STAGES[stage] for stage in ("accepted", "completed")},
        rows=_by_month(as_at, "accepted", "completed"),
    )


def completion_of_ended(as_at: AsAt) -> Figure:
    """Completion among those whose contract is over."""
    return Figure.share(
        id="completion-of-ended",
        title="Completed, of contracts that are over",
        definition=(
            "Cases completed by the cut-off, out of all whose contract was signed and is over: completed, ended by a"
            " breach or new offence, or closed for any reason, death included."
        ),
        counted=as_at.total("completed"),
        of=as_at.total("contract_over"),
        cohort=f"Those who signed and whose contract is over. {BY_MONTH}",
        cut_off=as_at.day,
        authority=f"{NIC}: success rate.",
        must_not_be_read_as=(
            "What the scheme does for everyone it takes: those who never signed are left out, and in recent months"
            " short contracts and early failures are over first."
        ),
        columns={stage: STAGES[stage] for stage in ("contract_over", "completed")},
        rows=_by_month(as_at, "contract_over", "completed"),
    )


def breach(as_at: AsAt) -> Figure:
    """Breaches and new offences reported, and how many ended the contract."""
    return Figure.share(
        id="breach",
        title="Breach or new offence reported, of contracts signed",
        definition=(
            "Cases in which a breach or a new offence was reported by the cut-off, out of all with a signed contract;"
            " beside them those that ended for it."
        ),
        counted=as_at.total("breached"),
        of=as_at.total("signed"),
        cohort=BY_MONTH,
        cut_off=as_at.day,
        authority="Scheme procedure: failure may, not must, lead to prosecution.",
        must_not_be_read_as="Reoffending. A report is not a finding, a missed meeting is no offence, and some go on.",
        columns={stage: STAGES[stage] for stage in ("signed", "breached", "ended_by_breach")},
        rows=_by_month(as_at, "signed", "breached", "ended_by_breach"),
    )


def overrides(as_at: AsAt) -> Figure:
    """Decisions against the verdict."""
    query = (
        select(
            Decision.side, func.count().label("decisions"), func.sum(case((Decision.override, 1), else_=0)).label("n")
        )
        .where(Decision.at < as_at.ends)
        .group_by(Decision.side)
    )
    found = {one.side: (one.decisions, int(one.n)) for one in as_at.session.execute(query)}
    sides = {side: found.get(side, (0, 0)) for side in ("police", "probation")}
    return Figure.share(
        id="overrides",
        title="Decisions against the verdict",
        definition=(
            "Decisions that said yes to a case found ineligible or no to one found eligible, out of all decisions by"
            " the cut-off. One made again counts again. Where the verdict is review, neither answer is against it."
        ),
        counted=sum(against for _, against in sides.values()),
        of=sum(decisions for decisions, _ in sides.values()),
        cohort="Every decision by police or probation.",
        cut_off=as_at.day,
        authority="Scheme procedure: the verdict is advice. Data Protection Act 2018 ss.50A-50D: people decide.",
        must_not_be_read_as="A count of mistakes. A scheme without any would be one in which nobody decides.",
        columns={"decisions": "Decisions", "overrides": "Against the verdict"},
        rows=[
            share_row(side.capitalize(), ("decisions", decisions), ("overrides", against))
            for side, (decisions, against) in sides.items()
        ],
    )


def disagreement(as_at: AsAt) -> Figure:
    """Police and probation apart at first."""
    both, apart = as_at.session.execute(_both_decided(as_at)).one()
    return Figure.share(
        id="disagreement",
        title="Police and probation disagreed",
        definition=(
            "Cases in which the first decision of one side was yes and of the other no, out of those that both sides"
            " had decided by the cut-off."
        ),
        counted=int(apart or 0),
        of=both,
        cohort="Cases decided by both police and probation.",
        cut_off=as_at.day,
        authority="Scheme procedure: police and probation must both agree, and a disagreement is talked through.",
        must_not_be_read_as="Cases lost: some agree once they have talked. A case one side never decided is not here.",
    )


def limits_at_risk(as_at: AsAt) -> Figure:
    """Open cases whose time limit is near or passed."""
    near: Counter[tuple[str, limits.Basis]] = Counter()
    statutory = 0
    for (basis, due_on), cases in limits.open_cases(as_at).items():
        statutory += cases if basis == "statutory" else 0
        if (band := limits.band((due_on - as_at.day).days)) is not None:
            near[band, basis] += cases
    return Figure.share(
        id="limits-at-risk",
        title="Open cases near or past a time limit",
        definition=(
            f"Open cases with at most {max(rulebook().limit_alert_days)} days left, at the cut-off, until the last day"
            " on which a charge can be issued, or with none left, out of all open cases with a limit set by statute."
            " Limits kept only as a precaution stand beside them and are not in the share."
        ),
        counted=sum(near[band, "statutory"] for band in limits.bands()),
        of=statutory,
        cohort="Cases open at the cut-off.",
        cut_off=as_at.day,
        authority=f"{LIMIT_LAW}; the days are those on which the owner is reminded.",
        must_not_be_read_as="Charges lost: one can still be issued until the last day, and a kept contract needs none.",
        columns={"statutory": "Set by statute", "precautionary": "Kept as a precaution"},
        rows=[
            row(band, {"statutory": near[band, "statutory"], "precautionary": near[band, "precautionary"]})
            for band in limits.bands()
        ],
    )


def limits_expired(as_at: AsAt) -> Figure:
    """Returned cases that nobody can be charged for any more."""
    ended = limits.ended_cases(as_at)
    return Figure.share(
        id="limits-expired",
        title="Time limit expired: a failure of the scheme",
        definition=(
            "Returned cases recorded by the cut-off as outcome 17, that the time limit had passed, out of all returned"
            " cases whose end was recorded. Every one is a failure of the scheme."
        ),
        counted=sum(one.expired for one in ended),
        of=len(ended),
        cohort="Cases returned to the force that were charged or closed.",
        cut_off=as_at.day,
        authority=f"Home Office crime outcome 17; {LIMIT_LAW}.",
        must_not_be_read_as="All that was lost: a returned case that is still open past its limit is not here yet.",
    )


def near_misses(as_at: AsAt) -> Figure:
    """Charges issued on the last days."""
    days = 7
    left = [(one.limit_on - one.on).days for one in limits.ended_cases(as_at) if one.charged and one.limit_on]
    at_all = Counter(limits.band(each) for each in left)
    return Figure.share(
        id="near-misses",
        title="Charged on the last days",
        definition=(
            f"Charges issued with at most {days} days left of a limit set by statute, out of all charges in returned"
            " cases with such a limit. By the day of the charge; where that is no longer on record, of its entry."
        ),
        counted=sum(each <= days for each in left),
        of=len(left),
        cohort="Cases returned to the force and charged, where a statute sets a limit.",
        cut_off=as_at.day,
        authority=f"{LIMIT_LAW}.",
        must_not_be_read_as="Charges out of time: these were in time, by little.",
        columns={"charged": "Charged"},
        rows=[row(band, {"charged": at_all[band]}) for band in limits.bands() if band != limits.PASSED],
    )


FIGURES: tuple[Callable[[AsAt], Figure], ...] = (
    funnel,
    completion_of_accepted,
    completion_of_ended,
    breach,
    overrides,
    disagreement,
    limits_at_risk,
    limits_expired,
    near_misses,
)
"""Every figure, in the order in which the board reads them."""


def _by_month(as_at: AsAt, of: str, *parts: str) -> list[FigureRow]:
    """A line a month: a stage, and stages that are part of it."""

    def line(month: Month) -> FigureRow:
        return share_row(month.label, (of, month.counts[of]), *((part, month.counts[part]) for part in parts))

    return [line(month) for month in as_at.months]


def _both_decided(as_at: AsAt) -> Select[int, int]:
    """How many cases both sides had decided, and in how many of them the first answers differed."""
    first = (
        select(Decision.case_id, func.min(Decision.seq).label("seq"))
        .where(Decision.at < as_at.ends)
        .group_by(Decision.case_id, Decision.side)
        .subquery()
    )
    answers = (
        select(func.sum(case((Decision.accept, 1), else_=0)).label("yes"))
        .join(first, and_(first.c.case_id == Decision.case_id, first.c.seq == Decision.seq))
        .group_by(Decision.case_id)
        .having(func.count() == 2)
        .subquery()
    )
    return select(func.count(), func.sum(case((answers.c.yes == 1, 1), else_=0))).select_from(answers)
