"""REDCap: from a flat export and its data dictionary to record tables, and back; the draft of a study."""
