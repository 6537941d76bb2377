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
from xml.etree import ElementTree

from mintls.escape import printable
from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.result import Result, Run, Subject
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.transcript import Message, Transcript
from mintls.report.answer import answer
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
    kind=Subject.PAIR,
    subject=f"certs/{HOSTILE}",
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
    """The text of the table's cells by row, without the rows that a case opens."""
    rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in row] for row in cells]


def test_the_grid_has_case_direction_and_version() -> None:
    assert grid(as_html(RUN)) == [
        ["case", "server verifies", "client verifies"],
        ["TLS 1.2", "TLS 1.3", "TLS 1.3"],
        ["good", "pass accepted", "pass accepted", "pass accepted"],
        ["expired", "fail accepted", "fail accepted", "pass refused"],
        ["same-name-and-key-id-ca", "–", "unknown inconclusive", "–"],
        ["no-extended-key-usage", "–", "warn accepted", "–"],
        ["wrong-name", "–", "–", "warn refused late"],
        ["tls-1.0", "pass refused in TLS 1.0", "–"],
        ["null-ciphers", "pass refused in TLS 1.2", "–"],
    ]


def test_it_needs_nothing_else(page: Page) -> None:
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "link",
        "img",
        "iframe",
        "base",
        "form",
        "object",
        "use",
        "image",
    }
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
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert [picture["role"] for picture in pictures] == ["group"] * len(RUN.results)
    assert len({picture["aria-label"] for picture in pictures}) == len(RUN.results)
    assert all("svg" in path for path, text in page.text if path[-1:] == ("text",))
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
    assert rows[:2] == [width, width - 1], "the first cell of the head spans two rows"
    assert set(rows[2:]) == {width}


def test_what_a_peer_sends_is_text(page: Page) -> None:
    text = as_html(RUN)
    assert not set("\x1b\u202e\u2028").intersection(text)
    assert text.count("<script") == 0
    assert text.count("</style>") == 1
    shown = "</style><script>alert(1)</script>\"' onload='x' &lt;b"
    assert shown in page.said("h1")
    assert shown in page.said("title")
    assert page.said("article").count(shown) == 0, "only the first result of a cause is given"
    script = "</style><script>alert(1)</script>"
    assert sum(script in said for path, said in page.text if "details" in path) == len(RUN.results)
    assert sum(script in said for path, said in page.text if path[-1:] == ("p",) and "tbody" in path) == 1


def headings(run: Run) -> list[str]:
    return [text for path, text in Page(as_html(run)).text if path[-1:] == ("h2",)]


def test_a_failure_is_given_with_its_fix(page: Page) -> None:
    text = page.said("article")
    assert "fail An expired certificate" in text
    assert "Expected refused, got accepted: because." in text
    assert "RFC 5280 section 6.1.3 (a)(2): check the validity period, and the verifier's clock." in text
    assert "Fix for each stack" in text
    assert "Fix for nginx" in Page(as_html(replace(RUN, stack="nginx"))).said("article")
    assert page.values("href")[:3] == ["#fix", "#all-cases", "#warnings"]
    assert page.values("href")[3:5] == ["#case-expired", "#case-expired"]
    assert headings(RUN) == ["Fix", "All cases", "Warnings"]
    assert headings(replace(RUN, strict=True)) == ["Fix", "All cases"]
    assert headings(replace(RUN, results=RUN.results[1:2])) == ["All cases"]


def test_a_cause_without_a_connection_has_no_fix_of_a_certificate() -> None:
    some = replace(result("good", Kind.INCONCLUSIVE, "1.3"), evidence=Evidence(verifier_is_server=True, trouble="x"))
    text = Page(as_html(replace(RUN, results=(some, RUN.results[3])))).said("article")
    assert "Check that the server is running, and at this address." in text
    assert CASES["good"].hint not in text
    assert f"{CASES['good'].reference}:" not in text
    assert text.count("Fix for each stack") == 1, "that of the other cause"


def test_a_cause_that_is_a_control_has_no_fix_of_its_own() -> None:
    some = result("expired", Kind.INCONCLUSIVE, "1.3")
    void = replace(some, verdict=Verdict(Kind.INCONCLUSIVE, "no refusal counts", "server/1.3/good"))
    pages = [Page(as_html(replace(RUN, results=(one,)))).said("article") for one in (some, void)]
    assert ["Fix for each stack" in text for text in pages] == [True, False]
    assert [CASES["expired"].hint in text for text in pages] == [True, False]


@pytest.mark.parametrize(("number", "links", "more"), [(8, 8, ""), (9, 8, "and 1 more")])
def test_a_cause_of_many_rows_links_to_the_first(number: int, links: int, more: str) -> None:
    rows = [result(case, Kind.INCONCLUSIVE, "1.3", reason="silence") for case in list(CASES)[3 : 3 + number]]
    page = Page(as_html(replace(RUN, results=tuple(rows))))
    assert sum(href.startswith("#case-") for href in page.values("href")) == links
    assert page.said("article").rpartition("server/1.3/")[2].partition(" ")[2] == more


def test_the_answer_has_the_colour_of_the_status() -> None:
    """The answer's words are those of every report."""
    good, unknown = RUN.results[1:2], RUN.results[6:7]
    found = []
    for results in (good, unknown, RUN.results, ()):
        run = replace(RUN, results=results)
        page = Page(as_html(run))
        (outcome,) = (value for value in page.values("class") if value.startswith("answer "))
        assert printable(answer(run)) in page.said("header")
        assert page.said("title") == f"mintls: {printable(answer(run))}"
        found.append(outcome)
    assert found == ["answer pass", "answer unknown", "answer fail", "answer skip"], "an empty run is not green"
    assert "0 rows" in Page(as_html(replace(RUN, results=()))).said("header")


def test_a_case_opens_the_evidence_of_all_its_rows() -> None:
    """The anchor is inside the details element; the evidence is in the second row, over the full width."""
    text = as_html(RUN)
    (case,) = re.findall(r'<tbody><tr>(?:(?!<tbody>).)*id="case-expired".*?</tbody>', text, re.DOTALL)
    assert re.search(r'<details><summary><code>expired</code></summary><span id="case-expired"></span></details>', case)
    assert '<tr class="more"><td colspan="4">' in case
    assert re.findall(r"<h3>(.*?)</h3>", case) == [
        "server verifies, TLS 1.2", "server verifies, TLS 1.3", "client verifies, TLS 1.3",
    ]  # fmt: skip
    assert case.count("<svg") == 3
    sheet = Page(text).said("style")
    assert ".grid .more { display: none }" in sheet
    assert ".grid tbody:has(details[open]) .more { display: table-row }" in sheet


def test_a_row_that_was_not_tried_has_no_diagram_and_no_time() -> None:
    some = result("expired", Kind.NOT_TRIED, "1.3", reason="no key")
    run = replace(RUN, results=(replace(some, evidence=Evidence(verifier_is_server=True)),))
    text = as_html(run)
    assert "not tried: no key" in Page(text).said("td")
    assert "<svg" not in text
    assert "Commands" not in text
    assert " ms" not in Page(text).said("main")
    assert "<svg" in as_html(replace(run, results=(some,)))
    assert "server/1.3/expired, 12 ms" in Page(as_html(replace(run, results=(some,)))).said("td")


def diagram(some: Result) -> list[tuple[str, str, str]]:
    """Each arrow's direction, its classes, and its label with the step below."""
    (picture,) = re.findall(r"<svg.*?</svg>", as_html(replace(RUN, results=(some,))), re.DOTALL)
    root = ElementTree.fromstring(picture)
    names = {entry.get("x"): entry.text for entry in root if entry.get("class") == "peer"}
    found: list[tuple[str, str, str]] = []
    for entry in root:
        kind, text = entry.get("class", ""), entry.text or ""
        if kind.startswith("arrow "):
            begin, end = (names[entry.get(side)] for side in ("x1", "x2"))
            found.append((f"{begin} to {end}", kind.removeprefix("arrow "), ""))
        elif kind.startswith("label ") or kind == "step":
            direction, classes, label = found[-1]
            found[-1] = (direction, classes, f"{label} | {text}" if label else text)
    return found


def test_the_diagram_has_the_messages_of_both_peers() -> None:
    assert diagram(RUN.results[1]) == [
        ("client to server", "mtls", "ClientHello, 220 B | 1 client offers versions and ciphers"),
        ("client to server", "other", "ChangeCipherSpec, 1 B"),
        ("client to server", "mtls", "Certificate, 453 B | 2 client presents its certificate"),
        ("client to server", "mtls unread", "Finished, 52 B (not read) | 3 client confirms the handshake"),
        ("server to client", "fatal unread", "Alert fatal unknown_ca, 2 B (not read)"),
    ]
    first = diagram(RUN.results[-1])[0]
    assert first == ("server to client", "other", "ClientHello, 220 B"), "a server presents to the client that verifies"


def test_the_diagram_of_a_foreign_peer_is_what_ours_saw() -> None:
    some = RUN.results[1]
    arrows = diagram(replace(some, evidence=replace(some.evidence, verifier=None)))
    assert len(arrows) == 4
    assert not any("not read" in label or "unread" in classes for _, classes, label in arrows)


def test_the_diagram_is_as_high_as_its_messages() -> None:
    (picture,) = re.findall(r"<svg.*?</svg>", as_html(replace(RUN, results=RUN.results[1:2])), re.DOTALL)
    root = ElementTree.fromstring(picture)
    width, height = map(int, root.get("viewBox", "").split()[2:])
    values = {
        axis: [float(entry.get(axis, "0")) for entry in root.iter()] for axis in ("x", "x1", "x2", "y", "y1", "y2")
    }
    assert max(*values["x"], *values["x1"], *values["x2"]) < width
    assert max(*values["y"], *values["y1"], *values["y2"]) <= height
    assert {entry.tag for entry in root.iter()} == {"svg", "line", "polygon", "text"}


def test_the_script_writes_it(run: RunScript, small: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    done = run("handshake_check.py", small, "--only", "server/1.3/none", "--tls", "1.3", "--html", file)
    assert (done.returncode, done.stderr) == (0, "")
    text = file.read_text(encoding="utf-8")
    assert ["none", "pass refused"] in grid(text)
    page = Page(text)
    assert "certificate_required" in page.said("svg")
    assert "CertificateRequest" in page.said("svg")
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
      const target = page.getElementById("case-expired"), details = target.closest("details");
      const box = target.closest("tbody").querySelector(".more").getBoundingClientRect();
      const grid = page.querySelector(".grid").getBoundingClientRect(), row = details.getBoundingClientRect();
      const other = page.getElementById("case-good").closest("tbody").querySelector(".more");
      const table = page.querySelector(".wide"), look = frame.contentWindow.getComputedStyle(page.body);
      found.push({width: frame.width, closed, open: details.open, shown: box.height > 100,
                  full: box.width >= grid.width - 1, inside: row.top >= 0,
                  others: other.getBoundingClientRect().height,
                  overflow: root.scrollWidth - root.clientWidth, hidden: table.scrollWidth - table.clientWidth,
                  paper: look.backgroundColor});
      if (found.length == 2) document.body.dataset.found = JSON.stringify(found);
    }, 100);
  };
  frame.srcdoc = PAGE;
}
</script>
"""


@pytest.mark.peers
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
    expected = {
        "closed": 0, "open": True, "shown": True, "full": True, "inside": True, "others": 0, "overflow": 0, "hidden": 0,
        "paper": paper,
    }  # fmt: skip
    assert seen == {"360": expected, "1280": expected}
