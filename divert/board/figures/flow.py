"""Figures of how cases come in, are judged and decided, and how long that takes. Each is a function of a view."""

from collections.abc import Sequence

from divert.board.counting.case_events import BANDS, TIMES, band_name, bands
from divert.board.counting.counts import Cell
from divert.board.figures.definition import (
    BY_MONTH,
    WHOLE_SCHEME,
    Figure,
    Measure,
    Theme,
    View,
    measure,
    note_on,
    share_figure,
)
from divert.board.figures.estimates import quantile
from divert.eligibility.policies import released_policies

REPORT = "Commissioner's report, 13 November 2018"
NIC = "National Institute of Corrections: outcome and performance measures for pretrial diversion"
PEOPLE_DECIDE = "Scheme procedure: the verdict is advice. Data Protection Act 2018 ss.50A-50D: people decide."

STAGES = {
    "referred": "Referred",
    "judged": "Judged",
    "eligible": "Found eligible",
    "accepted": "Accepted",
    "signed": "Contract signed",
    "met": "First appointment kept",
    "completed": "Completed",
    "breached": "Breach reported",
    "returned": "Returned to the force",
    "charged": "Charged",
}
"""How far a case has come. Each is counted once a case, however often it happened."""


def funnel(view: View) -> Figure:
    """How far cases came."""
    return share_figure(
        view,
        id="funnel",
        theme=Theme.flow,
        title="Contract signed, of all referred",
        numerator="signed",
        denominator="referred",
        columns=STAGES,
        definition=(
            "Cases with a signed contract, out of all referred. By month: cases that had come to each stage by the"
            " cut-off, each case once a stage. Judged: the verdict of the last check is known. Breach reported: also"
            " where the case then went on. Returned: ineligible, not agreed, declined, breached or a new offence."
        ),
        measures=[
            measure("Judged, of referred", view.share("judged", "referred")),
            measure("Found eligible, of judged", view.share("eligible", "judged")),
            measure("Accepted, of judged", view.share("accepted", "judged")),
            measure("Signed, of accepted", view.share("signed", "accepted")),
            measure("First appointment kept, of signed", view.share("met", "signed")),
            measure("Completed, of signed", view.share("completed", "signed")),
        ],
        cohort=BY_MONTH,
        authority=f"{REPORT}; {NIC}.",
        must_not_be_read_as=(
            "A success rate. Recent months are still under way, and more can be accepted than were found eligible:"
            " people decide, the verdict advises."
        ),
    )


def phases(view: View) -> Figure:
    """Pilot against full scheme."""
    return share_figure(
        view,
        id="phases",
        theme=Theme.flow,
        title="Completed, of accepted: pilot against full scheme",
        numerator="completed",
        denominator="accepted",
        columns=STAGES,
        by="phase",
        definition=(
            "Cases completed by the cut-off, out of all accepted; and each stage, for referrals made under the pilot's"
            " policy and under the policies since."
        ),
        cohort="Every case, by the policy in force on its referral date.",
        authority=f"{REPORT}: pilot for shop theft from 1 January 2019, other offences from 1 April 2019.",
        must_not_be_read_as=(
            "What widening the scheme did: the pilot took one kind of offence, in other months, and its cases have had"
            " longer to end."
        ),
    )


def take_up(view: View) -> Figure:
    """Who signs, of those offered a place."""
    return share_figure(
        view,
        id="take-up",
        theme=Theme.flow,
        title="Take-up: signed, of those accepted",
        numerator="signed",
        denominator="accepted",
        columns={"accepted": "Accepted", "signed": "Contract signed"},
        definition="Cases with a signed contract by the cut-off, out of all that both police and probation accepted.",
        cohort=BY_MONTH,
        authority=f"{NIC}: placement. Scheme procedure: taking part is voluntary.",
        must_not_be_read_as=(
            "Willingness: whoever was accepted lately may yet sign, and some cases ended before anyone could."
        ),
    )


def districts(view: View) -> Figure:
    """Where cases come from."""
    return share_figure(
        view,
        id="districts",
        theme=Theme.flow,
        title="Accepted, by district",
        numerator="accepted",
        denominator="referred",
        columns={name: STAGES[name] for name in ("referred", "judged", "accepted", "signed", "completed", "charged")},
        by="district",
        definition="Cases accepted by the cut-off, out of all referred, by the district where the person lives.",
        cohort="Every case, by the district as known on the day.",
        authority=f"{REPORT}: the scheme is offered alike throughout Cleveland.",
        must_not_be_read_as="Crime in a district: it says where people live, and officers choose whom to refer.",
    )


def offences(view: View) -> Figure:
    """For what."""
    return share_figure(
        view,
        id="offences",
        theme=Theme.flow,
        title="Accepted, by offence",
        numerator="accepted",
        denominator="referred",
        columns={name: STAGES[name] for name in ("referred", "judged", "accepted", "signed", "completed", "charged")},
        by="offence",
        definition="Cases accepted by the cut-off, out of all referred, by the offence for which they were referred.",
        cohort="Every case, by its first offence as known on the day.",
        authority="Offences by CJS code, from the scheme's own dated list.",
        must_not_be_read_as="How grave the scheme's cases are: an offence's name says little of what was done.",
    )


def refusals(view: View) -> Figure:
    """Why cases are ineligible."""
    rules = {rule.id: rule.says for policy in released_policies() for rule in policy.rules}
    return share_figure(
        view,
        id="refusals",
        theme=Theme.decisions,
        title="Found ineligible, by rule",
        numerator="ineligible",
        denominator="judged",
        columns={"ineligible": "Cases"},
        by="rule",
        labels=rules,
        definition=(
            "Cases whose last check by the cut-off found them ineligible, out of all judged. By rule: a case barred by"
            " two rules counts under both."
        ),
        cohort="Every case with a known verdict.",
        authority="The eligibility policy in force on each referral date.",
        must_not_be_read_as="Refusals: a verdict is advice, and some found ineligible are taken all the same.",
    )


def overrides(view: View) -> Figure:
    """Decisions against the verdict."""
    return share_figure(
        view,
        id="overrides",
        theme=Theme.decisions,
        title="Decisions against the verdict",
        numerator="overrides",
        denominator="decisions",
        columns={"decisions": "Decisions", "overrides": "Against the verdict"},
        by="side",
        labels={"police": "Police", "probation": "Probation"},
        definition=(
            "Decisions that said yes to a case found ineligible or no to one found eligible, out of all decisions by"
            " the cut-off. One made again counts again. Where the verdict is review, neither answer is against it."
        ),
        cohort="Every decision by police or probation.",
        authority=PEOPLE_DECIDE,
        must_not_be_read_as="A count of mistakes. A scheme without any would be one in which nobody decides.",
    )


def disagreement(view: View) -> Figure:
    """Police and probation apart at first."""
    return share_figure(
        view,
        id="disagreement",
        theme=Theme.decisions,
        title="Police and probation disagreed",
        numerator="disagreed",
        denominator="both_decided",
        columns={"both_decided": "Decided by both", "disagreed": "Disagreed at first"},
        definition=(
            "Cases in which the first decision of one side was yes and of the other no, out of those that both sides"
            " had decided by the cut-off."
        ),
        cohort="Cases decided by both police and probation, by month of referral.",
        authority="Scheme procedure: police and probation must both agree, and a disagreement is talked through.",
        must_not_be_read_as="Cases lost: some agree once they have talked. A case one side never decided is not here.",
    )


TOOK = {
    "took_to_accept": "From referral to acceptance by both",
    "took_to_sign": "From acceptance to signing",
    "took_to_meet": "From signing to the first appointment kept",
    "took_to_complete": "From signing to completion",
    "took_to_charge": "From return to charge",
}


def times(view: View) -> Figure:
    """How long it takes from stage to stage."""
    labels = {band_name(least, most): band_words(least, most) for least, most in bands(BANDS)}
    measures = []
    for name, words in TOOK.items():
        counts = band_counts(view, name, "days", BANDS)
        for share, share_words in ((0.5, "half within"), (0.9, "nine in ten within")):
            value = quantile(counts, share) if counts else None
            label = f"{words}, {share_words}"
            measures.append(Measure(label=label, unit="days", value=None if value is None else round(value)))
    first = measures[0]
    return Figure(
        id="times",
        theme=Theme.flow,
        title="Time between stages",
        unit="days or less from referral to acceptance, for half of cases",
        definition=(
            "Whole days from the first day on which a case came to one stage to the first on which it came to the next,"
            " of cases that had come to both by the cut-off. Half took no longer than the first number of each, nine in"
            " ten no longer than the second; both are read off the counts in bands. The figure itself: referral to"
            " acceptance, half."
        ),
        numerator=None,
        denominator=view["took_to_accept"],
        value=first.value,
        cohort="Cases that had come to both stages. By how long it took.",
        cut_off=view.counts.as_at,
        authority=f"{NIC}: time to placement, time in diversion.",
        must_not_be_read_as="How long it will take: cases still waiting are not in it, and they are the slow ones.",
        note=_why_no_time(view) if first.value is None else None,
        rounded_to=view.counts.base,
        measures=measures,
        columns=dict(TOOK),
        rows=view.lines("days", list(TIMES), labels),
        by="Days",
    )


def _why_no_time(view: View) -> str | None:
    return note_on(view, "took_to_accept", "took_to_accept") if view.is_whole else WHOLE_SCHEME


def band_words(least: int, most: int | None) -> str:
    """A band as people read it: 15 to 21."""
    return f"{least} and more" if most is None else f"{least}" if least == most else f"{least} to {most}"


def band_counts(
    view: View, name: str, dim: str, ends: Sequence[int], prefix: str = ""
) -> list[tuple[int, int | None, int]]:
    """The bands of a count, each with how many; none where there are too few, or not everyone is asked for.

    `prefix`: what stands before a band in its place.
    """
    if not view.is_whole:
        return []
    counts = [
        (least, most, view.counts[Cell(name, dim, prefix + band_name(least, most))]) for least, most in bands(ends)
    ]
    shown = [(least, most, n) for least, most, n in counts if n is not None]
    total = sum(n for _, _, n in shown)
    return shown if len(shown) == len(counts) and view.share_of(total, total) is not None else []


FLOW = (funnel, phases, take_up, times, districts, offences)
DECISIONS = (refusals, overrides, disagreement)
