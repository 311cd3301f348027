"""A SCIM client that no one here wrote, as docs/roster.md has it, and values that a school could have."""

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient

from idp.registry.citizen_number import check_character

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
SCHOOL = "urn:yima:params:scim:schemas:extension:school:1.0:User"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@contextmanager
def scim_client(base_url: str, token: str) -> Iterator[SyncSCIMClient]:
    """The client, having read what the service provider says of itself."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=base_url, headers=headers, timeout=100, trust_env=False) as transport:
        client = SyncSCIMClient(transport)
        client.discover()
        yield client


class Fresh(list[Any]):
    """An endless list of examples, each made when it is drawn."""

    def __init__(self, make: Callable[[], str]) -> None:
        super().__init__([make()])
        self._make = make

    def __getitem__(self, _place: Any) -> Any:
        return self._make()


def teach(client: SyncSCIMClient) -> None:
    """Tells the tester what documents, numbers and telephones look like here; the schema has no way to say it."""
    user = client.get_resource_model("User")
    assert user is not None
    (extension,) = user.get_extension_models().values()
    for name, make in {
        "document_type": lambda: "citizen",
        "document_number": citizen_number,
        "state_code": lambda: "J" + "".join(random.choice("0123456789") for _ in range(18)),
        "number": lambda: secrets.token_hex(5),
        "birth_date": lambda: "2013-09-01",
    }.items():
        extension.model_fields[name].examples = Fresh(make)
    phones = user.get_field_root_type("phone_numbers")
    phones.model_fields["value"].examples = Fresh(lambda: "138" + "".join(random.choice("0123456789") for _ in range(8)))


def citizen_number() -> str:
    """A number that passes its check, of nobody."""
    body = f"110105{random.randint(1950, 2015)}{random.randint(1, 12):02}{random.randint(1, 28):02}{random.randint(0, 999):03}"
    return body + check_character(body)


def new_user(number: int) -> dict[str, Any]:
    """A bulk operation that enters the pupil of this number."""
    data = {
        "schemas": [CORE, SCHOOL],
        "userName": f"pupil{number}",
        "externalId": f"sis-{number}",
        "name": {"formatted": f"林{number}"},
        "userType": "student",
        "emails": [{"value": f"pupil{number}@example.edu.cn", "primary": True}],
        SCHOOL: {
            "documentType": "passport",
            "documentNumber": f"BULK{number:06}",
            "number": f"S{number:06}",
            "className": f"{number % 40}班",
        },
    }
    return {"method": "POST", "path": "/Users", "bulkId": f"u{number}", "data": data}


def bulk(operations: list[dict[str, Any]]) -> dict[str, Any]:
    """A bulk request."""
    return {"schemas": [BULK], "Operations": operations}
