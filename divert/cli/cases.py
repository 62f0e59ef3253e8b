"""Cases in and out: the referral file, the export, and a judgement of facts at the desk."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from pydantic import ValidationError

from divert.casework.intake.referral_file import (
    REPORT_COLUMNS,
    FileRefused,
    Outcome,
    check_shape,
    require_small,
    rows,
    says,
    take,
)
from divert.casework.visibility import may_see
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, database, say, watched
from divert.clock import system_clock
from divert.eligibility.derivation import derive
from divert.eligibility.facts import ReferralFacts
from divert.eligibility.judge import Judgement, judge
from divert.eligibility.policies import NoPolicy, Policies, released_policies
from divert.eligibility.policy import Verdict
from divert.law.rulebook import rulebook
from divert.policies.adopted import policies_of
from divert.records.export import COLUMNS, disclose, escape_formula

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program.")]
By = Annotated[str | None, typer.Option(help="The member of staff who acts; otherwise the server's operator.")]

SHOWN = 20
"""How many rejected rows are told in words; the report names them all."""

LARGEST_FACTS = 1_000_000


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The referral file: CSV, UTF-8.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; write nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write what each row came to, as CSV.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Take a referral file: refer every row, judge it, say what became of it. Safe to run twice.

    Exit 1 where a row was rejected, 2 where the file as a whole cannot be used (then nothing is written).
    """
    results: Counter[str] = Counter()
    rejected: list[Outcome] = []
    with database() as opened, _whole(file) as (handle, count), _report_to(report, file) as write:
        with opened.reading() as session:
            by_whom = actor(session, by)
        taken = take(opened, rows(handle), by_whom, system_clock, dry_run=dry_run)
        for outcome in watched(taken, "Referrals", count):
            write(outcome.report())
            results[outcome.result] += 1
            if outcome.result == "rejected":
                rejected.append(outcome)
    _tell_rejected(rejected)
    if as_json:
        where = str(report) if report else None
        answer_json({"rows": count, "results": dict(sorted(results.items())), "report": where, "dry_run": dry_run})
    else:
        counted = ", ".join(f"{times} {result.replace('_', ' ')}" for result, times in sorted(results.items()))
        answer(f"{count} rows{': ' if counted else ''}{counted}.{' Nothing was written.' if dry_run else ''}")
        if report:
            answer(f"What each row came to: {report}")
    if rejected:
        raise typer.Exit(NOT_SO)


@contextmanager
def _whole(file: Path) -> Iterator[tuple[Any, int]]:
    """The file, opened, with its number of rows. Raises WrongCall where it is not whole."""
    try:
        require_small(file)
        with file.open("rb") as handle:
            yield handle, check_shape(handle)
    except FileRefused as refused:
        raise WrongCall(f"{file.name}: {refused} Nothing was written.") from None


@contextmanager
def _report_to(report: Path | None, file: Path) -> Iterator[Any]:
    """What writes one row of the report, at once, so that an interrupted import has told what it kept."""
    if report is None:
        yield lambda _: None
        return
    if report.exists() and report.samefile(file):
        raise WrongCall("--report: name another file than the one that is read.")
    with report.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(REPORT_COLUMNS)
        yield writer.writerow


def _tell_rejected(rejected: list[Outcome]) -> None:
    for outcome in rejected[:SHOWN]:
        for why in outcome.why:
            say(f"Row {outcome.row}: {why}")
    if len(rejected) > SHOWN:
        say(f"... and {len(rejected) - SHOWN} more rejected rows: --report names every one.")


class Format(StrEnum):
    """How an export is written."""

    csv = "csv"
    json = "json"


def export(
    out: Annotated[
        Path | None, typer.Option(help="Write here, readable by you alone, instead of to the screen.")
    ] = None,
    written_as: Annotated[Format, typer.Option("--format")] = Format.csv,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    to: Annotated[
        str | None, typer.Option(help="For whom it is: kept in the access log. Otherwise whoever acts.")
    ] = None,
    by: By = None,
) -> None:
    """Every case that the caller may see, one row each. Each is logged as disclosed."""
    with database() as opened, opened.writing() as session:
        by_whom = actor(session, by)
        cases = disclose(session, may_see(by_whom), by_whom, system_clock(), to or by_whom.username)
    with destination(out) as handle:
        if as_json or written_as is Format.json:
            json.dump(cases, handle, ensure_ascii=False, indent=2)
            handle.write("\n")
        else:
            writer = csv.writer(handle)
            writer.writerow(COLUMNS)
            writer.writerows([escape_formula(cell) for cell in row.values()] for row in cases)
    say(f"{len(cases)} cases{f' to {out}' if out else ''}.")


@contextmanager
def destination(out: Path | None) -> Iterator[TextIO]:
    """Where an export goes: the screen, or a file that its owner alone may read and that appears only when whole."""
    if out is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    part = out.with_name(f"{out.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with part.open("w", encoding="utf-8", newline="") as handle:
            yield handle
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def judge_facts(
    facts: Annotated[str, typer.Argument(metavar="FACTS.json", help="A JSON object of facts; - reads the input.")],
    on: Annotated[str | None, typer.Option(metavar="DATE", help="The day of referral, like 2019-04-20.")] = None,
    as_json: AsJson = False,
) -> None:
    """Would Divert take this? Judge facts by the policy of the day of referral. Nothing is stored.

    Exit 0 for eligible or review, 1 for ineligible or not yet known, 2 where the facts cannot be read.
    """
    answers = json_object(facts, "the facts")
    if on is not None:
        answers["referred_on"] = on
    try:
        referral = ReferralFacts.model_validate(answers)
        policy = _policies().in_force(referral.referred_on)
    except ValidationError as invalid:
        raise WrongCall(in_lines(invalid)) from None
    except NoPolicy as none:
        raise WrongCall(f"referred_on: {none}") from None
    judgement = judge(policy, derive(referral, policy, rulebook().offences))
    if as_json:
        answer_json(_as_json(judgement))
    else:
        answer("\n".join(judgement.lines()))
    if judgement.verdict in (Verdict.ineligible, Verdict.not_yet_known):
        raise typer.Exit(NOT_SO)


def _policies() -> Policies:
    """Those of the rules, and those adopted in the database where there is one: judging needs none."""
    try:
        with database() as opened, opened.reading() as session:
            return policies_of(session)
    except WrongCall:
        return released_policies()


def json_object(source: str, what: str) -> dict[str, Any]:
    """The JSON object in a file, or in the input for `-`. Raises WrongCall, which names it as `what`."""
    if source == "-":
        raw = sys.stdin.buffer.read(LARGEST_FACTS + 1)
    else:
        with Path(source).open("rb") as handle:
            raw = handle.read(LARGEST_FACTS + 1)
    if len(raw) > LARGEST_FACTS:
        raise WrongCall(f"{what} are larger than {LARGEST_FACTS // 1_000_000} MB.")
    try:
        value = json.loads(raw)
    except json.JSONDecodeError as fault:
        raise WrongCall(f"this is not JSON: {fault.msg}, line {fault.lineno}, column {fault.colno}.") from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise WrongCall("this is not JSON that can be read: write UTF-8 text, not deeply nested.") from None
    if not isinstance(value, dict):
        raise WrongCall(f'{what} are one JSON object, like {{"referred_on": "2019-04-20", "admission": "yes"}}.')
    return value


def in_lines(invalid: ValidationError) -> str:
    """Each field at fault on a line."""
    faults = invalid.errors(include_url=False, include_input=False, include_context=False)
    return "\n".join(f"{'.'.join(map(str, fault['loc']))}: {says(fault)}" for fault in faults)


def _as_json(judgement: Judgement) -> dict[str, Any]:
    """The judgement for a program: as the JSON service's pre-check answers."""
    return {
        "verdict": judgement.verdict.value,
        "because": judgement.because,
        "warnings": judgement.warnings,
        "asks": judgement.asks,
        "policy": judgement.policy.id,
        "policy_title": judgement.policy.title,
        "policy_digest": judgement.policy.digest,
        "trace": [
            {
                "id": finding.rule.id,
                "says": finding.rule.says,
                "cites": finding.rule.cites,
                "effect": finding.rule.effect.value,
                "met": finding.holds,
                "ask": finding.rule.ask if finding.holds is None else None,
                "facts": {name: _plain(value) for name, value in finding.facts.items()},
            }
            for finding in judgement.trace
        ],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
