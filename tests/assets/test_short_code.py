"""The code under a label: what is typed wrongly never leads to another asset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.assets.short_code import ALPHABET, LENGTH, check_character, is_valid, new_short_code, new_token, normalise

bodies = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


def test_the_alphabet_has_no_look_alikes_and_a_prime_size():
    assert not set(ALPHABET) & set("01OILUS")
    assert len(ALPHABET) == len(set(ALPHABET)) == 29


def test_a_new_code_is_shown_in_two_parts_and_is_valid():
    code = new_short_code()
    assert len(code) == 8
    assert code[3] == "-"
    assert is_valid(code)


@given(bodies, st.integers(0, LENGTH), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_caught(body, place, wrong):
    code = body + check_character(body)
    typed = code[:place] + wrong + code[place + 1 :]
    assert is_valid(typed) == (typed == code)


@given(bodies, st.integers(0, LENGTH - 1))
def test_every_swap_of_neighbours_is_caught(body, place):
    code = body + check_character(body)
    typed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert is_valid(typed) == (typed == code)


@pytest.mark.parametrize("spelling", ["k7m-4q9{}", "K7M4Q9{}", " k7m 4q9{} ", "Ｋ７Ｍ－４Ｑ９{}", "k7m–4q9{}"])
def test_a_code_is_understood_in_any_spelling(spelling):
    check = check_character("K7M4Q9")
    typed = spelling.format(check.lower())
    assert normalise(typed) == f"K7M-4Q9{check}"
    assert is_valid(typed)


def test_a_written_5_read_as_s_is_understood():
    body = "555K7M"
    assert is_valid("sss-k7m" + check_character(body))


@pytest.mark.parametrize("typed", ["", "K7M", "K7M-4Q9", "K7M-4Q99X", "O0I-1LU0", "电视机", "a" * 500])
def test_what_is_no_code_is_refused(typed):
    assert not is_valid(typed)


def test_tokens_are_long_and_never_alike():
    tokens = {new_token() for _ in range(500)}
    assert len(tokens) == 500
    assert all(len(token) == 20 and set(token) <= set(ALPHABET.lower()) for token in tokens)
