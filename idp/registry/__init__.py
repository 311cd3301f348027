"""Who there is: institutions with their codes, persons with their numbers, and how they belong together.

Owns the life cycle of the national ten-digit institution code, the unified social credit code, our own person number, identity
documents (sealed, found again by blind index), affiliations, guardianship, and import from CSV. Tables: ``institution``,
``institution_event``, ``person``, ``person_document``, ``affiliation``, ``guardianship``. Does not know passwords, factors or
sessions: registering a person does not let them sign in.
"""
