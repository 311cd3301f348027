"""Importing persons: the class list, the staff list, the list of parents."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from idp.audit import Transaction
from idp.i18n import N_
from idp.keys import Vault
from idp.registry import affiliations, documents, persons
from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.registry.errors import InvalidField
from idp.registry.imports.batches import OpenTransaction, in_batches
from idp.registry.imports.reading import Row, read
from idp.registry.imports.report import Outcome
from idp.registry.persons import Details

T = TypeVar("T")

# National field names (JY/T 1002-2012, 1004-2012: pinyin initials, M for "code"), Chinese column titles, English ones.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": ("XM", "姓名"),
    "english_name": ("YWXM", "英文姓名"),
    "sex": ("XBM", "性别", "性别码"),
    "birth_date": ("CSRQ", "出生日期"),
    "document_kind": ("SFZJLXM", "身份证件类型", "身份证件类型码"),
    "document_number": ("SFZJH", "身份证件号", "身份证件号码", "证件号"),
    "state_code": ("GRBSM", "个人标识码"),
    "institution": ("XXDM", "XXBSM", "学校代码", "学校标识码"),
    "role": ("JS", "角色", "身份"),
    "student_number": ("XH", "学号"),
    "staff_number": ("GH", "工号"),
    "phone": ("LXDH", "SJH", "联系电话", "手机号"),
    "email": ("DZXX", "电子信箱", "邮箱"),
}
REQUIRED = ("name", "document_number", "institution")
SENSITIVE = ("document_number", "state_code", "phone", "email", "birth_date")

# 身份证件类型码 as schools use it; the words are those of the forms.
DOCUMENT_KINDS = {
    **{kind.value: kind for kind in DocumentKind},
    "": DocumentKind.CITIZEN,
    "1": DocumentKind.CITIZEN,
    "居民身份证": DocumentKind.CITIZEN,
    "身份证": DocumentKind.CITIZEN,
    "6": DocumentKind.HK_MACAO_PERMIT,
    "7": DocumentKind.HK_MACAO_PERMIT,
    "港澳居民来往内地通行证": DocumentKind.HK_MACAO_PERMIT,
    "8": DocumentKind.TAIWAN_PERMIT,
    "台湾居民来往大陆通行证": DocumentKind.TAIWAN_PERMIT,
    "9": DocumentKind.PERMANENT_RESIDENT,
    "外国人永久居留身份证": DocumentKind.PERMANENT_RESIDENT,
    "港澳台居民居住证": DocumentKind.RESIDENCE_PERMIT,
    "A": DocumentKind.PASSPORT,
    "护照": DocumentKind.PASSPORT,
    "Z": DocumentKind.OTHER,
    "其他": DocumentKind.OTHER,
}
ROLES = {
    **{role.value: role for role in Role},
    "学生": Role.STUDENT,
    "教师": Role.TEACHER,
    "老师": Role.TEACHER,
    "职工": Role.STAFF,
    "教职工": Role.STAFF,
    "家长": Role.GUARDIAN,
    "监护人": Role.GUARDIAN,
    "校友": Role.ALUMNUS,
    "学校管理员": Role.SCHOOL_ADMIN,
}
SEXES: dict[str, str | None] = {
    "": None,
    "0": "0",
    "1": "1",
    "2": "2",
    "9": "9",
    "男": "1",
    "女": "2",
    "male": "1",
    "female": "2",
}


def import_persons(path: Path, vault: Vault, transaction: OpenTransaction, progress: Callable[[int, int], None]) -> Outcome:
    """Imports the file: registers each person or finds them, and adds the affiliation.

    A student number makes a student, a staff number a teacher, where no role is given. Importing a file twice changes nothing.
    Raises :class:`idp.registry.errors.ImportRefused` for the file as a whole.
    """
    table = read(path, SYNONYMS, REQUIRED)
    outcome = Outcome(table)
    in_batches(table.rows, transaction, lambda tx, row: _import_row(tx, vault, row, outcome), outcome, progress, SENSITIVE)
    return outcome


def _import_row(tx: Transaction, vault: Vault, row: Row, outcome: Outcome) -> None:
    if "" in row.original:
        raise InvalidField(field="", reason=N_("the row has more cells than the heading"))
    value = row.values.get
    role, local_number = role_of(row)
    document = documents.read(among(row, "document_kind", DOCUMENT_KINDS, str.upper), value("document_number", ""))
    details = Details(
        name=value("name", ""),
        english_name=value("english_name") or None,
        sex=among(row, "sex", SEXES, str.casefold),
        birth_date=day_of(row, "birth_date"),
        phone=value("phone") or None,
        email=value("email") or None,
    )
    registered = persons.register(tx, vault, document, details, verified_by=value("institution", ""))
    if value("state_code"):
        state_code = documents.read(DocumentKind.STATE_CODE, value("state_code", ""))
        persons.add_document(tx, vault, registered.person, state_code, verified_by=value("institution", ""))
    before = {affiliation.id for affiliation, _ in affiliations.current(tx.session, registered.person.id, tx.now.date())}
    affiliation = affiliations.add(tx, registered.person, value("institution", ""), role, local_number=local_number)
    if registered.is_new:
        outcome.created += 1
    elif affiliation.id not in before:
        outcome.updated += 1
    else:
        outcome.unchanged += 1


def role_of(row: Row) -> tuple[Role, str | None]:
    """What a row makes the person, and the number that goes with it. Raises :class:`InvalidField`."""
    student, staff = row.values.get("student_number", ""), row.values.get("staff_number", "")
    if row.values.get("role"):
        role = among(row, "role", ROLES, str.casefold)
        return role, (student if role is Role.STUDENT else staff) or None
    if student and staff:
        raise InvalidField(field="role", reason=N_("the row has a student number and a staff number: say which role it is"))
    if not student and not staff:
        raise InvalidField(field="role", reason=N_("the row has neither a role nor a student or staff number"))
    return (Role.STUDENT, student) if student else (Role.TEACHER, staff)


def among(row: Row, field: str, choices: dict[str, T], fold: Callable[[str], str]) -> T:
    """What the field's word means among ``choices``. Raises :class:`InvalidField`."""
    text = row.values.get(field, "")
    for candidate in (text, fold(text)):
        if candidate in choices:
            return choices[candidate]
    raise InvalidField(field=field, reason=N_("this value is not known"))


def day_of(row: Row, field: str) -> date | None:
    """A day in one of the forms that schools write. Raises :class:`InvalidField`."""
    text = row.values.get(field, "").replace("/", "-").replace(".", "-")
    if not text:
        return None
    if len(text) == 8 and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except ValueError:
        raise InvalidField(field=field, reason=N_("this is not a date like 2013-09-01 or 20130901")) from None
