"""The html and the pdf hold what the notebook showed, and nothing refers outside them."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from skeletal.errors import InvalidArgument
from skeletal_reports.render import read_document, render_html, render_pdf
from skeletal_reports.render.document import MIME, Cover, Exhibit, Heading, Prose
from skeletal_reports.render.markdown import markdown_html, parse_markdown, tokens_blocks
from skeletal_reports.render.svg import inline_svg

COVER = Cover(
    trial="TRIAL",
    registry="NCT00000000",
    title="A trial",
    kind="closed",
    as_of="2028-02-05",
    arms="Masked",
    confidential=True,
)
SVG = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="144pt" height="72pt" viewBox="0 0 144 72"
 xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>
 <defs><clipPath id="p1"><rect width="10" height="20"/></clipPath><path id="m1" d="M0 0L9 9"/></defs>
 <g clip-path="url(#p1)"><use xlink:href="#m1" x="3"/></g>
</svg>"""
HOSTILE = (
    "#set page(fill: red) $x^2$ *b* _i_ @ref <label> `c` ~ [l](u) // c /* d */ \\ \"q\" 'a' -- = + - {j} #{1}"
)


def table(rows=1, **changes):
    content = {
        "type": "table",
        "name": "baseline",
        "title": "Baseline",
        "columns": [{"header": "Item", "align": "left"}, {"header": "n (%)", "align": "right"}],
        "rows": [{"cells": [f"row {place}", "3 (5%)"], "indent": 1, "group": False} for place in range(rows)],
        "notes": ["A note."],
    }
    return {**content, **changes}


def figure(**changes):
    content = {"type": "figure", "name": "f", "caption": "Accrual. More words.", "alt": "A line", "svg": SVG}
    return {**content, **changes}


def shown(payload):
    return {"output_type": "display_data", "metadata": {}, "data": {MIME: payload, "text/plain": ""}}


def code(*payloads):
    return {"cell_type": "code", "metadata": {}, "source": "x", "outputs": [shown(item) for item in payloads]}


def words(source, *tags):
    return {"cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": source}


def document(*cells, cover=COVER):
    return read_document({"cells": list(cells)}, cover)


FULL = (
    words("# Title\n\n## Summary\n\nSome *text*.\n\n### Part"),
    code(table(), figure(), {"type": "text", "markdown": "A **bold** word."}),
    words("## End"),
    code(table(rows=80, title="Long"), figure(alt="Another line")),
)


def pdf_text(content):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


class Tags(HTMLParser):
    """Collects start tags with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


# --- document ------------------------------------------------------------------------------------


def test_headings_are_numbered_by_section_and_the_title_is_left_out():
    headings = document(*FULL).sections
    assert [(item.number, item.text) for item in headings] == [
        ("1", "Summary"),
        ("1.1", "Part"),
        ("2", "End"),
    ]


def test_tables_and_figures_are_counted_apart():
    labels = [item.label for item in document(*FULL).blocks if isinstance(item, Exhibit)]
    assert labels == ["Table 1", "Figure 1", "Table 2", "Figure 2"]


def test_code_and_cells_for_the_notebook_only_are_left_out():
    page = render_html(document(words("secret words", "notebook-only"), code(table())))
    assert "secret words" not in page
    assert [type(block) for block in document(words("secret words", "notebook-only")).blocks] == []


def test_text_shown_by_a_cell_is_prose():
    blocks = document(code({"type": "text", "markdown": "## Now\n\nhere"})).blocks
    assert [type(block) for block in blocks] == [Heading, Prose]


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "name": "stdout", "text": "debug line"},
        {"output_type": "execute_result", "data": {"text/plain": "debug line"}},
    ],
)
def test_output_that_was_not_shown_on_purpose_is_refused(output):
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}
    with pytest.raises(InvalidArgument, match="debug line"):
        document(cell)


def test_a_figure_is_listed_by_the_first_sentence_of_its_caption():
    assert document(code(figure())).exhibits("figure")[0].short_title == "Accrual"


# --- markdown ------------------------------------------------------------------------------------


def test_links_images_and_raw_html_stay_text():
    page = markdown_html("[x](http://a.b) ![y](http://a.b/c.png) <script>1</script> <http://a.b>")
    assert Tags(page).tags == [("p", {})]


def test_blocks_keep_lists_marks_and_code():
    found = tokens_blocks(parse_markdown("1. a\n2. **b** `c`\n\n> q\n\n```\nd\n```"))
    assert [block["kind"] for block in found] == ["numbers", "quote", "code"]
    second = found[0]["blocks"][1]["blocks"][0]["runs"]
    assert [(run["text"], run["marks"]) for run in second] == [("b", ["strong"]), (" ", []), ("c", ["code"])]


# --- html ----------------------------------------------------------------------------------------


def test_the_page_holds_no_address_of_the_network_and_no_script():
    page = render_html(document(*FULL))
    assert re.findall(r"https?:|//[a-z]", page) == []
    assert {"script", "link", "iframe", "img"}.isdisjoint(tag for tag, _ in Tags(page).tags)


def test_ids_are_unique_and_every_reference_has_its_target():
    tags = Tags(render_html(document(*FULL))).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    targets = {
        value[1:]
        for _, attributes in tags
        for name, value in attributes.items()
        if name in {"href", "xlink:href"} and value.startswith("#")
    }
    clips = {attributes["clip-path"][5:-1] for _, attributes in tags if "clip-path" in attributes}
    labelled = {part for _, item in tags for part in item.get("aria-labelledby", "").split()}
    assert len(ids) == len(set(ids))
    assert targets | clips | labelled <= set(ids)
    assert {"figure-1-m1", "figure-2-m1"} <= targets


def test_a_figure_has_a_role_a_title_and_its_words():
    page = render_html(document(code(figure())))
    svg = next(attributes for tag, attributes in Tags(page).tags if tag == "svg")
    assert svg["role"] == "img"
    assert svg["viewbox"] == "0 0 144 72"
    assert "width" not in svg
    assert '<desc id="figure-1-desc">A line</desc>' in page
    assert "<b>Figure 1.</b> Accrual. More words." in page


def test_a_table_has_a_caption_scoped_headers_and_notes():
    page = render_html(document(code(table())))
    scopes = [attributes["scope"] for tag, attributes in Tags(page).tags if tag == "th"]
    assert scopes == ["col", "col", "row"]
    assert "<caption><b>Table 1.</b> Baseline</caption>" in page
    assert "<p>A note.</p>" in page


def test_a_group_row_spans_the_table():
    rows = [{"cells": ["Sex", ""], "indent": 0, "group": True}]
    page = render_html(document(code(table() | {"rows": rows})))
    assert '<tr class="group"><th scope="rowgroup" colspan="2">Sex</th></tr>' in page


def test_the_title_links_and_cover_are_there():
    page = render_html(document(*FULL))
    assert "<title>TRIAL: interim report, closed session</title>" in page
    assert '<a href="#section-1">' in page
    assert "2028-02-05" in page
    assert "Confidential" in page


def test_an_open_page_is_not_marked_confidential():
    cover = Cover(trial="T", registry="", title="", kind="open", as_of="", arms="", confidential=False)
    assert "onfidential" not in render_html(document(*FULL, cover=cover))


def test_hostile_text_is_escaped_in_the_page():
    text = "<script>alert(1)</script>&\"'"
    page = render_html(
        document(code(table() | {"title": text, "notes": [text]}, figure(caption=text, alt=text)))
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_svg_without_an_image_is_refused():
    with pytest.raises(ValueError, match="not an SVG"):
        inline_svg("<p/>", prefix="x", title="", description="")


# --- pdf -----------------------------------------------------------------------------------------


def test_the_pdf_is_the_same_bytes_on_every_run():
    assert render_pdf(document(*FULL)) == render_pdf(document(*FULL))


def test_the_pdf_has_title_header_footer_and_mark():
    content = render_pdf(document(*FULL))
    reader = PdfReader(io.BytesIO(content))
    pages = [page.extract_text() for page in reader.pages]
    assert reader.metadata.title == "TRIAL: interim report, closed session"
    for number, text in enumerate(pages, start=1):
        assert "Data as of 2028-02-05" in text
        assert "CONFIDENTIAL" in text
        assert f"Page {number} of {len(pages)}" in text


def test_an_open_pdf_is_not_marked_confidential():
    cover = Cover(trial="T", registry="", title="", kind="open", as_of="", arms="", confidential=False)
    assert "CONFIDENTIAL" not in pdf_text(render_pdf(document(*FULL, cover=cover)))


def test_header_rows_are_repeated_on_every_page_of_a_table():
    reader = PdfReader(io.BytesIO(render_pdf(document(code(table(rows=150))))))
    assert len(reader.pages) >= 3
    assert all("n (%)" in page.extract_text() for page in reader.pages)


def test_the_pdf_is_a4_and_names_its_figures_for_screen_readers():
    reader = PdfReader(io.BytesIO(render_pdf(document(code(figure(alt="A rising line"))))))
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    alternatives = [
        item.get("/Alt")
        for number in range(1, len(reader.xref_objStm) + len(reader.xref[0]) + 1)
        if isinstance(item := IndirectObject(number, 0, reader).get_object(), dict)
    ]
    assert "A rising line" in alternatives


def squeeze(text):
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("character", [*"#$*_@<>`\\/~[]{}()=+-\"'^&%|;:,.!?", "//", "/*", "--", "..."])
def test_a_character_that_is_markup_elsewhere_stays_itself_in_a_pdf(character):
    text = f"before{character}after"
    title = document(code(table() | {"title": text, "notes": [text]}))
    assert pdf_text(render_pdf(title)).count(text) == 2


def test_hostile_text_is_never_read_as_markup():
    everywhere = table() | {
        "title": HOSTILE,
        "columns": [{"header": HOSTILE, "align": "left"}],
        "rows": [
            {"cells": [HOSTILE], "indent": 0, "group": True},
            {"cells": [HOSTILE], "indent": 2, "group": False},
        ],
        "notes": [HOSTILE],
    }
    content = render_pdf(document(code(everywhere, figure(caption=HOSTILE, alt=HOSTILE))))
    assert squeeze(pdf_text(content)).count(squeeze(HOSTILE)) == 6


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x24F, exclude_categories=["C", "Z"]), min_size=1)
)
@settings(max_examples=25, deadline=None)
def test_any_text_can_be_set(text):
    assert render_pdf(document(code(table() | {"title": text}))).startswith(b"%PDF")


def test_simulated_data_are_marked_on_the_page_and_on_every_sheet():
    cover = Cover(
        trial="T",
        registry="",
        title="",
        kind="open",
        as_of="2026-01-01",
        arms="",
        confidential=False,
        simulated=True,
    )
    page = render_html(document(*FULL, cover=cover))

    assert "Simulated data" in page
    assert "Simulated: no real subjects" in page
    assert "SIMULATED DATA" in pdf_text(render_pdf(document(*FULL, cover=cover)))
    assert "imulated" not in render_html(document(*FULL))
