"""Platforms that speak something like OAuth 2.0, on the loopback address: each answers as its documents say, and refuses as they say.

Sources: WeCom 96714, 98177, 90313 (errors 40029, 40013, 40001, 42001, 50001); DingTalk by the client libraries that use it; the hub's
interface page; sso.csedu.gov.cn/static/sso/open.html (codes -1, -2, -100, -101, -9995); CARSI 101122108 and apps that use it.
"""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

APP, SECRET, CALLBACK = "app-1", "s3cret", "https://id.example.edu.cn/upstream/platform/callback"
Answer = tuple[int, dict[str, Any]]


@dataclass
class Asked:
    """A request, read."""

    method: str
    path: str
    query: dict[str, str]
    sent: dict[str, str]
    headers: dict[str, str]


@dataclass
class Platform:
    """What all of them do: give a code once, for an address that is registered. Who is signed in there is ``member``."""

    preset: ClassVar[str]
    url: str = ""
    member: str | None = "lin001"
    redirect_uri: str = CALLBACK
    codes: dict[str, str] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def values(self) -> dict[str, str]:
        """What the operator enters."""
        return {"client_id": APP, "base_url": self.url}

    def secrets(self) -> dict[str, str]:
        return {"client_secret": SECRET}

    def come(self, location: str) -> dict[str, str]:
        """What the browser that follows ``location`` is sent back with."""
        raise NotImplementedError

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def give_code(self, redirect_uri: str) -> str:
        code = secrets.token_hex(8)
        self.codes[code] = redirect_uri
        return code

    def new_token(self) -> str:
        self.tokens.append(secrets.token_hex(8))
        return self.tokens[-1]


class WeCom(Platform):
    preset = "wecom"

    def values(self) -> dict[str, str]:
        return {"client_id": APP, "agent_id": "1000002", "open_url": self.url, "login_url": self.url, "api_url": self.url}

    def come(self, location: str) -> dict[str, str]:
        parts = urlsplit(location)
        query = dict(parse_qsl(parts.query))
        assert (query["appid"], query["agentid"], query["redirect_uri"]) == (APP, "1000002", self.redirect_uri)
        assert query["state"].isalnum()
        assert len(query["state"]) <= 128
        if parts.path == "/connect/oauth2/authorize":
            assert parts.fragment == "wechat_redirect"
            assert (query["response_type"], query["scope"]) == ("code", "snsapi_base")
        else:
            assert (parts.path, query["login_type"]) == ("/wwlogin/sso/login", "CorpApp")
        return {"code": self.give_code(query["redirect_uri"]), "state": query["state"]}

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/cgi-bin/gettoken":
            if asked.query["corpid"] != APP:
                return 200, {"errcode": 40013, "errmsg": "invalid corpid"}
            if asked.query["corpsecret"] != SECRET:
                return 200, {"errcode": 40001, "errmsg": "invalid credential"}
            return 200, {"errcode": 0, "errmsg": "ok", "access_token": self.new_token(), "expires_in": 7200}
        if asked.query.get("access_token") not in self.tokens:
            return 200, {"errcode": 42001, "errmsg": "access_token expired"}
        redirect_uri = self.codes.pop(asked.query["code"], None)
        if redirect_uri is None:
            return 200, {"errcode": 40029, "errmsg": "invalid code"}
        if redirect_uri != CALLBACK:
            return 200, {"errcode": 50001, "errmsg": "redirect_url not under trusted domain"}
        who = {"userid": self.member} if self.member else {"openid": "o-1", "external_userid": "w-1"}
        return 200, {"errcode": 0, "errmsg": "ok", **who}


class DingTalk(Platform):
    preset = "dingtalk"

    def values(self) -> dict[str, str]:
        return {"client_id": APP, "login_url": self.url, "api_url": self.url, "old_api_url": self.url}

    def come(self, location: str) -> dict[str, str]:
        query = dict(parse_qsl(urlsplit(location).query))
        assert (query["client_id"], query["response_type"], query["scope"]) == (APP, "code", "openid")
        return {"authCode": self.give_code(query["redirect_uri"]), "state": query["state"]}

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1.0/oauth2/userAccessToken":
            if (asked.sent["clientId"], asked.sent["clientSecret"]) != (APP, SECRET):
                return 400, {"code": "invalidParameter.clientSecret", "message": "x"}
            if self.codes.pop(asked.sent["code"], None) != CALLBACK:
                return 400, {"code": "invalidParameter.authCode.notFound", "message": "x"}
            return 200, {"accessToken": self.new_token(), "refreshToken": "r", "expireIn": 7200, "corpId": "ding1"}
        if asked.path == "/v1.0/contact/users/me":
            assert asked.headers["x-acs-dingtalk-access-token"] in self.tokens
            return 200, {"nick": "小雨", "unionId": "union-1", "openId": "o-1", "mobile": "13800000000"}
        if asked.path == "/gettoken":
            assert (asked.query["appkey"], asked.query["appsecret"]) == (APP, SECRET)
            return 200, {"errcode": 0, "access_token": self.new_token(), "expires_in": 7200}
        assert asked.sent == {"unionid": "union-1"}
        if asked.query["access_token"] not in self.tokens:
            return 200, {"errcode": 40014, "errmsg": "不合法的access_token"}
        if not self.member:
            return 200, {"errcode": 60121, "errmsg": "找不到该用户"}
        return 200, {"errcode": 0, "result": {"contact_type": 0, "userid": self.member}}


class SmartEdu(Platform):
    preset = "smartedu"

    def come(self, location: str) -> dict[str, str]:
        query = dict(parse_qsl(urlsplit(location).query))
        assert (query["grant_type"], query["response_type"], query["scope"]) == ("authorization_code", "code", "userInfo")
        assert "state" not in query
        back = urlsplit(query["redirect_uri"])
        return {**dict(parse_qsl(back.query)), "code": self.give_code(query["redirect_uri"])}

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/uias/oauth/token":
            assert asked.method == "POST"
            if (asked.sent["client_id"], asked.sent["client_secret"]) != (APP, SECRET):
                return 401, {"error": "invalid_client", "error_description": "Bad client credentials"}
            given = self.codes.pop(asked.sent["code"], None)
            if given is None or given != asked.sent["redirect_uri"] or not given.startswith(CALLBACK):
                return 400, {"error": "invalid_grant"}
            return 200, {"access_token": self.new_token(), "token_type": "bearer", "expires_in": 7199, "scope": "userInfo"}
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"error": "invalid_token"}
        return 200, {"userId": self.member, "userName": "林小雨"} if self.member else {}


class Province(Platform):
    preset = "province"

    def come(self, location: str) -> dict[str, str]:
        parts = urlsplit(location)
        query = dict(parse_qsl(parts.query))
        assert parts.path == "/open/oauth2/auth"
        assert (query["clientId"], query["responseType"]) == (APP, "code")
        assert query["state"].isalnum()
        return {"code": self.give_code(query["redirectUri"]), "state": query["state"]}

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/open/api/accessToken":
            if asked.query["clientId"] != APP:
                return 200, {"success": False, "code": -1, "message": "client 不存在"}
            if asked.query["secret"] != SECRET:
                return 200, {"success": False, "code": -2, "message": "secret 验证失败"}
            self.tokens.clear()  # 重复获取将导致上次获取的accessToken失效
            return 200, {"success": True, "result": self.new_token()}
        if asked.query["accessToken"] not in self.tokens:
            return 200, {"success": False, "code": -100, "message": "accessToken 无效"}
        redirect_uri = self.codes.pop(asked.query["code"], None)
        if redirect_uri is None:
            return 200, {"success": False, "code": -101, "message": "授权 code 无效"}
        if redirect_uri != CALLBACK:
            return 200, {"success": False, "code": -9995, "message": "无效的授权回调域名"}
        return 200, {"success": True, "result": {"openId": self.member, "name": "林小雨"} if self.member else {}}


class Carsi(Platform):
    preset = "carsi-oauth"

    def __init__(self) -> None:
        super().__init__()
        self.key = rsa.generate_private_key(65537, 2048)

    def secrets(self) -> dict[str, str]:
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return {"client_secret": SECRET, "private_key": pem}

    def come(self, location: str) -> dict[str, str]:
        query = dict(parse_qsl(urlsplit(location).query))
        assert set(query) == {"response_type", "client_id", "state"}
        return {"code": self.give_code(self.redirect_uri), "state": query["state"]}

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/api/token":
            if (asked.sent["client_id"], asked.sent["client_secret"]) != (APP, SECRET):
                return 401, {"error": "invalid_client"}
            if self.codes.pop(asked.sent["code"], None) != CALLBACK:
                return 400, {"error": "invalid_grant"}
            return 200, {"access_token": self.new_token(), "expires_in": 3600, "refresh_token": "r"}
        if asked.query["access_token"] not in self.tokens or asked.query["client_id"] != APP:
            return 403, {"code": 403, "description": "x"}
        if not self.member:
            return 200, {}
        return 200, {"carsi-affiliation": self._sealed("student@pku.edu.cn"), "carsi-persistent-uid": self._sealed(self.member)}

    def _sealed(self, text: str) -> str:
        return base64.b64encode(self.key.public_key().encrypt(text.encode(), padding.PKCS1v15())).decode()


PLATFORMS = (WeCom, DingTalk, SmartEdu, Province, Carsi)


@contextmanager
def running_platform(platform: Platform) -> Iterator[Platform]:
    """Listens on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_json = self.headers["Content-Type"] == "application/json"
            self._answer(json.loads(body) if is_json else dict(parse_qsl(body.decode())))

        def _answer(self, sent: dict[str, str]) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            platform.calls.append(parts.path)
            status, value = platform.answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), sent, headers))
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
