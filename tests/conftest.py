"""One thread a process, as several run side by side, and what has much in common goes to one of them."""
import os
from typing import List

os.environ.setdefault("OMP_NUM_THREADS", "1")       # before torch is loaded; what tests start inherits it

import pytest  # noqa: E402


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """A group is run by one worker: a file's tests share its fixtures, a network's goldens its weights of full size,
    tests in a browser the browser."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            browses = "browser" in getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.xdist_group("browser" if browses else item.nodeid.split("::")[0]))
