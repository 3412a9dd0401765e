"""What bonding stands on: rounds, the token, the Minter, the registry. Core spec, 3, 7, 8, 10."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from tests.models.arithmetic import BARE, MINTER_PERC, PERC, fraction, part, points, require
from tests.models.records import ZERO, Event

UNLIMITED = 2**256 - 1


@dataclass
class Rounds:
    """Runs of `length` blocks. They start by themselves; initialising one is a transaction."""

    length: int
    lock_amount: int  # last part of a round, base 1e6, in which cuts may not change
    block: int = 0
    last_initialized: int = 0

    @property
    def current(self) -> int:
        return self.block // self.length

    @property
    def initialized(self) -> bool:
        return self.last_initialized == self.current

    @property
    def locked(self) -> bool:
        locked_blocks = part(self.length, self.lock_amount, PERC)
        return self.block % self.length >= self.length - locked_blocks


@dataclass
class Token:
    """LPT, as far as the protocol moves it."""

    events: list[Event]
    total_supply: int = 0
    balances: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    allowances: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def log(self, name: str, *args: object) -> None:
        self.events.append(Event("LivepeerToken", name, args))

    def approve(self, sender: str, spender: str, amount: int) -> None:
        require(sender != ZERO, "ERC20: approve from the zero address")
        self.allowances[sender, spender] = amount
        self.log("Approval", sender, spender, amount)

    def transfer(self, sender: str, recipient: str, amount: int) -> None:
        require(sender != ZERO, "ERC20: transfer from the zero address")
        require(recipient != ZERO, "ERC20: transfer to the zero address")
        require(amount <= self.balances[sender], "ERC20: transfer amount exceeds balance")
        self.balances[sender] -= amount
        self.balances[recipient] += amount
        self.log("Transfer", sender, recipient, amount)

    def transfer_from(self, spender: str, owner: str, recipient: str, amount: int) -> None:
        allowance = self.allowances[owner, spender]
        if allowance != UNLIMITED:
            require(amount <= allowance, "ERC20: insufficient allowance")
            self.approve(owner, spender, allowance - amount)
        self.transfer(owner, recipient, amount)

    def mint(self, recipient: str, amount: int) -> None:
        self.total_supply += amount
        self.balances[recipient] += amount
        self.log("Transfer", ZERO, recipient, amount)
        self.log("Mint", recipient, amount)

    def burn(self, owner: str, amount: int) -> None:
        require(amount <= self.balances[owner], "ERC20: burn amount exceeds balance")
        self.total_supply -= amount
        self.balances[owner] -= amount
        self.log("Transfer", owner, ZERO, amount)
        self.log("Burn", owner, amount)


@dataclass
class Minter:
    """Mints this round's rewards; holds bonded LPT and the ETH that fees are paid from."""

    events: list[Event]
    token: Token
    address: str
    inflation: int
    inflation_change: int
    target_bonding_rate: int
    mintable: int = 0
    minted: int = 0
    eth: int = 0
    paid: defaultdict[str, int] = field(
        default_factory=lambda: defaultdict(int)
    )  # ETH, by recipient

    def set_current_reward_tokens(self, total_bonded: int) -> None:
        """Move inflation one step towards the target bonding rate; budget this round's rewards."""
        supply = self.token.total_supply
        rate = points(total_bonded, supply, MINTER_PERC) if supply else 0
        if rate < self.target_bonding_rate:
            self.inflation += self.inflation_change
        elif rate > self.target_bonding_rate:
            self.inflation = max(0, self.inflation - self.inflation_change)
        self.mintable = part(supply, self.inflation, MINTER_PERC)
        self.minted = 0
        self.events.append(
            Event("Minter", "SetCurrentRewardTokens", (self.mintable, self.inflation))
        )

    def create_reward(self, stake: int, total_stake: int) -> int:
        reward = fraction(self.mintable, stake, total_stake, MINTER_PERC)
        self.minted += reward
        require(self.minted <= self.mintable, "minted tokens cannot exceed mintable tokens")
        self.token.mint(self.address, reward)
        return reward

    def transfer(self, recipient: str, amount: int) -> None:
        self.token.transfer(self.address, recipient, amount)

    def burn(self, amount: int) -> None:
        self.token.burn(self.address, amount)

    def withdraw_eth(self, recipient: str, amount: int) -> None:
        require(amount <= self.eth, BARE)
        self.eth -= amount
        self.paid[recipient] += amount


@dataclass
class Registry:
    """The Controller: who owns the system, whether it is paused, and who holds which name."""

    owner: str
    names: dict[str, str]
    paused: bool = False

    def address_of(self, name: str) -> str:
        return self.names.get(name, ZERO)


def block_hash(number: int) -> bytes:
    """What the in-process EVM answers for a past block."""
    return keccak(text=str(number))
