"""Lesions of a subject: analyses that allow for their dependence, beside those that do not."""
