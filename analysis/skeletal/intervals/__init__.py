"""Times to an event that visits find, known to lie in an interval."""
