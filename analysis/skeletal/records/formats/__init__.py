"""Files of every format that a trial sends: from bytes to tables of text, numbers and dates."""
