"""Mistakes on a command line: each ends in one sentence on one line, with what to write instead."""

from pathlib import Path

from mintls.command_line.script import Script
from mintls.errors import UsageError

import pytest
from plumbum import cli


def even(text: str) -> int:
    if int(text) % 2:
        raise ValueError("write an even number")
    return int(text)


class Example(Script):
    """Takes one word of each kind."""

    PROGNAME = "example.py"

    ca = cli.SwitchAttr("--ca", cli.ExistingFile)
    jobs = cli.SwitchAttr(["-j", "--jobs"], cli.Range(1, 8))
    export = cli.SwitchAttr("--export", cli.Set("cert-manager", "helm"))
    even = cli.SwitchAttr("--even", even)
    dry_run = cli.Flag("--dry-run", excludes=["--ca"])
    deep = cli.Flag("--deep", requires=["--jobs"])

    def main(self) -> int:
        return 0


def run(*words: str) -> int:
    _, status = Example.run(["example.py", *words], exit=False)
    return int(status)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--ca", "nope.crt"], "--ca nope.crt: there is no such file; name one that is there"),
        (["--ca", "."], "--ca .: there is no such file; name one that is there"),
        (["-j", "x"], "-j x: write a whole number from 1 to 8"),
        (["--jobs=9"], "--jobs 9: write a whole number from 1 to 8"),
        (["--export", "cert-manger"], "--export cert-manger: 'cert-manger' is not known; did you mean cert-manager?"),
        (["--even", "3"], "--even 3: write an even number"),
        (["--dryrun"], "Unknown switch --dryrun; did you mean --dry-run?"),
        (["--dryrun=3"], "Unknown switch --dryrun; did you mean --dry-run?"),
        (["-J", "3"], "Unknown switch -J; did you mean -j?"),
        (["--frobnicate"], "Unknown switch --frobnicate; example.py --help lists the options"),
        (["--deep"], "--deep needs --jobs: give both or neither"),
        (["--dry-run", "--ca", __file__], "--dry-run and --ca do not go together: give one of them"),
        (["--jobs"], "Switch --jobs requires an argument; example.py --help lists the options"),
    ],
)
def test_a_wrong_word_is_one_sentence(words: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as told:
        run(*words)
    assert str(told.value) == sentence


def test_right_words_are_taken(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").touch()
    words = ["--ca", str(tmp_path / "ca.crt"), "-j", "8", "--export", "helm", "--even", "2", "--deep"]
    assert run(*words) == run("--dry-run") == 0


def test_help_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--deep", "--help") == 0
    assert "example.py [OPTIONS]" in capsys.readouterr().out
