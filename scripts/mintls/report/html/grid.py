"""The cases as a table: one line each, a column for each verifier and version; a case opens its evidence (pure)."""

from collections.abc import Iterable
from urllib.parse import quote
from xml.etree.ElementTree import Element

from mintls.handshake.cases.case import Case, Verifier
from mintls.handshake.result import Result
from mintls.report.html.evidence import evidence
from mintls.report.html.markup import Part, capitalized, element, mark, pairs

NOT_TRIED = "–"
Columns = dict[Verifier, list[str]]


def grid(results: Iterable[Result]) -> Element:
    """The table of all results."""
    results = tuple(results)
    columns = _columns(results)
    cases: dict[str, list[Result]] = {}
    for result in results:
        cases.setdefault(result.row.case.id, []).append(result)
    # Cases of certain versions go last; the rows begin with the oldest version.
    ordered = sorted(cases.values(), key=lambda group: bool(group[0].row.case.versions))
    width = 1 + sum(map(len, columns.values()))
    table = element(
        "table",
        element("caption", "Open a case to see its evidence."),
        element("colgroup", element("col", class_="case"), *(element("col") for _ in range(width - 1))),
        _head(columns),
        *(_body(group, columns, width) for group in ordered),
        class_="grid",
    )
    return element("div", table, class_="wide", role="region", aria_label="All cases", tabindex="0")


def anchor(case: Case) -> str:
    """The id of a case in the page; a link to it opens the case."""
    return f"case-{quote(case.id, safe='')}"


def _columns(results: Iterable[Result]) -> Columns:
    """The versions in which every case is tried, by verifier; a case of certain versions has one cell for all."""
    rows = [result.row for result in results]
    found: Columns = {}
    for verifier in dict.fromkeys(row.verifier for row in rows):
        its = [row for row in rows if row.verifier is verifier]
        found[verifier] = sorted({row.version for row in its if not row.case.versions} or {row.version for row in its})
    return found


def _head(columns: Columns) -> Element:
    verifiers = (
        element("th", f"{verifier} verifies", colspan=str(len(versions)), scope="colgroup", class_="edge")
        for verifier, versions in columns.items()
    )
    names = (
        element("th", f"TLS {version}", scope="col", class_=_edge(version, versions))
        for versions in columns.values()
        for version in versions
    )
    return element(
        "thead", element("tr", element("th", "case", rowspan="2", scope="col"), *verifiers), element("tr", *names)
    )


def _body(results: list[Result], columns: Columns, width: int) -> Element:
    case = results[0].row.case
    cells = [cell for verifier, versions in columns.items() for cell in _cells(case, results, verifier, versions)]
    # style.py displays the second row, over the full width, while the details element in the first is open. The
    # anchor is inside that element, so that a link to the case opens it.
    switch = element("details", element("summary", element("code", case.id)), element("span", id=anchor(case)))
    about = element("div", element("p", f"{capitalized(case.title)}. {case.why}"), pairs([(case.reference, case.hint)]))
    rows = element("div", *map(evidence, results), class_="rows")
    return element(
        "tbody",
        element("tr", element("th", switch, scope="row", title=case.title), *cells),
        element("tr", element("td", about, rows, colspan=str(width)), class_="more"),
    )


def _cells(case: Case, results: list[Result], verifier: Verifier, versions: list[str]) -> list[Element]:
    tried = {result.row.version: result for result in results if result.row.verifier is verifier}
    if case.versions:
        alone: list[Part] = [_verdict(result, f" in TLS {version}") for version, result in tried.items()]
        return [element("td", *(alone or [NOT_TRIED]), colspan=str(len(versions)), class_="edge")]
    return [
        element("td", _verdict(tried[version]) if version in tried else NOT_TRIED, class_=_edge(version, versions))
        for version in versions
    ]


def _verdict(result: Result, where: str = "") -> Element:
    return element("span", mark(result.outcome), f" {result.verdict.kind}{where}", class_="verdict")


def _edge(version: str, versions: list[str]) -> str:
    return "edge" if version == versions[0] else ""
