"""Aliyun's and Tencent's message services on loopback. Whether a request is theirs to take, the vendor's own signer says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from alibabacloud_openapi_util.client import Client as AliyunSigner
from Tea.request import TeaRequest
from tencentcloud.common.sign import Sign as TencentSigner

KEY_ID, KEY_SECRET = "id", "the key's secret"


@dataclass
class Vendor:
    """Where it listens, what it does next, and what it took: the calls, each with its parameters.

    ``code`` refuses with a vendor's code; ``body`` is sent instead of an answer; ``silent`` holds the answer back until it is set;
    ``dies`` hangs up without one.
    """

    url: str = ""
    code: str = ""
    body: bytes | None = None
    silent: Event | None = None
    dies: bool = False
    details: list[dict[str, Any]] = field(default_factory=list)
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)


@contextmanager
def vendor() -> Iterator[Vendor]:
    """Listens on a free port until the block ends."""
    here = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            judge = _aliyun if self.headers["Authorization"].startswith("ACS3") else _tencent
            answer = here.body if here.body is not None else json.dumps(judge(here, self, body)).encode()
            if here.silent is not None:
                here.silent.wait(10)
            if here.dies:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # whoever asked has gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)  # how soon it notices its end
    thread.start()
    try:
        yield here
    finally:
        if here.silent is not None:
            here.silent.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _aliyun(here: Vendor, request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    parts = urlsplit(request.path)
    again = TeaRequest()
    again.method, again.pathname, again.query = "POST", parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))
    again.headers = {
        name: value for name, value in headers.items() if name in ("host", "content-type") or name.startswith("x-acs-")
    }
    payload = headers.get("x-acs-content-sha256", "")
    expected = AliyunSigner.get_authorization(again, "ACS3-HMAC-SHA256", payload, KEY_ID, KEY_SECRET)
    if headers["authorization"] != expected or payload != sha256(body).hexdigest():
        return {"Code": "SignatureDoesNotMatch", "Message": expected}
    if headers["x-acs-signature-nonce"] in here.nonces:
        return {"Code": "SignatureNonceUsed"}
    here.nonces.add(headers["x-acs-signature-nonce"])
    datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    here.taken.append((headers["x-acs-action"], again.query))
    if here.code:
        return {"Code": here.code, "Message": "refused"}
    if headers["x-acs-action"] == "QuerySendDetails":
        return {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": here.details}}
    return {"Code": "OK", "BizId": f"{len(here.taken)}^0"}


def _tencent(here: Vendor, request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    action, stamp = headers["x-tc-action"], headers["x-tc-timestamp"]
    date = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    signed = "".join(f"{name}:{headers[name].lower()}\n" for name in ("content-type", "host", "x-tc-action"))
    asked = f"POST\n/\n\n{signed}\ncontent-type;host;x-tc-action\n{sha256(body).hexdigest()}"
    to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{date}/sms/tc3_request\n{sha256(asked.encode()).hexdigest()}"
    signature = TencentSigner.sign_tc3(KEY_SECRET, date, "sms", to_sign)
    credential = f"Credential={KEY_ID}/{date}/sms/tc3_request, SignedHeaders=content-type;host;x-tc-action"
    if headers["authorization"] != f"TC3-HMAC-SHA256 {credential}, Signature={signature}":
        return {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "…"}}}
    parameters = json.loads(body)
    here.taken.append((action, parameters))
    if here.code.startswith(("RequestLimitExceeded", "AuthFailure", "InternalError")):
        return {"Response": {"Error": {"Code": here.code}}}
    if here.code:
        return {"Response": {"SendStatusSet": [{"SerialNo": "", "Code": here.code}]}}
    if action == "PullSmsSendStatusByPhoneNumber":
        return {"Response": {"PullSmsSendStatusSet": here.details}}
    return {"Response": {"SendStatusSet": [{"SerialNo": f"{len(here.taken)}:1", "Code": "Ok"}]}}
