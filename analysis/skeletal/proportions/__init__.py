"""Proportions of subjects, by themselves and between arms."""

from .risks import proportion as proportion
