"""Time-stamps (RFC 3161, with the certificate named by RFC 5816): questions, tokens and answers, signed with SM2 and SM3.

``imprint`` is the digest that is stamped, ``request`` the question, ``info`` what a stamp says, ``token`` the signature around it
(CMS), ``response`` the answer, ``verify`` decides whether a token may be believed. Why these identifiers and no others:
``docs/decisions/0025``.
"""

from idp.crypto.x509.timestamp.imprint import MessageImprint
from idp.crypto.x509.timestamp.info import TimeStampInfo
from idp.crypto.x509.timestamp.request import TimeStampRequest
from idp.crypto.x509.timestamp.response import FailureInfo, TimeStampResponse
from idp.crypto.x509.timestamp.token import TimeStampToken

__all__ = ["FailureInfo", "MessageImprint", "TimeStampInfo", "TimeStampRequest", "TimeStampResponse", "TimeStampToken"]
