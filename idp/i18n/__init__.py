"""The words shown to people: one gettext catalogue for pages, errors and the command line.

Source strings are English; Simplified Chinese is complete (a test holds it) and the default. Owns ``locales/``. Knows neither
Flask nor the database: who asks says the locale.
"""

from idp.i18n.catalogue import DEFAULT_LOCALE, DOMAIN, LOCALES, N_, directory, negotiate, translate

__all__ = ["DEFAULT_LOCALE", "DOMAIN", "LOCALES", "N_", "directory", "negotiate", "translate"]
