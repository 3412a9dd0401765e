# pragma version 0.4.3
"""
@title signer_keys
@notice Which key signs receipts for which orchestrator: not the key that owns the stake.
@dev Owns the two maps. A key belongs to one orchestrator for ever and agrees by signing. Registered in round r it
     signs from round r + 1 on; the one before signs until then and stays accountable for `signerGrace` rounds, so a
     receipt cannot be disowned by changing keys. A key replaced before its first round never signs.
       key     until 48 | from 48 | orchestrator 160     until = 0: not replaced
       latest key and the one before it, by orchestrator
     Source: verification spec, section 8.5 (stolen signing key).
"""

from ...interfaces import IRoundsManager
from ...interfaces import ISlashingVerifier
from ...modules import contract_ids
from ...modules import errors
from ...modules import managed
from . import terms
from . import typed_data

uses: managed
uses: terms

_WORD48: constant(uint256) = 2**48 - 1
_WORD160: constant(uint256) = 2**160 - 1

_keys: HashMap[address, uint256]
_latest: HashMap[address, address]
_before: HashMap[address, address]


@external
def registerSigner(_signer: address, _sig: Bytes[65]):
    errors._check(self._keys[_signer] == 0, "signer: already registered")
    errors._check(
        _signer != empty(address)
        and typed_data._signer(typed_data._registration_hash(msg.sender, _signer), _sig) == _signer,
        "signer: signature is not by the key",
    )
    round: uint256 = self._current_round()
    active_from: uint256 = round + 1

    replaced: address = self._latest[msg.sender]
    if replaced != empty(address):
        key: uint256 = self._keys[replaced]
        if self._from(key) > round:
            self._keys[replaced] = key | (self._from(key) << 208)
        else:
            self._keys[replaced] = key | (active_from << 208)
            self._before[msg.sender] = replaced
    self._keys[_signer] = convert(msg.sender, uint256) | (active_from << 160)
    self._latest[msg.sender] = _signer
    log ISlashingVerifier.SignerRegistered(
        orchestrator=msg.sender, signer=_signer, activeFrom=active_from
    )


@external
@view
def signerOf(_orchestrator: address) -> address:
    latest: address = self._latest[_orchestrator]
    if self._from(self._keys[latest]) <= self._current_round():
        return latest
    return self._before[_orchestrator]


@external
@view
def isAccountableSigner(_orchestrator: address, _signer: address) -> bool:
    return self._is_accountable(_orchestrator, _signer)


@internal
@view
def _is_accountable(_orchestrator: address, _signer: address) -> bool:
    key: uint256 = self._keys[_signer]
    if key == 0 or convert(key & _WORD160, address) != _orchestrator:
        return False

    begin: uint256 = self._from(key)
    end: uint256 = key >> 208
    round: uint256 = self._current_round()
    return begin <= round and (
        end == 0 or (begin < end and round < end + terms.parameters.signerGrace)
    )


@internal
@pure
def _from(_key: uint256) -> uint256:
    return (_key >> 160) & _WORD48


@internal
@view
def _current_round() -> uint256:
    return staticcall IRoundsManager(managed._contract(contract_ids.ROUNDS_MANAGER)).currentRound()
