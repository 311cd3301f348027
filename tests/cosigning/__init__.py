"""The phone's side of co-signing in Python, for tests: what the program in ``phone/`` does, written a second time."""
