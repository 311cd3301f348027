"""``yima demo``: a provider with a demo school and two apps, for a first look. ``make run`` calls it.

``content`` makes the demo's institutions, people and apps; ``memory`` keeps their passwords between runs (``demo.json`` in the data
folder, readable by its owner only); ``processes`` starts the provider and the apps and ends them together. The command is in
``command``.
"""

from cli.demo.command import command

__all__ = ["command"]
