"""A connected network as the commands see it: the system on it, and a place to simulate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, to_checksum_address
from web3 import Web3

from scripts._governance import fresh
from scripts._governance.calldata import Interfaces
from scripts._governance.chain_system import ChainSystem
from scripts._governance.layouts import Layout, Layouts
from scripts._governance.lifecycle import Draft, simulate
from scripts._governance.loader import WHAT_IF, lip_status
from scripts._governance.model import Candidate, ProposalError
from scripts._governance.sandbox import Sandbox, SandboxError, borrowed, forked, is_sandbox
from scripts._governance.simulation import Simulation
from scripts._lib.networks import Target
from scripts._lib.records import Records

Say = Callable[[str], None]


@dataclass(frozen=True)
class Session:
    """`since` is the block of the Governor's deployment, where a record says so."""

    web3: Web3
    target: Target
    interfaces: Interfaces
    system: ChainSystem
    network: str
    layouts: Mapping[str, Layout]
    accounts: dict[str, str] = field(default_factory=dict)
    since: int | None = None
    url: str = ""

    def simulate(self, plan: Draft, *, say: Say = lambda _: None) -> Simulation:
        """On this chain if it is an anvil, which is then put back, else on a fork of it.

        Raises ProposalError, SandboxError, ObservationError.
        """
        with self._place() as sandbox:
            height = "" if self.accounts else f", from block {sandbox.height:,}"
            system = ChainSystem(
                sandbox.web3,
                self.system.controller,
                self.interfaces,
                candidates=self.system.candidates,
            )
            return simulate(
                plan,
                system,
                sandbox,
                self.interfaces,
                network=self.network + height,
                what_if=what_if(plan.proposal.lip),
                accounts=self.accounts,
                layouts=self.layouts,
                on_step=say,
            )

    @contextmanager
    def _place(self) -> Iterator[Sandbox]:
        if is_sandbox(self.web3):
            with borrowed(self.web3) as sandbox:
                yield sandbox
        elif self.url:
            with forked(self.url) as sandbox:
                yield sandbox
        else:
            raise SandboxError(
                "this node cannot simulate: use --network <network>-fork:foundry, an anvil"
            )


@contextmanager
def open_session(
    provider: Any,
    target: Target,
    number: int | None,
    *,
    account: Any,
    controller: str | None,
    records: Path | None,
    candidates: Mapping[str, Candidate],
    fresh_allowed: bool,
    say: Say,
) -> Iterator[Session]:
    """The system of --controller, or of the record; on a development chain without either, a fresh
    one as it was before LIP `number`, deployed by `account` and gone again afterwards.

    Raises ProposalError, and what reading a record or deploying raises.
    """
    if controller is not None and not is_address(controller):
        raise ProposalError(f"--controller {controller}: no address")
    web3, interfaces = provider.web3, Interfaces.load()
    path = records or target.records
    known = Records.open(
        path,
        chain_id=int(provider.chain_id),
        genesis=Web3.to_hex(web3.eth.get_block(0)["hash"]),
        live=target.live,
        keep_file=True,
    )
    recorded = known.address("Controller")
    chosen = controller or recorded
    if chosen is None:
        if target.live or number is None or not fresh_allowed or not is_sandbox(web3):
            raise ProposalError(
                f"{path.name} has no Controller for this chain: `ape run deploy` first, or give "
                "--controller ADDRESS"
            )
        with borrowed(web3) as sandbox:
            say(f"No system is recorded on this chain: building the one before LIP-{number}")
            made = fresh.build(
                number,
                account,
                sandbox,
                on_compile=lambda count: say(f"Compiling {count} contracts"),
            )
            system = ChainSystem(web3, made.controller, interfaces, candidates=made.candidates)
            yield Session(
                web3,
                target,
                interfaces,
                system,
                f"a fresh development chain, as before LIP-{number}",
                Layouts(),
                made.accounts,
            )
        return
    none: Mapping[str, Layout] = {}
    ours = recorded is not None and chosen.lower() == recorded.lower()
    governor = known.contracts.get("Governor") if ours else None
    words = "the development chain" if target.name == "local" else f"a fork of {target.name}"
    yield Session(
        web3,
        target,
        interfaces,
        ChainSystem(web3, chosen, interfaces, candidates=candidates),
        words if ours else f"{words} (no record of this system: storage by slot)",
        Layouts() if ours else none,
        since=governor.block if governor else None,
        url=str(getattr(provider, "uri", "")),
    )


def what_if(number: int) -> str:
    """Why a proposal is only a thought experiment; empty for one that may be sent."""
    status = lip_status(number)
    if status not in WHAT_IF:
        return ""
    return f"LIP-{number} was {status.lower()}: nobody has proposed this to be done"


def candidates_of(texts: tuple[str, ...]) -> dict[str, Candidate]:
    """From options NAME=ADDRESS:COMMIT. Raises ProposalError."""
    found = {}
    for text in texts:
        name, _, rest = text.partition("=")
        address, _, commit = rest.partition(":")
        try:
            digest = bytes.fromhex(commit.removeprefix("0x"))
        except ValueError:
            digest = b""
        if not name or not is_address(address) or len(digest) != 20:
            raise ProposalError(
                f"--candidate {text}: give NAME=ADDRESS:COMMIT, the commit as 40 hex digits"
            )
        found[name] = Candidate(str(to_checksum_address(address)), digest)
    return found
