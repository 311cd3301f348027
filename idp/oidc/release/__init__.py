"""What was told to which app about whom: a record of every release, which the person and an auditor can read.

``ledger`` writes it down in the transaction that releases, ``report`` reads it. Only names of claims are kept, never values, and a
row for each day, app, place and set of names, so that the table is bounded by how many people use how many apps. Table:
``data_release``. What introspection tells a resource server is no claim about a person but a name of its sector, and is not here.
"""
