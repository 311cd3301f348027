"""Writes deploy/angie-gm.conf and deploy/tengine-gm.conf: the configuration of docs/behind-a-proxy.md, which the tests run, with
what `yima cert export` prints for national TLS put in.
"""

import re
from pathlib import Path

from idp.certification.fronts import DIRECTIVES, Front

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "behind-a-proxy.md"
BUILT = {
    Front.ANGIE: "Angie built with Tongsuo (--with-ntls)",
    Front.TENGINE: "Tengine built with Tongsuo and modules/ngx_tongsuo_ntls",
}
FOLDER = "/etc/yima/tls/gm"
# TLCP's suites (GB/T 38636 §6.4.5.2.1) before those of TLS 1.2; for TLS 1.3 the one of RFC 8998 first. Tongsuo offers the SM2 group
# only where it is named.
SUITES = "ECC-SM2-SM4-GCM-SM3:ECC-SM2-SM4-CBC-SM3:"
NATIONAL = """
# National TLS. `yima cert export … --for {front} --out {folder}` writes these files and prints these lines.
{directives}ssl_ecdh_curve      SM2:X25519:prime256v1;
ssl_conf_command    Ciphersuites TLS_SM4_GCM_SM3:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384;

# Browsers that know no national algorithm.
"""


def documented() -> str:
    """The configuration of the page."""
    found = re.search(r"```nginx\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    if found is None:
        raise SystemExit(f"{DOCUMENT} holds no configuration")
    return found[1]


def configuration(front: Front) -> str:
    """The whole file."""
    head = (
        f"# {BUILT[front]}: TLCP, RFC 8998 and ordinary TLS on one port.\n"
        "# Written by `python -m tools.fronts` from docs/behind-a-proxy.md; what was run, and where: docs/tls-front.md.\n"
    )
    directives = DIRECTIVES[front].format(folder=FOLDER)
    national = NATIONAL.format(front=front, folder=FOLDER, directives=directives)
    _, _, rest = documented().partition("\n")  # its first line is its own name
    before, certificate, after = rest.partition("ssl_certificate     ")
    body, count = re.subn(r"(ssl_ciphers +)", rf"\g<1>{SUITES}", before.rstrip("\n") + "\n" + national + certificate + after)
    if not certificate or count != 1:
        raise SystemExit(f"{DOCUMENT} has no certificate, or other than one list of suites")
    return head + body


def files() -> dict[Path, str]:
    """By path."""
    return {ROOT / "deploy" / f"{front}-gm.conf": configuration(front) for front in BUILT}


def main() -> None:
    """Writes them."""
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
