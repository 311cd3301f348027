"""Authentication contexts: SAML Core §3.3.2.2.1."""

import pytest

from idp.sso.saml import contexts
from idp.sso.saml.errors import NoAuthnContext
from idp.sso.saml.names import ANY_CONTEXT, PASSWORD, PASSWORD_PROTECTED_TRANSPORT, REFEDS_MFA

KERBEROS = "urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos"
OWN = "urn:yima:acr:"


@pytest.mark.parametrize(
    ("classes", "comparison", "level"),
    [
        ((), "exact", 1),
        ((PASSWORD_PROTECTED_TRANSPORT,), "exact", 1),
        ((REFEDS_MFA,), "exact", 2),
        ((REFEDS_MFA, PASSWORD), "exact", 1),
        ((KERBEROS, REFEDS_MFA), "exact", 2),
        ((REFEDS_MFA,), "minimum", 2),
        ((REFEDS_MFA,), "maximum", 1),
        ((PASSWORD, REFEDS_MFA), "better", 2),
        ((REFEDS_MFA,), "better", 3),
        ((f"{OWN}3",), "exact", 3),
    ],
)
def test_what_a_sign_in_must_reach(classes: tuple[str, ...], comparison: str, level: int) -> None:
    assert contexts.required_level(classes, comparison, 3) == level


@pytest.mark.parametrize(
    ("classes", "comparison"), [((KERBEROS,), "exact"), ((f"{OWN}9",), "exact"), ((f"{OWN}4",), "exact"), (("",), "minimum")]
)
def test_what_nothing_here_reaches_is_said_before_anybody_is_asked(classes: tuple[str, ...], comparison: str) -> None:
    with pytest.raises(NoAuthnContext):
        contexts.required_level(classes, comparison, 3)


@pytest.mark.parametrize(
    ("classes", "comparison", "level", "said"),
    [
        ((), "exact", 1, PASSWORD_PROTECTED_TRANSPORT),
        ((), "exact", 3, REFEDS_MFA),
        ((PASSWORD,), "exact", 3, PASSWORD),
        ((REFEDS_MFA, PASSWORD), "exact", 1, PASSWORD),
        ((REFEDS_MFA, PASSWORD), "exact", 2, REFEDS_MFA),
        ((PASSWORD, PASSWORD_PROTECTED_TRANSPORT), "exact", 1, PASSWORD),
        ((PASSWORD,), "minimum", 2, REFEDS_MFA),
        ((f"{OWN}1",), "minimum", 3, f"{OWN}3"),
        ((ANY_CONTEXT,), "exact", 1, PASSWORD_PROTECTED_TRANSPORT),
    ],
)
def test_an_answer_says_what_was_proven(classes: tuple[str, ...], comparison: str, level: int, said: str) -> None:
    assert contexts.answered(classes, comparison, level) == said
