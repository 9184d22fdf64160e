"""The leak check finds an arm in every kind of file, and nothing where there is none."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pypdf import PdfWriter
from pypdf.generic import NameObject, StreamObject
from tests.support import report_trial as trial

from skeletal.errors import SkeletalError
from skeletal.records import make_records
from skeletal.study import Study
from skeletal_reports.blinding import blind_records
from skeletal_reports.leaks import check_open, check_self_contained, require_pooled
from skeletal_reports.notebook import inject_parameters, read_template
from skeletal_reports.render.document import Cover, Document, Prose
from skeletal_reports.render.markdown import parse_markdown
from skeletal_reports.render.pdf import render_pdf

if TYPE_CHECKING:
    from pathlib import Path

STUDY = trial.study()
COVER = Cover(trial="T", registry="", title="", kind="open", as_of="2026-01-01", arms="", confidential=False)

LEAKS = {
    "element.html": "<p>Sixty in the Observational arm</p>",
    "case.html": "<p>UPFRONT-RT</p>",
    "entity.html": "<td>Observational&nbsp;arm</td>",
    "hex.html": "<td>&#x4f;bservational</td>",
    "split.html": "<p>Upfront <b>radio</b>therapy arm</p>",
    "broken.html": "<td>Upfront\n   radiotherapy\n arm</td>",
    "soft.html": "<td>Observ&shy;ational</td>",
    "attribute.html": '<td title="upfront rt">x</td>',
    "comment.html": "<!-- observational -->",
    "words.svg": '<svg xmlns="http://www.w3.org/2000/svg"><text>Observational arm</text></svg>',
    "path.svg": '<svg><g id="text_1"><!-- upfront-rt --><path d="M0 0"/></g></svg>',
    "cells.csv": 'arm,n\n"Observational arm",60\n',
    "other.txt": "randomised: upfront_rt 60\n",
}


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_arm_is_found_and_the_file_is_named(tmp_path, name):
    path = file(tmp_path, name, LEAKS[name])
    with pytest.raises(SkeletalError, match=name.replace(".", r"\.")):
        check_open([path], STUDY)


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "code", "source": ["x = 'observ", "ational'"], "outputs": []},
        {"cell_type": "markdown", "source": "the upfront-rt group"},
        {
            "cell_type": "code",
            "source": "",
            "outputs": [{"data": {"text/html": ["<b>Observational", "</b>"]}}],
        },
        {"cell_type": "code", "source": "", "outputs": [{"data": {"x": {"rows": [["upfront-rt"]]}}}]},
        {"cell_type": "code", "source": "", "outputs": [], "metadata": {"arm": "observational"}},
    ],
)
def test_a_planted_arm_is_found_anywhere_in_a_notebook(tmp_path, cell):
    path = file(tmp_path, "open.ipynb", json.dumps({"cells": [cell], "metadata": {}}))
    with pytest.raises(SkeletalError, match=r"open\.ipynb"):
        check_open([path], STUDY)


def pdf_of(text: str, **cover: str) -> bytes:
    tokens = tuple(parse_markdown(text))
    shown = Cover(**{**{name: getattr(COVER, name) for name in COVER.__slots__}, **cover})
    return render_pdf(Document(cover=shown, blocks=(Prose(tokens=tokens),)))


@pytest.mark.parametrize(
    "text", ["Sixty in the observational arm.", "word " * 14 + "Upfront radiotherapy arm"]
)
def test_a_planted_arm_is_found_in_the_text_of_a_pdf(tmp_path, text):
    with pytest.raises(SkeletalError, match=r"open\.pdf"):
        check_open([file(tmp_path, "open.pdf", pdf_of(text))], STUDY)


def test_a_planted_arm_is_found_in_the_title_of_a_pdf(tmp_path):
    with pytest.raises(SkeletalError, match=r"open\.pdf"):
        check_open([file(tmp_path, "open.pdf", pdf_of("x", trial="observational"))], STUDY)


def test_a_planted_arm_is_found_in_the_xmp_packet_of_a_pdf(tmp_path):
    writer = PdfWriter(io.BytesIO(pdf_of("x")))
    packet = StreamObject()
    packet.set_data(
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:k="http://ns.adobe.com/pdf/1.3/" k:Keywords="upfront-rt"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    writer.root_object[NameObject("/Metadata")] = packet
    content = io.BytesIO()
    writer.write(content)
    with pytest.raises(SkeletalError, match=r"open\.pdf"):
        check_open([file(tmp_path, "open.pdf", content.getvalue())], STUDY)


def test_clean_files_pass(tmp_path):
    files = [
        file(tmp_path, "open.html", "<p>Palliative radiotherapy; an observation; armed</p>"),
        file(tmp_path, "open.csv", "component,n\nradiation,3\n"),
        file(tmp_path, "open.pdf", pdf_of("All subjects were observed.")),
        file(tmp_path, "open.ipynb", json.dumps({"cells": [{"source": ["ok"]}]})),
    ]
    check_open(files, STUDY)


def study_of(*names: str) -> Study:
    content = STUDY.model_dump()
    for arm, name in zip(content["arms"], names, strict=True):
        arm.update(name=name, label="")
    for field in ("event_rate", "death_rate", "dropout_rate"):
        content["scenarios"]["planning"][field] = dict.fromkeys(names, 1.0)
    return Study.model_validate(content)


def short_study() -> Study:
    return study_of("A", "RT")


def test_code_of_the_own_notebook_names_no_arm_though_it_uses_the_word(tmp_path):
    notebook = json.loads(json.dumps(inject_parameters(read_template(), {"kind": "open"})))
    path = file(tmp_path, "open.ipynb", json.dumps(notebook))
    check_open([path], study_of("control", "records"))


@pytest.mark.parametrize("where", ["output", "parameter"])
def test_what_the_own_notebook_shows_or_is_given_is_searched(tmp_path, where):
    parameters = {"study_file": "records.toml" if where == "parameter" else "x"}
    notebook = json.loads(json.dumps(inject_parameters(read_template(), parameters)))
    if where == "output":
        notebook["cells"][-1]["outputs"] = [{"data": {"text/plain": ["the records"]}}]
    with pytest.raises(SkeletalError, match=r"open\.ipynb"):
        check_open([file(tmp_path, "open.ipynb", json.dumps(notebook))], study_of("study", "records"))


def test_an_arm_called_by_a_word_of_the_report_is_told_apart_from_a_leak(tmp_path):
    path = file(tmp_path, "open.html", "<td>Total</td>")
    with pytest.raises(SkeletalError, match=r"arms are called Total, zolex.*a word of the report itself"):
        check_open([path], study_of("Total", "zolex"))


@pytest.mark.parametrize(
    "content", ["<td>A</td>", "<td> rt </td>", "<p>in arm A there</p>", "<p>Group RT</p>"]
)
def test_a_short_arm_name_counts_as_a_whole_cell_or_after_arm(tmp_path, content):
    with pytest.raises(SkeletalError, match=r"x\.html"):
        check_open([file(tmp_path, "x.html", content)], short_study())


def test_a_short_arm_name_inside_a_sentence_is_no_leak(tmp_path):
    check_open([file(tmp_path, "x.html", "<p>A subject had RT to a rib</p>")], short_study())


@pytest.mark.parametrize(
    "content",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        "<a href='http://example.org'>x</a>",
        '<img src="//example.org/x.png">',
        "<style>@import url(https://example.org/x.css)</style>",
        "<style>p { background: url('http://example.org/x.png') }</style>",
    ],
)
def test_a_reference_to_the_network_is_refused(tmp_path, content):
    with pytest.raises(SkeletalError, match="outside itself"):
        check_self_contained([file(tmp_path, "open.html", content)])


def test_an_address_in_words_and_a_link_inside_the_page_are_allowed(tmp_path):
    check_self_contained([file(tmp_path, "open.html", '<p>see https://x.org</p><a href="#a">b</a>')])


def test_a_path_of_this_machine_is_refused(tmp_path):
    path = file(tmp_path, "open.ipynb", json.dumps({"cells": [{"source": f"open('{tmp_path}/x')"}]}))
    with pytest.raises(SkeletalError, match="outside itself"):
        check_self_contained([path], [tmp_path])


def test_records_with_two_arms_are_no_input_of_an_open_report():
    subjects = {
        "subject_id": ["S1", "S2", "S3", "S4"],
        "arm": ["observational", "upfront-rt", "upfront-rt", "observational"],
        "randomised_date": "2026-01-15",
    }
    raw = make_records({"subjects": pd.DataFrame(subjects)}, study=STUDY)
    pooled, study = blind_records(raw, STUDY, kind="open")
    require_pooled(pooled, study)
    for records, protocol in ((raw, STUDY), (raw, study), (pooled, STUDY)):
        with pytest.raises(SkeletalError, match="pooled arm"):
            require_pooled(records, protocol)
