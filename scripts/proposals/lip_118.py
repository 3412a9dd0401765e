"""LIP-118: an orchestrator may name an account that calls reward for it.

One action: the code behind BondingManager's proxy becomes the candidate's. Storage only grows.
"""

from scripts._governance.model import Call, Check, ProposalError, System, contract_id

LIP = 118
TITLE = "Delegated reward calling"


def calls(system: System) -> list[Call]:
    candidate = system.candidate("BondingManagerTarget")
    args = (contract_id("BondingManagerTarget"), candidate.address, candidate.commit)
    return [Call("Controller", "setContractInfo", args, note="new code for BondingManager")]


def check_before(system: System) -> list[Check]:
    target = system.address("BondingManagerTarget")
    candidate = system.candidate("BondingManagerTarget")
    try:
        anyone = system.address("Treasury")
        found = system.read("BondingManager", "transcoderToRewardCaller", anyone)
    except ProposalError:
        found = "no such function"
    return [
        Check.differ(1, "code of BondingManager", target, candidate.address),
        Check.equal(1, "reward caller of an account", found, "no such function"),
    ]


def check_after(system: System) -> list[Check]:
    candidate = system.candidate("BondingManagerTarget")
    info = system.read("Controller", "getContractInfo", contract_id("BondingManagerTarget"))
    anyone = system.address("Treasury")
    found = system.read("BondingManager", "transcoderToRewardCaller", anyone)
    return [
        Check.equal(1, "code and commit", info, (candidate.address, candidate.commit)),
        Check.equal(1, "reward caller of an account", int(found, 16), 0),
    ]
