"""Passing through states: their occupation over time, the time in them, the rates of transition."""
