"""A server that is killed loses no notice: the next one tells it."""

import base64
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from idp.deployment import open_deployment
from idp.settings import Settings
from tests.people import make_person, make_school
from tests.services.mail_server import running_mail_server
from tests.services.processes import ROOT, free_port
from tests.services.provider import running_provider

# Tells a person something in a process that dies by `kill -9`: after the commit, or just before it.
DYING = """
import os, signal, sys
import idp.schema
from idp.audit import Actor
from idp.deployment import open_deployment
from idp.notices import book
from idp.notices.events import Event
from idp.settings import load
with open_deployment(load()).transaction(Actor("operator", "test")) as tx:
    book.give(tx, int(sys.argv[1]), Event(sys.argv[2]))
    if sys.argv[3] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_before_a_kill_is_told_by_the_next_server_and_what_was_not_is_not(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copytree(sqlite_template, tmp_path / "yima")
    port = free_port()
    with running_mail_server(tmp_path) as mail:
        settings = Settings(
            home=tmp_path / "yima",
            bind=f"localhost:{port}",
            public_url=f"http://localhost:{port}",
            mail_server=f"localhost:{mail.plain}",
            mail_security="none",
            mail_from="no-reply@example.edu.cn",
        )
        deployment = open_deployment(settings)
        person = make_person(deployment, make_school(deployment), email="lin@example.edu.cn", password=None)
        deployment.close()
        for event, when in (("recovery_code_used", "before"), ("factors_reset", "after")):
            command = [sys.executable, "-c", DYING, str(person.id), event, when]
            died = subprocess.run(command, cwd=ROOT, env={"YIMA_HOME": str(settings.home), "PATH": ""}, check=False)
            assert died.returncode == -signal.SIGKILL
        assert mail.letters() == []
        with running_provider(settings, tmp_path / "provider.log"):
            (letter,) = mail.letters(at_least=1)
        body = base64.b64decode(letter["content"].partition("\r\n\r\n")[2]).decode()
        assert letter["to"] == ["lin@example.edu.cn"]
        assert "您账号的所有第二步验证方式都已被移除" in body
        assert f"{settings.public_url}/me" in body
