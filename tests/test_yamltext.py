"""YAML text -> nodes: scalars as written, nothing constructed, everything bounded."""

from mintls.yamltext import MAX_BYTES, Mapping, Node, Scalar, Sequence, Unreadable, read_yaml

import pytest


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return None if node.empty else node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(item) for key, item in node.items.items()}


def read(text: str) -> object:
    root, complaints = read_yaml(text.encode())
    assert not complaints
    return plain(root)


@pytest.mark.parametrize(
    "word", ["NO", "no", "yes", "on", "010", "0x1F", "1e3", "1_000", "null", "~", "2026-01-02", "1:30", ".inf"]
)
def test_a_scalar_is_read_as_written(word: str) -> None:
    assert read(f"a: {word}") == {"a": word}
    assert read(f"{word}: a") == {word: "a"}


def test_empty_is_not_an_empty_string() -> None:
    assert read('a:\nb: ""\nc: null') == {"a": None, "b": "", "c": "null"}


def test_anchors_aliases_and_merge_keys() -> None:
    text = "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {b: 4, <<: [{a: 5}, *x]}\nl: &l [*x]\nm: *l"
    one = {"a": "1", "b": "2"}
    expected = {"x": one, "y": {"a": "1", "b": "3"}, "z": {"a": "5", "b": "4"}, "l": [one], "m": [one]}
    assert read(text) == expected


def test_line_endings_and_a_byte_order_mark() -> None:
    root, complaints = read_yaml(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - x\r\n")
    assert not complaints
    assert plain(root) == {"a": "1", "b": ["x"]}
    assert isinstance(root, Mapping)
    assert root.items["b"].line == 3


def test_every_node_knows_its_line() -> None:
    root, _ = read_yaml(b"# first\na:\n  - x\n  - {k: v}\n")
    assert isinstance(root, Mapping)
    items = root.items["a"]
    assert isinstance(items, Sequence)
    assert [item.line for item in items.items] == [3, 4]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: 2\na: 3", 3, "first in line 1"),
        ("a: !!python/object:os.system ls", 1, "tag"),
        ("a: !!python/object/apply:os.system [ls]", 1, "tag"),
        ("x: 1\na: !!binary aGk=", 2, "tag"),
        ("a: !mine {b: c}", 1, "tag"),
        ("a: {<<: word}", 1, "<<"),
        ("? [a, b]\n: c", 1, "a key must be one word"),
    ],
)
def test_a_mistake_that_leaves_the_text_readable(text: str, line: int, part: str) -> None:
    _, complaints = read_yaml(text.encode())
    assert [(complaint.line, part in complaint.sentence) for complaint in complaints] == [(line, True)]


@pytest.mark.parametrize(
    ("data", "line", "part"),
    [
        (b"", 1, "empty"),
        (b"# nothing", 1, "empty"),
        (b"a: 1\nb: \xff", 2, "UTF-8"),
        ("a: ü".encode("utf-16"), 1, "UTF-8"),
        (b"a: 1\nb: x\0y", 2, "does not allow"),
        (b"a: 1\nb: \x1b[31m", 2, "does not allow"),
        (b"a: [1, 2", 1, "not YAML"),
        (b"a: 1\nb: 'x", 2, "not YAML"),
        (b"a: 1\n\tb: 2", 2, "not YAML"),
        (b"a: 1\nb: *none", 2, "anchor"),
        (b"a: &a [*a]", 1, "anchor"),
        (b"a: 1\n---\nb: 2", 2, "second document"),
        (b"a: " + b"[" * 40, 1, "nested more than 32"),
        (b"a: " + b"{b: " * 100_000, 1, "nested more than 32"),
        (b"#" * (MAX_BYTES + 1), 1, "larger"),
    ],
)
def test_what_is_no_profile_at_all(data: bytes, line: int, part: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_yaml(data)
    assert caught.value.complaint.line in (line, line + 1)  # parsers differ about where an unclosed one ends
    assert part in str(caught.value)


def test_an_alias_bomb_weighs_nothing() -> None:
    lines = ["x0: &x0 [a]", *(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 30))]
    root, complaints = read_yaml("\n".join(lines).encode())
    assert isinstance(root, Mapping)
    assert not complaints
    assert len(root.items) == 30
