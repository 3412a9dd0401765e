"""Compares a recorded contract with what its sources build to: creation input and code on chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scripts._lib.chain import Chain, ChainError, Creation
from scripts._lib.context import Finding
from scripts._lib.records import Contract
from scripts._lib.reproduce import Build, ReproduceError


def compare(name: str, build: Build, recorded: Contract, chain: Chain) -> list[Finding]:
    """Every comparison; those with `matches` False are what is wrong."""
    try:
        return [*_record(name, build, recorded), *_chain(name, build, recorded, chain)]
    except (ChainError, ReproduceError) as error:
        return [Finding(f"{name}: readable", "readable", str(error))]


def constructor_arguments(build: Build, args: tuple[str, ...]) -> bytes:
    """Recorded arguments as they stand behind the creation code. Raises ReproduceError."""
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError

    types = _constructor_types(build)
    if len(types) != len(args):
        raise ReproduceError(
            f"{build.artifact.name}: takes {len(types)} arguments, recorded are {len(args)}"
        )
    try:
        return encode(types, values_of(build, args))
    except (EncodingError, ValueError) as error:
        raise ReproduceError(
            f"{build.artifact.name}: recorded arguments do not encode: {error}"
        ) from None


def values_of(build: Build, args: tuple[str, ...]) -> tuple[Any, ...]:
    """Recorded arguments, which are text, as values of the constructor's types."""
    return tuple(
        _value(kind, text) for kind, text in zip(_constructor_types(build), args, strict=True)
    )


def _constructor_types(build: Build) -> list[str]:
    constructors = [entry for entry in build.artifact.abi if entry["type"] == "constructor"]
    return [item["type"] for entry in constructors for item in entry["inputs"]]


def _value(kind: str, text: str) -> Any:
    if kind.startswith(("uint", "int")):
        return int(text)
    if kind.startswith("bytes"):
        return bytes.fromhex(text.removeprefix("0x"))
    return text == "True" if kind == "bool" else text


def _record(name: str, build: Build, recorded: Contract) -> Iterator[Finding]:
    artifact = build.artifact
    for key in (
        "source",
        "vyper",
        "evm",
        "optimize",
        "initcode_hash",
        "code_hash",
        "runtime_size",
    ):
        yield Finding(f"{name}: {key}", str(getattr(artifact, key)), str(getattr(recorded, key)))


def _chain(name: str, build: Build, recorded: Contract, chain: Chain) -> Iterator[Finding]:
    arguments = constructor_arguments(build, recorded.args)
    creation = Creation(build.artifact, values_of(build, recorded.args))
    expected = chain.simulate(creation, sender=recorded.deployer)
    found = chain.code(recorded.address)
    runtime = bytes.fromhex(build.artifact.runtime)
    yield _same_bytes(f"{name}: runtime code", runtime, found[: len(runtime)])
    yield _same_bytes(f"{name}: immutables", expected[len(runtime) :], found[len(runtime) :])
    for item in build.immutables:
        start = len(runtime) + item.offset
        end = start + item.length
        yield Finding(f"{name}.{item.name}", expected[start:end].hex(), found[start:end].hex())
    if recorded.tx is not None:
        yield from _transaction(name, build, recorded, chain, arguments)


def _transaction(
    name: str, build: Build, recorded: Contract, chain: Chain, arguments: bytes
) -> Iterator[Finding]:
    """The transaction that created the contract: its input is creation code, then arguments."""
    mined = chain.find(str(recorded.tx))
    if mined is None:
        yield Finding(f"{name}: transaction", str(recorded.tx), "not on this chain")
        return
    initcode = bytes.fromhex(build.artifact.initcode)
    yield _same_bytes(f"{name}: creation code", initcode, mined.data[: len(initcode)])
    yield Finding(
        f"{name}: constructor arguments", arguments.hex(), mined.data[len(initcode) :].hex()
    )
    yield Finding(f"{name}: address", recorded.address, str(mined.created))
    yield Finding(f"{name}: deployer", recorded.deployer, mined.sender)
    yield Finding(f"{name}: block", str(recorded.block), str(mined.block))


def _same_bytes(subject: str, expected: bytes, found: bytes) -> Finding:
    """Lengths if they match, else the first place where they do not."""
    if expected == found:
        return Finding(subject, f"{len(expected)} bytes", f"{len(found)} bytes")
    if not found and expected:
        return Finding(subject, f"{len(expected)} bytes", "nothing")
    for at, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other:
            return Finding(subject, f"byte {at} is 0x{one:02x}", f"byte {at} is 0x{other:02x}")
    return Finding(subject, f"{len(expected)} bytes", f"{len(found)} bytes")
