"""deploy/: configurations of a front for national TLS. What they share with docs/behind-a-proxy.md runs in tests/flows/test_tls.py."""

import re
import subprocess
from pathlib import Path

import trustme

from idp.certification.fronts import Front
from tests.services.processes import ROOT, needed
from tools.fronts import DIRECTIVES, FOLDER, configuration, documented, files


def test_the_files_are_what_the_script_writes() -> None:
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, "python -m tools.fronts"
    assert {path.name for path in (ROOT / "deploy").iterdir()} == {path.name for path in files()}


def test_beside_the_lines_of_national_tls_it_is_the_configuration_that_runs() -> None:
    ours = [line for line in without_tongsuo(configuration(Front.ANGIE)).splitlines() if line and not line.startswith("#")]
    assert ours == [line for line in documented().splitlines() if line and not line.startswith("#")]


def test_what_the_command_prints_stands_in_the_file() -> None:
    for front in (Front.ANGIE, Front.TENGINE):
        assert DIRECTIVES[front].format(folder=FOLDER) in configuration(front)


def test_nginx_reads_the_rest(tmp_path: Path) -> None:
    own = trustme.CA().issue_cert("id.example.edu.cn")
    own.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    own.cert_chain_pems[0].write_to_path(str(tmp_path / "fullchain.pem"))
    text = without_tongsuo(configuration(Front.ANGIE)).replace("/etc/yima/tls", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{text}\n}}\n"
    )
    command = [needed("nginx", "apt install nginx-light"), "-t", "-c", tmp_path / "nginx.conf", "-e", "stderr"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "syntax is ok" in done.stderr, done.stderr


def without_tongsuo(text: str) -> str:
    """Without the block and the suites that only Tongsuo has."""
    rest, count = re.subn(r"# National TLS.*?\n\n", "", text, flags=re.DOTALL)
    assert count == 1
    return re.sub(r"ECC-SM2-SM4-\w+-SM3:", "", rest)
