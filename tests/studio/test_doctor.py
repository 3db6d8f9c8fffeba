"""The doctor says what is there, and what is amiss."""

from pathlib import Path

from card_studio.studio.doctor import examine


def test_a_healthy_place(tmp_path: Path) -> None:
    findings = {finding.what: finding for finding in examine(tmp_path / "workspace")}
    assert findings["engine"].good
    assert "torch 2.13" in findings["engine"].found
    assert "0 cards, 0 jobs, no host" in findings["workspace"].found
    assert all(finding.good for finding in findings.values())


def test_a_workspace_that_cannot_be_used_is_amiss(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("a file")
    findings = {finding.what: finding for finding in examine(tmp_path / "workspace")}
    assert not findings["workspace"].good
    assert str(tmp_path / "workspace") in findings["workspace"].found
