"""Click's own words, listed so that the catalogue has them: Click looks them up in ours, see :mod:`cli.main`.

Nothing imports this; it is read when messages are collected.
"""

from gettext import ngettext

from idp.i18n import N_

MESSAGES = (
    N_("Usage:"),
    N_("Options"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("%(prog)s, version %(version)s"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("No such command {name!r}."),
    N_("No such option {name!r}."),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("{value} is not in the range {range}."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("Option {name!r} does not take a value."),
    N_("Aborted!"),
    N_("Choose from:\n\t{choices}"),
    N_("Error: invalid input"),
    N_("default: {default}"),
    N_("file"),
    N_("directory"),
    N_("path"),
)
PLURALS = (
    ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
    ngettext("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
    ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
    ngettext("{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}.", 1),
)
