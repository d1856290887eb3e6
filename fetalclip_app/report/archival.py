"""What a finished PDF carries beside its pages: attached files, and the marks of PDF/A-3.

The marks say what the file is meant to be (XMP, an output intent with its profile, files with their relationship).
No validator has looked at it: docs/report.md says so.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import ImageCms
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

_PDF_VERSION = "%PDF-1.7"
"""ISO 19005-3 is written for ISO 32000-1, which is PDF 1.7."""

_CONDITION = "sRGB IEC61966-2.1"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside the PDF.

    Attributes:
        kind: Its media type, such as ``application/json``.
        about: For a person who looks at the list of attachments.
        relationship: ``Data`` for what the pages were made of, ``Source`` for what they are of (ISO 32000-2, 7.11.3).
    """

    name: str
    content: bytes
    kind: str
    about: str
    relationship: str = "Data"


@dataclass(frozen=True, slots=True)
class About:
    """What the file says of itself."""

    title: str
    author: str
    subject: str
    made_at: datetime
    creator: str = "FetalCLIP Studio"


def finished(pdf: bytes, about: About, attached: Sequence[Attached] = ()) -> bytes:
    """Return the same pages as a file with these attachments and the marks of PDF/A-3b."""
    writer = PdfWriter(clone_from=BytesIO(pdf))
    writer.pdf_header = _PDF_VERSION
    files = [_embedded(writer, one, about.made_at) for one in attached]
    root = writer.root_object
    if files:
        root[NameObject("/AF")] = ArrayObject(files)
    root[NameObject("/OutputIntents")] = ArrayObject([_output_intent(writer)])
    producer = f"{about.creator} (reportlab, pypdf)"
    writer.metadata = None
    writer.add_metadata(
        {
            "/Title": about.title,
            "/Author": about.author,
            "/Subject": about.subject,
            "/Creator": about.creator,
            "/Producer": producer,
            "/CreationDate": _pdf_date(about.made_at),
            "/ModDate": _pdf_date(about.made_at),
        }
    )
    root[NameObject("/Metadata")] = writer._add_object(_xmp(about, producer))
    writer.generate_file_identifiers()
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def _embedded(writer: PdfWriter, one: Attached, made_at: datetime) -> IndirectObject:
    file = writer.add_attachment(one.name, one.content)
    file.alternative_name = TextStringObject(one.name)
    file.associated_file_relationship = NameObject(f"/{one.relationship}")
    file.description = TextStringObject(one.about)
    file.subtype = NameObject(f"/{one.kind}")
    file.modification_date = made_at
    file.size = NumberObject(len(one.content))
    reference = file.pdf_object.indirect_reference
    assert reference is not None  # an attachment is an object of its own
    return reference


def _output_intent(writer: PdfWriter) -> DictionaryObject:
    profile = DecodedStreamObject()
    profile.set_data(_srgb())
    profile[NameObject("/N")] = NumberObject(3)
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/OutputIntent"),
            NameObject("/S"): NameObject("/GTS_PDFA1"),
            NameObject("/OutputConditionIdentifier"): TextStringObject(_CONDITION),
            NameObject("/Info"): TextStringObject(_CONDITION),
            NameObject("/DestOutputProfile"): writer._add_object(profile.flate_encode()),
        }
    )


@functools.cache
def _srgb() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def _pdf_date(when: datetime) -> str:
    """Return a date as ISO 32000-1, 7.9.4 has it; without an offset where none is known."""
    offset = f"{when:%z}"
    return f"D:{when:%Y%m%d%H%M%S}" + (f"{offset[:3]}'{offset[3:5]}'" if offset else "")


def _xmp(about: About, producer: str) -> DecodedStreamObject:
    when = about.made_at.isoformat(timespec="seconds")
    title, author, subject, creator = map(escape, (about.title, about.author, about.subject, about.creator))
    text = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<xmp:CreatorTool>{creator}</xmp:CreatorTool>
<xmp:CreateDate>{when}</xmp:CreateDate><xmp:ModifyDate>{when}</xmp:ModifyDate>
<pdf:Producer>{escape(producer)}</pdf:Producer>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
    stream = DecodedStreamObject()
    stream.set_data(text.encode())
    stream[NameObject("/Type")] = NameObject("/Metadata")
    stream[NameObject("/Subtype")] = NameObject("/XML")
    return stream
