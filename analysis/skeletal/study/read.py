"""From a study file (TOML) to a checked :class:`Study`, and the JSON Schema for editors."""

from __future__ import annotations

import difflib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import tomli_w
from pydantic import BaseModel, ValidationError

from skeletal.errors import InvalidStudy

from .protocol import Study
from .variants import expand_definitions

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from pydantic_core import ErrorDetails


def _library() -> dict[str, Traversable]:
    folder = files("skeletal.study") / "library"
    items = sorted((item for item in folder.iterdir()), key=lambda item: item.name)
    return {item.name.removesuffix(".toml"): item for item in items if item.name.endswith(".toml")}


def load_study(name_or_path: str | Path) -> Study:
    """Read and check a study of the library by name, or a study file by path.

    Parameters
    ----------
    name_or_path : str or Path
        A name that :func:`list_studies` shows, or the path of a ``.toml`` file.

    Returns
    -------
    Study
        Frozen, with every default filled in.

    Raises
    ------
    InvalidStudy
        If there is no such study or file, it is not TOML, a key is unknown or a value is invalid; all
        problems of the file in one message.

    Examples
    --------
    >>> load_study("hermes").n_subjects
    120
    """
    name = str(name_or_path)
    library = _library()
    if name in library:
        return parse_study(library[name].read_text(encoding="utf-8"), origin=f"library study {name!r}")
    path = Path(name_or_path)
    if not path.is_file():
        close = difflib.get_close_matches(name, library, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise InvalidStudy(
            f"no study file {name!r}, and no study of that name in the library ({', '.join(library)}).{hint}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidStudy(f"{path.name} is not UTF-8 text ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise InvalidStudy(f"{path.name} cannot be read: {error.strerror}") from None
    return parse_study(text, origin=path.name)


def study_text(name: str) -> str:
    """Return the commented TOML text of a library study."""
    library = _library()
    if name not in library:
        raise InvalidStudy(f"no study {name!r} in the library; it has {', '.join(library)}")
    return library[name].read_text(encoding="utf-8")


def parse_study(text: str, *, origin: str = "study") -> Study:
    """Check the TOML ``text`` of a study; ``origin`` names it in messages."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidStudy(f"{origin} is not valid TOML: {error}") from None
    content, problems = expand_definitions(content)
    try:
        study = Study.model_validate(content)
    except ValidationError as error:
        problems += [line for detail in error.errors() for line in _sentence(detail).splitlines()]
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise InvalidStudy(f"{origin} is not a valid study:{lines}")
    return study


def _sentence(detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "study"
    if detail["type"] == "extra_forbidden":
        key = str(detail["loc"][-1])
        close = difflib.get_close_matches(key, _keys_at(detail["loc"][:-1]), n=1)
        return f"{where}: unknown key" + (f"; did you mean {close[0]!r}?" if close else "")
    if detail["type"] == "missing":
        return f"{where}: required and missing"
    message = detail["msg"].removeprefix("Value error, ")
    got = detail["input"]
    shown = f" (got {got!r})" if isinstance(got, str | int | float) else ""
    return f"{where}: {message}{shown}"


def _keys_at(path: tuple[int | str, ...]) -> list[str]:
    """Names of the fields that the model at ``path`` knows."""
    model: type[BaseModel] | None = Study
    for part in path:
        if model is None:
            return []
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation)
    return list(model.model_fields) if model else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first model class inside an annotation such as ``dict[str, Component]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _model_in(argument):
            return found
    return None


def list_studies() -> pd.DataFrame:
    """List the studies of the library.

    Returns
    -------
    DataFrame
        Columns name, acronym, registry, n_subjects, allocation, endpoints, title.

    Examples
    --------
    >>> list_studies()["name"].tolist()
    ['hermes', 'perform', 'rfa-ba', 'rt-vertebroplasty']
    """
    studies = {name: load_study(name) for name in _library()}
    return pd.DataFrame(
        [
            {
                "name": name,
                "acronym": study.acronym,
                "registry": study.registry,
                "n_subjects": study.n_subjects,
                "allocation": ":".join(str(arm.ratio) for arm in study.arms),
                "endpoints": ", ".join(study.endpoints),
                "title": study.title,
            }
            for name, study in studies.items()
        ]
    )


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file, for editors that complete and check."""
    schema = Study.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "skeletal study"
    return schema


def lock_study(study: Study) -> str:
    """Return ``study`` as TOML with every default filled in."""
    return tomli_w.dumps(study.model_dump(mode="python", exclude_none=True), multiline_strings=False)
