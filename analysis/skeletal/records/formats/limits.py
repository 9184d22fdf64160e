"""How large a file may be before it is refused unread."""

from __future__ import annotations

LARGEST_FILE = 1_000_000_000  # bytes of one file, packed or not
LARGEST_JSON = 250_000_000  # bytes of a JSON file, which takes many times its size while it is read
LARGEST_ARCHIVE = 4_000_000_000  # bytes of all tables of an archive, unpacked
LARGEST_TABLE = 500_000_000  # values of one parquet file, whose bytes say little of its size
