"""Do the contracts, the orchestrators and the accounts fit the configuration?

A few requests in all, at one block, however many orchestrators there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keepers.core.amounts import ETHER, GWEI, show_short, show_units
from keepers.core.chain import Chain
from keepers.core.config import Config
from keepers.core.contracts import CONTROLLER, ZERO, Book, interface
from keepers.core.findings import Finding, error, passing, warning
from keepers.core.model import Call, Head, KeeperError, Reverted
from keepers.reward_batches import SIZE

CONTRACTS = ("BondingManager", "RoundsManager", "Minter")
# Gas of a reward alone and in a batch: docs/keepers-gas.md
REWARD_GAS, BATCHED_GAS = 310_000, 200_000


@dataclass(frozen=True)
class Question:
    contract: str
    function: str
    args: tuple[Any, ...] = ()


def check_chain(chain: Chain, config: Config, accounts: Mapping[str, str]) -> list[Finding]:
    """`accounts`: address by name of signer. Raises Unavailable."""
    head = chain.head()
    book = Book(chain, config.network.controller)
    findings = [*_fees(config, head), *_balances(chain, config, accounts, head)]
    try:
        book.addresses(CONTRACTS, head.number)
    except KeeperError as trouble:
        return [*findings, error("network.controller", str(trouble))]
    return [*findings, *_System(chain, book, head, config, accounts).check()]


def _fees(config: Config, head: Head) -> Iterator[Finding]:
    base, fees = head.base_fee, config.fees
    now = f"the base fee is {show_short(base, GWEI)} gwei"
    if base > fees.hard_cap:
        yield passing("fees.hard_cap_gwei", f"{now}: nothing can be sent below this cap")
    elif base > fees.soft_cap:
        yield warning("fees.soft_cap_gwei", f"{now}: keepers wait until a round runs out")
    gas, what = REWARD_GAS, "a reward"
    if config.reward_caller.batcher:
        count = min(len(config.reward_caller.orchestrators), SIZE)
        gas, what = BATCHED_GAS * count, f"a batch of {count} rewards"
    limits = config.limits
    for key, most in (
        ("per_operation_eth", limits.per_operation),
        # A batch counts as its first orchestrator's.
        ("per_orchestrator_per_day_eth", limits.per_orchestrator_per_day),
        ("per_round_eth", limits.per_round),
    ):
        if (cost := base * gas) > most:
            text = f"{now}: {what} costs about {_eth(cost)}, more than is allowed"
            yield passing(f"limits.{key}", text)


def _balances(
    chain: Chain, config: Config, accounts: Mapping[str, str], head: Head
) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name, account in accounts.items():
        key, wanted = f"signers.{name}", config.limits.min_balance
        if account in seen:
            yield error(key, f"has the same account as signers.{seen[account]}: use one of them")
            continue
        seen[account] = name
        balance = chain.balance(account, head.number)
        if balance == 0:
            yield passing(key, f"{account} holds no ETH and cannot pay gas: send it {_eth(wanted)}")
        elif balance < wanted:
            text = f"{account} holds {_eth(balance)}, less than limits.min_balance_eth: send it ETH"
            yield warning(key, text)


@dataclass(frozen=True)
class _System:
    chain: Chain
    book: Book
    head: Head
    config: Config
    accounts: Mapping[str, str]

    def check(self) -> Iterator[Finding]:
        is_paused, *owners = self._ask(
            [Question(CONTROLLER, "paused"), *(Question(name, "controller") for name in CONTRACTS)]
        )
        if is_paused is True:
            text = "the system is paused: nothing can be done until its owner unpauses it"
            yield passing("network.controller", text)
        sound = True
        for name, owner in zip(CONTRACTS, owners, strict=True):
            if owner != self.book.controller:
                sound = False
                yield error("network.controller", self._stranger(name, owner))
        if not sound:
            return
        yield from self._peers()
        if self.config.reward_caller.enabled:
            yield from self._orchestrators()
            yield from self._batcher()

    def _stranger(self, name: str, owner: Any) -> str:
        where = self.book.address(name)
        if owner is None:
            return f"{name} at {where} is no such contract: is this the right Controller?"
        return f"{name} at {where} obeys the Controller {owner}: is this the right one?"

    def _peers(self) -> Iterator[Finding]:
        rounds = self.config.round_initializer
        own = self.accounts.get(rounds.signer) if rounds.enabled else None
        for index, peer in enumerate(rounds.peers):
            if peer == own:
                text = "is the account of this keeper itself: name the others only"
                yield error(f"round_initializer.peers[{index}]", text)

    def _orchestrators(self) -> Iterator[Finding]:
        rewards = self.config.reward_caller
        caller = rewards.batcher or self.accounts.get(rewards.signer or "")
        whom = [
            (f"reward_caller.orchestrators[{i}]", one)
            for i, one in enumerate(rewards.orchestrators)
        ]
        whom += [(f"reward_caller.own[{i}]", one.address) for i, one in enumerate(rewards.own)]
        functions = ("isRegisteredTranscoder", "isActiveTranscoder", "transcoderToRewardCaller")
        answers = iter(
            self._ask([Question(CONTRACTS[0], one, (who,)) for _, who in whom for one in functions])
        )
        for index, (key, who) in enumerate(whom):
            registered, active, set_caller = next(answers), next(answers), next(answers)
            if not registered:
                yield passing(key, f"{who} is not registered as an orchestrator: check the address")
                continue
            if not active:
                yield warning(key, f"{who} is not active in this round: it earns no reward")
            if index < len(rewards.orchestrators):
                yield from self._caller(key, who, set_caller, caller)
            else:
                own = rewards.own[index - len(rewards.orchestrators)]
                yield from self._own(key, who, self.accounts.get(own.signer), own.signer)

    def _caller(
        self, key: str, who: str, found: str | None, wanted: str | None
    ) -> Iterator[Finding]:
        if found is None:
            text = (
                "this BondingManager knows no reward callers (LIP-118): use [[reward_caller.own]]"
            )
            yield error(key, text)
        elif wanted and found != wanted:
            now = "none" if found == ZERO else found
            calldata = interface(CONTRACTS[0]).encode("setRewardCaller", wanted).hex()
            yield passing(
                key,
                f"the reward caller of {who} is {now}, not {wanted}: let {who} call "
                f"setRewardCaller({wanted}) of {self.book.address(CONTRACTS[0])} "
                f"(calldata 0x{calldata})",
            )

    def _own(self, key: str, who: str, account: str | None, signer: str) -> Iterator[Finding]:
        if account and account != who:
            yield error(f"{key}.signer", f"{signer} is the account {account}, not {who}")

    def _batcher(self) -> Iterator[Finding]:
        batcher = self.config.reward_caller.batcher
        if batcher is None:
            return
        key, question = "reward_caller.batcher", Question("RewardBatcher", "controller")
        if not self.chain.code(batcher, self.head.number):
            yield error(key, f"{batcher} has no code on this chain")
            return
        call = Call(batcher, _encode(question))
        owner = _decode(question, self.chain.call_many([call], self.head.number)[0])
        if owner is None:
            yield error(key, f"{batcher} is no RewardBatcher")
        elif owner != self.book.controller:
            yield error(key, f"{batcher} is of the Controller {owner}: deploy one for this system")

    def _ask(self, questions: Sequence[Question]) -> list[Any]:
        """None where a contract does not know the function."""
        calls = [Call(self.book.address(one.contract), _encode(one)) for one in questions]
        answers = self.chain.call_many(calls, self.head.number)
        return [_decode(one, answer) for one, answer in zip(questions, answers, strict=True)]


def _encode(one: Question) -> bytes:
    return interface(one.contract).encode(one.function, *one.args)


def _decode(one: Question, answer: bytes | Reverted) -> Any:
    if isinstance(answer, Reverted):
        return None
    try:
        return interface(one.contract).decode(one.function, answer, inputs=len(one.args))
    except KeeperError:
        return None


def _eth(wei: int) -> str:
    return f"{show_units(wei, ETHER)} ETH"
