"""The README's picture: there, well-formed, in need of nothing else, and of a run that found something."""

import re
from xml.etree import ElementTree

from processes import SCRIPTS

PICTURE = SCRIPTS.parent / "tests" / "picture" / "handshake.svg"


def test_the_picture_is_of_a_run_that_found_something() -> None:
    text = " ".join("".join(ElementTree.parse(PICTURE).getroot().itertext()).split())
    assert re.search(r"\$ python scripts/handshake_check\.py certs/dev --connect localhost:\d+", text)
    assert "fail none accepted HTTP 200, no certificate sent" in text
    assert "pass 7 cases" in text
    assert "does NOT enforce mTLS: 1 of 8 checks failed." in text


def test_the_picture_needs_nothing_else() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' )]+", text)) == {"http://www.w3.org/2000/svg"}
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))
    assert "<script" not in text


def test_the_readme_shows_it() -> None:
    readme = (SCRIPTS.parent / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(([^)]*\.svg)\)", readme)
    assert PICTURE in [SCRIPTS.parent / path for path in shown]
