"""The words that give an arm away, and how to find them in text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skeletal.study import Study

SHORT = 3
INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
SEPARATORS = r"[\s\-_\u2010-\u2015]+"


def arm_terms(study: Study) -> tuple[str, ...]:
    """Return the names and labels of the arms, longest first."""
    terms = {text for arm in study.arms for text in (arm.name, arm.label)}
    return tuple(sorted(terms, key=lambda text: (-len(text), text)))


def normalise(text: str) -> str:
    """Return ``text`` in one form of letters and white space, without invisible characters."""
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(plain.split())


def term_pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of ``terms`` as whole words in normalised text.

    Words of a term may be joined by space, hyphen or underscore.  A term of three characters or fewer
    (``A``, ``RT``) is too common to look for: it counts only after "arm" or "group".
    """
    return re.compile("|".join(_expression(term) for term in terms))


def _expression(term: str) -> str:
    words = [re.escape(word) for word in re.split(SEPARATORS, normalise(term)) if word]
    phrase = SEPARATORS.join(words)
    before = r"\b(?:arm|group)\s+" if len(normalise(term)) <= SHORT else r"(?<!\w)"
    return rf"{before}{phrase}(?!\w)"


def short_terms(terms: Iterable[str]) -> frozenset[str]:
    """Return the short names with a letter, normalised: a whole cell that is one of them names an arm."""
    short = (normalise(term) for term in terms)
    return frozenset(term for term in short if len(term) <= SHORT and any(map(str.isalpha, term)))
