"""Codes and numbers: which are valid, and what exactly is wrong with the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.registry import citizen_number, contacts, credit_code, documents, institution_code, person_number
from idp.registry.documents import DocumentKind
from idp.registry.errors import (
    CodesExhausted,
    InvalidCreditCode,
    InvalidDocument,
    InvalidField,
    InvalidInstitutionCode,
    NoSuchPerson,
)


@pytest.mark.parametrize("code", ["4111010027", "1144001800", "4144014325", "3632000583", "2111000001", "9135000001"])
def test_a_real_institution_code_is_valid(code: str) -> None:
    assert str(institution_code.parse(code)) == code


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "ten digits"),
        ("411101002", "ten digits"),
        ("41110100270", "ten digits"),
        ("411101002X", "ten digits"),
        ("４１１１０１００２７", "ten digits"),
        ("4111010027\n", "ten digits"),
        ("9911010027", "category"),
        ("4116010027", "province"),
        ("4111110027", "begins with 0"),
        ("4211110027", "begins with 0"),
    ],
)
def test_a_wrong_institution_code_is_refused_by_its_wrong_part(code: str, reason: str) -> None:
    with pytest.raises(InvalidInstitutionCode) as caught:
        institution_code.parse(code)
    assert reason in str(caught.value.params["reason"])


def test_codes_follow_each_other_until_there_are_none_left() -> None:
    assert str(institution_code.following("21", "11", 41)) == "2111000042"
    assert str(institution_code.following("41", "11", 41)) == "4111000042"
    with pytest.raises(CodesExhausted):
        institution_code.following("21", "11", 999_999)
    with pytest.raises(CodesExhausted):
        institution_code.following("41", "11", 99_999)


@pytest.mark.parametrize(
    "code",
    [
        "12100000400002259P",
        "12100000400000624D",
        "12100000470095016Q",
        "1210000042500615X0",
        "11320000MB151840XJ",
        "91350100M000100Y43",
    ],
)
def test_a_real_credit_code_is_valid(code: str) -> None:
    assert credit_code.normalise(code) == code
    assert credit_code.normalise(f" {code.lower()} ") == code


@pytest.mark.parametrize(
    "code",
    [
        "",
        "12100000400002259",
        "12100000400002259PP",
        "12100000400002259I",
        "12100000400002258P",
        "12100000400002259Q",
        "121000004OOO02259P",
    ],
)
def test_a_wrong_credit_code_is_refused(code: str) -> None:
    with pytest.raises(InvalidCreditCode):
        credit_code.normalise(code)


@pytest.mark.parametrize("position", range(18))
def test_every_single_wrong_character_of_a_credit_code_is_found(position: int) -> None:
    code = "12100000470095016Q"
    for character in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        if character != code[position]:
            with pytest.raises(InvalidCreditCode):
                credit_code.normalise(code[:position] + character + code[position + 1 :])


def test_a_person_number_tells_nothing_and_checks_itself() -> None:
    numbers = {person_number.generate() for _ in range(500)}
    assert len(numbers) == 500
    for number in numbers:
        assert len(number) == 16
        assert number[0] == "Y"
        assert person_number.normalise(number) == number


def test_a_person_number_may_be_typed_in_small_letters_with_gaps() -> None:
    number = person_number.generate()
    typed = f" {number[:4].lower()}-{number[4:8]} {number[8:]} "
    assert person_number.normalise(typed) == number


@given(st.integers(1, 15), st.sampled_from(person_number.ALPHABET))
def test_every_single_wrong_character_of_a_person_number_is_found(position: int, character: str) -> None:
    number = "Y34567ABCDEFGHJ"
    number += person_number.check_character(number)
    if character != number[position]:
        wrong = number[:position] + character + number[position + 1 :]
        assert not person_number.looks_like_one(wrong)


def test_the_check_character_is_that_of_iso_7064() -> None:
    # ISO/IEC 7064 MOD 37,36, the example A12425GABC1234002M of the Global Release Identifier
    assert person_number.check_character("A12425GABC1234002") == "M"


@pytest.mark.parametrize("text", ["", "Y", "X34567ABCDEFGHJ0", "Y" * 16, "Y34567ABCDEFGHJ", "中" * 16, "Y0OI1L2ZUV345678"])
def test_what_cannot_be_a_person_number_is_nobodys(text: str) -> None:
    with pytest.raises(NoSuchPerson):
        person_number.normalise(text)


# GB 11643-1999, the examples of its annex
@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_examples_of_gb_11643_are_valid(number: str) -> None:
    assert documents.read(DocumentKind.CITIZEN, number).number == number
    assert documents.read(DocumentKind.CITIZEN, f" {number.lower()[:6]} {number.lower()[6:]}").number == number


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (DocumentKind.CITIZEN, ""),
        (DocumentKind.CITIZEN, "11010519491231002"),
        (DocumentKind.CITIZEN, "110105194912310021"),
        (DocumentKind.CITIZEN, "990105194912310028"),
        (DocumentKind.CITIZEN, "11010519491331002X"),
        (DocumentKind.CITIZEN, "１１０１０５１９４９１２３１００２X"),
        (DocumentKind.CITIZEN, "A1010519491231002X"),
        (DocumentKind.RESIDENCE_PERMIT, "11010519491231002X"),
        (DocumentKind.PERMANENT_RESIDENT, "11010519491231002X"),
        (DocumentKind.PERMANENT_RESIDENT, "AB1234567890123"),
        (DocumentKind.PASSPORT, "E12"),
        (DocumentKind.PASSPORT, "E1234567;"),
        (DocumentKind.PASSPORT, "E" * 21),
        (DocumentKind.STATE_CODE, "11010519491231002X"),
        (DocumentKind.STATE_CODE, "G110105194912310021"),
    ],
)
def test_a_wrong_document_number_is_refused_and_not_repeated(kind: DocumentKind, number: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        documents.read(kind, number)
    assert not number or number not in f"{caught.value}{caught.value.params}{caught.value.detail}"


def with_check(first: str) -> str:
    return first + citizen_number.check_character(first)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (DocumentKind.RESIDENCE_PERMIT, with_check("81000020150101001")),
        (DocumentKind.RESIDENCE_PERMIT, with_check("83000020150101001")),
        (DocumentKind.PERMANENT_RESIDENT, with_check("91115619900101001")),
        (DocumentKind.PERMANENT_RESIDENT, "CAN110090010101"),
        (DocumentKind.PASSPORT, "EA1234567"),
        (DocumentKind.HK_MACAO_PERMIT, "H0123456700"),
        (DocumentKind.TAIWAN_PERMIT, "12345678"),
        (DocumentKind.STATE_CODE, "G11010519491231002X"),
        (DocumentKind.STATE_CODE, "L110105201501010014"),
    ],
)
def test_the_other_documents_of_people_at_schools_are_valid(kind: DocumentKind, number: str) -> None:
    assert documents.read(kind, number).number == number


def test_a_document_does_not_print_its_number() -> None:
    assert "1949" not in repr(documents.read(DocumentKind.CITIZEN, "11010519491231002X"))


def test_the_birthday_comes_from_the_document_where_it_is_in_it() -> None:
    assert str(documents.read(DocumentKind.CITIZEN, "11010519491231002X").birth_date) == "1949-12-31"
    assert documents.read(DocumentKind.PASSPORT, "EA1234567").birth_date is None


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800000000", "+8613800000000"),
        ("+86 138-0000-0000", "+8613800000000"),
        ("8613800000000", "+8613800000000"),
        ("0085291234567", "+85291234567"),
        ("+44 20 7946 0000", "+442079460000"),
    ],
)
def test_a_telephone_number_has_one_form(typed: str, number: str) -> None:
    assert contacts.phone(typed) == number


@pytest.mark.parametrize("typed", ["", "12345", "12800000000", "+8612800000000", "+", "+0123456789", "call me", "+" + "1" * 16])
def test_what_is_no_telephone_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidField):
        contacts.phone(typed)


@pytest.mark.parametrize("typed", ["Lin@Example.edu.cn", " lin@example.edu.cn "])
def test_an_email_address_has_one_form(typed: str) -> None:
    assert contacts.email(typed) == "lin@example.edu.cn"


@pytest.mark.parametrize(
    "typed", ["", "lin", "@example.edu.cn", "lin@", "lin@localhost", "a b@example.cn", "a@b@c.cn", "x" * 250 + "@b.cn", "a\n@b.cn"]
)
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidField):
        contacts.email(typed)
