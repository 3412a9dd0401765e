# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ContentFaults
@license MIT
@notice Judges delivered pictures against the source by their signed fingerprints. No state, no owner.
@dev Assembly only: behaviour lives in ./modules, the ABI in ../interfaces/IContentFaults.vyi. Registered as
     "ContentFaults"; SlashingVerifier asks it.
"""

from ..interfaces import IContentFaults

implements: IContentFaults

from .modules import fingerprints

exports: fingerprints.checkSegment
