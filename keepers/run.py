"""Puts the keepers of a configuration together."""

from __future__ import annotations

import logging

from keepers.core.budget import Budget, Limits
from keepers.core.chain import Chain
from keepers.core.clock import Clock
from keepers.core.config import Config, FeeConfig, LimitsConfig
from keepers.core.context import Settings
from keepers.core.contracts import Book
from keepers.core.costs import Costs
from keepers.core.engine import Engine
from keepers.core.fees import FeePolicy
from keepers.core.journal import Journal
from keepers.core.keeper import Keeper
from keepers.core.lease import Lease
from keepers.core.model import KeeperError
from keepers.core.owners import this_process
from keepers.core.preflight_host import account_of
from keepers.core.runner import Post, Runner, Voice
from keepers.core.signers import build_signer
from keepers.core.signing import Signer
from keepers.reward_caller import RewardCaller
from keepers.round_initializer import RoundInitializer

LOG = logging.getLogger("keepers")


def assemble(config: Config, *, live: bool, clock: Clock | None = None) -> Runner:
    """Raises KeeperError. A dry run opens no key and keeps its journal in memory."""
    chain = Chain.open(config.network.rpc, config.network.chain_id)
    book = Book(chain, config.network.controller)
    identity = {"chain": str(config.network.chain_id), "controller": book.controller}
    journal = Journal.open(config.journal.url if live else "sqlite://", identity=identity)
    try:
        return _Assembly(config, live, chain, book, journal, clock or Clock()).runner()
    except BaseException:
        journal.close()
        raise


class _Assembly:
    def __init__(
        self, config: Config, live: bool, chain: Chain, book: Book, journal: Journal, clock: Clock
    ) -> None:
        self._config, self._live, self._clock = config, live, clock
        self._chain, self._book, self._journal = chain, book, journal
        self._voice = Voice()
        self._signers: dict[str, Signer] = {}
        self._leases: list[Lease] = []

    def runner(self) -> Runner:
        keepers: dict[str, list[Keeper]] = {}
        initializer, rewards = self._config.round_initializer, self._config.reward_caller
        if initializer.enabled:
            account = self._account(initializer.signer)
            keepers.setdefault(account, []).append(
                RoundInitializer(self._book, account, initializer, self._config.turn)
            )
        if rewards.enabled and rewards.signer:
            account = self._account(rewards.signer)
            caller = self._reward_caller(account, rewards.orchestrators, delegated=True)
            keepers.setdefault(account, []).append(caller)
        for own in rewards.own if rewards.enabled else ():
            account = self._account(own.signer)
            caller = self._reward_caller(account, (own.address,), delegated=False)
            keepers.setdefault(account, []).append(caller)
        posts = [Post(self._engine(account), tuple(some)) for account, some in keepers.items()]
        return Runner(self._chain, self._book, self._journal, posts, self._leases, self._voice)

    def _reward_caller(
        self, account: str, orchestrators: tuple[str, ...], *, delegated: bool
    ) -> RewardCaller:
        return RewardCaller(
            self._book,
            account,
            orchestrators,
            delegated=delegated,
            config=self._config.reward_caller,
            turn=self._config.turn,
            costs=Costs(self._chain, self._journal),
        )

    def _account(self, name: str) -> str:
        """Address of a signer. With `live`, the signer is opened."""
        config = self._config.signers[name]
        if not self._live:
            address = account_of(config)
            if address is None:
                raise KeeperError(f"signers.{name}: its address is not known: give `address`")
            return address
        signer = build_signer(config)
        self._signers[signer.address] = signer
        return signer.address

    def _engine(self, account: str) -> Engine:
        config = self._config
        lease = None
        if self._live and config.lease.enabled:
            owner = config.lease.owner or this_process()
            lease = Lease(self._journal, account, owner, ttl=config.lease.ttl)
            self._leases.append(lease)
        return Engine(
            self._chain,
            account,
            self._signers.get(account),
            self._journal,
            fees=fee_policy(config.fees),
            budget=Budget(spending_limits(config.limits), self._journal),
            settings=Settings(
                confirmations=config.network.confirmations,
                replace_after=config.fees.replace_after,
            ),
            lease=lease,
            clock=self._clock,
            tell=lambda key, text: LOG.info("%s: %s", key, text),
        )


def fee_policy(config: FeeConfig) -> FeePolicy:
    return FeePolicy(config.soft_cap, config.hard_cap, config.rise_from, config.rise_to)


def spending_limits(config: LimitsConfig) -> Limits:
    return Limits(
        per_operation=config.per_operation,
        per_round=config.per_round,
        per_day=config.per_day,
        per_orchestrator_per_day=config.per_orchestrator_per_day,
        min_balance=config.min_balance,
    )
