"""What attacks start from: a system with everyday transcoders in a full pool."""

from __future__ import annotations

from collections.abc import Callable

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT, Protocol
from tests.unit.attacks.builds import install_unfixed

ETHER = 10**18


class Victim:
    """A protocol under attack, with the calls that attacks are made of."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.manager = protocol.bonding_manager
        self.broker = boa.env.generate_address("broker")
        boa.env.set_balance(self.broker, 10**24)
        for name in ("TicketBroker", "JobsManager"):
            protocol.register(name, self.broker)

    def account(self, role: str) -> str:
        return self.protocol.account(role, lpt=10_000 * LPT)

    def bonded(self, role: str, stake: int, to: str) -> str:
        account = self.account(role)
        self.manager.bond(stake, to, sender=account)
        return account

    def transcoder(self, stake: int, *, cut: int = 0, share: int = 10**6) -> str:
        """Bonded to itself; it keeps `cut` of rewards, and stake gets `share` of fees."""
        account = self.account("orchestrator")
        self.manager.bond(stake, account, sender=account)
        self.manager.transcoder(cut, share, sender=account)
        return account

    def full_pool(self, stake: int = 100 * LPT) -> list[str]:
        """As many transcoders as there are places, all alike; active from the next round on."""
        return [self.transcoder(stake) for _ in range(self.manager.getTranscoderPoolMaxSize())]

    def pool(self) -> list[str]:
        """Members, largest stake first."""
        members: list[str] = []
        member = str(self.manager.getFirstTranscoderInPool())
        while member != ZERO:
            members.append(member)
            member = str(self.manager.getNextTranscoderInPool(member))
        return members

    def reward(self, *transcoders: str) -> None:
        for transcoder in transcoders:
            self.manager.reward(sender=transcoder)

    def credit_fees(self, transcoder: str, amount: int) -> None:
        """As TicketBroker does when a ticket wins."""
        round_ = self.protocol.current_round()
        self.manager.updateTranscoderWithFees(transcoder, amount, round_, sender=self.broker)
        self.protocol.minter.depositETH(value=amount, sender=self.broker)

    def next_round(self, count: int = 1) -> int:
        return self.protocol.next_round(count)

    def pending_fees(self, *accounts: str) -> int:
        return sum(self.manager.pendingFees(account, 0) for account in accounts)

    def pending_stake(self, account: str) -> int:
        return self.manager.pendingStake(account, 0)

    def delegate_of(self, account: str) -> str:
        return str(self.manager.getDelegator(account)[2])


@pytest.fixture
def victim(protocol: Protocol) -> Victim:
    """The shipped build."""
    return Victim(protocol)


@pytest.fixture
def open_to(protocol: Protocol) -> Callable[[str], Victim]:
    """The build in which the named attack still works."""

    def victim_of(attack: str) -> Victim:
        install_unfixed(protocol, attack)
        return Victim(protocol)

    return victim_of
