"""What certificates say, as files: ``profiles/*.toml``, one for each kind. No key and no certificate lies here."""
