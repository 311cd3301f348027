"""What Apache wants around the settings of a guide."""

import os
from pathlib import Path

MODULES = Path("/usr/lib/apache2/modules")

_WHOLE = """
ServerRoot {folder}
PidFile {folder}/httpd.pid
ErrorLog /dev/stderr
Listen 127.0.0.1:{port}
ServerName localhost:{port}
UseCanonicalName On
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule env_module {modules}/mod_env.so
LoadModule headers_module {modules}/mod_headers.so
DocumentRoot {folder}/pages
Header always set X-Signed-In expr=%{{REMOTE_USER}}
{documented}
"""


def configured(folder: Path, port: int, documented: str) -> Path:
    """Writes the configuration, and a page at ``/secret/`` and ``/alive``, and returns its file."""
    (folder / "pages" / "secret").mkdir(parents=True)
    (folder / "pages" / "secret" / "index.html").write_text("<p id=user>secret</p>", encoding="utf-8")
    (folder / "pages" / "alive").write_text("alive", encoding="utf-8")
    user = ""
    if os.geteuid() == 0:
        # As root Apache becomes somebody else, who must be able to enter.
        user = "User www-data\nGroup www-data"
        folder.chmod(0o755)
    whole = _WHOLE.format(folder=folder, port=port, user=user, modules=MODULES, documented=documented)
    file = folder / "httpd.conf"
    file.write_text(whole, encoding="utf-8")
    return file
