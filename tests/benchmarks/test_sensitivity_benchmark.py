"""Sensitivity maps: time of a whole map against all 1,024 cells evaluated plainly (ResNet-20, 256 images, 32 x 32).

Each side has a process of its own, ours with the malloc thresholds that a worker is given; they take turns, so both
meet the same machine, and the ratio is asserted, not the time.
"""

import os
import statistics
import subprocess
import sys

import pytest

pytestmark = pytest.mark.benchmark
TURNS, CELLS, DISTINCT = 8, 1_024, 514
COMMON = """
import sys, time, torch
from card_studio.domain.fourier import fourier_basis
from card_studio.domain.job import MapOptions
from card_studio.domain.names import NetworkName
from card_studio.engine.nets import NETS
from card_studio.engine.sensitivity import Measurement
torch.manual_seed(0)
net = NETS[NetworkName.RESNET20](10).eval()
images, labels = torch.randint(0, 256, (256, 3, 32, 32), dtype=torch.uint8), torch.zeros(256, dtype=torch.int64)
"""
PLAIN = """
scaled, basis = images / 255, torch.from_numpy(fourier_basis(32)[5])
def cell():
    with torch.no_grad():
        signs = torch.randint(0, 2, (len(scaled), 3, 1, 1)) * 2 - 1
        return float((net(scaled + 4 * signs * basis).argmax(1) != labels).float().mean())
"""
OURS = """
map = Measurement(net, images, labels, MapOptions(), device=torch.device("cpu"), precision="PRECISION")
cell = map.advance
"""
TURN = """
cell()
for line in sys.stdin:
    began = time.perf_counter()
    cell()
    sys.stdout.write(f"{time.perf_counter() - began}\\n")
    sys.stdout.flush()
"""


def child(code: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", COMMON + code + TURN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def turn(process: "subprocess.Popen[str]") -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return float(process.stdout.readline())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_map_takes_under_a_third_of_all_cells_evaluated_plainly(
    precision: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep = str(1 << 32)
    with (
        child(PLAIN) as plain,
        child(OURS.replace("PRECISION", precision), MALLOC_MMAP_THRESHOLD_=keep, MALLOC_TRIM_THRESHOLD_=keep) as ours,
    ):
        times = [(turn(plain), turn(ours)) for _ in range(TURNS)]
        plain.communicate()
        ours.communicate()
    all_cells = CELLS * statistics.median(time for time, _ in times)
    whole_map = DISTINCT * statistics.median(time for _, time in times)
    with capsys.disabled():
        sys.stdout.write(f"\n{precision}: a map {whole_map:.0f} s, all cells plainly {all_cells:.0f} s\n")
    assert all_cells / whole_map >= 3
