# ruff: noqa: RUF001  (letters that look alike are what these tests are about)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from clinic.models.visits import name_key
from clinic.names import fold
from tests.folds import FOLDS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Brien-Núñez", "obrien nunez"),
        ("Müller", "MULLER"),
        ("Strauß", "STRAUSS"),
        ("Łukaszewicz", "lukaszewicz"),
        ("Đặng", "Dang"),
        ("Sørensen", "SORENSEN"),
        ("Yıldız", "YILDIZ"),
        ("İnan", "inan"),
        ("Kaʻahumanu", "Ka'ahumanu"),
        ("Oʼneil", "O’Neil"),
        ("e\u0301tude", "\u00e9tude"),
        ("ﬁsher", "fisher"),
        ("ＭＩＬＬＥＲ", "miller"),
        ("𝐌iller", "miller"),
        ("Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"),
        ("Алёхин", "АЛЕХИН"),
        ("כֹּהֵן", "כהן"),
        ("مُحَمَّد", "محمد"),
        ("أحمد", "احمد"),
        ("김 민준", "김민준"),
        ("ガリガ", "ｶﾞﾘｶﾞ"),
        ("กิตติ", "กิตติ "),
    ],
)
def test_fold_takes_writings_of_one_name_for_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Miller", "Müllner"),
        ("कमल", "कमला"),
        ("राम", "रीमा"),
        ("กิตติ", "กตต"),
        ("がく", "かく"),
        ("김", "강"),
        ("王", "玉"),
        ("রহিম", "রহমা"),
        ("佐々木", "佐木"),
        ("ムーン", "ムン"),
        ("2nd", "nd"),
    ],
)
def test_fold_keeps_what_tells_names_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(("written", "folded"), FOLDS)
def test_fold_holds_to_the_table_that_the_desks_search_holds_to(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(some.text(max_size=40))
def test_fold_done_twice_is_as_done_once_and_knows_no_case(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert not any(char.isspace() for char in fold(name))


@given(some.text(alphabet=some.characters(max_codepoint=0x24F), max_size=40))
def test_fold_of_latin_capitals_is_as_of_small_letters(name: str) -> None:
    assert fold(name.lower()) == fold(name) or fold(name.upper()) == fold(name)


def test_name_key_fits_its_column_and_is_never_empty_for_a_name_of_marks() -> None:
    assert len(name_key("ﷺ" * 100)) == 100
    assert name_key(" ♥ ") == "♥"
