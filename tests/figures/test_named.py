"""Files of a figure."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
from tests.figures.conftest import LABELS

from skeletal_reports.figures import save_figure, survival_figure


def named(curves, axis):
    return survival_figure(curves, name="os", title="Survival", labels=LABELS, axis=axis)


def test_files_are_the_three_images_and_the_numbers(curves, axis, tmp_path):
    figure = named(curves, axis)
    paths = save_figure(figure, tmp_path / "figures")
    assert [path.name for path in paths] == ["os.svg", "os.pdf", "os.png", "os.csv"]
    assert paths[0].read_text().startswith("<?xml")
    assert paths[1].read_bytes()[:5] == b"%PDF-"
    assert paths[2].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    pd.testing.assert_frame_equal(pd.read_csv(paths[3]), figure.data, check_dtype=False)


def test_svg_text_is_paths_and_no_clock_is_in_the_files(curves, axis, tmp_path):
    svg, pdf, _, _ = save_figure(named(curves, axis), tmp_path)
    assert "<text" not in svg.read_text()
    assert "<dc:date>" not in svg.read_text()
    assert b"CreationDate" not in pdf.read_bytes()


def test_notebooks_get_the_image_with_caption_and_alt_text(curves, axis):
    figure = named(curves, axis)
    bundle, metadata = figure._repr_mimebundle_()
    assert "<svg" in bundle["image/svg+xml"]
    assert metadata["image/svg+xml"] == {"name": "os", "caption": figure.caption, "alt": figure.alt}


def test_pyplot_is_never_imported():
    code = "import skeletal_reports.figures, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
