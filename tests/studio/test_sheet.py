"""Sheets: read back by csv, made harmless for LaTeX."""

import csv

import pytest

from card_studio.studio.sheet import Heading, Sheet, as_csv, as_latex, escaped

SHEET = Sheet(
    title="Cards & decks",
    headings=(Heading(text="card"), Heading(text="robust (%)", digits=1), Heading(text="Δ", digits=1, signed=True)),
    rows=(("a_1, the first", 91.23456789, -0.25), ("b", None, float("nan"))),
    note="n = 100\nseed 0",
    groups=(("", 1), ("suite", 2)),
    marked=frozenset({(0, 2)}),
)


@pytest.mark.parametrize("separator", [",", "\t"])
def test_csv_reads_back_with_its_definition(separator: str) -> None:
    lines = as_csv(SHEET, separator).splitlines()
    assert lines[:3] == ["# Cards & decks", "# n = 100", "# seed 0"]
    rows = list(csv.reader(lines[3:], delimiter=separator))
    assert rows == [["card", "robust (%)", "Δ"], ["a_1, the first", "91.2346", "-0.25"], ["b", "", ""]]


def test_cells_are_written_with_few_figures_and_their_mark() -> None:
    assert [SHEET.written(0, column) for column in range(3)] == ["a_1, the first", "91.2", "−0.2 *"]
    assert [SHEET.written(1, column) for column in range(1, 3)] == ["–", "–"]


def test_latex_is_one_row_a_line_with_bold_marks() -> None:
    text = as_latex(SHEET)
    assert r"\begin{tabular}{lrr}" in text
    assert r"\multicolumn{1}{c}{} & \multicolumn{2}{c}{suite} \\" in text
    assert r"a\_1, the first & 91.2 & \textbf{$-$0.2} \\" in text
    assert r"\caption{Cards \& decks. n = 100 seed 0}" in text
    assert text.count("{") == text.count("}")


def test_every_special_character_is_escaped() -> None:
    assert escaped("50 % of_a {b} $5 #1 & c~d^e\\") == (
        r"50 \% of\_a \{b\} \$5 \#1 \& c\textasciitilde{}d\textasciicircum{}e\textbackslash{}"
    )
