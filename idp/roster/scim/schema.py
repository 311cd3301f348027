"""The attributes of our resources (RFC 7643 §7): one table for what is published, accepted, filtered and patched."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from idp.registry.documents import DocumentKind
from idp.roster.entry import ROLES

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
SCHOOL = "urn:yima:params:scim:schemas:extension:school:1.0:User"


@dataclass(frozen=True)
class Attribute:
    """One attribute with its characteristics (§2.2, §7)."""

    name: str
    description: str
    type: str = "string"
    multi: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    canonical: tuple[str, ...] = ()
    closed: bool = False  # whether only the canonical values are taken
    sub: tuple["Attribute", ...] = ()
    reference_types: tuple[str, ...] = ()

    def find(self, name: str) -> "Attribute | None":
        """The sub-attribute of this name, in any case (§2.1)."""
        return _named(self.sub, name)

    def published(self) -> dict[str, object]:
        """As ``/Schemas`` has it."""
        found: dict[str, object] = {
            "name": self.name,
            "type": self.type,
            "multiValued": self.multi,
            "description": self.description,
            "required": self.required,
            "mutability": self.mutability,
            "returned": self.returned,
        }
        if self.type in ("string", "reference"):
            found |= {"caseExact": self.case_exact, "uniqueness": self.uniqueness}
        if self.canonical:
            found["canonicalValues"] = list(self.canonical)
        if self.reference_types:
            found["referenceTypes"] = list(self.reference_types)
        if self.sub:
            found["subAttributes"] = [one.published() for one in self.sub]
        return found


@dataclass(frozen=True)
class Schema:
    """A set of attributes under its URN."""

    urn: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]

    def find(self, name: str) -> Attribute | None:
        """The attribute of this name, in any case."""
        return _named(self.attributes, name)

    def published(self, base: str) -> dict[str, object]:
        """As ``/Schemas`` has it (§7)."""
        return {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.urn,
            "name": self.name,
            "description": self.description,
            "attributes": [one.published() for one in self.attributes],
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{self.urn}"},
        }


def _contacts(name: str, description: str, types: tuple[str, ...]) -> Attribute:
    sub = (
        Attribute("value", "The value itself.", required=True),
        Attribute("type", "What it is for.", canonical=types),
        Attribute("primary", "Whether it is the first to be used.", type="boolean"),
    )
    return Attribute(name, description, type="complex", multi=True, sub=sub)


# §3.1: of every resource, and part of none of the schemas.
COMMON = (
    Attribute("id", "Ours.", case_exact=True, mutability="readOnly", returned="always", uniqueness="server"),
    Attribute("externalId", "The school's own.", case_exact=True),
    Attribute(
        "meta",
        "About the resource.",
        type="complex",
        mutability="readOnly",
        sub=(
            Attribute("resourceType", "Its kind.", case_exact=True, mutability="readOnly"),
            Attribute("created", "When it came.", type="dateTime", mutability="readOnly"),
            Attribute("lastModified", "When it last changed.", type="dateTime", mutability="readOnly"),
            Attribute("location", "Its address.", type="reference", case_exact=True, mutability="readOnly"),
            Attribute("version", "Its entity tag.", case_exact=True, mutability="readOnly"),
        ),
    ),
)

USER = Schema(
    CORE_USER,
    "User",
    "A person of the school",
    (
        Attribute("userName", "The account at the school.", required=True, uniqueness="server"),
        Attribute(
            "name",
            "The name on the document.",
            type="complex",
            required=True,
            sub=(
                Attribute("formatted", "The whole name; where it is left out, family name and given name together.", required=True),
                Attribute("familyName", "姓"),
                Attribute("givenName", "名"),
            ),
        ),
        Attribute("displayName", "The name to show, if another."),
        Attribute(
            "userType",
            "What the person is at the school.",
            required=True,
            canonical=tuple(role.value for role in ROLES),
            closed=True,
        ),
        Attribute("active", "Whether the person belongs to the school now.", type="boolean"),
        _contacts("emails", "E-mail addresses; the primary one becomes the person's.", ("work", "home", "other")),
        _contacts("phoneNumbers", "Telephone numbers; the primary one becomes the person's.", ("mobile", "work", "home", "other")),
        Attribute(
            "groups",
            "The groups that the person is in.",
            type="complex",
            multi=True,
            mutability="readOnly",
            sub=(
                Attribute("value", "The group's id.", case_exact=True, mutability="readOnly"),
                Attribute(
                    "$ref", "Its address.", type="reference", case_exact=True, mutability="readOnly", reference_types=("Group",)
                ),
                Attribute("display", "Its name.", mutability="readOnly"),
                Attribute("type", "How the person is in it.", mutability="readOnly", canonical=("direct",)),
            ),
        ),
    ),
)
EXTENSION = Schema(
    SCHOOL,
    "SchoolUser",
    "What Chinese schools keep of a person",
    (
        Attribute(
            "documentType",
            "证件类型",
            mutability="writeOnly",
            returned="never",
            canonical=tuple(kind.value for kind in DocumentKind if kind is not DocumentKind.STATE_CODE),
            closed=True,
        ),
        Attribute("documentNumber", "证件号码", required=True, mutability="writeOnly", returned="never"),
        Attribute("stateCode", "个人标识码, 全国学籍号", mutability="writeOnly", returned="never"),
        Attribute("number", "学号 or 职工号: unique in the school, and good for signing in", case_exact=True),
        Attribute("grade", "年级"),
        Attribute("className", "班级"),
        Attribute("englishName", "英文姓名", mutability="writeOnly", returned="never"),
        Attribute(
            "sex", "性别 (GB/T 2261.1)", mutability="writeOnly", returned="never", canonical=("0", "1", "2", "9"), closed=True
        ),
        Attribute("birthDate", "出生日期, 2013-09-01", mutability="writeOnly", returned="never"),
    ),
)
GROUP = Schema(
    CORE_GROUP,
    "Group",
    "A class, a department, or another group of the school",
    (
        Attribute("displayName", "Its name.", required=True),
        Attribute(
            "members",
            "Who is in it.",
            type="complex",
            multi=True,
            sub=(
                Attribute("value", "The user's id.", case_exact=True, mutability="immutable", required=True),
                Attribute(
                    "$ref", "Their address.", type="reference", case_exact=True, mutability="immutable", reference_types=("User",)
                ),
                Attribute("type", "What they are.", mutability="immutable", canonical=("User",)),
            ),
        ),
    ),
)


@dataclass(frozen=True)
class ResourceType:
    """A kind of resource (§6): its core schema and its extension."""

    name: str
    endpoint: str
    core: Schema
    extension: Schema | None = None

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """Both."""
        return (self.core, self.extension) if self.extension else (self.core,)

    def top(self) -> Iterator[tuple[str | None, Attribute]]:
        """Every attribute, with the URN that it stands under in the JSON; ``None`` for those of the core."""
        for attribute in (*COMMON, *self.core.attributes):
            yield None, attribute
        if self.extension:
            for attribute in self.extension.attributes:
                yield self.extension.urn, attribute

    def published(self, base: str) -> dict[str, object]:
        """As ``/ResourceTypes`` has it."""
        found: dict[str, object] = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.core.description,
            "schema": self.core.urn,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{self.name}"},
        }
        if self.extension:
            found["schemaExtensions"] = [{"schema": self.extension.urn, "required": True}]
        return found


USERS = ResourceType("User", "/Users", USER, EXTENSION)
GROUPS = ResourceType("Group", "/Groups", GROUP)
RESOURCE_TYPES: Mapping[str, ResourceType] = {one.endpoint: one for one in (USERS, GROUPS)}
SCHEMAS = (USER, EXTENSION, GROUP)


@dataclass(frozen=True)
class Place:
    """Where an attribute stands: under which URN (``None`` for the core), which attribute, and which part of it."""

    urn: str | None
    attribute: Attribute
    sub: Attribute | None = None

    @property
    def leaf(self) -> Attribute:
        """What the path names in the end."""
        return self.sub or self.attribute

    @property
    def name(self) -> str:
        """One spelling for each place."""
        name = f"{self.attribute.name}.{self.sub.name}" if self.sub else self.attribute.name
        return f"{self.urn}:{name}" if self.urn else name


def locate(kind: ResourceType, path: str) -> Place | None:
    """The place that an attribute path means (RFC 7644 §3.10), ``None`` where there is none."""
    urn, name = None, path
    for schema in kind.schemas:
        if path.casefold().startswith(schema.urn.casefold() + ":"):
            urn, name = (None if schema is kind.core else schema.urn), path[len(schema.urn) + 1 :]
    first, _, rest = name.partition(".")
    attribute = next((one for where, one in kind.top() if where == urn and one.name.casefold() == first.casefold()), None)
    if attribute is None:
        return None
    sub = attribute.find(rest) if rest else None
    return None if rest and sub is None else Place(urn, attribute, sub)


def _named(attributes: tuple[Attribute, ...], name: str) -> Attribute | None:
    return next((one for one in attributes if one.name.casefold() == name.casefold()), None)


JSONObject = dict[str, Any]
