"""The directories of schools: passwords that are kept in OpenLDAP, Active Directory or OpenDJ, asked there and never kept here.

Owns what is said of a directory (``described``), entering and ending them (``registration``), whose password is kept in one
(``responsible``), and asking it (``check``). Below that is as much of LDAP (RFC 4511) as a bind needs: ``ber``, ``filters`` and
``names``, ``messages``, ``connection``; ``states`` reads why a right password is refused. Table: ``directory``. No address. Knows
nothing of sign-ins, sessions or pages: ``idp.login.keepers`` does. Why no LDAP library: ``docs/decisions/0021``.
"""
