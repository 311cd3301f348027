"""Whether the names of a certificate lie where an authority above allows (RFC 5280 §4.2.1.10)."""

from urllib.parse import urlsplit

from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import NameNotPermitted
from idp.crypto.x509.extensions import NameConstraints, SubjectAltName
from idp.crypto.x509.general_name import DIRECTORY, DNS, EMAIL, IP, URI, GeneralName
from idp.crypto.x509.name import Name


def check_names(certificate: Certificate, constraints: NameConstraints) -> None:
    """Raises :class:`NameNotPermitted` for a name that is excluded, or of a constrained kind and not permitted."""
    for name in _names(certificate):
        permitted = [base for base in constraints.permitted if base.kind == name.kind]
        excluded = [base for base in constraints.excluded if base.kind == name.kind]
        if any(_within(name, base) or _wildcard_reaches(name, base) for base in excluded) or (
            permitted and not any(_within(name, base) for base in permitted)
        ):
            raise NameNotPermitted(detail=str(certificate.subject))


def _names(certificate: Certificate) -> list[GeneralName]:
    alternative = certificate.extensions.get(SubjectAltName)
    names = list(alternative.names) if alternative is not None else []
    if certificate.subject:
        names.append(GeneralName.directory(certificate.subject))
    # §4.2.1.10: without alternative names the mailbox in the subject is held to the constraints too.
    if alternative is None:
        names += [GeneralName(EMAIL, one.value) for one in certificate.subject.attributes() if one.type == oids.EMAIL_ADDRESS]
    return names


def _within(name: GeneralName, base: GeneralName) -> bool:
    match name.value, base.value:
        case Name() as inner, Name() as outer if name.kind == DIRECTORY:
            return inner.is_within(outer)
        case bytes() as address, bytes() as subnet if name.kind == IP:
            half = len(subnet) // 2
            network, mask = subnet[:half], subnet[half:]
            return len(address) == half and all(a & m == n & m for a, n, m in zip(address, network, mask, strict=True))
        case str() as text, str() as subtree:
            return _text_within(name.kind, text.lower(), subtree.lower())
    raise NameNotPermitted(detail="a constraint on a kind of name that is not processed")


def _wildcard_reaches(name: GeneralName, base: GeneralName) -> bool:
    """Whether a wildcard covers the host that is excluded: ``*.school.cn`` stands for ``exam.school.cn`` too."""
    text, subtree = str(name.value).lower(), str(base.value).lower()
    return name.kind == DNS and text.startswith("*.") and subtree.endswith(text[1:])


def _text_within(kind: int, text: str, subtree: str) -> bool:
    if not subtree:
        return True
    if kind == DNS:
        host = text.removeprefix("*.")
        return host == subtree or host.endswith(f".{subtree}")
    if kind == EMAIL:
        if "@" in subtree:
            return text == subtree
        host = text.rpartition("@")[2]
    elif kind == URI:
        host = urlsplit(text).hostname or ""
        if not host:  # §4.2.1.10: a URI without a host is refused
            raise NameNotPermitted(detail="a URI without a host")
    else:
        raise NameNotPermitted(detail="a constraint on a kind of name that is not processed")
    return host.endswith(subtree) if subtree.startswith(".") else host == subtree
