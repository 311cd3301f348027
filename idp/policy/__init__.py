"""What a sign-in has to prove: by institution, by role, by app, and by the circumstances.

Owns the policy (a document in numbered versions), how its rules are put together for one person, the time that people get to set
a factor up, and the rules that look at how somebody signs in. Takes and returns levels and names of kinds: which kind of factor
proves which level it does not know, ``mfa`` tells it. Tables: ``policy_version``, ``enrolment_grace``, ``risk_finding``. Has no
page and asks nobody: ``login`` does.
"""
