"""A school's system has a PDF signed: the very program of ``docs/signing-service.md``, and gmsm as the judge."""

import re
import subprocess
import sys
from pathlib import Path

from idp.certification import authorities, ceremony, subjects
from idp.certification.office import office_of
from idp.certification.subjects import Holder
from idp.signing import keys, permissions
from idp.signing.keys import Use
from idp.signing.permissions import Operation
from tests.flows.conftest import Site
from tests.people import OPERATOR
from tests.services.gmsm import gmsm
from tests.services.processes import ROOT

PAGE = ROOT / "docs" / "signing-service.md"


def test_the_program_of_the_page_signs_a_pdf_that_others_verify(site: Site, tmp_path: Path) -> None:
    deployment = site.deployment
    office = office_of(deployment.settings, deployment.ring.authority_vault)
    app = site.register_for_itself("学籍系统", "openid", "signing")
    with deployment.transaction(OPERATOR) as tx:
        root = ceremony.found_root(tx, office, "sealing-root", Holder("教育部", "教育部根"))
        holder = subjects.institution_itself(tx.session, site.school, "实验小学证书认证")
        school = ceremony.found_below(tx, office, root, "sealing-school", holder)
        key = keys.add(tx, office, "diploma-seal", school, Use.SIGN, "实验小学电子签章")
        permissions.allow(tx, app.app.id, key, [Operation.SIGN], 60)
        anchor = authorities.chain_of(root)[-1]
    program = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(program) == 1
    (tmp_path / "sign.py").write_text(program[0], encoding="utf-8")
    (tmp_path / "diploma.pdf").write_bytes(b"%PDF-1.7\n" + "毕业证书".encode())
    (tmp_path / "root.der").write_bytes(anchor.der)
    environment = {
        "YIMA": site.url,
        "CLIENT_ID": app.app.id,
        "CLIENT_SECRET": app.secret or "",
        "OAUTHLIB_INSECURE_TRANSPORT": "1",  # the loopback address has no TLS
        "PYTHONUTF8": "1",
        "NO_PROXY": "localhost",
    }
    done = subprocess.run([sys.executable, "sign.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("True ")
    assert "实验小学电子签章" in done.stdout
    said = gmsm("verify", tmp_path / "diploma.pdf.p7s", tmp_path / "root.der", tmp_path / "diploma.pdf")
    assert said == f"good: 1 of {(tmp_path / 'diploma.pdf').read_bytes().hex()}"
