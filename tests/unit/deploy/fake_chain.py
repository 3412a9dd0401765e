"""A chain in memory for the deploy code: accounts with nonces, and contracts as dictionaries.

It can kill the run around any transaction, before or after the chain has taken it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts._governance.routes import GovernorUpdate
from scripts._lib.artifacts import Artifact
from scripts._lib.chain import (
    ZERO,
    Call,
    ChainError,
    Creation,
    Log,
    Mined,
    Prepared,
    created_address,
)
from scripts._lib.context import Context, role_id
from scripts._lib.handover import STAGED
from scripts._lib.initialise import INITIALIZED
from scripts._lib.params import Parameters
from scripts._lib.plan import build_plan, source_names
from scripts._lib.protocol import contract_id
from scripts._lib.records import Records
from scripts._lib.roles import CANCELLER_ROLE, GRANTED, PROPOSER_ROLE, REVOKED, TIMELOCK_ADMIN_ROLE
from scripts._lib.source import Source

DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
STRANGER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SAFE = "0x04F53A0bb244f015cC97731570BeD26F0229da05"
COMMIT = "ab" * 20
ADMIN_ROLE = bytes(32)
# What a setter changes, and how else its argument can be read back.
SETTERS = {
    "setUnbondingPeriod": "unbondingPeriod",
    "setNumActiveTranscoders": "getTranscoderPoolMaxSize",
    "setTreasuryRewardCutRate": "nextRoundTreasuryRewardCutRate",
    "setTreasuryBalanceCeiling": "treasuryBalanceCeiling",
    "setRoundLength": "roundLength",
    "setRoundLockAmount": "roundLockAmount",
    "setUnlockPeriod": "unlockPeriod",
    "setTicketValidityPeriod": "ticketValidityPeriod",
    "setInflationChange": "inflationChange",
    "setTargetBondingRate": "targetBondingRate",
    "transferOwnership": "owner",
}
# Setters of several values, and the members of `parameters` that they write.
MEMBERS = {
    "setSlashes": ("equivocationSlash", "contradictionSlash", "contentSlash"),
    "setFinderShare": ("finderShare",),
    "setDelays": ("signedDelay", "contentDelay"),
    "setWindows": ("evidenceWindow", "executionWindow", "lockWindow", "arbitrationWindow"),
    "setContentDistance": ("contentDistance",),
    "setSignerGrace": ("signerGrace",),
    "setBrakes": ("slashCooldown", "roundSlashCap", "roundJailCap"),
    "setGuardian": ("guardian",),
    "setArbiter": ("arbiter",),
    "setArmedFaults": ("armedFaults",),
}
ADDRESSES = ("guardian", "arbiter")
# What initialize() of the LivepeerGovernor writes, in the order of its arguments.
VOTING = ("votingDelay", "votingPeriod", "proposalThreshold", "quorumNumerator", "quota")
CONSTRUCTORS = {
    "Minter": ("controller", "inflation", "inflationChange", "targetBondingRate"),
    "ManagerProxy": ("controller", "targetContractId"),
    "LivepeerTokenFaucet": ("token", "requestAmount", "requestWait"),
    "PollCreator": ("bondingManager",),
}


class Killed(BaseException):
    """The process ends here: no `except Exception` sees it."""


@dataclass
class FakeContract:
    code: bytes
    views: dict[str, Any] = field(default_factory=dict)
    roles: set[tuple[bytes, str]] = field(default_factory=set)
    registry: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)
    updates: dict[bytes, int] = field(default_factory=dict)
    logs: list[Log] = field(default_factory=list)

    def grant(self, role: str, account: str, tx: str = "") -> None:
        self.change_role(role_id(role), account, tx, granted=True)

    def change_role(self, role: bytes, account: str, tx: str, *, granted: bool) -> None:
        """With its event, where something changes."""
        if ((role, account) in self.roles) == granted:
            return
        (self.roles.add if granted else self.roles.discard)((role, account))
        self.logs.append(Log((GRANTED if granted else REVOKED, role, _word(account)), b"", tx))


@dataclass
class FakeChain:
    """Implements `Chain`. `kill(number, moment)` decides "before" and "after" each transaction."""

    account: str = DEPLOYER
    chain_id: int = 31337
    genesis: str = "0x" + "01" * 32
    kill: Callable[[int, str], bool] = lambda _number, _moment: False
    contracts: dict[str, FakeContract] = field(default_factory=dict)
    mined: dict[str, Mined] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    nonces: dict[str, int] = field(default_factory=dict)

    def code(self, address: str) -> bytes:
        contract = self.contracts.get(address)
        return contract.code if contract else b""

    def nonce(self, address: str) -> int:
        return self.nonces.get(address, 0)

    def find(self, tx: str) -> Mined | None:
        return None if tx in self.lost else self.mined.get(tx)

    def read(self, artifact: Artifact, address: str, function: str, *args: Any) -> Any:
        contract = self.contracts.get(address)
        if contract is None:
            raise ChainError(f"{artifact.name}.{function} at {address}: no code")
        if function == "getContractInfo":
            return contract.registry.get(args[0], (ZERO, bytes(20)))
        if function == "hasRole":
            return (args[0], args[1]) in contract.roles
        if function == "getRoleAdmin":
            return contract.views.get("admin_role", ADMIN_ROLE)
        if function == "updates":
            return contract.updates.get(args[0], 0)
        if function == "parameters":
            names = [name for group in MEMBERS.values() for name in group]
            blank = {name: ZERO if name in ADDRESSES else 0 for name in names}
            return SimpleNamespace(**blank | contract.views.get("parameters", {}))
        return contract.views.get(function, 0)

    def logs(self, address: str, *, events: tuple[bytes, ...], since: int) -> list[Log]:  # noqa: ARG002
        contract = self.contracts.get(address)
        return [log for log in contract.logs if log.topics[0] in events] if contract else []

    def creation_code(self, request: Creation) -> bytes:
        encoded = b"".join(_word(value) for value in request.args)
        return bytes.fromhex(request.artifact.initcode) + encoded

    def simulate(self, request: Creation, *, sender: str) -> bytes:  # noqa: ARG002
        return bytes.fromhex(request.artifact.runtime)

    def prepare(self, request: Creation | Call) -> Prepared:
        nonce = self.nonce(self.account)
        tx = "0x" + keccak(text=f"{self.account} {nonce} {_name(request)}").hex()
        return Prepared(tx=tx, nonce=nonce, send=lambda: self._send(request, tx, nonce))

    @property
    def sent(self) -> int:
        return len(self.mined)

    def _send(self, request: Creation | Call, tx: str, nonce: int) -> Mined:
        number = self.sent + 1
        if self.kill(number, "before"):
            raise Killed
        created = self._create(request, nonce, tx) if isinstance(request, Creation) else None
        if isinstance(request, Call):
            self._execute(request, tx)
        data = self.creation_code(request) if isinstance(request, Creation) else b""
        self.nonces[self.account] = nonce + 1
        self.mined[tx] = Mined(tx, number, True, self.account, nonce, data, created)
        if self.kill(number, "after"):
            raise Killed
        return self.mined[tx]

    def _create(self, request: Creation, nonce: int, tx: str) -> str:
        address = created_address(self.account, nonce)
        name = request.artifact.name
        names = CONSTRUCTORS.get(name, ("controller", "targetContractId"))
        views = dict(zip(names, (*request.args, bytes(32)), strict=False))
        contract = FakeContract(bytes.fromhex(request.artifact.runtime), views)
        if name == "Controller":
            contract.views |= {"owner": self.account, "paused": True}
        if name == "Governor":
            contract.views = {"owner": self.account}
        if name == "LivepeerToken":
            contract.change_role(ADMIN_ROLE, self.account, tx, granted=True)
        self.contracts[address] = contract
        return address

    def _execute(self, request: Call, tx: str) -> None:
        contract, function, args = self.contracts[request.address], request.function, request.args
        if function == "setContractInfo":
            contract.registry[args[0]] = (args[1], args[2])
        elif function in ("grantRole", "revokeRole"):
            admin = contract.views.get("admin_role", ADMIN_ROLE)
            self._require((admin, self.account) in contract.roles, request)
            contract.change_role(args[0], args[1], tx, granted=function == "grantRole")
        elif function == "renounceRole":
            self._require(args[1] == self.account, request)
            contract.change_role(args[0], args[1], tx, granted=False)
        elif function == "initialize":
            self._initialize(request, contract, tx)
        elif function in ("stage", "execute"):
            self._govern(request, contract, tx)
        elif function == "mint":
            self._require((keccak(text="MINTER_ROLE"), self.account) in contract.roles, request)
            contract.views["totalSupply"] = contract.views.get("totalSupply", 0) + args[1]
        elif function == "unpause":
            self._require(contract.views["paused"], request)
            contract.views["paused"] = False
        elif function in MEMBERS:
            members = contract.views.setdefault("parameters", {})
            members |= zip(MEMBERS[function], args, strict=True)
        else:
            contract.views[SETTERS[function]] = args[0]

    def _initialize(self, request: Call, contract: FakeContract, tx: str) -> None:
        self._require(not any(log.topics[0] == INITIALIZED for log in contract.logs), request)
        if request.artifact.name == "Treasury":
            delay, proposers, _, admin = request.args
            contract.views |= {"getMinDelay": delay, "admin_role": role_id(TIMELOCK_ADMIN_ROLE)}
            for account in (request.address, admin):
                contract.grant(TIMELOCK_ADMIN_ROLE, account, tx)
            for account in proposers:
                contract.grant(PROPOSER_ROLE, account, tx)
                contract.grant(CANCELLER_ROLE, account, tx)
        else:
            registry = self.contracts[contract.views["controller"]].registry
            known = {"timelock": "Treasury", "token": "BondingVotes"}
            contract.views |= dict(zip(VOTING, request.args, strict=True))
            contract.views |= {view: registry[contract_id(id)][0] for view, id in known.items()}
        contract.logs.append(Log((INITIALIZED,), bytes(31) + b"\x01", tx))

    def _govern(self, request: Call, contract: FakeContract, tx: str) -> None:
        """An update hands the ownership on: it can do nothing else here."""
        update = GovernorUpdate.from_tuple(request.args[0])
        if request.function == "stage":
            self._require(contract.views["owner"] == self.account, request)
            self._require(update.hash not in contract.updates, request)
            contract.updates[update.hash] = self.sent + 1
            contract.logs.append(Log((STAGED,), update.stage(request.args[1])[4:], tx))
        else:
            self._require(update.hash in contract.updates, request)
            del contract.updates[update.hash]
            contract.views["owner"] = to_checksum_address(update.datas[0][-20:])

    def _require(self, condition: bool, request: Call) -> None:
        if not condition:
            raise ChainError(f"{request.artifact.name}.{request.function}: reverted")


def _name(request: Creation | Call) -> str:
    if isinstance(request, Creation):
        return f"deploy {request.artifact.name} {request.args}"
    return f"{request.address}.{request.function} {request.args}"


def _word(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return bytes(12) + bytes.fromhex(value[2:])
    return int(value).to_bytes(32, "big")


@cache
def fake_artifact(name: str, version: int = 1, comment: int = 1) -> Artifact:
    """A contract whose code depends on `version`, and its compiler trailer on `comment`."""
    runtime = keccak(text=f"{name} {version}")
    trailer = keccak(text=f"{name} {comment}")
    initcode = b"\x60" + runtime + trailer + (len(trailer) + 2).to_bytes(2, "big")
    return Artifact(
        name=name,
        source=f"contracts/{name}.vy",
        abi=(),
        initcode=initcode.hex(),
        runtime=runtime.hex(),
        optimize="gas",
        evm="cancun",
        vyper="0.4.3",
    )


def fake_artifacts(parameters: Parameters, **versions: int) -> dict[str, Artifact]:
    names = source_names(build_plan(parameters)) | {"LivepeerToken", "DummyL2LPTDataCache"}
    return {name: fake_artifact(name, versions.get(name, 1)) for name in names}


def context_on(
    chain: FakeChain, path: Path, artifacts: dict[str, Artifact], *, dry_run: bool = False
) -> Context:
    """As a new process sees it: the record from its file."""
    records = Records.open(
        path, chain_id=chain.chain_id, genesis=chain.genesis, live=False, keep_file=dry_run
    )
    source = Source(commit=COMMIT, dirty=False)
    return Context(chain=chain, records=records, artifacts=artifacts, source=source)


def outcomes(reports: Iterable[Any]) -> dict[str, str]:
    """Names of steps and what became of them, leaving out what was as it should be."""
    return {item.name: str(item.outcome) for item in reports if item.outcome != "unchanged"}
