"""Draws the medians: seconds against the number of leaves, and how the ratios stand to their targets."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from results import Row, Target

matplotlib.use("svg")
from matplotlib import pyplot


def draw(rows: Sequence[Row], targets: Sequence[Target], title: str, path: Path) -> None:
    """Write an SVG."""
    figure, (fleets, ratios) = pyplot.subplots(1, 2, figsize=(13, 5), layout="constrained")
    figure.suptitle(title, fontsize=9)
    fleet = [row for row in rows if row.work.startswith("W2 P-256")]
    for name in dict.fromkeys(row.name for row in fleet):
        own = [row for row in fleet if row.name == name]
        fleets.plot([row.leaves for row in own], [row.seconds for row in own], marker="o", label=name)
    fleets.set(xscale="log", yscale="log", xlabel="P-256 clients", ylabel="seconds", title="W2: a CA and a fleet")
    fleets.grid(which="both", alpha=0.3)
    if fleet:
        fleets.legend()
    shares = [target.ratio / target.bound for target in targets]
    colours = ["tab:green" if target.met else "tab:red" for target in targets]
    bars = ratios.barh([target.title for target in targets], shares, color=colours)
    ratios.bar_label(bars, [f" {target.ratio:.3g} of {target.bound:g}" for target in targets], fontsize=8)
    ratios.axvline(1, color="black")
    ratios.margins(x=0.2)
    ratios.invert_yaxis()
    ratios.set(title="measured / target: left of the line is met")
    figure.savefig(path)
