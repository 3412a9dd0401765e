"""LIP-107, rejected: aim at 46 % of LPT bonded, and move inflation by 700 parts of 10^9 a round."""

from scripts._governance.model import Call, Check, System

LIP = 107
TITLE = "Recalibrate LPT emissions"


def calls(_: System) -> list[Call]:
    return [
        Call("Minter", "setTargetBondingRate", (460_000_000,)),
        Call("Minter", "setInflationChange", (700,)),
    ]


def check_before(system: System) -> list[Check]:
    target = system.read("Minter", "targetBondingRate")
    change = system.read("Minter", "inflationChange")
    return [
        Check.equal(1, "target bonding rate", target, 500_000_000),
        Check.equal(2, "change of inflation a round", change, 500),
    ]


def check_after(system: System) -> list[Check]:
    target = system.read("Minter", "targetBondingRate")
    change = system.read("Minter", "inflationChange")
    return [
        Check.equal(1, "target bonding rate", target, 460_000_000),
        Check.equal(2, "change of inflation a round", change, 700),
    ]
