"""The review of the records: every contradiction, gap and doubtful value, with a query for the site."""
