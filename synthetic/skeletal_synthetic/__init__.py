"""Synthetic bone-metastasis trials: raw records drawn from a declared scenario, and their truth."""

from .enrolment import accrual_plan as accrual_plan
from .trial import simulate_trial as simulate_trial
from .truth import true_values as true_values
