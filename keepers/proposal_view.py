"""Proposals on chain: which there are, where each stands, and what executing one would do.

Addresses come from the Controller. A proposal is known by its event, and believed only if its hash
is the one on chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.abi import event_signature_to_log_topic
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3RPCError
from web3.types import TxParams

from keepers.proposal_rules import Kind, Situation
from scripts._governance.calldata import Interfaces
from scripts._governance.chain_system import ChainSystem, Reader
from scripts._governance.loader import load, numbers, verified_checks
from scripts._governance.model import Call, Candidate, Proposal, ProposalError
from scripts._governance.node import Log, Node, NodeError
from scripts._governance.routes import GovernorUpdate, TreasuryProposal
from scripts._governance.tally import DEAD, State, read_tally
from scripts._lib.protocol import contract_id

GOVERNOR, TREASURY = "governor", "treasury"
CREATED = (
    "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)"
)
STAGED = "UpdateStaged((address[],uint256[],bytes[],uint256),uint256)"
# Blocks looked at again in each tick: a log may move to another block.
REORG_BLOCKS = 64
TITLE_WIDTH = 80


@dataclass(frozen=True)
class Found:
    """A proposal by its event; `carrier` knows the calldata of each step."""

    route: str
    id: str  # 0x and 64 digits
    carrier: GovernorUpdate | TreasuryProposal

    @property
    def title(self) -> str:
        """First line of a treasury proposal's description."""
        if isinstance(self.carrier, GovernorUpdate):
            return ""
        lines = self.carrier.description.strip().splitlines()
        return lines[0].lstrip("# ")[:TITLE_WIDTH] if lines else ""


class SimulatedSystem:
    """A system as it would be after one transaction, for the checks of a proposal.

    Each question is a simulation of its own: the transaction, then the view, in one block that
    nobody mines (eth_simulateV1). Candidates are whatever the transaction puts in charge.
    """

    def __init__(self, system: ChainSystem, node: Node, transaction: dict[str, Any]) -> None:
        self._system, self._node, self._transaction = system, node, transaction

    def address(self, name: str) -> str:
        if name in ("Controller", "Governor"):
            return self._system.address(name)
        return str(self.read("Controller", "getContract", contract_id(name)))

    def read(self, name: str, function: str, *args: Any) -> Any:
        interfaces = self._system.interfaces
        view = {
            "to": self.address(name),
            "data": "0x" + interfaces.encode(name, function, args).hex(),
        }
        done, answer = self._simulate(view)
        if done["status"] != "0x1":
            raise ProposalError(f"the execution reverts in simulation: {_reason(interfaces, done)}")
        if answer["status"] != "0x1":
            raise ProposalError(f"{name}.{function}: {_reason(interfaces, answer)}")
        return interfaces.result(name, function, bytes.fromhex(answer["returnData"][2:]))

    def candidate(self, name: str) -> Candidate:
        address, commit = self.read("Controller", "getContractInfo", contract_id(name))
        return Candidate(str(address), bytes(commit))

    def former(self, name: str) -> str:
        return self._system.address(name)

    def _simulate(self, view: dict[str, Any]) -> Sequence[dict[str, Any]]:
        calls = [self._transaction, view]
        wanted = {"blockStateCalls": [{"calls": calls}]}
        results: Sequence[dict[str, Any]] = self._node.request("eth_simulateV1", wanted, "latest")[
            0
        ]["calls"]
        return results


class ProposalView:
    """Proposals of the system behind a Controller, as one account would act on them."""

    def __init__(
        self,
        web3: Web3,
        controller: str,
        account: str,
        *,
        first_block: int = 0,
        interfaces: Interfaces | None = None,
        proposals: Callable[[], list[Proposal]] | None = None,
    ) -> None:
        """`first_block` is where events are looked for; `proposals` are the files to check by.

        Raises ProposalError if there is no Controller.
        """
        self._web3, self.account = web3, Web3.to_checksum_address(account)
        self.interfaces = interfaces or Interfaces.load()
        self.system = ChainSystem(web3, controller, self.interfaces)
        self._node = Node.of(web3)
        self._files = proposals or (lambda: [load(number) for number in numbers()])
        self._next_block = first_block
        self._found: dict[str, Found] = {}
        self._over: set[str] = set()

    # -- which there are

    def open_ones(self) -> list[Found]:
        """Proposals that something can still happen to, oldest first."""
        self._look()
        for found in self._found.values():
            if found.id not in self._over and self._is_over(found):
                self._over.add(found.id)
        return [found for found in self._found.values() if found.id not in self._over]

    def _is_over(self, found: Found) -> bool:
        """Whether it was over so long ago that no reorganisation brings it back.

        Never said of an update: it may be staged again.
        """
        height = self._node.height() - REORG_BLOCKS
        if found.route == GOVERNOR or height < 0:
            return False
        governor = self.system.address("LivepeerGovernor")
        try:
            answer = self._node.call(
                governor, "state(uint256)", [int(found.id, 16)], ["uint8"], height
            )
        except NodeError:
            return False  # not proposed yet at that block
        return answer is not None and State(answer[0]) in DEAD

    def _look(self) -> None:
        height = self._node.height()
        first = max(0, self._next_block)
        for address, event in self._sources():
            for log in self._node.logs(address, event, first, height):
                one = self._read(log)
                if one is not None:
                    self._found.setdefault(one.id, one)
        self._next_block = max(first, height - REORG_BLOCKS)

    def _sources(self) -> list[tuple[str, str]]:
        sources = [(self.system.address("LivepeerGovernor"), CREATED)]
        if self.system.has_governor():
            sources.append((self.system.address("Governor"), STAGED))
        return sources

    def _read(self, log: Log) -> Found | None:
        if log.topics[0] == event_signature_to_log_topic(STAGED):
            update, _ = GovernorUpdate.from_staged(log.data)
            return Found(GOVERNOR, f"0x{update.hash.hex()}", update)
        number, _, targets, values, _, calldatas, _, _, description = log.values(
            *("uint256", "address", "address[]", "uint256[]", "string[]", "bytes[]"),
            *("uint256", "uint256", "string"),
        )
        proposal = TreasuryProposal(
            tuple(Web3.to_checksum_address(target) for target in targets),
            tuple(values),
            tuple(calldatas),
            description,
        )
        return Found(TREASURY, f"0x{number:064x}", proposal) if proposal.id == number else None

    # -- where one stands

    def situation(self, found: Found) -> Situation:
        now = int(self._web3.eth.get_block("latest")["timestamp"])
        if found.route == GOVERNOR:
            executable = self.system.read("Governor", "updates", bytes.fromhex(found.id[2:]))
            block = self.system.read("RoundsManager", "blockNum")
            return Situation(now=now, block=int(block), executable_from=int(executable))
        tally = read_tally(self._web3, self.system.address("LivepeerGovernor"), int(found.id, 16))
        return Situation(now=now, block=0, tally=tally)

    # -- what to send

    def call_of(self, found: Found, kind: Kind) -> tuple[str, bytes]:
        carrier = found.carrier
        if isinstance(carrier, GovernorUpdate):
            return self.system.address("Governor"), carrier.execute()
        data = carrier.queue() if kind == "queue" else carrier.execute()
        return self.system.address("LivepeerGovernor"), data

    def refusal(self, found: Found, kind: Kind) -> str | None:
        """Why the chain would not accept the call from this account now; None if it would."""
        to, data = self.call_of(found, kind)
        call: TxParams = {
            "from": self.account,
            "to": Web3.to_checksum_address(to),
            "data": data,
        }
        try:
            self._web3.eth.call(call, "latest")
        except ContractLogicError as error:
            raw = error.data
            if isinstance(raw, str) and raw.startswith("0x"):
                return self.interfaces.revert_reason(bytes.fromhex(raw[2:]))
            return str(error.message or error)
        except Web3RPCError as error:
            return " ".join(str(error).split())[:200]
        return None

    def broken_check(self, found: Found) -> str | None:
        """What the proposal's file says of the state after its execution, if that does not hold.

        A proposal without a file is held to nothing but that it does not revert.
        """
        to, data = self.call_of(found, Kind.EXECUTE)
        transaction = {"from": self.account, "to": to, "data": "0x" + data.hex()}
        for proposal in self._files():
            after = SimulatedSystem(self.system, self._node, transaction)
            calls = self._calls_in(found, proposal, after)
            if calls is None:
                continue
            try:
                checks = verified_checks(proposal, calls, proposal.check_after(after), "after")
            except ProposalError as error:
                return f"LIP-{proposal.lip}: {error}"
            for check in checks:
                if not check.holds:
                    name = calls[check.action - 1].name
                    return (
                        f"LIP-{proposal.lip}, action {check.action} ({name}): {check.name} would "
                        f"be {check.found}, not {check.expected}"
                    )
        return None

    def _calls_in(
        self, found: Found, proposal: Proposal, after: SimulatedSystem
    ) -> list[Call] | None:
        """The file's calls, if they are the proposal's, action by action."""
        carrier = found.carrier
        datas = carrier.datas if isinstance(carrier, GovernorUpdate) else carrier.calldatas
        system = _Before(self.system, after)
        try:
            calls = proposal.calls(system)
            actions = [
                (
                    Web3.to_checksum_address(system.address(call.contract)),
                    call.value,
                    self.interfaces.encode(call.contract, call.function, call.args),
                )
                for call in calls
            ]
        except ProposalError:
            return None
        same = actions == list(zip(carrier.targets, carrier.values, datas, strict=True))
        return calls if same else None


@dataclass(frozen=True)
class _Before:
    """The system of now, with the candidates that the execution puts in charge."""

    now: ChainSystem
    after: SimulatedSystem

    def address(self, name: str) -> str:
        return self.now.address(name)

    def read(self, name: str, function: str, *args: Any) -> Any:
        return self.now.read(name, function, *args)

    def candidate(self, name: str) -> Candidate:
        return self.after.candidate(name)

    def former(self, name: str) -> str:
        return self.now.address(name)


def _reason(interfaces: Reader, result: dict[str, Any]) -> str:
    raw = result.get("error", {}).get("data") or result.get("returnData") or "0x"
    return interfaces.revert_reason(bytes.fromhex(str(raw)[2:]))
