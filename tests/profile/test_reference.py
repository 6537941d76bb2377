"""The reference in profiles/README.md is what the Structs say."""

from mintls.profile.fields import Authority, Leaf
from mintls.profile.reference import reference

from msgspec import structs
from processes import SCRIPTS

README = (SCRIPTS.parent / "profiles" / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_current() -> None:
    said = README.partition("<!-- reference: made")[2].partition("\n")[2].partition("<!-- end of reference -->")[0]
    assert said.strip() == reference().strip(), (
        "in scripts/: python -m mintls.profile.reference, and put it into profiles/README.md"
    )


def test_every_field_is_there_with_a_meaning() -> None:
    rows = [line.split(" | ") for line in reference().splitlines() if line.startswith("| `")]
    named = {row[0].strip("| `") for row in rows}
    for kind in (Leaf, Authority):
        assert {field.encode_name for field in structs.fields(kind)} <= named
    assert all(row[-1].strip(" |") for row in rows)
