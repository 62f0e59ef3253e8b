"""A candidate policy rehearsed over past cases, before anyone signs it."""

from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from sqlalchemy import func, select

from divert.cli.cases import AsJson
from divert.cli.terminal import WrongCall, answer, answer_json, answer_table, database, watched
from divert.eligibility.policies import NoPolicy, load_policy
from divert.eligibility.policy import Verdict
from divert.eligibility.rehearsal import GROUPS, Rehearsal, more_a_month
from divert.eligibility.rehearsal import rehearse as rehearsed
from divert.law.rulebook import rulebook
from divert.models import Case
from divert.policies.adopted import policies_of
from divert.policies.past_cases import AT_ONCE, past_referrals

SHOWN = 50
"""How many flips are listed for a person; JSON lists all."""


def rehearse(
    policy: Annotated[Path, typer.Argument(metavar="PACK", help="The candidate policy, a TOML file.")],
    against: Annotated[
        str | None, typer.Option(metavar="ID", help="Compare with this policy, not with each case's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge every case by a candidate policy: who flips, by which rule, and how many by offence. Changes nothing."""
    with database() as opened, opened.reading() as session:
        policies = policies_of(session)
        candidate = load_policy(policy, policies)
        try:
            other = policies.get(against) if against else None
        except NoPolicy as unknown:
            raise WrongCall(f"--against: {unknown}") from None
        parts = -(-(session.scalar(select(func.count()).select_from(Case)) or 0) // AT_ONCE)
        referrals = past_referrals(session, lambda read: watched(read, "Reading the cases", parts))
    rehearsal = rehearsed(candidate, referrals, policies, rulebook().offences, other)
    if as_json:
        answer_json(_as_json(rehearsal))
    else:
        _tell(rehearsal)


def _tell(rehearsal: Rehearsal) -> None:
    flips, unknown = rehearsal.flips, rehearsal.becoming(Verdict.not_yet_known)
    sentence = f"{rehearsal.cases.height} cases, {flips.height} judged otherwise, {unknown} not yet known."
    answer(f"By {rehearsal.candidate.id}: {sentence}")
    whole = rehearsal.totals()
    more = more_a_month(whole["in"], whole["out"], whole["open"], rehearsal.by_month().height)
    answer(f"{whole['in']} let in, {whole['out']} kept out, {whole['open']} left open: {more}.")
    if asked := rehearsal.unanswered():
        answer_table(("Rule that cannot be answered", "Cases"), asked.items())
    if flips.is_empty():
        return
    answer_table(("Rule that makes the difference", "Flips"), rehearsal.by_rule().items())
    for group, title in GROUPS.items():
        answer_table(
            (title, "Cases", "Flips", "In", "Out", "Open"), rehearsal.by_group(group).filter(pl.col("flips") > 0).rows()
        )
    answer_table(
        ("Month", "Cases", "Flips", "In", "Out", "Open"), rehearsal.by_month().filter(pl.col("flips") > 0).rows()
    )
    rows = [
        (*row[:-1], ", ".join(row[-1])) for row in flips.select("ref", "offence_code", "was", "becomes", "rules").rows()
    ]
    answer_table(("Case", "Offence", "Was", "Becomes", "Rules"), rows[:SHOWN])
    if len(rows) > SHOWN:
        answer(f"... and {len(rows) - SHOWN} more: --json lists every one.")


def _as_json(rehearsal: Rehearsal) -> dict[str, object]:
    return {
        "pack": {"id": rehearsal.candidate.id, "digest": rehearsal.candidate.digest},
        "against": rehearsal.against and rehearsal.against.id,
        "cases": rehearsal.cases.height,
        "verdicts": [
            {"was": was, "becomes": becomes, "cases": n} for (was, becomes), n in rehearsal.verdicts().items()
        ],
        "whole": rehearsal.totals(),
        "not_yet_known": rehearsal.becoming(Verdict.not_yet_known),
        "asked": rehearsal.unanswered(),
        "by_rule": rehearsal.by_rule(),
        "by_month": rehearsal.by_month().to_dicts(),
        **{f"by_{group}": rehearsal.by_group(group).to_dicts() for group in GROUPS},
        "flips": rehearsal.flips.select("ref", "offence_code", "was", "becomes", "rules").to_dicts(),
    }
