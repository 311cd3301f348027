"""The certificate that the proxy hands on, out of its header: RFC 9440's ``:base64:``, or PEM in percent-encoding as of nginx.

Only its form is looked at. Whether the header may be believed is the matter of :mod:`idp.web.address`.
"""

import base64
import ssl
from urllib.parse import unquote

MAX_CHARACTERS = 16384


def read(text: str) -> bytes | None:
    """The certificate's DER; nothing for an empty header. Raises ``ValueError`` for anything else."""
    text = text.strip()
    if not text:
        return None
    if len(text) > MAX_CHARACTERS:
        raise ValueError("too long")
    if text.startswith(":") and text.endswith(":"):
        return base64.b64decode(text[1:-1], validate=True)
    return ssl.PEM_cert_to_DER_cert(unquote(text, errors="strict").strip())
