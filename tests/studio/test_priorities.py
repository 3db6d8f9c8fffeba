"""Training leaves the processor to the window and its dealer: below normal priority, also among grouped sessions."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from card_studio.studio.dealing import DealerClient

_LOWERED = """
from pathlib import Path
import psutil
from card_studio.studio import worker
worker._lower_priority()
group = Path("/proc/self/autogroup")
print(psutil.Process().nice(), group.read_text().split()[-1] if group.exists() else "none")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have priority classes")
def test_a_worker_is_below_normal_and_so_is_the_group_of_its_session() -> None:
    own = psutil.Process().nice()
    command = [sys.executable, "-c", _LOWERED]
    lowered = subprocess.run(command, check=True, capture_output=True, text=True, start_new_session=True)
    niceness, group = lowered.stdout.split()
    assert int(niceness) == 5 > own
    assert group in ("5", "none")


def test_the_dealer_is_as_quick_as_the_window(tmp_path: Path) -> None:
    dealer = DealerClient(tmp_path / "dealer.log")
    process = psutil.Process(dealer._process.pid)
    assert process.nice() == psutil.Process().nice()
    assert process.environ()["OMP_NUM_THREADS"] == "1"
    dealer.close()
