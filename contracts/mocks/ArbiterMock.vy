# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ArbiterMock
@notice Answers contests as told.
"""

from ..interfaces import IArbiter

implements: IArbiter

contestBond: public(uint256)
contestAnswer: public(HashMap[bytes32, uint8])
opened: public(HashMap[bytes32, address])


@external
@payable
def openContest(_caseId: bytes32, _accused: address, _evidenceURI: String[256]):
    self.opened[_caseId] = _accused


@external
def setBond(_bond: uint256):
    self.contestBond = _bond


@external
def setAnswer(_caseId: bytes32, _answer: uint8):
    self.contestAnswer[_caseId] = _answer
