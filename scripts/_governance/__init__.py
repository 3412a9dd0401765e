"""Proposals as code: read, decode, encode, simulate, vote and execute them (`ape run propose`)."""
