"""profiles/schema.json: current, true of our profiles, and false of wrong ones."""

import json
from typing import Any

from mintls.profile.json_schema import profile_schema

import pytest
import yaml
from conftest import PROFILES
from jsonschema import Draft202012Validator

CA = {"authorities": {"ca": {"subject": {"CN": "CA"}}}}
SCHEMA = json.loads((PROFILES / "schema.json").read_text())


def errors(document: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)]


def test_the_file_is_current_and_a_schema() -> None:
    assert (PROFILES / "schema.json").read_bytes() == profile_schema(), (
        "python -m mintls.profile.json_schema > profiles/schema.json"
    )
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_profiles_follow_it(path: Any) -> None:
    text = path.read_text(encoding="utf-8").replace("C: NO", "C: 'NO'")  # editors read YAML 1.2, where NO is a word
    assert errors(yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"colour": "red"},
        {"servers": []},
        {"clients": {"c": {"san": "DNS:c"}}},
        {"clients": {"c": {"san": ["c"]}}},
        {"clients": {"c": {"subject": {"cn": "c"}}}},
        {"clients": {"c": {"subject": {"CN": 1}}}},
        {"clients": {"c": {"key": "rsa:512"}}},
        {"clients": {"c": {"digest": "md5"}}},
        {"clients": {"c": {"days": 0}}},
        {"clients": {"c": {"path_length": 0}}},
        {"clients": {"c": {"key_usage": ["digitalsignature"]}}},
        {"clients": {"c": {"extended_key_usage": ["clientauth"]}}},
        {"clients": {"c": {"netscape": {"coment": "x"}}}},
        {"authorities": {"ca": {"path_length": -1}}},
        {"files": {"key": "secret"}},
        {"defaults": {"san": ["DNS:a"]}},
    ],
    ids=str,
)
def test_it_finds_a_mistake(wrong: dict[str, Any]) -> None:
    assert errors(CA) == []
    assert errors({**CA, **wrong})
