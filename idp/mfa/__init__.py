"""Second factors: one interface, one engine, a file or folder for each kind under ``factors/``.

Owns enrolment, challenges, the limits on wrong answers, the spending of each answer by compare-and-set, and which proofs make
which level (``policy``). A kind only fills, shows and judges (``factor``). Tables: ``mfa_credential``, ``mfa_challenge``,
``rate_bucket``, ``recovery_code``, ``remembered_device``, ``factor_reset``. Has no page: ``login`` asks and shows.
Knows no session.
"""
