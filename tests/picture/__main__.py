"""Makes handshake.svg, the README's picture: a terminal with a real run against a real server that is set up wrongly.

`tox -e picture` runs it. The server only asks for a certificate (Python's CERT_OPTIONAL).
"""

import os
import pty
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
PICTURE = Path(__file__).with_name("handshake.svg")
WIDTH = 108  # columns
CASES = ("none", "unknown-ca", "stolen", "expired")
# rich's own template fetches a font from elsewhere; this one takes what is there.
TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="A run of mintls">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 16px }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mintls-") as folder:
        certs = Path(folder) / "certs" / "dev"
        mint = [sys.executable, ROOT / "scripts" / "generate.py", ROOT / "profiles" / "dev.yaml", "-q", "-o", certs]
        subprocess.run(mint, check=True)
        command = [sys.executable, TESTS / "peers" / "server.py", "http", "optional"]
        files = [certs / name for name in ("ca.crt", "server.crt", "server.key")]
        server = subprocess.Popen([*command, *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert server.stdout
            port = server.stdout.readline().split()[1]
            words = ["scripts/handshake_check.py", "certs/dev", "--connect", f"localhost:{port}", "--tls", "1.3"]
            words += [word for case in CASES for word in ("--only", case)]
            said = in_terminal([sys.executable, str(ROOT / words[0]), *words[1:]], Path(folder))
        finally:
            server.kill()
            server.wait()
    draw(f"$ python {shlex.join(words)}\n{said}")


def in_terminal(command: list[str], folder: Path) -> str:
    """What a command writes to a terminal, with its colours."""
    reader, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=terminal, stderr=subprocess.DEVNULL)
    os.close(terminal)
    said = b""
    while chunk := read(reader):
        said += chunk
    os.close(reader)
    process.wait()
    return said.decode().replace("\r\n", "\n").rstrip()


def read(reader: int) -> bytes:
    """What is there; nothing when the terminal has closed, which Linux reports as an error."""
    try:
        return os.read(reader, 65536)
    except OSError:
        return b""


def draw(text: str) -> None:
    """The picture of a terminal with this text and its colours."""
    with open(os.devnull, "w") as nowhere:
        console = Console(width=WIDTH, record=True, force_terminal=True, file=nowhere)
        console.print(Text.from_ansi(text), highlight=False)
        PICTURE.write_text(console.export_svg(title="mintls", code_format=TEMPLATE), encoding="utf-8")


main()
