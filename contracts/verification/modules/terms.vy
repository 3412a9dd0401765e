# pragma version 0.4.3
"""
@title terms
@notice What governance sets: slashes, shares, windows, delays, brakes, guardian and arbiter.
@dev Owns the parameters. Defaults are in scripts/_params, with their sources. Bounds keep two promises whatever is
     set: accusing oneself never pays, and there is always time to object.
     Source: verification spec, section 8.4.
"""

from ...interfaces import ISlashingVerifier
from ...modules import errors
from ...modules import managed
from ...modules import percentages

uses: managed

EQUIVOCATION: constant(uint8) = 1
CONTRADICTION: constant(uint8) = 2
CONTENT: constant(uint8) = 3
ALL_FAULTS: constant(uint256) = 2**1 + 2**2 + 2**3
MAX_SLASH: constant(uint256) = percentages.PERC // 10
MIN_DELAY: constant(uint256) = 60 * 60

parameters: public(ISlashingVerifier.Parameters)


# ------------------------------------------------------------------------------------------------
# Controller owner
# ------------------------------------------------------------------------------------------------


@external
def setArmedFaults(_faults: uint256):
    managed._check_controller_owner()
    errors._check(_faults & ~ALL_FAULTS == 0, "unknown fault")
    self.parameters.armedFaults = _faults
    managed._log_parameter_update("armedFaults")


@external
def setSlashes(_equivocation: uint256, _contradiction: uint256, _content: uint256):
    managed._check_controller_owner()
    errors._check(
        max(max(_equivocation, _contradiction), _content) <= MAX_SLASH, "slash is above a tenth"
    )
    self.parameters.equivocationSlash = _equivocation
    self.parameters.contradictionSlash = _contradiction
    self.parameters.contentSlash = _content
    managed._log_parameter_update("slashes")


@external
def setFinderShare(_share: uint256):
    managed._check_controller_owner()
    errors._check(_share < percentages.PERC // 2, "share must be below a half")
    self.parameters.finderShare = _share
    managed._log_parameter_update("finderShare")


@external
def setDelays(_signed: uint256, _content: uint256):
    managed._check_controller_owner()
    errors._check(min(_signed, _content) >= MIN_DELAY, "delay must leave time to object")
    self.parameters.signedDelay = _signed
    self.parameters.contentDelay = _content
    managed._log_parameter_update("delays")


@external
def setWindows(_evidence: uint256, _execution: uint256, _lock: uint256, _arbitration: uint256):
    managed._check_controller_owner()
    errors._check(
        min(min(_evidence, _execution), min(_lock, _arbitration)) > 0, "window must not be 0"
    )
    self.parameters.evidenceWindow = _evidence
    self.parameters.executionWindow = _execution
    self.parameters.lockWindow = _lock
    self.parameters.arbitrationWindow = _arbitration
    managed._log_parameter_update("windows")


@external
def setContentDistance(_orders: uint256):
    managed._check_controller_owner()
    errors._check(_orders > 0, "distance must not be 0")
    self.parameters.contentDistance = _orders
    managed._log_parameter_update("contentDistance")


@external
def setSignerGrace(_rounds: uint256):
    managed._check_controller_owner()
    self.parameters.signerGrace = _rounds
    managed._log_parameter_update("signerGrace")


@external
def setBrakes(_cooldown: uint256, _slashCap: uint256, _jailCap: uint256):
    managed._check_controller_owner()
    errors._check(max(_slashCap, _jailCap) <= percentages.PERC, "cap is above all")
    self.parameters.slashCooldown = _cooldown
    self.parameters.roundSlashCap = _slashCap
    self.parameters.roundJailCap = _jailCap
    managed._log_parameter_update("brakes")


@external
def setGuardian(_guardian: address):
    managed._check_controller_owner()
    self.parameters.guardian = _guardian
    managed._log_parameter_update("guardian")


@external
def setArbiter(_arbiter: address):
    managed._check_controller_owner()
    self.parameters.arbiter = _arbiter
    managed._log_parameter_update("arbiter")


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
@view
def _slash_of(_fault: uint8) -> uint256:
    if _fault == EQUIVOCATION:
        return self.parameters.equivocationSlash
    if _fault == CONTRADICTION:
        return self.parameters.contradictionSlash
    return self.parameters.contentSlash


@internal
@view
def _delay_of(_fault: uint8) -> uint256:
    return self.parameters.contentDelay if _fault == CONTENT else self.parameters.signedDelay


@internal
@view
def _is_armed(_fault: uint8) -> bool:
    return (self.parameters.armedFaults >> convert(_fault, uint256)) & 1 == 1
