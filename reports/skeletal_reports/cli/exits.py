"""Exit codes, and how an exception becomes one message and one code."""

from __future__ import annotations

import functools
import sys
import traceback
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable


class ExitCode(IntEnum):
    """What the process returns."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    STUDY_INVALID = 3
    RECORDS_INVALID = 4
    DIFFERENCES = 5
    INTERRUPTED = 130


EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 usage, 3 study file invalid, 4 records invalid, "
    "5 check ran and found differences, 130 interrupted."
)


def epilog(example: str) -> str:
    """Return the end of a command's help: one example and the exit codes."""
    return f"Example: {example}\n\n{EXIT_CODES}"


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn whatever ``command`` raises into a message on stderr and an exit code."""

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
        except (typer.Exit, typer.BadParameter):
            raise
        except BrokenPipeError:
            sys.stderr.close()  # the reader of stdout has gone; nobody is left to tell
            raise typer.Exit(ExitCode.FAILED) from None
        except (Exception, KeyboardInterrupt) as error:
            raise typer.Exit(_explain(error, verbose=bool(options.get("verbose")))) from None

    return run


def _explain(error: BaseException, *, verbose: bool) -> ExitCode:
    """Print what went wrong and return the code that says so."""
    code, message = _code_and_message(error)
    if verbose:
        traceback.print_exception(error, file=sys.stderr)
    typer.echo(message, err=True)
    return code


def _code_and_message(error: BaseException) -> tuple[ExitCode, str]:
    from skeletal.errors import InvalidRecords, InvalidStudy, SkeletalError

    match error:
        case KeyboardInterrupt():
            found = ExitCode.INTERRUPTED, "Interrupted: nothing was left half-written."
        case InvalidStudy():
            found = ExitCode.STUDY_INVALID, f"The study is not valid.\n{error}"
        case InvalidRecords():
            found = ExitCode.RECORDS_INVALID, f"The records are not valid.\n{error}"
        case FileExistsError(errno=None):
            found = ExitCode.USAGE, str(error)
        case SkeletalError():
            found = ExitCode.FAILED, f"Failed: {error}"
        case OSError():
            place = f": {error.filename}" if error.filename else ""
            found = ExitCode.FAILED, f"Failed: the system says {error.strerror or error}{place}"
        case _:
            name = type(error).__name__
            found = ExitCode.FAILED, f"Failed ({name}: {error}). Run with -v for the traceback."
    return found
