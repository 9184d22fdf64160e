"""Compile the loops of this package: once a machine, kept on disk, read back in later sessions."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any, TypeVar

import numba
from numba.core import event, types

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

ARGUMENTS = {
    "f": types.float64,
    "i": types.int64,
    "b": types.boolean,
    "F": types.Array(types.float64, 1, "C", readonly=True),
    "FF": types.Array(types.float64, 2, "C", readonly=True),
    "I": types.Array(types.int64, 1, "C", readonly=True),
    "B": types.Array(types.boolean, 1, "C", readonly=True),
    "F*": types.Array(types.float64, 1, "C"),
    "FF*": types.Array(types.float64, 2, "C"),
    "I*": types.Array(types.int64, 1, "C"),
}

log = logging.getLogger("skeletal.kernels")


def compiled(arguments: str) -> Callable[[Function], Function]:
    """Compile a function of these arguments when it is first called, or read it from the cache.

    Parameters
    ----------
    arguments : str
        One word an argument: ``f i b`` a float, an integer, a truth value; ``F FF I B`` contiguous arrays
        that are read, of floats in one and two dimensions, integers and truth values; ``F* FF* I*`` arrays
        that are written to.

    Notes
    -----
    The machine code lies beside the module, or in the user's cache folder where that one cannot be written
    to (``NUMBA_CACHE_DIR`` names another); where neither can be, it is compiled once a session.
    """
    signature = tuple(ARGUMENTS[word] for word in arguments.split())

    def decorate(function: Function) -> Function:
        dispatcher: Any = None

        @functools.wraps(function)
        def call(*values: object) -> object:
            nonlocal dispatcher
            if dispatcher is None:
                dispatcher = _compile(function, signature)
            return dispatcher(*values)

        return call  # type: ignore[return-value]

    return decorate


def inner(function: Function) -> Function:
    """Mark a function that compiled functions of the same file call."""
    return _njit(function)


def _compile(function: Callable[..., Any], signature: tuple[Any, ...]) -> Any:
    _Announcement.once()
    try:
        dispatcher: Any = _njit(function, cache=True)
    except RuntimeError:  # no folder for the cache can be written to
        dispatcher = _njit(function)
    dispatcher.compile(signature)
    dispatcher.disable_compile()
    return dispatcher


def _njit(function: Function, **more: Any) -> Function:
    decorate: Callable[[Function], Function] = numba.njit(nogil=True, error_model="numpy", **more)
    return decorate(function)


class _Announcement(event.Listener):
    """Say once a session that machine code is being made: reading it from the cache is no such event."""

    _installed = False

    def __init__(self) -> None:
        self._said = False

    @classmethod
    def once(cls) -> None:
        """Listen, if nobody does yet."""
        if not cls._installed:
            register: Callable[[str, event.Listener], None] = event.register
            register("numba:compile", cls())
            cls._installed = True

    def on_start(self, event: Any) -> None:
        """Say it when the first of our functions is compiled."""
        module = event.data["dispatcher"].py_func.__module__
        if not self._said and module.startswith("skeletal.kernels"):
            self._said = True
            log.warning("Compiling the numerical loops for this machine (once, half a minute in all) ...")

    def on_end(self, event: Any) -> None:
        """Say nothing."""
