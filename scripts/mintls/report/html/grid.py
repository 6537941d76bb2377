"""Case x direction x version as a table, each case with a second line that opens its evidence (pure)."""

from collections.abc import Iterable
from urllib.parse import quote
from xml.etree.ElementTree import Element

from mintls.handshake.cases.case import Case, Verifier
from mintls.handshake.result import Result
from mintls.report.html.evidence import evidence
from mintls.report.html.markup import Part, element, mark, pairs

NOT_TRIED = "–"
Columns = dict[Verifier, list[str]]


def grid(results: Iterable[Result]) -> Element:
    """The table of all results."""
    results = tuple(results)
    columns = _columns(results)
    cases: dict[str, list[Result]] = {}
    for result in results:
        cases.setdefault(result.row.case.id, []).append(result)
    # Those of certain versions stand last: in the order of the rows the oldest versions come first.
    ordered = sorted(cases.values(), key=lambda own: bool(own[0].row.case.versions))
    width = 1 + sum(map(len, columns.values()))
    table = element(
        "table",
        element("caption", "A row a case; its second line opens the evidence."),
        element("colgroup", element("col", class_="case"), *(element("col") for _ in range(width - 1))),
        _head(columns),
        *(_body(own, columns, width) for own in ordered),
        class_="grid",
    )
    return element("div", table, class_="wide", role="region", aria_label="Every case", tabindex="0")


def anchor(case: Case) -> str:
    """The id of what belongs to a case; a link to it opens what it lies in."""
    return f"case-{quote(case.id, safe='')}"


def _columns(results: Iterable[Result]) -> Columns:
    """The versions in which a verifier is shown everything; what is for certain versions alone shares a cell."""
    rows = [result.row for result in results]
    found: Columns = {}
    for verifier in dict.fromkeys(row.verifier for row in rows):
        own = [row for row in rows if row.verifier is verifier]
        found[verifier] = sorted({row.version for row in own if not row.case.versions} or {row.version for row in own})
    return found


def _head(columns: Columns) -> Element:
    ends = (
        element("th", f"{verifier} verifies", colspan=str(len(versions)), scope="colgroup", class_="end")
        for verifier, versions in columns.items()
    )
    names = (
        element("th", f"TLS {version}", scope="col", class_=_edge(version, versions))
        for versions in columns.values()
        for version in versions
    )
    return element(
        "thead", element("tr", element("th", "case", rowspan="2", scope="col"), *ends), element("tr", *names)
    )


def _body(results: list[Result], columns: Columns, width: int) -> Element:
    case = results[0].row.case
    cells = [cell for verifier, versions in columns.items() for cell in _cells(case, results, verifier, versions)]
    told = element("div", element("p", case.why), pairs([(case.clause, case.hint)]), id=anchor(case))
    seen = element("div", *map(evidence, results), class_="rows")
    more = element("details", element("summary", case.title), told, seen)
    return element(
        "tbody",
        element("tr", element("th", element("code", case.id), scope="row"), *cells),
        element("tr", element("td", more, colspan=str(width)), class_="more"),
    )


def _cells(case: Case, results: list[Result], verifier: Verifier, versions: list[str]) -> list[Element]:
    own = {result.row.version: result for result in results if result.row.verifier is verifier}
    if case.versions:
        alone: list[Part] = [_seen(result, f" in TLS {version}") for version, result in own.items()]
        return [element("td", *(alone or [NOT_TRIED]), colspan=str(len(versions)), class_="end")]
    return [
        element("td", _seen(own[version]) if version in own else NOT_TRIED, class_=_edge(version, versions))
        for version in versions
    ]


def _seen(result: Result, where: str = "") -> Element:
    return element("span", mark(result.outcome), f" {result.verdict.kind}{where}", class_="seen")


def _edge(version: str, versions: list[str]) -> str:
    return "end" if version == versions[0] else ""
