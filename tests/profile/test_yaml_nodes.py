"""YAML text -> nodes: scalars as written, nothing constructed, everything bounded."""

from mintls.profile import yaml_nodes
from mintls.profile.yaml_nodes import (
    LONGEST,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_MERGED,
    Complaint,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Unreadable,
    as_node,
    read_yaml,
    write_yaml,
)

import pytest
import yaml


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
        ("a: 1\nb: 2\na: 3", 3, "first on line 1"),
        ("a: !!python/object:os.system ls", 1, "tag"),
        ("a: !!python/object/apply:os.system [ls]", 1, "tag"),
        ("x: 1\na: !!binary aGk=", 2, "tag"),
        ("a: !mine {b: c}", 1, "tag"),
        ("a: {<<: word}", 1, "<<"),
        ("? [a, b]\n: c", 1, "a key must be a scalar"),
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


# ---- both sides of each bound


def test_the_bounds_are_these() -> None:
    assert (MAX_BYTES, LONGEST, MAX_DEPTH, MAX_MERGED) == (16_777_216, 400, 32, 500_000)


def test_a_text_as_large_as_may_be() -> None:
    line = b"a: 1\n"
    assert read_yaml(line + b"#" * (MAX_BYTES - len(line)))[1] == []
    with pytest.raises(Unreadable, match=r"is larger than 16777216 bytes; a fleet is written with count:$") as caught:
        read_yaml(line + b"#" * (MAX_BYTES - len(line) + 1))
    assert str(caught.value.complaint).startswith("1: is larger")


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_as_deep_as_may_be(opening: str) -> None:
    closing = {"[": "]", "{a: ": "}"}[opening]

    def text(depth: int) -> bytes:
        return (opening * depth + "x" + closing * depth).encode()

    assert read_yaml(text(32))[1] == []
    with pytest.raises(Unreadable, match="is nested more than 32 levels deep"):
        read_yaml(text(33))


@pytest.mark.parametrize(("length", "cut"), [(399, False), (400, False), (401, True), (1000, True)])
def test_a_long_complaint_shows_its_beginning_and_its_end(length: int, cut: bool) -> None:
    sentence = "".join(chr(97 + number % 26) for number in range(length))
    said = f"{sentence[:200]} ... {sentence[-200:]}" if cut else sentence
    assert str(Complaint(7, "a.b", sentence)) == f"7: a.b: {said}"
    assert str(Complaint(7, "", sentence)) == f"7: {said}"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1), (b"# nothing\n\n", 1), (b"a: 1\n\tb: 2", 2), (b"\n\xff", 2), (b"\n\x1b", 2), (b"\n\n- a\nb: c", 4),
        (b"\xff", 1), (b"a: 1\n\xff", 2), (b"a: 1\nb: 2\n\nc: \xff\n", 4), (b"a: \x1b", 1), (b"a: 1\nb: \x1b", 2),
        (b"a: 1\nb: 2\nc: \x00", 3), (b"a: 1\nb: 2\nc: *x", 3), (b"a: 1\nb: 2\n--- \nc: 3", 3), (b"\n\n*x", 3),
        (b"a: 1\n- b", 2), (b"a: 1\nb: c: d", 2),
    ],
)  # fmt: skip
def test_where_it_cannot_be_read(data: bytes, line: int) -> None:
    with pytest.raises(Unreadable) as caught:
        read_yaml(data)
    assert (caught.value.complaint.line, caught.value.complaint.path) == (line, "")


def test_each_kind_of_node_knows_its_line_and_is_never_changed() -> None:
    root, _ = read_yaml(b"\na: 1\nb:\n  - 2\nc:\n  d: 3\n")
    assert isinstance(root, Mapping)
    assert (root.line, [root.items[name].line for name in "abc"]) == (2, [2, 4, 6])
    for thing in (*root.items.values(), Complaint(1, "", "")):
        with pytest.raises(AttributeError):
            thing.line = 9  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "empty"),
    [("a:", True), ("a: ''", False), ('a: ""', False), ("a: x", False), ("a: |\n", False), ("a: ~", False),
     ("a: !", True), ("a: &x", True)],
)  # fmt: skip
def test_what_is_empty(text: str, empty: bool) -> None:
    root, _ = read_yaml(text.encode())
    assert isinstance(root, Mapping)
    node = root.items["a"]
    assert isinstance(node, Scalar)
    assert (node.empty, Scalar("x", 1).empty) == (empty, False)


def test_a_tag_that_says_only_that_it_is_text() -> None:
    assert read("a: ! 12") == {"a": "12"}
    _, complaints = read_yaml(b"a: 1\nb: !!str 12\nc: !x [1]\nd: !y {e: 1}")
    assert [str(one) for one in complaints] == [
        f"{line}: the tag '{tag}' is not supported; remove it"
        for line, tag in ((2, "tag:yaml.org,2002:str"), (3, "!x"), (4, "!y"))
    ]


def test_merges_in_their_order() -> None:
    """What stands in the mapping wins, then the first of the merged ones; keys keep their order."""
    text = "x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y], c: 3}\nw: {<<: *y, <<: *x}\nv: {b: 9, <<: *y}"
    root = read(text)
    assert isinstance(root, dict)
    assert root["z"] == {"a": "1", "b": "2", "c": "3"}
    assert root["w"] == {"a": "2", "b": "2"}
    assert root["v"] == {"a": "2", "b": "9"}
    _, complaints = read_yaml(b"a: 1\nb:\n  <<: [{c: 1}, word]\n  <<: {d: 1}\n")
    assert [str(one) for one in complaints] == ["3: << merges mappings; this is not a mapping"]


@pytest.mark.parametrize(("limit", "held"), [(4, True), (3, False)])
def test_as_many_merged_keys_as_may_be(limit: int, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all mappings together; one that is named twice counts once."""
    monkeypatch.setattr(yaml_nodes, "MAX_MERGED", limit)
    text = "x: &x {a: 1, b: 2}\ny: &y {c: 1, d: 2}\nz: {<<: [*x, *x]}\nw:\n  <<: *y\n"
    if held:
        assert read(text)
        return
    with pytest.raises(Unreadable, match=r"^<< merges more than 3 keys; write fewer of them$") as caught:
        read_yaml(text.encode())
    assert caught.value.complaint.line == 5


def test_settings_of_the_program_are_as_their_text() -> None:
    """Line 0; words as YAML writes them."""
    inner = Mapping({"x": Scalar("1", 7)}, 7)
    settings = {"a": [True, False], "b": (1, "Two"), "c": None, 4: {"e": ""}, "f": inner}
    assert as_node(settings) == Mapping(
        {
            "a": Sequence((Scalar("true", 0), Scalar("false", 0)), 0),
            "b": Sequence((Scalar("1", 0), Scalar("Two", 0)), 0),
            "c": Scalar("None", 0, empty=True),
            "4": Mapping({"e": Scalar("", 0)}, 0),
            "f": inner,
        },
        0,
    )


def test_a_key_that_stands_twice_keeps_its_first_value() -> None:
    root, complaints = read_yaml(b"a: 1\nb: 2\na: 3\nb: 4\na: 5\n")
    assert plain(root) == {"a": "1", "b": "2"}
    assert [str(one) for one in complaints] == [
        "3: duplicate key 'a' (first on line 1); keep one",
        "4: duplicate key 'b' (first on line 2); keep one",
        "5: duplicate key 'a' (first on line 1); keep one",
    ]


@pytest.mark.parametrize("key", ["[a]", "{a: b}"])
def test_a_key_that_is_no_word_is_passed_over(key: str) -> None:
    root, complaints = read_yaml(f"x: 1\n? {key}\n: c\ny: 2".encode())
    assert plain(root) == {"x": "1", "y": "2"}
    assert [str(one) for one in complaints] == ["2: a key must be a scalar, not a list or a mapping"]


def test_what_is_written_is_read_again() -> None:
    documents: list[dict[str, object]] = [{"z": "ü", "a": ["1", "x: y"]}, {"b": "no"}]
    text = write_yaml(documents)
    assert text.startswith("---\nz: ü\na:\n")
    assert list(yaml.safe_load_all(text)) == documents
