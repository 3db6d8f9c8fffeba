"""Benchmarks of the window are collected only where Qt is: all else must pass without it."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("PySide6") else ["test_preview_benchmark.py", "test_window_benchmark.py"]
