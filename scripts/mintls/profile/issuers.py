"""The issuers of the entries of a profile, and the order in which entries are issued (pure)."""

import graphlib
from collections.abc import Sequence

from mintls.profile.model import Entry

Finding = tuple[tuple[str | int, ...], str]  # the path of a field, and a message
SECTIONS = {
    "authority": "authorities",
    "server": "servers",
    "client": "clients",
    "peer": "peers",
    "responder": "responders",
}


def path(entry: Entry, *steps: str | int) -> tuple[str | int, ...]:
    """The path of an entry, or of one of its fields, in the profile."""
    name = entry.name if entry.index is None else entry.name.rpartition("-")[0]
    return (SECTIONS[entry.role], name, *steps)


def issuers_first(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Entries in an order in which every issuer comes before what it signs; unchanged if issuers form a loop."""
    places = {entry.name: index for index, entry in enumerate(entries)}
    graph = {
        index: [places[name] for name in (entry.issuer, entry.cross_signs) if name in places]
        for index, entry in enumerate(entries)
    }
    try:
        return tuple(entries[index] for index in graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError:
        return tuple(entries)
