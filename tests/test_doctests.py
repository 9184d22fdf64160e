"""Every module of the installed packages can be imported, and its examples are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import skeletal
import skeletal_reports
import skeletal_synthetic

PACKAGES = (skeletal, skeletal_synthetic, skeletal_reports)
MODULES = sorted(
    info.name
    for package in PACKAGES
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.", onerror=lambda _name: None)
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_module(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_examples_are_found():
    finder = doctest.DocTestFinder(exclude_empty=True)
    tests = finder.find(importlib.import_module("skeletal.errors"))
    assert sum(len(test.examples) for test in tests) >= 2
