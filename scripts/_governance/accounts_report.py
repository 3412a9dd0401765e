"""The treasury's books: every wei that came and went between two blocks, and what it was for.

    opening + inflows - outflows = closing

An inflow of LPT is the treasury's cut of a reward, an effect of an executed proposal, or what
somebody sent; an outflow is an effect of an executed proposal. Whatever is none of these is listed
as unexplained, and makes the report fail: tokens minted straight to the treasury, an allowance that
somebody used later, LPT moved here by others than its holder. Source: core spec 15, 16.10; bonding
spec 12.12; requirement 23.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

ZERO = "0x" + "00" * 20


class ReportError(ValueError):
    """One line that names the option or the contract, and what to do."""


class Kind(StrEnum):
    REWARD = "reward cut"
    PROPOSAL = "proposal"
    DONATION = "donation"
    SENT_ALONG = "sent along"  # ETH handed over with an execution, for its calls to spend
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Transfer:
    """A Transfer event of LPT. `index` orders the logs of a block; amounts in wei."""

    block: int
    tx: str
    index: int
    sender: str
    recipient: str
    amount: int


@dataclass(frozen=True)
class Reward:
    """A TreasuryReward event, and the round it was for."""

    tx: str
    index: int
    transcoder: str
    amount: int
    round: int


@dataclass(frozen=True)
class Action:
    """A CallExecuted event. What the call did was logged after `start` and before `index`.

    `proposal` is the proposal's id, else that of the operation; `title` its first line.
    """

    block: int
    tx: str
    start: int
    index: int
    target: str
    value: int
    proposal: str
    title: str


@dataclass(frozen=True)
class Sender:
    """Who signed a transaction, and what it called; None if it created a contract."""

    signer: str
    called: str | None


@dataclass(frozen=True)
class EtherFlow:
    """ETH in (positive) or out, found in a transaction: `position` is its place in the block."""

    tx: str
    position: int
    amount: int
    account: str
    kind: Kind
    action: Action | None = None


@dataclass(frozen=True)
class EtherBlock:
    """A block in which ETH moved: by how much the balance changed, and the flows found in it."""

    block: int
    change: int
    flows: tuple[EtherFlow, ...]
    traced: bool = True


@dataclass(frozen=True)
class Entry:
    """One line of the books; `amount` in wei, negative for an outflow.

    `position` orders a block: the index of the log for LPT, of the transaction for ETH. `account`
    is the other side: who paid or got it, for a reward cut the transcoder.
    """

    asset: str
    kind: Kind
    amount: int
    block: int
    position: int
    tx: str
    account: str
    round: int | None = None
    proposal: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Entries of one kind that belong together: a round, a proposal, a giver."""

    kind: Kind
    what: str
    amount: int
    entries: int


@dataclass(frozen=True)
class Account:
    """The books of one asset: its entries in order, and its balances before and after them."""

    asset: str
    opening: int
    closing: int
    entries: tuple[Entry, ...]

    @property
    def inflows(self) -> int:
        return sum(entry.amount for entry in self.entries if entry.amount > 0)

    @property
    def outflows(self) -> int:
        return -sum(entry.amount for entry in self.entries if entry.amount < 0)

    @property
    def difference(self) -> int:
        """What the entries leave open: 0, or a balance has changed without a trace."""
        return self.closing - (self.opening + self.inflows - self.outflows)

    @property
    def unexplained(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.kind is Kind.UNEXPLAINED)

    def groups(self, names: Mapping[str, str]) -> list[Group]:
        """Reward cuts by round, the rest by proposal or account, in order of the first entry."""
        sums: dict[tuple[Kind, str], list[int]] = {}
        for entry in self.entries:
            sums.setdefault((entry.kind, _label(entry, names)), []).append(entry.amount)
        return [
            Group(kind, label, sum(amounts), len(amounts))
            for (kind, label), amounts in sums.items()
        ]

    def points(self, first: int, last: int) -> list[tuple[int, int]]:
        """The balance before block `first`, after each block that changed it, and after `last`."""
        after: dict[int, int] = {}
        balance = self.opening
        for entry in self.entries:
            balance += entry.amount
            after[entry.block] = balance
        return [(first, self.opening), *sorted(after.items()), (last, balance)]


def _label(entry: Entry, names: Mapping[str, str]) -> str:
    if entry.kind is Kind.REWARD:
        return f"round {entry.round}"
    if entry.kind is Kind.PROPOSAL:
        return f"{entry.proposal} {entry.note}".strip()
    name = names.get(entry.account)
    return f"{entry.account} ({name})" if name else entry.account


@dataclass(frozen=True)
class Report:
    """Both accounts of a treasury over blocks `first` to `last`, both included.

    `names` are the protocol's contracts by address, `times` the Unix time of each block with an
    entry.
    """

    chain_id: int
    treasury: str
    first: int
    last: int
    accounts: tuple[Account, ...]
    names: Mapping[str, str]
    times: Mapping[int, int]

    @property
    def explained(self) -> bool:
        return not any(one.unexplained or one.difference for one in self.accounts)


# -- LPT


def lpt_entries(
    transfers: Iterable[Transfer],
    rewards: Iterable[Reward],
    actions: Sequence[Action],
    *,
    treasury: str,
    names: Mapping[str, str],
    sender_of: Callable[[str], Sender],
) -> list[Entry]:
    """Explain each transfer from or to the treasury. To itself is neither."""
    ordered = sorted(transfers, key=lambda it: (it.block, it.index))
    ordered = [it for it in ordered if it.sender != it.recipient]
    cuts = match_rewards(ordered, rewards, treasury)
    entries = []
    for transfer in ordered:
        incoming = transfer.recipient == treasury
        amount = transfer.amount if incoming else -transfer.amount
        account = transfer.sender if incoming else transfer.recipient
        place = transfer.block, transfer.index, transfer.tx
        if cut := cuts.get((transfer.tx, transfer.index)):
            entries.append(
                Entry("LPT", Kind.REWARD, amount, *place, cut.transcoder, round=cut.round)
            )
        elif action := cause_of(transfer.tx, transfer.index, actions):
            entries.append(
                Entry(
                    "LPT",
                    Kind.PROPOSAL,
                    amount,
                    *place,
                    account,
                    proposal=action.proposal,
                    note=action.title,
                )
            )
        else:
            problem = _problem(transfer, sender_of(transfer.tx), treasury, names)
            kind = Kind.UNEXPLAINED if problem else Kind.DONATION
            entries.append(Entry("LPT", kind, amount, *place, account, note=problem or ""))
    return entries


def match_rewards(
    transfers: Sequence[Transfer], rewards: Iterable[Reward], treasury: str
) -> dict[tuple[str, int], Reward]:
    """By transaction and log of the transfer: BondingManager logs each cut after it was paid."""
    matched: dict[tuple[str, int], Reward] = {}
    for reward in sorted(rewards, key=lambda reward: reward.index):
        paid = [
            (it.tx, it.index)
            for it in transfers
            if it.tx == reward.tx
            and it.index < reward.index
            and it.recipient == treasury
            and it.sender != ZERO
            and it.amount == reward.amount
            and (it.tx, it.index) not in matched
        ]
        if paid:
            matched[paid[-1]] = reward
    return matched


def cause_of(tx: str, index: int, actions: Sequence[Action]) -> Action | None:
    """The executed call that a log is an effect of: the innermost, if calls are nested."""
    around = [it for it in actions if it.tx == tx and it.start < index < it.index]
    return min(around, key=lambda action: action.index) if around else None


def _problem(
    transfer: Transfer, sender: Sender, treasury: str, names: Mapping[str, str]
) -> str | None:
    """Why nothing explains a transfer; None for a gift of its holder."""
    if transfer.sender == treasury:
        return f"no executed call did this; {sender.signer} did, with an earlier allowance?"
    if transfer.sender == ZERO:
        return f"minted straight to the treasury by {sender.signer}"
    if transfer.sender in names:
        return f"{names[transfer.sender]} paid without a TreasuryReward"
    if transfer.sender not in (sender.signer, sender.called):
        return f"moved by {sender.signer}, not by its holder"
    return None


# -- ETH


def ether_entries(blocks: Iterable[EtherBlock]) -> list[Entry]:
    """The flows of each block, and as unexplained what they leave of the balance's change."""
    entries = []
    for one in blocks:
        for flow in one.flows:
            entries.append(
                Entry(
                    "ETH",
                    flow.kind,
                    flow.amount,
                    one.block,
                    flow.position,
                    flow.tx,
                    flow.account,
                    proposal=flow.action.proposal if flow.action else None,
                    note=flow.action.title if flow.action else "",
                )
            )
        rest = one.change - sum(flow.amount for flow in one.flows)
        if rest:
            note = "in no transaction of this block"
            if not one.traced:
                note += " by value; the node does not trace calls inside them"
            entries.append(Entry("ETH", Kind.UNEXPLAINED, rest, one.block, -1, "", "", note=note))
    return sorted(entries, key=lambda entry: (entry.block, entry.position))


def changed_blocks(
    balance_after: Callable[[int], int], before: int, last: int, known: Iterable[int]
) -> list[int]:
    """Blocks after `before` up to `last` in which a balance changed, and those of `known`.

    Finds them by halving, which misses changes that cancel out. There are none outside `known`: the
    treasury pays only in executed calls, so that between those its ETH can only grow.
    """
    marks = sorted({before, last} | {one for block in known for one in (block - 1, block)})
    found = set(known)
    stretches = [(low, high) for low, high in zip(marks, marks[1:], strict=False)]
    while stretches:
        low, high = stretches.pop()
        if balance_after(low) == balance_after(high):
            continue
        if high - low == 1:
            found.add(high)
        else:
            middle = (low + high) // 2
            stretches += [(low, middle), (middle, high)]
    return sorted(found)
