"""From an executed notebook to one html file and one pdf file."""

from .document import Document as Document
from .document import read_document as read_document
from .html import render_html as render_html
from .pdf import render_pdf as render_pdf
