"""Yima: the identity provider of a school system.

The rooms, from the ground up; each imports only those before it:

``crypto`` · ``database`` · ``audit`` · ``keys`` · ``deployment`` · ``registry`` · ``apps`` · ``mfa`` · ``web`` · ``login`` ·
``oidc`` · ``app``. The command line (``cli``) stands on all of them.
"""

__version__ = "0.1.0"
