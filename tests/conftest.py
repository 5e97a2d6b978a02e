"""One thread a process, as several run side by side. What has much in common goes to one of them, what takes long
first."""
import os
import sys
from collections import defaultdict
from typing import Any, Dict, Iterator, List

os.environ.setdefault("OMP_NUM_THREADS", "1")       # before torch is loaded; what tests start inherits it

import pytest  # noqa: E402

SECONDS = {"slow": 30.0, "full": 5.0, "browser": 1.0}       # about, of a test with that mark; of any other
OTHERWISE = 0.3


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: List[pytest.Item]) -> Iterator[None]:
    """A group is run by one worker: a file's tests share its fixtures, a network's goldens its weights of full size,
    tests in a browser the browser. The longest come first, or one worker ends long after the others.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("browser" if browses(item) else item.nodeid.split("::")[0]))
        if browses(item) and sys.version_info < (3, 9):
            item.add_marker(pytest.mark.full)       # a page is the same script, whichever Python wrote it
    yield
    groups: Dict[str, float] = defaultdict(float)
    for item in items:
        groups[group_of(item)] += seconds(item)
    items.sort(key=lambda item: -groups[group_of(item)])        # stable: within a group they stay as they are


def browses(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())


def group_of(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    assert mark is not None
    return str(mark.args[0] if mark.args else mark.kwargs["name"])


def seconds(item: pytest.Item) -> float:
    marks = [name for name in ("slow", "full") if item.get_closest_marker(name)]
    return SECONDS[(marks + ["browser"])[0]] if marks or browses(item) else OTHERWISE


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """xdist's own puts groups of many tests first."""
    from xdist.scheduler import LoadGroupScheduling

    class AsCollected(LoadGroupScheduling):
        def _assign_work_unit(self, node: Any) -> None:
            first = next(scope for scope in self._scopes() if scope in self.workqueue)
            self.workqueue.move_to_end(first, last=False)
            super()._assign_work_unit(node)

        def _scopes(self) -> Dict[str, None]:
            return dict.fromkeys(map(self._split_scope, self.collection))

    return AsCollected(config, log) if config.getoption("dist") == "loadgroup" else None
