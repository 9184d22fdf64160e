"""Compiled loops over sorted arrays: no validation, no objects, no randomness."""
