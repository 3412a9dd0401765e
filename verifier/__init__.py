"""Checks transcoded segments, and turns cheating into proofs a contract can judge.

`csf` is the fingerprint both sides sign, `decode` and `sandbox` the strict way from bytes to
pictures, `messages` and `guard` what is signed, `faults` and `proofs` what a contract recomputes.
Source: verification spec, section 8.
"""
