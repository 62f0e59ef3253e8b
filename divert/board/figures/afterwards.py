"""Figures of what became of needs and people, and how grave what came afterwards. Each is a function of a view."""

from divert.board.counting import breakdowns
from divert.board.counting.case_events import band_name, bands
from divert.board.counting.support_events import HARM_WINDOW, WAITING, WINDOWS
from divert.board.figures.definition import Figure, Measure, Theme, View, measure, share_figure
from divert.board.figures.estimates import quantile
from divert.board.figures.flow import REPORT, band_counts, band_words
from divert.law.rulebook import HarmTable, rulebook


def needs(view: View) -> Figure:
    """Needs at exit against entry."""
    return share_figure(
        view,
        id="needs",
        theme=Theme.afterwards,
        title="Needs that were less at exit than at entry",
        numerator="needs_less",
        denominator="needs_compared",
        columns={"needs_compared": "Needs compared", "needs_less": "Less at exit"},
        by="need",
        labels={need.code: need.title for need in rulebook().needs.values() if not need.restricted},
        definition=(
            "Needs scored lower at the last exit assessment than at entry, out of all that were scored above 0 at entry"
            " and again at exit, by the cut-off."
        ),
        cohort="People assessed at both entry and exit: mostly those who completed. One person has several needs.",
        authority=f"{REPORT}; scheme procedure: assessed on entry and exit.",
        must_not_be_read_as=(
            "What the scheme caused: scores high at entry tend to fall by themselves, whoever left early was not"
            " assessed again, and the keyworker who helps is the one who scores."
        ),
    )


def needs_by_sex(view: View) -> Figure:
    """The same for women and men."""
    titles = {need.code: need.title for need in rulebook().needs.values() if not need.restricted}
    return share_figure(
        view,
        id="needs-by-sex",
        theme=Theme.afterwards,
        title="Needs that were less at exit, women and men",
        numerator="needs_less",
        denominator="needs_compared",
        columns={"needs_compared": "Needs compared", "needs_less": "Less at exit"},
        by="need and sex",
        labels={
            f"{code}|{sex}": f"{title}, {sex_title.lower()}"
            for code, title in titles.items()
            for sex, sex_title in breakdowns.values("sex").items()
        },
        definition=(
            "Needs scored lower at the last exit assessment than at entry, out of all that were scored above 0 at entry"
            " and again at exit, by the cut-off; of women, of men, and of those whose sex is not stated."
        ),
        cohort="People assessed at both entry and exit: mostly those who completed. One person has several needs.",
        authority=f"{REPORT}: the female and complex needs specialist.",
        must_not_be_read_as="A difference between women and men: who comes, with what, and who scores them all differ.",
    )


def reoffending(view: View) -> Figure:
    """A proven further offence within twelve months, of those for whom that can be known."""
    return share_figure(
        view,
        id="reoffending",
        theme=Theme.afterwards,
        title="Proven further offence within 12 months, of all accepted",
        numerator="reoffended_12",
        denominator="checked_12",
        columns={
            "matured_12": "18 months over",
            "checked_12": "Record checked since",
            "reoffended_12": "Offended again",
        },
        by="ended",
        labels={"completed": "Completed", "prosecuted": "Prosecuted", "closed": "Closed otherwise"},
        measures=[
            measure("Record checked, of those of whom the 18 months are over", view.share("checked_12", "matured_12")),
            *(
                measure(
                    f"Within {months} months, of those checked once {months + WAITING} were over",
                    view.share(f"reoffended_{months}", f"checked_{months}"),
                )
                for months in WINDOWS
                if months != 12
            ),
        ],
        definition=(
            "Cases in which an offence within 12 months of the case's end was found proven, out of those whose record"
            " was checked once 18 months had passed: an offence of the twelfth month takes until then to be on record."
            " Before that a case counts nowhere. An offence without a date counts as within the window."
        ),
        cohort="Everyone whom police and probation accepted and whose case has ended, whatever became of it.",
        authority="Ministry of Justice: proven reoffending, 12 months and a waiting period of 6.",
        must_not_be_read_as=(
            "What the scheme prevents. Nobody was left out by lot, so to set completers beside those who were charged,"
            " or beside the national rate, shows who was chosen. No rate can fall by more than 100 per cent."
        ),
    )


def harm(view: View) -> Figure:
    """How grave new offences were, where they were scored."""
    tables = rulebook().harm_tables
    return share_figure(
        view,
        id="harm",
        theme=Theme.afterwards,
        title="Harm of new offences, where it was scored",
        numerator="harm_scored",
        denominator=f"reoffended_{HARM_WINDOW}",
        columns={"harm_scored": "Scored"},
        by="harm",
        labels={
            f"{table.code}|{band_name(least, most)}": f"{table.version}: {band_words(least, most)} days"
            for table in tables.values()
            for least, most in bands(table.bands)
        },
        measures=[_median(view, table) for table in tables.values()],
        definition=(
            f"People whose new offences of the {HARM_WINDOW} months after their case's end were given a harm score, out"
            f" of all found to have offended again in that time, by a check of the record once {HARM_WINDOW + WAITING}"
            " months were over. A score is in days: the starting"
            " points of the sentencing guidelines, added up over a person's offences. By bands of days of each table:"
            " scores from different tables stand apart and are never put together."
        ),
        rests_on="Scores taken from: " + "; ".join(table.title for table in tables.values()) + ".",
        cohort=(
            "Everyone accepted whose case has ended and whose record was checked once that time was over, and who had"
            " offended again. The latest check stands."
        ),
        authority=" ".join(f"{table.title}: {table.authority}" for table in tables.values()),
        must_not_be_read_as=(
            "Harm done, or prevented. Offences that nobody scored, that were not reported, or that only the police's"
            " own work brings to light are not in it. It forecasts nothing of anyone, and one table's days are not"
            " another's."
        ),
    )


def _median(view: View, table: HarmTable) -> Measure:
    """The score that half of those scored by a table do not pass, read off its bands."""
    counts = band_counts(view, "harm_scored", "harm", table.bands, prefix=f"{table.code}|")
    value = quantile(counts, 0.5) if counts else None
    return Measure(
        label=f"Half scored no more than, {table.title}", unit="days", value=None if value is None else round(value)
    )


AFTERWARDS = (needs, needs_by_sex, reoffending, harm)
