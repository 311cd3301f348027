"""Showing enough of a detail to recognise it, and no more."""


def mask(kind: str, value: str | None) -> str | None:
    """``phone`` keeps its last four digits, ``email`` its first letter and domain, ``birth_date`` its year."""
    if value is None:
        return None
    if kind == "phone":
        return "*" * max(len(value) - 4, 0) + value[-4:]
    if kind == "email":
        local, _, domain = value.partition("@")
        return f"{local[:1]}***@{domain}"
    if kind == "birth_date":
        return f"{value[:4]}-**-**"
    return "***"
