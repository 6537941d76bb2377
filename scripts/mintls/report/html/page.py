"""The page of a run: the answer, what to fix, all cases, and warnings (pure)."""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from mintls.errors import COULD_NOT_RUN
from mintls.handshake.result import Outcome, Result, Run
from mintls.report.answer import answer as answer_of
from mintls.report.html.grid import anchor, grid
from mintls.report.html.markup import Part, capitalized, element, mark, pairs, style, written
from mintls.report.html.style import STYLE
from mintls.report.text import alike, fixes, hint

LINKS = 8  # of one cause; the table has all
POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # the page loads nothing and runs nothing


def as_html(run: Run) -> str:
    """The whole run as one page."""
    answer, outcome = answer_of(run), _outcome(run)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", f"mintls: {answer}"),
        style(STYLE),
    )
    header = element(
        "header",
        element("h1", "Handshake check of ", element("code", run.subject)),
        element("p", answer, class_=f"answer {outcome}"),
        element("ul", *(element("li", *fact) for fact in _facts(run)), class_="facts"),
    )
    main = element("main", *_sections(run))
    links = (element("a", section[0].text or "", href=f"#{section.get('id')}") for section in main)
    nav = element("nav", *(part for link in links for part in (link, " ")), aria_label="Sections")
    body = element("body", header, *([nav] if len(main) > 1 else []), main)
    return written(element("html", head, body, lang="en"))


def _outcome(run: Run) -> Outcome:
    """The colour of the answer."""
    if not run.status:
        return Outcome.PASS
    if not any(run.count(outcome) for outcome in (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN)):
        return Outcome.SKIP
    return Outcome.UNKNOWN if run.status == COULD_NOT_RUN else Outcome.FAIL


def _facts(run: Run) -> Iterator[list[Part]]:
    for outcome in Outcome:
        if count := run.count(outcome):
            yield [mark(outcome), f" {count}"]
    yield [f"{len(run.results)} rows in {run.milliseconds / 1000:.1f} s"]
    yield [f"started {run.started}"]
    yield [run.openssl]
    if run.says:
        yield [f"fixes of {run.stack}, because the server says '{run.says}'"]
    if run.strict:
        yield ["--strict: a warning is a failure"]


def _sections(run: Run) -> Iterator[Element]:
    wrong = [Outcome.FAIL, Outcome.UNKNOWN]
    yield from _causes("Fix", run, [*wrong, Outcome.WARN] if run.strict else wrong)
    if run.results:
        yield _section("All cases", grid(run.results))
    yield from _causes("Warnings", run, [] if run.strict else [Outcome.WARN])


def _causes(title: str, run: Run, outcomes: Iterable[Outcome]) -> Iterator[Element]:
    """The results with these outcomes, each cause once."""
    groups = [group for outcome in outcomes for group in alike(run, outcome)]
    if groups:
        yield _section(title, element("div", *(_cause(group, run.stack) for group in groups), class_="causes"))


def _section(title: str, content: Element) -> Element:
    return element("section", element("h2", title), content, id=title.lower().replace(" ", "-"))


def _cause(results: list[Result], stack: str) -> Element:
    first = results[0]
    case, stacks = first.row.case, fixes(first, stack)
    links = [element("a", result.row.id, href=f"#{anchor(result.row.case)}") for result in results[:LINKS]]
    more = f"and {len(results) - LINKS} more" if len(results) > LINKS else ""
    advice = (
        [capitalized(hint(first))] if first.evidence.trouble else [element("b", case.reference), f": {hint(first)}"]
    )
    change = element(
        "details",
        element("summary", f"Fix for {next(iter(stacks)) if len(stacks) == 1 else 'each stack'}"),
        pairs(stacks.items()),
    )
    return element(
        "article",
        element("h3", mark(first.outcome), f" {capitalized(case.title)}"),
        element("p", f"Expected {first.expected}, got {first.verdict.kind}: {first.verdict.reason}."),
        "" if first.verdict.control else element("p", *advice, "."),
        change if stacks else "",
        element("p", *(part for link in links for part in (link, " ")), more, class_="links"),
    )
