"""The text of --help: usage, what the script does, and its options by group."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

COLUMN, WIDEST = 26, 100  # characters: where descriptions begin, and the longest line


def help_text(program: str, arguments: str, about: str, switches: Iterable[Any]) -> str:
    """The whole text; `switches` are plumbum's descriptions of the options (SwitchInfo), `about` a docstring."""
    width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
    first, _, rest = (" ".join(paragraph.split()) for paragraph in (about or "").partition("\n\n"))
    lines = [f"Usage: {program} [OPTIONS] {arguments}".rstrip(), "", *textwrap.wrap(first, width)]
    for paragraph in rest.split("\n\n") if rest else ():
        lines += ["", *textwrap.wrap(paragraph, width)]
    groups: dict[str, list[Any]] = {}
    for switch in {id(switch): switch for switch in switches}.values():  # one of two names comes twice
        groups.setdefault("General" if switch.group == "Meta-switches" else switch.group, []).append(switch)
    for group in sorted(groups, key=lambda name: (name == "General", name != "Switches")):
        title = {"Switches": "Options", "General": "General options"}.get(group, f"{group} options")
        lines += ["", f"{title}:"]
        for switch in sorted(groups[group], key=_name):
            lines += _lines(switch, width)
    return "\n".join(lines)


def _name(switch: Any) -> str:
    return str(max(switch.names, key=len))


def _lines(switch: Any, width: int) -> Iterator[str]:
    names = ", ".join(f"-{name}" if len(name) == 1 else f"--{name}" for name in sorted(switch.names, key=len))
    words = f"  {names} {switch.argname}" if switch.argtype else f"  {names}"
    text = textwrap.wrap(str(switch.help), width - COLUMN)
    if len(words) >= COLUMN:
        yield words
        words = ""
    for number, line in enumerate(text):
        yield f"{words if number == 0 else '':<{COLUMN}}{line}"
