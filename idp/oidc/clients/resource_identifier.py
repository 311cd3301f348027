"""What can name a resource (RFC 8707 §2)."""

from urllib.parse import urlsplit


def is_identifier(text: str) -> bool:
    """Whether it is an absolute URI without a fragment."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and "#" not in text and text.isascii() and text.isprintable()
