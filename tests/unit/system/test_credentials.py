"""What looks like a credential is in no file and no error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.system.credentials import HIDDEN, masked, without_secrets, words_without_secrets


@pytest.mark.parametrize(
    "text",
    [
        "--token=s3cret",
        "--api-key s3cret --verbose",
        "--db_password='s3cret and more'",
        "https://me:s3cret@index.example/simple",
        "postgresql://s3cret@localhost/db",
        "Authorization: Bearer s3cret",
        "GITHUB_TOKEN=s3cret pytest",
        'the server said {"access_key": "s3cret"}',
        "AWS_SECRET_ACCESS_KEY: s3cret",
        "Authorization: Token s3cret",
        "Cookie: theme=dark; session=s3cret",
        "DB_PASS=s3cret",
        "--http-auth=ada:s3cret",
        "curl --user ada:s3cret https://example.org",
        "https://files.example.org/a.bin?X-Amz-Signature=s3cret",
        "https://hooks.slack.com/services/T0/B0/s3cret",
        "-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_credential_is_hidden_and_its_name_is_not(text: str) -> None:
    """As people write options, variables, headers and addresses."""
    shown = without_secrets(text)
    assert "s3cret" not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "issued", [f"ghp_{'a' * 36}", f"glpat-{'b' * 20}", f"AKIA{'C' * 16}", f"pypi-{'d' * 40}", f"hf_{'e' * 34}"]
)
def test_a_known_form_is_hidden_wherever_it_stands(issued: str) -> None:
    """In the middle of a sentence."""
    assert without_secrets(f"can't log in with {issued}, says the server") == "can't log in with ***, says the server"


@pytest.mark.parametrize(
    "text",
    [
        "benchmarks/test_tokenizer.py::test_tokens[fast]",
        "-k token",
        "error in passwords.py line 3",
        "https://example.org/@someone",
        "--tokenizer=fast",
        "12 tokens a second",
        "regressed: test_auth: it lets 3 pass, bypass=on, author=Ada",
        "assert auth == 3",
        "-u tests/test_a.py::test_b",
    ],
)
def test_what_only_sounds_like_one_stays(text: str) -> None:
    """Names of tests and files have to be found again."""
    assert without_secrets(text) == text


def test_the_word_behind_an_option_is_its_value() -> None:
    """As a shell passes them."""
    given = ["--token", "s3cret", "-k", "token", "--password", "-x", "https://a:b@c/", "--user", "a:b"]
    assert words_without_secrets(given) == [
        "--token",
        "***",
        "-k",
        "token",
        "--password",
        "-x",
        "https://***@c/",
        "--user",
        "a:***",
    ]


def test_what_stands_under_such_a_name_is_hidden_whole() -> None:
    """However deep; numbers, and what is no text, stay."""
    content = {"a": [{"db_password": "s3cret", "tokens": 3}], "tokenizers": "0.1", "cpu": {"model": "m"}}
    assert masked(content) == {"a": [{"db_password": "***", "tokens": 3}], "tokenizers": "0.1", "cpu": {"model": "m"}}


@given(st.from_regex(r"[A-Za-z0-9]{6,20}", fullmatch=True), st.sampled_from(["--{}={}", "{}: {}", "{}={}"]))
def test_hiding_twice_is_hiding_once(value: str, how: str) -> None:
    """What was stored hidden can be shown."""
    once = without_secrets(how.format("token", value))
    assert value not in once or value in "token"
    assert without_secrets(once) == once
