"""The command line ``yima``: thin commands over the services of ``idp``, with no rule of their own.

``main`` chooses the language and loads the one group that was called, so that ``--help`` is quick; ``frame`` opens the
installation and turns errors into words and exit codes; ``output`` prints tables or JSON. Every other module is
a group of commands.

Exit codes: 0 done · 1 refused or failed · 2 wrong usage · 3 done in part (an import with broken rows).
"""
