"""From the results of a run to the page: the answer, what to mend, every case, and what to think about (pure)."""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from mintls.errors import COULD_NOT_RUN
from mintls.handshake.result import Outcome, Result, Run
from mintls.report.html.grid import anchor, grid
from mintls.report.html.markup import Part, element, mark, pairs, style, written
from mintls.report.html.style import STYLE
from mintls.report.text import alike, hint

NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'"  # whatever got in, it would load and run nothing


def as_html(run: Run) -> str:
    """The whole run as one page."""
    answer, outcome = _answer(run)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=NOTHING_ELSE),
        element("title", f"mintls: {run.checked}: {answer}"),
        style(STYLE),
    )
    header = element(
        "header",
        element("h1", "Handshake check of ", element("code", run.checked)),
        element("p", answer, class_=f"answer {outcome.name.lower()}"),
        element("ul", *(element("li", *fact) for fact in _facts(run)), class_="facts"),
    )
    main = element("main", *_sections(run))
    links = (element("a", section[0].text or "", href=f"#{section.get('id')}") for section in main)
    nav = element("nav", *(part for link in links for part in (link, " ")), aria_label="Sections")
    body = element("body", header, *([nav] if len(main) > 1 else []), main)
    return written(element("html", head, body, lang="en"))


def _answer(run: Run) -> tuple[str, Outcome]:
    if not run.status:
        return "It holds.", Outcome.HOLDS
    if run.status == COULD_NOT_RUN:
        return "It is inconclusive, and that is not a pass.", Outcome.UNKNOWN
    return "It does not hold.", Outcome.FAILS


def _facts(run: Run) -> Iterator[list[Part]]:
    for outcome in Outcome:
        if count := run.count(outcome):
            yield [mark(outcome), f" {count}"]
    yield [f"{len(run.results)} rows in {run.milliseconds / 1000:.1f} s"]
    yield [f"started {run.started}"]
    yield [run.openssl]
    if run.strict:
        yield ["strict: a warning is a failure"]


def _sections(run: Run) -> Iterator[Element]:
    wrong = [Outcome.FAILS, Outcome.UNKNOWN]
    yield from _causes("What to mend", run, [*wrong, Outcome.WARNS] if run.strict else wrong)
    if run.results:
        yield _section("Every case", grid(run.results))
    yield from _causes("What to think about", run, [] if run.strict else [Outcome.WARNS])


def _causes(title: str, run: Run, outcomes: Iterable[Outcome]) -> Iterator[Element]:
    """The results that came to that, each cause once."""
    groups = [group for outcome in outcomes for group in alike(run, outcome)]
    if groups:
        yield _section(title, element("div", *map(_cause, groups), class_="causes"))


def _section(title: str, content: Element) -> Element:
    return element("section", element("h2", title), content, id=title.lower().replace(" ", "-"))


def _cause(results: list[Result]) -> Element:
    first = results[0]
    case, stacks = first.row.case, first.row.case.mends(first.row.verifier)
    links = [element("a", result.row.id, href=f"#{anchor(result.row.case)}") for result in results]
    change = element("details", element("summary", f"What to change in {', '.join(stacks)}"), pairs(stacks.items()))
    return element(
        "article",
        element("h3", mark(first.outcome), f" {case.title}"),
        element("p", f"Expected {first.expected}, was {first.verdict.kind}: {first.verdict.reason}."),
        "" if first.verdict.control else element("p", element("b", case.clause), f": {hint(first)}."),
        change if stacks and not first.verdict.control else "",
        element("p", *(part for link in links for part in (link, " ")), class_="soft"),
    )
