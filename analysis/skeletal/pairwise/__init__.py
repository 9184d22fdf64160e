"""Win statistics: every pair of subjects compared by outcomes in order of priority."""
