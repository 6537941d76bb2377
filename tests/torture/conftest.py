"""Of each attack plain `tox` tries the first of its kinds, and `tox -e torture`, as CI does, all of them."""

from collections import defaultdict
from pathlib import Path

import pytest
from fault_injection import FULL

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever names tests, with -k or by their ids, gets those."""
    if FULL or config.option.keyword or any("::" in argument for argument in config.args):
        return
    kinds = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        if item.path.parent == FOLDER:
            kinds[item.nodeid.partition("[")[0]].append(item)
    others = {item for of_one_test in kinds.values() for item in of_one_test[1:]}
    config.hook.pytest_deselected(items=[item for item in items if item in others])
    items[:] = [item for item in items if item not in others]
