"""README and docs say what is true: commands, links, examples, keys, columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_command

from skeletal.records import TABLES
from skeletal.study import Study
from skeletal_reports.cli import app
from skeletal_reports.cli.exits import ExitCode

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
pytestmark = pytest.mark.skipif(
    not README.is_file(), reason="README.md absent: the tests run outside a checkout"
)


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_readme_starts_with_the_two_commands():
    environment = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt"
    assert [block.strip() for block in blocks("sh")[:2]] == [
        f"{environment} . && .venv/bin/skeletal report hermes",
        f'{environment} ".[test]" && .venv/bin/pytest -n auto',
    ]


def test_readme_examples_run(capsys):
    estimators, trial = blocks("python")
    exec(compile(estimators, "README.md", "exec"), {})
    shown = capsys.readouterr().out.splitlines()
    assert "n_at_risk" in shown[0]
    assert 0 < float(shown[-2]) < 1
    assert shown[-1].startswith("Fine-Gray")
    exec(compile(trial, "README.md", "exec"), {})
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["subject_id", "arm", "time", "status", "component"]
    assert float(shown[-1]) > 0


def test_readme_lists_the_exit_codes():
    listed = re.findall(r"^\| (\d+) \|", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [int(code) for code in listed] == [code.value for code in ExitCode]


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]), ids=lambda path: path.name
)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def shown_commands():
    """Return (document, words) of each line of shell in README and docs that calls skeletal."""
    found = []
    for path in (README, *sorted(ROOT.glob("docs/*.md"))):
        shells = re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        lines = [line.partition(" #")[0] for block in shells for line in block.splitlines()]
        found += [(path.name, line.split()[1:]) for line in lines if line.startswith("skeletal ")]
    return found


def test_documents_show_commands_and_options_that_exist():
    commands = get_command(app).commands
    shown = shown_commands()
    assert len(shown) > 20
    for name, words in shown:
        known = {option for item in commands[words[0]].params for option in item.opts}
        assert {word for word in words if word.startswith("--")} <= known, (name, words)


def test_every_command_is_named_in_the_readme_or_the_documents():
    texts = [path.read_text(encoding="utf-8") for path in (README, *ROOT.glob("docs/*.md"))]
    for name in get_command(app).commands:
        assert any(re.search(rf"skeletal {name}\b|`{name}`", text) for text in texts), name


def models(annotation, found):
    """Collect the models that a study is made of."""
    for item in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(item, type) and issubclass(item, BaseModel):
            if item not in found:
                found.append(item)
                for field in item.model_fields.values():
                    models(field.annotation, found)
        elif item is not annotation:
            models(item, found)
    return found


def test_every_key_of_a_study_is_explained():
    text = (ROOT / "docs" / "study-file.md").read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`]+)`", text))))
    keys = {name for model in models(Study, []) for name in model.model_fields}
    assert len(keys) > 60
    assert keys - words == set()


def test_every_column_of_the_records_is_listed():
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    sections = {part.split("`")[1]: part for part in text.split("\n### ")[1:]}
    assert list(sections) == list(TABLES)
    for name, table in TABLES.items():
        listed = re.findall(r"^\| (\**)`(\w+)`", sections[name], flags=re.MULTILINE)
        assert [(column, bool(bold)) for bold, column in listed] == [
            (column, spec.required) for column, spec in table.columns.items()
        ]
