"""SDTM: from domains to record tables by the mapping of a study file, and back."""
