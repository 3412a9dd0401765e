"""TicketBroker against the model of its books, through random lives of senders and recipients.

Number and length of lives follow the hypothesis profile; `make fuzz` runs the long one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eth_abi import encode
from eth_account import Account
from eth_utils.crypto import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from keepers.tickets import MAX_WIN_PROB, Ticket, aux_data, recipient_rand_hash, sign_ticket
from tests.models.arithmetic import Reverted
from tests.models.records import Event
from tests.models.ticket_broker import Redemption, TicketBrokerModel, World, round_hash
from tests.support.contracts import GIT_COMMIT, contract_id
from tests.support.pyrevm_chain import Chain, Contract, Receipt, reason_of

KEYS = {
    Account.from_key(key).address.lower(): key
    for key in (keccak(text=f"key of sender {i}") for i in range(3))
}
SENDERS = tuple(KEYS)
RECIPIENTS = tuple("0x" + keccak(text=f"recipient {i}")[12:].hex() for i in range(3))
OWNER = "0x" + keccak(text="owner")[12:].hex()
RICHES = 10**24
FIRST_ROUND = 10
TUPLE = "(address,address,uint256,uint256,uint256,bytes32,bytes)"
REDEEM = [TUPLE, "bytes", "uint256"]
BATCH = [f"{TUPLE}[]", "bytes[]", "uint256[]"]

senders = st.sampled_from(SENDERS)
recipients = st.sampled_from(RECIPIENTS)
amounts = st.sampled_from((0, 1, 7, 100, 1_000))
#: Part of what the sender can pay this recipient, in percent; 101 asks for one wei more.
shares = st.sampled_from((0, 1, 50, 100, 100, 101))
SPOILT = ("signature", "number", "hash", "odds", "round")
faults = st.sampled_from((None,) * 6 + SPOILT)


def call_data(name: str, types: list[str], values: list[object]) -> bytes:
    return keccak(text=f"{name}({','.join(types)})")[:4] + encode(types, values)


class TicketBrokerMachine(RuleBasedStateMachine):
    """A rule is a transaction, on the contract and on the model."""

    @initialize(unlock_period=st.integers(0, 2), validity_period=st.integers(1, 3))
    def start(self, unlock_period: int, validity_period: int) -> None:
        self.chain = Chain(block=1)
        self.controller = self.chain.deploy("Controller", sender=OWNER)
        self.minter = self._deploy_peer("Minter")
        self.bonding = self._deploy_peer("BondingManager")
        self.clock = self._deploy_peer("RoundsManager")
        self.broker = self.chain.deploy("TicketBroker", self.controller.address, sender=OWNER)
        self.broker.must("setUnlockPeriod", unlock_period, sender=OWNER)
        self.broker.must("setTicketValidityPeriod", validity_period, sender=OWNER)
        self.controller.must("unpause", sender=OWNER)
        for sender in SENDERS:
            self.chain.fund(sender, RICHES)
        self.model = TicketBrokerModel(
            self.broker.address, World(FIRST_ROUND - 1), unlock_period, validity_period
        )
        self.tickets: list[Redemption] = []
        self.paid: dict[bytes, int] = {}  # by hash of the ticket
        self.funded = self.withdrawn = 0
        self.start_round(1, {RECIPIENTS[0], RECIPIENTS[1]}, 0)

    def _deploy_peer(self, name: str) -> Contract:
        peer = self.chain.deploy(f"{name}Mock", sender=OWNER)
        self.controller.must(
            "setContractInfo", contract_id(name), peer.address, GIT_COMMIT, sender=OWNER
        )
        return peer

    def agree(self, receipt: Receipt, modelled: Callable[[], list[Event]]) -> list[Event]:
        """Model what the contract has just done; both must come out the same."""
        try:
            reverted, events = None, modelled()
        except Reverted as error:
            reverted, events = error.reason, []
        assert receipt.reverted == reverted
        assert receipt.events == events
        return events

    # -- time

    @rule(
        rounds=st.integers(1, 2),
        members=st.sets(recipients),
        others=st.integers(0, 2),
    )
    def start_round(self, rounds: int, members: set[str], others: int) -> None:
        """The active set of a round is drawn when it starts; `others` are members nobody names."""
        world = self.model.world
        for number in range(world.round + 1, world.round + rounds + 1):
            self.clock.must("setBlockHashForRound", number, round_hash(number), sender=OWNER)
        world.round += rounds
        world.members, world.members_in_all = members, len(members) + others
        world.initialized = True
        self.clock.must("setRound", world.round, True, sender=OWNER)
        for recipient in RECIPIENTS:
            self.bonding.must("setActive", recipient, recipient in members, sender=OWNER)
        self.bonding.must("setActiveSetSize", world.members_in_all, sender=OWNER)

    @precondition(lambda self: self.model.world.initialized)
    @rule(sender=senders)
    def redeem_and_withdraw_in_a_round_not_initialized(self, sender: str) -> None:
        number = self.model.world.round
        self.clock.must("setRound", number, False, sender=OWNER)
        self.model.world.initialized = False
        self.redeem_again(0)
        self.redeem_batch([0, 1])
        self.withdraw(sender)
        self.clock.must("setRound", number, True, sender=OWNER)
        self.model.world.initialized = True

    @rule(sender=senders)
    def act_while_paused(self, sender: str) -> None:
        self.controller.must("pause", sender=OWNER)
        self.model.world.paused = True
        self.fund_deposit(sender, 1)
        self.fund_reserve(sender, 1)
        self.fund_for(sender, sender, 1, 1, 0)
        self.unlock(sender)
        self.cancel_unlock(sender)
        self.withdraw(sender)
        self.redeem_again(0)
        self.redeem_batch([0])
        self.controller.must("unpause", sender=OWNER)
        self.model.world.paused = False

    # -- senders

    @rule(sender=senders, value=amounts)
    def fund_deposit(self, sender: str, value: int) -> None:
        receipt = self.broker.transact("fundDeposit", sender=sender, value=value)
        if self.agree(receipt, lambda: self.model.fund_deposit(sender, value)):
            self.funded += value

    @rule(sender=senders, value=amounts)
    def fund_reserve(self, sender: str, value: int) -> None:
        receipt = self.broker.transact("fundReserve", sender=sender, value=value)
        if self.agree(receipt, lambda: self.model.fund_reserve(sender, value)):
            self.funded += value

    @rule(
        caller=senders,
        sender=senders,
        deposit=amounts,
        reserve=amounts,
        extra=st.sampled_from((0, 0, 0, 1)),
    )
    def fund_for(self, caller: str, sender: str, deposit: int, reserve: int, extra: int) -> None:
        value = deposit + reserve + extra
        receipt = self.broker.transact(
            "fundDepositAndReserveFor", sender, deposit, reserve, sender=caller, value=value
        )
        if self.agree(
            receipt, lambda: self.model.fund_for(caller, sender, deposit, reserve, value)
        ):
            self.funded += value

    @rule(sender=senders)
    def unlock(self, sender: str) -> None:
        receipt = self.broker.transact("unlock", sender=sender)
        self.agree(receipt, lambda: self.model.unlock(sender))

    @rule(sender=senders)
    def cancel_unlock(self, sender: str) -> None:
        receipt = self.broker.transact("cancelUnlock", sender=sender)
        self.agree(receipt, lambda: self.model.cancel_unlock(sender))

    @rule(sender=senders)
    def withdraw(self, sender: str) -> None:
        receipt = self.broker.transact("withdraw", sender=sender)
        events = self.agree(receipt, lambda: self.model.withdraw(sender))
        if events:
            self.withdrawn += int(str(events[0].args[1]))

    # -- redemption

    @rule(sender=senders, recipient=recipients, share=shares, fault=faults)
    def redeem(self, sender: str, recipient: str, share: int, fault: str | None) -> None:
        payable = self.model.deposits[sender] + self.model.claimable(sender, recipient)
        face_value = payable + 1 if share > 100 else payable * share // 100
        redemption = self._sign(sender, recipient, face_value)
        if fault is not None:
            self._redeem(self._spoil(redemption, fault))
        self._redeem(redemption)

    @precondition(lambda self: self.tickets)
    @rule(pick=st.integers(0, 30))
    def redeem_again(self, pick: int) -> None:
        """A ticket that was paid, refused or has grown old."""
        if self.tickets:
            self._redeem(self.tickets[pick % len(self.tickets)])

    @precondition(lambda self: self.tickets)
    @rule(picks=st.lists(st.integers(0, 30), max_size=5))
    def redeem_batch(self, picks: list[int]) -> None:
        chosen = [self.tickets[pick % len(self.tickets)] for pick in picks if self.tickets]
        columns = [
            [ticket.as_tuple() for ticket, _, _ in chosen],
            [sig for _, sig, _ in chosen],
            [rand for _, _, rand in chosen],
        ]
        data = call_data("batchRedeemWinningTickets", BATCH, columns)
        self._count_payments(self.agree(self._run(data), lambda: self.model.redeem_batch(chosen)))

    @rule(sender=senders, recipient=recipients, values=st.lists(amounts, min_size=2, max_size=4))
    def redeem_new_batch(self, sender: str, recipient: str, values: list[int]) -> None:
        first = len(self.tickets)
        for value in values:
            self._sign(sender, recipient, value)
        self.redeem_batch([*range(first, len(self.tickets)), first])

    def _sign(self, sender: str, recipient: str, face_value: int) -> Redemption:
        """A ticket of this round that always wins; its number is its nonce."""
        number = self.model.world.round
        nonce = len(self.tickets)
        ticket = Ticket(
            recipient=recipient,  # type: ignore[arg-type]
            sender=sender,  # type: ignore[arg-type]
            face_value=face_value,
            win_prob=MAX_WIN_PROB,
            sender_nonce=nonce,
            recipient_rand_hash=recipient_rand_hash(nonce),
            aux_data=aux_data(number, round_hash(number)),
        )
        redemption = (ticket, sign_ticket(ticket, KEYS[sender]), nonce)
        self.tickets.append(redemption)
        return redemption

    def _spoil(self, redemption: Redemption, fault: str) -> Redemption:
        ticket, sig, rand = redemption
        number = self.model.world.round
        if fault == "signature":
            return ticket, sig[:64] + bytes([55 - sig[64]]), rand
        if fault == "number":
            return ticket, sig, rand + 1
        changes: dict[str, object] = {
            "hash": {"aux_data": aux_data(number, round_hash(0))},
            "odds": {"win_prob": 0},
            "round": {"aux_data": aux_data(number + 1, round_hash(number + 1))},
        }[fault]
        spoilt = replace(ticket, **changes)
        return spoilt, sign_ticket(spoilt, KEYS[ticket.sender.lower()]), rand

    def _redeem(self, redemption: Redemption) -> None:
        ticket, sig, rand = redemption
        data = call_data("redeemWinningTicket", REDEEM, [ticket.as_tuple(), sig, rand])
        self._count_payments(self.agree(self._run(data), lambda: self.model.redeem(redemption)))

    def _run(self, data: bytes) -> Receipt:
        succeeded, output = self.chain.run(OWNER, self.broker.address, data)
        if succeeded:
            return Receipt(None, self.chain.events())
        return Receipt(reason_of(output), [])

    def _count_payments(self, events: list[Event]) -> None:
        transfers = [e.args[2] for e in events if e.name == "WinningTicketTransfer"]
        redeemed = [e.args for e in events if e.name == "WinningTicketRedeemed"]
        assert transfers == [args[2] for args in redeemed if args[2]]  # in full or not at all
        for args in redeemed:
            ticket, _, _ = self.tickets[int(str(args[4]))]
            assert ticket.hash() not in self.paid
            self.paid[ticket.hash()] = ticket.face_value

    # -- claims

    @invariant()
    def views_agree_with_the_model(self) -> None:
        model, number = self.model, self.model.world.round
        for sender in SENDERS:
            assert self.broker.view("getSenderInfo", sender) == (
                model.deposits[sender],
                model.withdraw_rounds[sender],
                model.reserves[sender],
                model.claimed(sender),
            )
            for recipient in RECIPIENTS:
                claimable = self.broker.view("claimableReserve", sender, recipient)
                assert claimable == model.claimable(sender, recipient)
                claimed = self.broker.view("claimedReserve", sender, recipient)
                assert claimed == model.claims[sender, number, recipient]

    @invariant()
    def every_wei_is_somewhere(self) -> None:
        locked = sum(self.model.deposits.values()) + sum(self.model.reserves.values())
        assert self.funded == locked + sum(self.paid.values()) + self.withdrawn
        assert self.chain.balance(self.minter.address) == self.funded - self.withdrawn
        assert self.chain.balance(self.broker.address) == 0

    @invariant()
    def used_tickets_are_those_that_were_paid(self) -> None:
        for ticket, _, _ in self.tickets[-10:]:
            used = self.broker.view("usedTickets", ticket.hash())
            assert used == (ticket.hash() in self.paid)

    @invariant()
    def nobody_drew_more_than_its_share_of_a_round(self) -> None:
        world = self.model.world
        for sender in SENDERS:
            drawn = self.model.claimed(sender)
            whole = self.model.reserves[sender] + drawn
            if self.model.unlock_period == 0 and drawn:
                continue  # a reserve withdrawn in the round of a claim is smaller than the claims
            for recipient in RECIPIENTS:
                claim = self.model.claims[sender, world.round, recipient]
                assert claim * world.members_in_all <= whole


PROFILE = settings()
TestTicketBroker = TicketBrokerMachine.TestCase
TestTicketBroker.settings = settings(
    max_examples=PROFILE.max_examples,
    stateful_step_count=2 * PROFILE.stateful_step_count,
)
