"""A school's system entering its pupils by SCIM Bulk, beside a request for each; filtered reads, beside reads by id."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median
from typing import Any

import httpx

from bench.measurement import Measurement
from bench.site import site
from idp.roster import tokens
from tests.people import OPERATOR
from tests.services.scim_client import bulk, new_user

PEOPLE = 1000
ALONE = 100
READS = 200
ROUNDS = 3


def measure() -> Iterator[Measurement]:
    """One worker on SQLite, load on the same cores, rounds taken in turns."""
    with site(workers=1) as here:
        with here.deployment.transaction(OPERATOR) as tx:
            _row, token = tokens.issue(tx, here.school, "bench", may_write=True, lifetime=timedelta(days=1))
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=f"{here.url}/scim/v2", headers=headers, timeout=300, trust_env=False)
        together, alone, filtered, by_id = [], [], [], []
        for number in range(ROUNDS):
            first = number * (PEOPLE + ALONE)
            users = [new_user(n) for n in range(first, first + PEOPLE + ALONE)]
            together.append(_rate(PEOPLE, lambda users=users: _post(client, "/Bulk", bulk(users[:PEOPLE]))))
            alone.append(_rate(ALONE, lambda users=users: [_post(client, "/Users", one["data"]) for one in users[PEOPLE:]]))
            page = client.get("/Users", params={"startIndex": first + 1, "count": READS}).raise_for_status().json()["Resources"]
            filtered.append(_rate(READS, lambda page=page: [_find(client, one) for one in page]))
            by_id.append(_rate(READS, lambda page=page: [_read(client, one) for one in page]))
        yield Measurement("roster.bulk", median(together), "users/s", median(alone), "a POST for each")
        yield Measurement("roster.filtered", median(filtered), "reads/s", median(by_id), "reads by id")


def _rate(count: int, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    answer = client.post(path, json=body).raise_for_status().json()
    if any(one["status"] != "201" for one in answer.get("Operations", ())):
        raise RuntimeError(answer)


def _find(client: httpx.Client, one: dict[str, Any]) -> None:
    found = client.get("/Users", params={"filter": f'userName eq "{one["userName"]}"'}).raise_for_status().json()
    if found["totalResults"] != 1:
        raise RuntimeError(found)


def _read(client: httpx.Client, one: dict[str, Any]) -> None:
    client.get(f"/Users/{one['id']}").raise_for_status()
