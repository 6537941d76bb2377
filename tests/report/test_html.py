"""The page of a run: complete, valid, harmless, and readable in a browser, narrow and wide, light and dark."""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.result import Result, Run
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.transcript import Message, Transcript
from mintls.report.html.page import as_html

import pytest
from conftest import Run as RunScript
from deadline import patient
from msgspec.structs import replace

CASES = {case.id: case for case in CATALOGUE}
HOSTILE = "\x1b[31m</style><script>alert(1)</script>\"' onload='x' &lt;b\u202e\u2028 ü"
VOID = {"meta", "col"}


def message(name: str, length: int, *, sent: bool, content: str = "Handshake") -> Message:
    return Message(sent=sent, version="TLS 1.3", content=content, name=name, length=length)


def result(
    case: str, kind: Kind, version: str, verifier: Verifier = Verifier.SERVER, reason: str = "because"
) -> Result:
    presenter = Transcript(
        messages=(
            message("ClientHello", 220, sent=True),
            message("", 1, sent=True, content="ChangeCipherSpec"),
            message("Certificate", 453, sent=True),
            message("Finished", 52, sent=True),
        )
    )
    judge = Transcript(
        messages=(
            message("ClientHello", 220, sent=False),
            message("Certificate", 453, sent=False),
            message("fatal unknown_ca", 2, sent=True, content="Alert"),
        )
    )
    seen = Evidence(
        verifier_is_server=verifier is Verifier.SERVER,
        presenter=presenter,
        verifier=judge,
        commands=(("openssl", "s_server", "a b", HOSTILE),),
        milliseconds=12.4,
    )
    return Result(Row(CASES[case], verifier, version), Verdict(kind, reason), seen)


RUN = Run(
    checked=f"certs/{HOSTILE}",
    openssl="OpenSSL 3.0.19",
    started="2030-01-02T03:04:05Z",
    milliseconds=1234.5,
    strict=False,
    results=(
        result("tls-1.0", Kind.REFUSED, "1.0"),
        result("good", Kind.ACCEPTED, "1.2"),
        result("null-ciphers", Kind.REFUSED, "1.2"),
        result("expired", Kind.ACCEPTED, "1.2"),
        result("good", Kind.ACCEPTED, "1.3"),
        result("expired", Kind.ACCEPTED, "1.3", reason=HOSTILE),
        result("same-name-and-key-id-ca", Kind.INCONCLUSIVE, "1.3"),
        result("no-extended-key-usage", Kind.ACCEPTED, "1.3"),
        result("good", Kind.ACCEPTED, "1.3", Verifier.CLIENT),
        result("expired", Kind.REFUSED, "1.3", Verifier.CLIENT),
        result("wrong-name", Kind.REFUSED_LATE, "1.3", Verifier.CLIENT),
    ),
)


class Page(HTMLParser):
    """What a browser would find: the tags in order with their attributes, and the text within each id and tag."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[tuple[tuple[str, ...], str]] = []
        self.feed(text)
        self.close()
        assert self.open == [], "each element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append((tuple(self.open), data))

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] or "" for _, attributes in self.tags if attribute in attributes]

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)

    def said(self, tag: str) -> str:
        return "".join(text for path, text in self.text if tag in path)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(as_html(RUN))


def grid(text: str) -> list[list[str]]:
    """The table's rows, each a list of what its cells say; the lines that open are left out."""
    rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in row] for row in cells]


def test_the_grid_has_case_direction_and_version() -> None:
    assert grid(as_html(RUN)) == [
        ["case", "server verifies", "client verifies"],
        ["TLS 1.2", "TLS 1.3", "TLS 1.3"],
        ["good", "ok accepted", "ok accepted", "ok accepted"],
        ["expired", "FAIL accepted", "FAIL accepted", "ok refused"],
        ["same-name-and-key-id-ca", "–", "unknown inconclusive", "–"],
        ["no-extended-key-usage", "–", "warn accepted", "–"],
        ["wrong-name", "–", "–", "warn refused late"],
        ["tls-1.0", "ok refused in TLS 1.0", "–"],
        ["null-ciphers", "ok refused in TLS 1.2", "–"],
    ]


def test_it_needs_nothing_else(page: Page) -> None:
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "base", "form", "object", "svg"}
    assert not {name for _, attributes in page.tags for name in attributes} & {"src", "style", "onload", "onclick"}
    assert all(href.startswith("#") for href in page.values("href"))
    assert "url(" not in page.said("style")
    assert "@import" not in page.said("style")
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.values("content")


def test_it_is_made_for_everybody(page: Page) -> None:
    assert as_html(RUN).startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "utf-8" in page.values("charset")
    assert "width=device-width, initial-scale=1" in page.values("content")
    assert "prefers-color-scheme: dark" in page.said("style")
    assert (page.count("h1"), page.count("main"), page.count("title"), page.count("caption")) == (1, 1, 1, 1)
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")
    assert page.count("details") == page.count("summary")
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(deeper - shallower <= 1 for shallower, deeper in pairwise(headings))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in page.values("href")} <= set(ids)


def test_a_row_of_the_table_fills_its_columns(page: Page) -> None:
    width = page.count("col")
    rows: list[int] = []
    for tag, attributes in page.tags:
        if tag == "tr":
            rows.append(0)
        elif tag in ("td", "th"):
            rows[-1] += int(attributes.get("colspan") or 1)
    assert rows[:2] == [width, width - 1], "the first cell of the head stands in two rows"
    assert set(rows[2:]) == {width}


def test_what_strangers_write_is_text(page: Page) -> None:
    text = as_html(RUN)
    assert not set("\x1b\u202e\u2028").intersection(text)
    assert text.count("<script") == 0
    assert text.count("</style>") == 1
    shown = "</style><script>alert(1)</script>\"' onload='x' &lt;b"
    assert shown in page.said("h1")
    assert shown in page.said("title")
    assert page.said("article").count(shown) == 0, "the first of those alike is told"
    script = "</style><script>alert(1)</script>"
    assert sum(script in said for path, said in page.text if "details" in path) == len(RUN.results) + 1


def test_what_fails_is_told_with_what_to_do(page: Page) -> None:
    said = page.said("article")
    assert "FAIL an expired certificate" in said
    assert "Expected refused, was accepted: because." in said
    assert "RFC 5280 section 6.1.3 (a)(2): check the validity period, and the verifier's clock." in said
    assert "What to change in openssl, nginx, Go, Python, Node" in said
    assert page.values("href")[:3] == ["#what-to-mend", "#every-case", "#what-to-think-about"]
    assert page.values("href")[3:5] == ["#case-expired", "#case-expired"]
    titles = [said for path, said in page.text if path[-1:] == ("h2",)]
    assert titles == ["What to mend", "Every case", "What to think about"]
    strict = [said for path, said in Page(as_html(replace(RUN, strict=True))).text if path[-1:] == ("h2",)]
    assert strict == ["What to mend", "Every case"]


def test_the_answer_is_the_status() -> None:
    good, unknown = RUN.results[1:2], RUN.results[6:7]
    answers = [Page(as_html(replace(RUN, results=some))).said("header") for some in (good, unknown, RUN.results, ())]
    assert "It holds." in answers[0]
    assert "It is inconclusive, and that is not a pass." in answers[1]
    assert "It does not hold." in answers[2]
    assert "0 rows" in answers[3]


def ladder(some: Result) -> list[str]:
    text = as_html(replace(RUN, results=(some,)))
    (lines,) = re.findall(r'<ol class="ladder">(.*?)</ol>', text, re.DOTALL)
    spaced = re.sub(r"</span><span", "</span> <span", lines)
    return [html.unescape(re.sub(r"<[^>]*>", "", line)) for line in spaced.split("</li>")[:-1]]


def test_the_ladder_has_the_messages_of_both_ends() -> None:
    assert ladder(RUN.results[1]) == [
        "client → server ClientHello 220 B 1 what the client offers",
        "client → server ChangeCipherSpec 1 B",
        "client → server Certificate 453 B 3 who the client is",
        "client → server Finished, not read by the server 52 B 5 the client saw the same handshake",
        "client ← server Alert fatal unknown_ca, not read by the client 2 B",
    ]
    assert ladder(RUN.results[-1])[0] == "client ← server ClientHello 220 B", (
        "where the client verifies, the server shows"
    )


def test_the_ladder_of_a_foreign_end_is_what_ours_saw() -> None:
    some = RUN.results[1]
    lines = ladder(replace(some, evidence=replace(some.evidence, verifier=None)))
    assert len(lines) == 4
    assert not any("not read" in line for line in lines)


def test_the_script_writes_it(run: RunScript, small: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    done = run("handshake_check.py", small, "--only", "server/1.3/none", "--tls", "1.3", "--html", file)
    assert (done.returncode, done.stderr) == (0, "")
    text = file.read_text(encoding="utf-8")
    assert ["none", "ok refused"] in grid(text)
    page = Page(text)
    assert "certificate_required" in page.said("ol")
    assert "CertificateRequest" in page.said("ol")
    assert "PRIVATE KEY" not in text


@pytest.fixture
def small(mint_text: Callable[[str], Path]) -> Path:
    return mint_text(
        "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: ca}}}\nclients: {a: {subject: {CN: a}}}\n"
    )


# A frame is as narrow as a telephone, which a headless window cannot be; srcdoc lets its parent look inside.
LOOK = """<!DOCTYPE html><body>
<iframe width="360" height="800"></iframe><iframe width="1280" height="800"></iframe>
<script>
const found = [];
for (const frame of document.querySelectorAll("iframe")) {
  frame.onload = () => {
    const page = frame.contentDocument, root = page.documentElement;
    const closed = page.querySelectorAll("details[open]").length;
    frame.contentWindow.location.hash = "#case-expired";
    setTimeout(() => {
      const target = page.getElementById("case-expired"), box = target.getBoundingClientRect();
      const table = page.querySelector(".wide"), look = frame.contentWindow.getComputedStyle(page.body);
      found.push({width: frame.width, closed, open: target.closest("details").open, shown: box.height > 0,
                  overflow: root.scrollWidth - root.clientWidth, hidden: table.scrollWidth - table.clientWidth,
                  paper: look.backgroundColor});
      if (found.length == 2) document.body.dataset.found = JSON.stringify(found);
    }, 100);
  };
  frame.srcdoc = PAGE;
}
</script>
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it(tmp_path: Path, scheme: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("this test needs Chromium, which is too large to be installed for it alone")
    document = json.dumps(as_html(RUN)).replace("</", "<\\/")
    (tmp_path / "look.html").write_text(LOOK.replace("PAGE", document), encoding="utf-8")
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=5000", "--dump-dom",
        f"--blink-settings=preferredColorScheme={'0' if scheme == 'dark' else '1'}", f"file://{tmp_path}/look.html",
    ]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patient(60))
    (said,) = re.findall(r'data-found="([^"]*)"', done.stdout)
    seen = {entry.pop("width"): entry for entry in json.loads(html.unescape(said))}
    paper = "rgb(15, 20, 25)" if scheme == "dark" else "rgb(255, 255, 255)"
    expected = {"closed": 0, "open": True, "shown": True, "overflow": 0, "hidden": 0, "paper": paper}
    assert seen == {"360": expected, "1280": expected}
