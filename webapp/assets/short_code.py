"""The short code under a QR symbol: typed by hand where a camera cannot be used, shown as K7M-4Q9R.

Six random characters and one check character from an alphabet of 29 without look-alikes (no 0, O, 1, I, L,
U, S). 29 is prime and each place has its own weight, so one mistyped character or two swapped ones never pass.
"""

from __future__ import annotations

import secrets
import unicodedata

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"
LENGTH = 6  # random characters before the check character
TOKEN_LENGTH = 20  # log2(29 ** 20) = 97 bits
_READ_AS = {"S": "5"}  # a written 5 is often read as S; S is not in the alphabet


def new_short_code() -> str:
    """A random code with its check character, as it is shown."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return _shown(body + check_character(body))


def new_token() -> str:
    """The random part of a label's address: 97 bits, letters and figures that can be read out."""
    return "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LENGTH)).lower()


def normalise(typed: str) -> str:
    """What somebody typed, in the form that is stored and shown; says nothing about its being right."""
    wide = unicodedata.normalize("NFKC", typed).upper()
    kept = "".join(_READ_AS.get(char, char) for char in wide if char.isalnum())
    return _shown(kept)


def is_valid(code: str) -> bool:
    """Whether a code (typed in any spelling) has the right length, alphabet and check character."""
    plain = normalise(code).replace("-", "")
    if len(plain) != LENGTH + 1 or any(char not in ALPHABET for char in plain):
        return False
    return check_character(plain[:LENGTH]) == plain[LENGTH]


def looks_like_one(text: str) -> bool:
    """Whether a text is as long as a short code; a label's token is much longer."""
    return len(normalise(text).replace("-", "")) == LENGTH + 1


def check_character(body: str) -> str:
    """The character that makes the weighted sum of all places divisible by 29 (weights 2, 3, … and 1 for itself)."""
    total = sum(weight * ALPHABET.index(char) for weight, char in enumerate(body, start=2))
    return ALPHABET[-total % len(ALPHABET)]


def _shown(plain: str) -> str:
    return f"{plain[:3]}-{plain[3:]}" if len(plain) > 3 else plain
