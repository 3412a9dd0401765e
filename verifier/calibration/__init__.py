"""Honest and cheating renditions, and what the rules of the verifier make of them.

Nothing here runs when segments are checked; `make verifier-calibration` and the tests use it.
"""
