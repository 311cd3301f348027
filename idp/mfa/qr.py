"""QR codes, for the page and for the terminal."""

import io

import segno


def as_svg(text: str) -> str:
    """An SVG element to put into a page, with quiet zone, dark on light whatever the page's colours."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", scale=4, border=4, xmldecl=False, svgns=True, dark="#000", light="#fff", omitsize=True
    )
    return out.getvalue().decode()


def as_text(text: str) -> str:
    """Half blocks for a terminal."""
    out = io.StringIO()
    segno.make(text, error="l").terminal(out, compact=True, border=2)
    return out.getvalue()
