"""The environment of children that compute."""

import pytest

from card_studio.studio.launch import child_environment


def test_a_child_has_its_threads_and_lets_waiting_ones_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    environment = child_environment(3)
    assert {environment[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS")} == {"3"}
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_the_user_says_of_waiting_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert child_environment(1)["OMP_WAIT_POLICY"] == "ACTIVE"
