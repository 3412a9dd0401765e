"""The books at the end: where every wei of LPT and of ETH is, and whether it all adds up.

Nothing is taken from what the run believes it did. Holders are found in the logs and transactions
of the whole chain; amounts are balances and the contracts' own accounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devnet.amounts import exact
from devnet.network import Network

ZERO_ADDRESS = "0x" + "00" * 20


@dataclass(frozen=True)
class Check:
    """Two amounts in wei that must differ by `slack` at the most; the second is never larger
    when there is slack, because all rounding is down."""

    claim: str
    left: int
    right: int
    slack: int = 0

    @property
    def holds(self) -> bool:
        return 0 <= self.left - self.right <= self.slack


@dataclass(frozen=True)
class Post:
    """One line of a balance sheet, in wei."""

    name: str
    amount: int


@dataclass(frozen=True)
class Books:
    lpt: tuple[Post, ...]
    lpt_supply: int
    lpt_holders: int
    eth: tuple[Post, ...]
    eth_genesis: int
    eth_accounts: int
    checks: tuple[Check, ...]

    @property
    def balance(self) -> bool:
        return all(check.holds for check in self.checks)

    def line(self) -> str:
        """The one line a run ends with."""
        if not self.balance:
            wrong = [check for check in self.checks if not check.holds]
            faults = "; ".join(f"{c.claim}: {c.left} against {c.right}" for c in wrong)
            return f"books: do NOT balance: {faults}"
        return (
            f"books: {exact(self.lpt_supply)} LPT with {self.lpt_holders} holders and "
            f"{exact(self.eth_genesis)} ETH in {self.eth_accounts} accounts, "
            f"{len(self.checks)} checks, balance to the wei"
        )


def close_books(network: Network) -> Books:
    """Read everything from the chain."""
    lpt, supply, holders, lpt_checks = _lpt(network)
    eth, genesis, accounts, eth_checks = _eth(network)
    return Books(
        lpt=tuple(lpt),
        lpt_supply=supply,
        lpt_holders=holders,
        eth=tuple(eth),
        eth_genesis=genesis,
        eth_accounts=accounts,
        checks=(*lpt_checks, *eth_checks),
    )


# -- LPT


def _lpt(network: Network) -> tuple[list[Post], int, int, list[Check]]:
    protocol = network.protocol
    token, manager = protocol.livepeer_token, protocol.bonding_manager
    minter = protocol.minter.address
    transfers = network.logs(token, "Transfer")
    balances = {
        str(address): int(token.balanceOf(address))
        for address in {end for log in transfers for end in (log["sender"], log["to"])}
        if address != ZERO_ADDRESS
    }
    supply = int(token.totalSupply())
    minted = sum(int(log["value"]) for log in transfers if log["sender"] == ZERO_ADDRESS)
    burned = sum(int(log["value"]) for log in transfers if log["to"] == ZERO_ADDRESS)
    inflation = sum(
        int(log["value"])
        for log in transfers
        if log["sender"] == ZERO_ADDRESS and str(log["to"]) == minter
    )
    shared_out = sum(
        int(log["amount"])
        for event in ("Reward", "TreasuryReward")
        for log in network.logs(manager, event)
    )
    stakes = _stakes(network)
    locked = _locked(network)
    slashed = [
        log
        for event in ("TranscoderSlashed", "UnbondingLockSlashed")
        for log in network.logs(manager, event)
    ]
    penalties, rewards = (_sum(slashed, name) for name in ("penalty", "finderReward"))
    delegated, pending = sum(stakes.delegated.values()), sum(stakes.pending.values())
    treasury = balances.get(protocol.treasury_address, 0)
    faucet = balances.get(protocol.livepeer_token_faucet.address, 0)
    wallets = sum(balances.values()) - balances.get(minter, 0) - treasury - faucet
    posts = [
        Post("bonded stake, rewards included", pending),
        Post("unbonding, not yet withdrawn", locked),
        Post("rounding left in the Minter", balances.get(minter, 0) - pending - locked),
        Post("treasury", treasury),
        Post("faucet", faucet),
        Post("wallets", wallets),
    ]
    checks = [
        Check("LPT supply = balances of all holders", supply, sum(balances.values())),
        Check("LPT supply = minted - burned", supply, minted - burned),
        Check("LPT burned = penalties - what finders got of them", burned, penalties - rewards),
        Check("LPT minted by the Minter = rewards + treasury's part", inflation, shared_out),
        Check("LPT of the Minter = delegated stake + locks", balances[minter], delegated + locked),
        Check("delegated stake = every delegator's stake + rounding", delegated, pending,
              slack=stakes.slack),
    ]  # fmt: skip
    return posts, supply, len([b for b in balances.values() if b]), checks


@dataclass(frozen=True)
class _Stakes:
    """By address: stake delegated to an orchestrator, and each delegator's own."""

    delegated: dict[str, int]
    pending: dict[str, int]
    fees: dict[str, int]
    slack: int


def _stakes(network: Network) -> _Stakes:
    manager = network.protocol.bonding_manager
    number = network.current_round()
    bonds = network.logs(manager, "Bond")
    delegators = {str(log["delegator"]) for log in bonds}
    delegates = {str(log["newDelegate"]) for log in bonds}
    steps = sum(
        len(network.logs(contract, event))
        for contract, event in (
            (manager, "Reward"),
            (manager, "EarningsClaimed"),
            (network.protocol.ticket_broker, "WinningTicketTransfer"),
        )
    )
    return _Stakes(
        delegated={one: int(manager.getDelegator(one).delegatedAmount) for one in delegates},
        pending={one: int(manager.pendingStake(one, number)) for one in delegators},
        fees={one: int(manager.pendingFees(one, number)) for one in delegators},
        # Sharing out a reward or a fee, settling an account and reading one each round down by
        # less than a wei.
        slack=steps + len(delegators),
    )


def _locked(network: Network) -> int:
    manager = network.protocol.bonding_manager
    return sum(
        int(manager.getDelegatorUnbondingLock(log["delegator"], log["unbondingLockId"]).amount)
        for log in network.logs(manager, "Unbond")
    )


# -- ETH


def _eth(network: Network) -> tuple[list[Post], int, int, list[Check]]:
    protocol = network.protocol
    manager, broker = protocol.bonding_manager, protocol.ticket_broker
    traffic = _traffic(network)
    balances = {address: network.balance(address) for address in traffic.addresses}
    genesis = {
        address: int(network.provider.web3.eth.get_balance(address, 0))
        for address in traffic.addresses
    }
    in_minter = balances.get(protocol.minter.address, 0)
    senders = {
        str(log[field])
        for event, field in (("DepositFunded", "sender"), ("ReserveFunded", "reserveHolder"))
        for log in network.logs(broker, event)
    }
    infos = [broker.getSenderInfo(sender) for sender in senders]
    deposits = sum(int(info[0][0]) for info in infos)
    reserves = sum(int(info[1][0]) for info in infos)
    won = _sum(network.logs(broker, "WinningTicketTransfer"), "amount")
    withdrawn = _sum(network.logs(manager, "WithdrawFees"), "amount")
    stakes = _stakes(network)
    pending = sum(stakes.fees.values())
    contracts = {address for address in traffic.created if address != protocol.minter.address}
    wallets = sum(
        amount
        for address, amount in balances.items()
        if address not in traffic.created and address not in traffic.producers
    )
    tips = sum(balances[address] for address in traffic.producers)
    posts = [
        Post("gateway deposits", deposits),
        Post("gateway reserves", reserves),
        Post("fees not yet withdrawn", pending),
        Post("rounding left in the Minter", in_minter - deposits - reserves - pending),
        Post("wallets", wallets),
        Post("block producer", tips),
        Post("burned as gas", traffic.burned),
    ]
    checks = [
        Check(
            "ETH of the Minter = deposits + reserves + fees won - fees withdrawn",
            in_minter,
            deposits + reserves + won - withdrawn,
        ),
        Check("fees owed = every delegator's fees + rounding", won - withdrawn, pending,
              slack=stakes.slack),
        Check("no ETH in any contract but the Minter", sum(balances[a] for a in contracts), 0),
        Check(
            "ETH at genesis = ETH of all accounts + gas burned",
            sum(genesis.values()),
            sum(balances.values()) + traffic.burned,
        ),
    ]  # fmt: skip
    return posts, sum(genesis.values()), len([b for b in balances.values() if b]), checks


def _sum(logs: Iterable[dict[str, Any]], name: str) -> int:
    return sum(int(log[name]) for log in logs)


@dataclass(frozen=True)
class _Traffic:
    """Every address that took part in a block, and the base fees that were burned."""

    addresses: set[str]
    created: set[str]
    producers: set[str]
    burned: int


def _traffic(network: Network) -> _Traffic:
    eth = network.provider.web3.eth
    ends: set[str] = set()
    created: set[str] = set()
    producers: set[str] = set()
    burned = 0
    for number in range(network.head() + 1):
        block = eth.get_block(number, full_transactions=True)
        producers.add(str(block["miner"]))
        burned += int(block["baseFeePerGas"]) * int(block["gasUsed"])
        for transaction in block["transactions"]:
            ends.add(str(transaction["from"]))
            if transaction.get("to"):
                ends.add(str(transaction["to"]))
            else:
                receipt = eth.get_transaction_receipt(transaction["hash"])
                created.add(str(receipt["contractAddress"]))
    starters = {str(account) for account in eth.accounts}
    return _Traffic(ends | created | producers | starters, created, producers, burned)
