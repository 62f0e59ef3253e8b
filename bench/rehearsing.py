"""A policy rehearsed over past cases: from the database to the answer, and the judging alone beside two others.

The same rules, over the same columns, are judged by OpenFisca, which is made for this, and by bare comparisons of whole
arrays, which is the least that any of them can cost: no unknown, no reason why. All three must agree on every verdict.
Referrals are made up at random with gaps; before anything is timed a hundred thousand of them are judged one by one.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl
from openfisca_core.entities import Entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulation_builder import SimulationBuilder  # type: ignore[import-untyped]  # it ships no types
from openfisca_core.taxbenefitsystems import TaxBenefitSystem  # type: ignore[import-untyped]  # it ships no types
from openfisca_core.variables import Variable  # type: ignore[import-untyped]  # it ships no types

from bench.figure import Figure, Limit, in_turn
from bench.place import Place
from bench.population import populate
from divert.db import Database
from divert.eligibility.columns import derive_all, judge_all
from divert.eligibility.derivation import derive
from divert.eligibility.judge import judge
from divert.eligibility.policies import read_policy, released_policies
from divert.eligibility.policy import Effect, Operator, Policy, Rule, Verdict
from divert.eligibility.rehearsal import rehearse
from divert.law.rulebook import rulebook
from divert.policies.past_cases import past_referrals
from tests.past import STRICTER, in_columns, some_referral

SIZES = (1_000, 100_000, 1_000_000)
AGREED = 100_000
ROUNDS = 5
FEW = 12
"""So many stories does a database tell, where hardly anything is to be measured."""

UNKNOWN = -1
A_DAY = "2019-07-01"
Array = np.ndarray[Any, Any]


def rehearsing(place: Place) -> Iterator[Figure]:
    """Seconds from the database to the answer, at each size; then milliseconds of judging alone."""
    book = rulebook()
    candidate = read_policy(STRICTER, released_policies())
    random = Random(2019)
    referrals = [some_referral(random) for _ in range(place.count(AGREED, 500))]
    facts = derive_all(in_columns(referrals), book.offences)
    for referral, verdict in zip(referrals, judge_all(candidate, facts)["verdict"], strict=True):
        if judge(candidate, derive(referral, candidate, book.offences)).verdict.value != verdict:
            raise AssertionError(f"a column at a time it comes to {verdict}, by itself it does not: {referral}")
    yield from _alone(candidate, facts, place)
    stories = FEW if place.count(1_000) < FEW else None
    for kind in place.kinds:
        with place.database(kind) as database:
            for size in SIZES:
                cases = populate(database, place.count(size), stories)
                reading, judging = _from_database(database, candidate)
                limit = Limit("reading the cases", reading)
                yield Figure(f"{kind}: rehearsed, {cases:,} cases", reading + judging, "s", limit)


def _from_database(database: Database, candidate: Policy) -> tuple[float, float]:
    """The seconds that reading every case takes, and judging and counting them."""
    book, begun = rulebook(), perf_counter()
    with database.reading() as session:
        referrals = past_referrals(session)
    read = perf_counter()
    rehearse(candidate, referrals, released_policies(), book.offences).by_rule()
    return read - begun, perf_counter() - read


def _alone(policy: Policy, facts: pl.DataFrame, place: Place) -> Iterator[Figure]:
    """Judging by itself, of referrals of one offence each, which is all that the others are told of."""
    single = facts.filter(pl.col("offence_codes").cast(pl.String).str.contains(" ").not_())
    many = pl.concat([single] * max(1, place.count(SIZES[-1]) // single.height), rechunk=True)
    columns = {rule.id: _coded(rule, policy, many) for rule in policy.rules}
    system, inputs = _openfisca(policy), {f"{name}_fact": column for name, column in columns.items()}
    works: Mapping[str, Callable[[], Array]] = {
        "ours": lambda: judge_all(policy, many)["verdict"].to_physical().to_numpy(),
        "openfisca": partial(_simulated, system, inputs, many.height),
        "bare": partial(_bare, policy, columns),
    }
    verdicts = {name: work() for name, work in works.items()}
    if not (
        np.array_equal(verdicts["ours"], verdicts["openfisca"])
        and np.array_equal(verdicts["ours"] == 2, verdicts["bare"])
    ):
        raise AssertionError("the three do not agree")
    seconds = in_turn(place.count(ROUNDS), works)
    what = f"judging {many.height:,} referrals"
    yield Figure(what, seconds["ours"] * 1e3, "ms", Limit("OpenFisca, the same rules", seconds["openfisca"] * 1e3))
    yield Figure(what, seconds["ours"] * 1e3, "ms", Limit("bare comparisons, bars alone", seconds["bare"] * 1e3))


def _coded(rule: Rule, policy: Policy, facts: pl.DataFrame) -> Array:
    """The fact that a rule turns on as whole numbers, as OpenFisca would be given it; UNKNOWN where there is none."""
    name = rule.holds.fact
    if name.startswith("fits_"):
        basis = "statutory" if name == "fits_time_limit" else "precautionary"
        late = pl.col("referred_on") > (
            pl.col(f"{basis}_on") - pl.duration(days=policy.time_limit.buffer_days)
        ).dt.offset_by(f"-{policy.contract.max_months}mo")
        column = facts.select(
            pl.when(late).then(0).when(~pl.col(f"{basis}_undated")).then(1).cast(pl.Int32).alias(name)
        )[name]
    elif rule.holds.op is Operator.all_in:
        column = _numbered(facts[name].cast(pl.String))
    else:
        column = _numbered(facts[name]) if facts[name].dtype == pl.Categorical else facts[name].cast(pl.Int32)
    return column.fill_null(UNKNOWN).cast(pl.Int32).to_numpy()


NUMBERS: dict[str, int] = {}
"""The number by which each text goes."""


def _number(text: str) -> int:
    return NUMBERS.setdefault(text, len(NUMBERS))


def _numbered(column: pl.Series) -> pl.Series:
    column = column.cast(pl.String)
    known = {text: _number(text) for text in column.unique().drop_nulls()}
    return column.replace_strict(known, return_dtype=pl.Int32)


def _met(rule: Rule, fact: Array) -> Array:
    """A rule's comparison, of whole arrays."""
    given = rule.holds.value if isinstance(rule.holds.value, tuple) else (rule.holds.value,)
    listed = [_number(value) if isinstance(value, str) else int(value) for value in given]
    match rule.holds.op:
        case Operator.at_least:
            return np.greater_equal(fact, listed[0])
        case Operator.at_most:
            return np.less_equal(fact, listed[0])
        case Operator.equals:
            return np.equal(fact, listed[0])
        case _:
            return np.isin(fact, listed)


def _bare(policy: Policy, columns: Mapping[str, Array]) -> Array:
    """Which referrals a bar shuts out, and nothing else."""
    barred: Array = np.zeros(len(next(iter(columns.values()))), bool)
    for rule in policy.rules:
        if rule.effect is Effect.bar:
            barred |= ~_met(rule, columns[rule.id]) & (columns[rule.id] != UNKNOWN)
    return barred


def _openfisca(policy: Policy) -> TaxBenefitSystem:
    """The policy as OpenFisca has rules: a variable for each fact, for each rule, and for the verdict."""
    referral = Entity("referral", "referrals", "A referral", "")
    system = TaxBenefitSystem([referral])

    def variable(name: str, formula: Callable[..., Array] | None = None) -> None:
        body = {"value_type": int, "entity": referral, "definition_period": DateUnit.DAY, "label": name}
        system.add_variable(type(name, (Variable,), body | ({"formula": formula} if formula else {})))

    def of(rule: Rule) -> Callable[..., Array]:
        """1 met, 0 not met, -1 unknown."""

        def formula(referral: Any, period: Any) -> Array:
            fact = referral(f"{rule.id}_fact", period)
            return np.where(fact == UNKNOWN, UNKNOWN, _met(rule, fact))

        return formula

    def verdict(referral: Any, period: Any) -> Array:
        outcomes = [(rule.effect, referral(rule.id, period)) for rule in policy.rules if rule.effect is not Effect.warn]
        barred = np.any([outcome == 0 for effect, outcome in outcomes if effect is Effect.bar], axis=0)
        asked = np.any([outcome == UNKNOWN for _, outcome in outcomes], axis=0)
        questioned = np.any([outcome == 0 for effect, outcome in outcomes if effect is Effect.review], axis=0)
        order = [verdict.value for verdict in Verdict]
        codes = [order.index(name) for name in ("ineligible", "not_yet_known", "review", "eligible")]
        return np.select([barred, asked, questioned], codes[:3], codes[3])

    for rule in policy.rules:
        variable(f"{rule.id}_fact")
        variable(rule.id, of(rule))
    variable("verdict", verdict)
    return system


def _simulated(system: TaxBenefitSystem, inputs: Mapping[str, Array], count: int) -> Array:
    """One simulation, from its inputs to the verdicts."""
    simulation = SimulationBuilder().build_default_simulation(system, count)
    for name, column in inputs.items():
        simulation.set_input(name, A_DAY, column)
    verdicts: Array = simulation.calculate("verdict", A_DAY)
    return verdicts
