"""What every script shares at the terminal: errors become a sentence and an exit status."""

import os
import sys
from typing import NoReturn

from plumbum import cli

from mintls.errors import INTERRUPTED, MintlsError


class Script(cli.Application):
    """A command line whose mistakes end in a sentence, never in a traceback."""

    CALL_MAIN_IF_NESTED_COMMAND = False

    @classmethod
    def start(cls) -> NoReturn:
        """Run with sys.argv and leave with the exit status that errors.py lists."""
        try:
            _, status = cls.run(exit=False)
            sys.stdout.flush()
        except MintlsError as error:
            sys.stderr.write(f"{error}\n")
            status = error.status
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            status = INTERRUPTED
        except BrokenPipeError:  # the reader of a pipe has gone: nobody is left to tell
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = 0
        sys.exit(status)
