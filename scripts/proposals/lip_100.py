"""LIP-100, abandoned: a Minter whose inflation stays between 50,000 and 750,000 parts of 10^9, and
moves by 1,000 a round.

The order is the Minter's: the old one hands its money over while it is still registered. Rewards of
the round are over: what is mintable is not handed over.
"""

from scripts._governance.model import Call, Check, System, contract_id, role_id

LIP = 100
TITLE = "Inflation bounds"


def calls(system: System) -> list[Call]:
    old, new = system.address("Minter"), system.candidate("Minter")
    minter, burner = role_id("MINTER_ROLE"), role_id("BURNER_ROLE")
    return [
        Call("Minter", "migrateToNewMinter", (new.address,), note="all LPT and ETH"),
        Call("Controller", "setContractInfo", (contract_id("Minter"), new.address, new.commit)),
        Call("LivepeerToken", "grantRole", (minter, new.address)),
        Call("LivepeerToken", "grantRole", (burner, new.address)),
        Call("LivepeerToken", "revokeRole", (minter, old)),
        Call("LivepeerToken", "revokeRole", (burner, old)),
    ]


def check_before(system: System) -> list[Check]:
    old, new = system.address("Minter"), system.candidate("Minter").address

    def may(role: str, account: str) -> bool:
        return bool(system.read("LivepeerToken", "hasRole", role_id(role), account))

    held = system.read("LivepeerToken", "balanceOf", old)
    return [
        Check.at_least(1, "LPT of the old Minter", held, 1),
        Check.differ(2, "registered Minter", old, new),
        Check.equal(3, "new Minter may mint", may("MINTER_ROLE", new), False),
        Check.equal(4, "new Minter may burn", may("BURNER_ROLE", new), False),
        Check.equal(5, "old Minter may mint", may("MINTER_ROLE", old), True),
        Check.equal(6, "old Minter may burn", may("BURNER_ROLE", old), True),
    ]


def check_after(system: System) -> list[Check]:
    old, new = system.former("Minter"), system.candidate("Minter")

    def may(role: str, account: str) -> bool:
        return bool(system.read("LivepeerToken", "hasRole", role_id(role), account))

    info = system.read("Controller", "getContractInfo", contract_id("Minter"))
    return [
        Check.equal(1, "LPT of the old Minter", system.read("LivepeerToken", "balanceOf", old), 0),
        Check.equal(2, "registered Minter and commit", info, (new.address, new.commit)),
        Check.equal(2, "change of inflation", system.read("Minter", "inflationChange"), 1_000),
        Check.equal(3, "new Minter may mint", may("MINTER_ROLE", new.address), True),
        Check.equal(4, "new Minter may burn", may("BURNER_ROLE", new.address), True),
        Check.equal(5, "old Minter may mint", may("MINTER_ROLE", old), False),
        Check.equal(6, "old Minter may burn", may("BURNER_ROLE", old), False),
    ]
