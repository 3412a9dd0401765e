"""Every kind of signer, through the same suite; and a signer that changes while keepers run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from eth_utils.address import to_checksum_address

from keepers import keystore as keystores
from keepers.core.config import SignerConfig
from keepers.core.local_signer import LocalSigner
from keepers.core.model import Signed, Unsigned
from keepers.core.remote_signer import RemoteSigner
from keepers.core.signers import build_signer, open_key
from keepers.core.signing import Signer, SigningError
from tests.keepers.core.engine_world import World
from tests.keepers.core.fake_chain import FakeSigner
from tests.keepers.core.signer_world import FakeKms, remote
from tests.keepers.core.signing_cases import ADDRESS, TX, decoded, fifty, write_keystore
from tests.keepers.core.test_local_signer import assert_silent, failure_of

KINDS = ("keystore", "ape", "kms", "remote")


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="k") as name:
        yield Path(name)


@pytest.fixture
def all_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy has tests of its own: here it is in no one's way."""
    monkeypatch.setattr("keepers.core.guarded_signer.refusal", lambda *_: None)


@pytest.fixture(params=KINDS)
def signer(
    request: pytest.FixtureRequest,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    all_allowed: None,  # noqa: ARG001
) -> Iterator[Signer]:
    path, password = write_keystore(folder)
    monkeypatch.setattr(keystores, "APE_ACCOUNTS", folder)
    kind = request.param
    with ExitStack() as stack:
        socket = folder / "s"
        if kind == "remote":
            socket = stack.enter_context(remote(folder, LocalSigner.open(path, password))).path
        config = {
            "keystore": SignerConfig("x", "keystore", path=path, password_file=password),
            "ape": SignerConfig("x", "ape", alias="caller", password_file=password),
            "kms": SignerConfig("x", "kms", key="alias/keeper", address=ADDRESS),
            "remote": SignerConfig("x", "remote", socket=socket, address=ADDRESS),
        }[kind]
        yield build_signer(config, kms=FakeKms())


def test_sign__fifty_transactions__each_is_what_was_asked(signer: Signer) -> None:
    assert signer.address == ADDRESS
    for tx in fifty():
        signed = signer.sign(tx)
        assert decoded(signed.raw) == (ADDRESS, tx)


def test_sign__no_transaction__is_refused_alike(signer: Signer) -> None:
    error = failure_of(lambda: signer.sign(replace(TX, gas=-1)))
    assert str(error) == "transaction: gas must be a whole number of 64 bits"
    assert_silent(error)


def test_open_key__of_a_signer_elsewhere__is_refused(folder: Path) -> None:
    config = SignerConfig("r", "remote", socket=folder / "s", address=ADDRESS)
    error = failure_of(lambda: open_key(config))
    assert str(error) == "signers.r: type remote is a signer elsewhere: name the key itself here"


# -- a signer that changes while keepers run


class Bridge:
    """A real signer in front of the chain in memory, which reads no signatures."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._fake = FakeSigner()
        self.address, self.refused = self._fake.address, 0

    def sign(self, tx: Unsigned) -> Signed:
        shown = replace(tx, to=str(to_checksum_address(tx.to)))
        try:
            assert decoded(self._signer.sign(shown).raw) == (ADDRESS, shown)
        except SigningError:
            self.refused += 1
            raise
        return self._fake.sign(tx)


def test_sign__signer_is_replaced_under_twenty_open_intents__none_is_lost(
    folder: Path,
    all_allowed: None,  # noqa: ARG001
) -> None:
    draw = random.Random(24)
    world = World()
    client = RemoteSigner(folder / "s", ADDRESS, monotonic=lambda: world.now)
    bridge = Bridge(client)
    world.signer = bridge  # type: ignore[assignment]
    world.start()
    for number in range(5):
        # Each time the key is encrypted anew, with another password.
        keystore, secret = write_keystore(folder, password=f"password {number}")
        with remote(folder, LocalSigner.open(keystore, secret)):
            world.want(*(f"op {number}.{one}" for one in range(4)))
            world.chain.swallow = draw.randrange(3)
            world.run(1, mine=draw.random() < 0.5)
        world.want(*(f"away {number}.{one}" for one in range(4)))  # nobody signs now
        world.run(draw.randrange(1, 4), mine=False)
        world.chain.base_fee = draw.choice([100, 300])  # some must be replaced
    assert sum(world.succeeded(one) == 0 for one in world.wanted) >= 20
    assert bridge.refused > 0
    with remote(folder, LocalSigner.open(keystore, secret)):
        world.until(world.all_done, limit=60)
    assert len(world.wanted) == 40
    assert world.reverted() == 0
