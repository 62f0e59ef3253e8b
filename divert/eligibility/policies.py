"""The policies of the scheme: loaded, held to their examples, and chosen by the day of referral."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from divert.eligibility.judge import judge
from divert.eligibility.policy import Effect, Policy
from divert.law.rule_files import RulesError, in_date_order, parse, read_table, tables_of
from divert.law.rulebook import Rulebook, require_all, rulebook

UNNAMED = Path("policy.toml")
"""What a text that gives no id is called in what is said of it."""

_INHERITED = ("outcome_22_available", "contract", "time_limit", "ordinary", "rule", "example")
_TABLES = ("contract", "time_limit", "ordinary")
_LISTS = {"rule": "id", "example": "name"}


class NoPolicy(LookupError):
    """No policy of that day, name or digest. Its text is a sentence for a user."""


class Policies:
    """Every policy, in order of the day it starts. Each holds until the day before the next."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = tuple(sorted(policies, key=lambda policy: policy.starts))
        self._by_id = {policy.id: policy for policy in self._policies}
        self._by_digest = {policy.digest: policy for policy in self._policies}

    def __iter__(self) -> Iterator[Policy]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    def in_force(self, on: date) -> Policy:
        """The policy for a referral made that day. Raises NoPolicy before the scheme starts or after it ends."""
        for policy in reversed(self._policies):
            if policy.starts <= on:
                if policy.ends is not None and on > policy.ends:
                    raise NoPolicy(f"The last policy, {policy.id}, ended on {policy.ends}; {on} is after it.")
                return policy
        raise NoPolicy(f"The scheme started on {self._policies[0].starts}; {on} is before it.")

    def get(self, policy_id: str) -> Policy:
        """The policy of that name. Raises NoPolicy."""
        if policy_id not in self._by_id:
            raise NoPolicy(f"There is no policy called {policy_id!r}; there are {', '.join(self._by_id)}.")
        return self._by_id[policy_id]

    def by_digest(self, digest: str) -> Policy:
        """The policy a stored decision was made under. Raises NoPolicy."""
        if digest not in self._by_digest:
            raise NoPolicy(f"No policy here has the digest {digest}: it was changed or taken away after it was used.")
        return self._by_digest[digest]

    def last_day(self, policy: Policy) -> date | None:
        """The last day the policy is in force; None while none follows it."""
        starts_after = [later.starts for later in self._policies if later.starts > policy.starts]
        return starts_after[0] - timedelta(days=1) if starts_after else policy.ends


def load_policies(folder: Path) -> Policies:
    """Every policy in the folder, each file named for the day it starts. Raises RulesError."""
    tables: dict[str, dict[str, Any]] = {}
    policies: list[Policy] = []
    for path in in_date_order(folder):
        policy, tables[path.stem] = _load(path, read_table(path), tables)
        require_follows(path, policy, policies)
        policies.append(policy)
    return Policies(policies)


@lru_cache
def released_policies(folder: Path | None = None) -> Policies:
    """The policies that came with the rules: of `folder`, or of $DIVERT_RULES or the folder beside the package.

    Raises RulesError, naming file and place, for anything that may not be used.
    """
    book = rulebook(folder)
    policies = load_policies(book.folder / "eligibility")
    for policy in policies:
        require_known(book, policy)
    return policies


def require_known(book: Rulebook, policy: Policy) -> None:
    """Every offence and condition that a policy names is one. Raises RulesError."""
    path = book.folder / "eligibility" / f"{policy.id}.toml"
    if policy.starts < book.offences.starts:
        raise RulesError(path, "starts", f"no list of offences is in force before {book.offences.starts}")
    for rule in policy.rules:
        if rule.holds.fact == "offence_codes" and isinstance(rule.holds.value, tuple):
            listed = book.offences.in_force(policy.starts)
            require_all(path, f"rule {rule.id}", rule.holds.value, listed, "offence")
    require_all(path, "contract, mandatory", policy.contract.mandatory, book.conditions, "condition")
    for code in policy.contract.mandatory:
        if book.conditions[code].victim_contact:
            raise RulesError(path, "contract, mandatory", f"{code} is contact with a victim, which must stay free")


def load_policy(path: Path, policies: Policies) -> Policy:
    """A candidate policy, held to its examples but not to any date, for rehearsal. It may extend any of `policies`."""
    return _load(path, read_table(path), _tables(policies))[0]


def read_policy(text: str, policies: Policies) -> Policy:
    """The same from a text, in which the policy's own id stands for the name of a file. Raises RulesError."""
    table = tables_of(UNNAMED, text)
    path = Path(f"{table['id']}.toml") if isinstance(table.get("id"), str) else UNNAMED
    return _load(path, table, _tables(policies))[0]


def _tables(policies: Policies) -> dict[str, dict[str, Any]]:
    return {policy.id: policy.model_dump(by_alias=True, exclude_none=True) for policy in policies}


def _load(path: Path, own: dict[str, Any], earlier: Mapping[str, dict[str, Any]]) -> tuple[Policy, dict[str, Any]]:
    for kind, key in _LISTS.items():
        _require_distinct(path, kind, [entry.get(key) for entry in own.get(kind, []) if isinstance(entry, dict)])
    extends = own.get("extends")
    if extends is not None and extends not in earlier:
        raise RulesError(path, "extends", f"there is no earlier policy called {extends!r}")
    table = _merged(earlier[extends], own) if extends is not None else own
    policy = parse(path, Policy, table)
    if policy.id != path.stem or not policy.id.startswith(policy.starts.isoformat()):
        raise RulesError(path, "id", f"{policy.id!r} must be the file's name and begin with the day it starts")
    _require_examples(path, policy)
    return policy, table


def _merged(parent: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The parent with what the child says in its place: keys of a table, whole rules by id, whole examples by name."""
    merged = {key: parent[key] for key in _INHERITED if key in parent} | dict(own)
    for table in _TABLES:
        if table in own and table in parent:
            merged[table] = {**parent[table], **own[table]}
    for kind, key in _LISTS.items():
        entries = {entry.get(key): entry for entry in (*parent.get(kind, ()), *own.get(kind, ()))}
        merged[kind] = list(entries.values())
    return merged


def _require_distinct(path: Path, kind: str, names: Sequence[Any]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise RulesError(path, f"{kind} {name}", "stands twice")


def require_follows(path: Path, policy: Policy, earlier: Sequence[Policy]) -> None:
    """No day without a policy between the first and the last, and none with two. Raises RulesError."""
    if policy.ends is not None and policy.ends < policy.starts:
        raise RulesError(path, "ends", f"{policy.ends} is before the policy starts on {policy.starts}")
    if not earlier:
        return
    before = earlier[-1]
    if before.starts == policy.starts:
        raise RulesError(path, "starts", f"{before.id} starts on {policy.starts} too, so the two overlap")
    if before.ends is not None and before.ends >= policy.starts:
        raise RulesError(path, "starts", f"{policy.starts} overlaps {before.id}, which ends on {before.ends}")
    if before.ends is not None and before.ends + timedelta(days=1) < policy.starts:
        raise RulesError(path, "starts", f"{policy.starts} leaves a gap after {before.id}, which ends on {before.ends}")


def _require_examples(path: Path, policy: Policy) -> None:
    """Every example comes out as it says, and every rule decides (or warns in) one of them. All faults are told."""
    faults: list[tuple[str, str]] = []
    exercised: set[str] = set()
    for example in policy.examples:
        place = f"example {example.name}"
        try:
            judgement = judge(policy, policy.facts_of(example))
        except ValueError as fault:
            faults.append((place, str(fault)))
            continue
        expected = (example.verdict, tuple(sorted(example.because)), tuple(sorted(example.warns)))
        actual = (judgement.verdict, judgement.because, tuple(sorted(judgement.warnings)))
        if expected != actual:
            faults.append((place, f"should come to {_in_words(*expected)}, and comes to {_in_words(*actual)}"))
        exercised.update(example.because, example.warns)
    for rule in policy.rules:
        if rule.id not in exercised:
            verb = "warns in" if rule.effect is Effect.warn else "decides"
            faults.append((f"rule {rule.id}", f"there is no example that it {verb}"))
    if faults:
        (place, why), *more = faults
        raise RulesError(path, place, "; ".join([why, *(": ".join(fault) for fault in more)]))


def _in_words(verdict: str, because: Sequence[str], warns: Sequence[str]) -> str:
    words = str(verdict)
    if because:
        words += f" because of {', '.join(because)}"
    return f"{words}, warning of {', '.join(warns)}" if warns else words
