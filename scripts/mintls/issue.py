"""Carries the steps of a Plan out in a staging directory: independent ones in parallel, every one or none."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from queue import Empty, SimpleQueue

from mintls.errors import MintlsError, OpensslError, VerificationError
from mintls.openssl import Openssl, Result
from mintls.printable import printable
from mintls.steps import Step

Tell = Callable[[str, int, int], None]  # what was done, how many of how many


def carry_out(steps: Sequence[Step], openssl: Openssl, stage: Path, workers: int, tell: Tell) -> None:
    """Run every step after those that make what it needs.

    Raises OpensslError, or VerificationError for a check; other steps are then not begun.
    """
    makers = {name: index for index, step in enumerate(steps) for name in (step.makes, *step.also) if name}
    graph = TopologicalSorter(
        {index: [makers[name] for name in step.needs if name in makers] for index, step in enumerate(steps)}
    )
    graph.prepare()
    ended: SimpleQueue[int] = SimpleQueue()
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        try:
            running = {}
            while graph.is_active():
                for index in graph.get_ready():
                    running[index] = pool.submit(run_step, steps[index], openssl, stage)
                    running[index].add_done_callback(partial(_put, ended, index))
                index = _next(ended)
                running.pop(index).result()
                graph.done(index)
                done += 1
                tell(steps[index].title, done, len(steps))
        except BaseException:  # also ^C: end what runs, begin nothing more
            openssl.stop()
            pool.shutdown(cancel_futures=True)
            raise


def _put(ended: "SimpleQueue[int]", index: int, _: object) -> None:
    ended.put(index)


def _next(ended: "SimpleQueue[int]") -> int:
    while True:
        try:
            return ended.get(timeout=0.5)  # in slices: a ^C just before it sleeps does not wake it
        except Empty:
            continue


def run_step(step: Step, openssl: Openssl, stage: Path) -> None:
    """Run one step in its directory. Raises OpensslError, or VerificationError for a check."""
    if step.folder:
        (stage / step.folder).mkdir(0o700)
    if step.program == "cat":
        (stage / step.makes).write_bytes(b"".join((stage / name).read_bytes() for name in step.argv))
        return
    if step.program == "sh":
        openssl.run_script(step.argv[0], cwd=stage)
        return
    if step.makes:
        openssl.run(step.argv, cwd=stage)
        return
    result = openssl.ask(step.argv, cwd=stage)
    if result.status:
        raise _refusal(step, result)


def _refusal(step: Step, result: Result) -> MintlsError:
    """A refusal has a reason; a verify without one could not be asked."""
    said = result.stdout + result.stderr
    reasons = [printable(line) for line in said.splitlines() if line.startswith("error ")]
    if not reasons:
        return OpensslError(result.argv, f"exit status {result.status}", said)
    lines = [f"what was issued does not {step.title}, so nothing was published:", *reasons[:8]]
    return VerificationError("\n    ".join(lines))
