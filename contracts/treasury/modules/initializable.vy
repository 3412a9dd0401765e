# pragma version 0.4.3
"""
@title initializable
@notice A constructor that can be called later: once, by whoever comes first.
@dev Owns the version of the contract's state: 0 before `initialize`, 1 from its first line on, 255
     if it never may be. A deployable's `initialize` calls `_start` first and `_finish` last, and
     only reads other contracts in between. Source: core spec, section 15.2.
"""


event Initialized:
    version: uint8


VERSION: constant(uint8) = 1
DISABLED: constant(uint8) = max_value(uint8)

_version: uint8


@internal
def _start():
    assert self._version == 0, "Initializable: contract is already initialized"

    self._version = VERSION


@internal
def _finish():
    log Initialized(version=VERSION)


@internal
def _disable():
    """
    @dev For the constructor of an implementation, whose own storage nobody is to initialise.
    """
    self._version = DISABLED
    log Initialized(version=DISABLED)


@internal
@view
def _is_initialized() -> bool:
    return self._version == VERSION
