"""Proportions of subjects, by themselves and between arms."""

from .clustered import clustered_proportion as clustered_proportion
from .risks import proportion as proportion
