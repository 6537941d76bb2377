"""The JSON Schemas of the reports (pure).

Run `python -m mintls.report.json_schema` in scripts/ to write them to schemas/.
"""

from typing import NamedTuple

from mintls.inspection.report import InspectionReport
from mintls.report.json_report import HandshakeReport
from mintls.report.mint_report import MintReport

import msgspec


class Report(NamedTuple):
    """A report: what writes it, and its type."""

    title: str
    kind: type[msgspec.Struct]


REPORTS = {
    "handshake": Report("The report of handshake_check.py --json", HandshakeReport),
    "mint": Report("The report of generate.py --json", MintReport),
    "verify": Report("The report of verify.py --json", InspectionReport),
}


def report_schema(report: Report) -> bytes:
    """JSON Schema 2020-12, indented."""
    schema = msgspec.json.schema(report.kind)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": report.title, **schema}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


if __name__ == "__main__":
    for name, report in REPORTS.items():
        with open(f"schemas/{name}.schema.json", "wb") as file:
            file.write(report_schema(report))
