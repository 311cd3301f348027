"""Second factors: one interface, one engine, a file for each kind under ``factors/``.

Owns enrolment, the limits on wrong answers, the spending of each answer by compare-and-set, and which proofs make which level
(``policy``). Tables: ``mfa_credential``, ``recovery_code``. Has no page: ``login`` asks and shows. Knows no session.
"""
