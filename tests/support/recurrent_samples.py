"""Small histories of recurrent events, drawn and made into samples."""

from __future__ import annotations

from hypothesis import strategies as st

from skeletal.data import RecurrentEvents


@st.composite
def histories(draw, deaths=True, gaps=True, most=8, least=1):
    """Rows (subject, start, stop, status) of some subjects from 0 with ties; if asked for, gaps, deaths."""
    rows = []
    for subject in range(draw(st.integers(least, most))):
        at = draw(st.integers(0, 2)) if gaps else 0
        for _ in range(draw(st.integers(1, 4))):
            stop = at + draw(st.integers(1, 3))
            status = draw(st.integers(0, 2 if deaths else 1))
            rows.append((subject, at, stop, status))
            if status == 2:
                break
            at = stop + draw(st.sampled_from([0, 0, 1])) if gaps else stop
    return rows


def sample(rows, **more):
    """Return the rows as a value type."""
    return RecurrentEvents(*(list(column) for column in zip(*rows, strict=True)), **more)


def arms_of(rows, k=2):
    """Return one of k arms for each row, the same for all rows of a subject."""
    return [f"arm {subject % k}" for subject, *_ in rows]
