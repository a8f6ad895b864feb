# ruff: noqa: RUF001  (letters that look alike are what this is about)
"""How names are folded: what is written, and what is left of it. The server and the desk's search hold to it."""

from __future__ import annotations

FOLDS = [
    ("Weiß", "weiss"),
    ("STRAẞER", "strasser"),
    ("सुनीता", "सुनीता"),
    ("ณัฐพล", "ณัฐพล"),
    ("Kaʻiulani", "kaiulani"),
    ("Σίσυφος", "σισυφοσ"),
    ("O'Brien-Núñez", "obriennunez"),
    ("Łukasz", "lukasz"),
    ("Đặng", "dang"),
    ("Sørensen", "sorensen"),
    ("Yıldız", "yildiz"),
    ("İnan", "inan"),
    ("ﬁsher", "fisher"),
    ("ＭＩＬＬＥＲ", "miller"),
    ("𝐌iller", "miller"),
    ("Алёхин", "алехин"),
    ("כֹּהֵן", "כהן"),
    ("مُحَمَّد", "محمد"),
    ("أحمد", "احمد"),
    ("김민준", "김민준"),
    ("ｶﾞﾘｶﾞ", "ガリガ"),
    ("がく", "がく"),
    ("佐々木", "佐々木"),
    ("ムーン", "ムーン"),
    ("A-12", "a12"),
]
