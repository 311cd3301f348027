"""Import from CSV: every good row goes in, every bad one comes back to be mended.

A file is read in UTF-8 or GB18030, its headings in the national field names or in English. Rows are kept in batches, each row
by itself, so that a mistake costs one row and an interruption costs nothing: the same file can simply be imported again.
"""
