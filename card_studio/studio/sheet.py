"""A table of results that carries what its numbers are: read on screen, or written as CSV or as a LaTeX table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

Value = str | float | int | None
_ESCAPES = {
    "\\": r"\textbackslash{}",
    **{mark: "\\" + mark for mark in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "×": r"$\times$",
    "−": "$-$",
    "±": r"$\pm$",
    "Δ": r"$\Delta$",
    "·": r"$\cdot$",
    "–": "--",
    "†": r"$\dagger$",
    "α": r"$\alpha$",
}
_NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A column: its header with the unit, and how its figures are written; without digits it holds words."""

    text: str
    digits: int | None = None
    signed: bool = False

    def written(self, value: Value) -> str:
        """Return a value as it is read: `91.2`, `+3.4`, or `–` where there is none."""
        if value is None or value != value:
            return _NOTHING
        if self.digits is None or isinstance(value, str):
            return str(value)
        said = f"{value:{'+' if self.signed else ''},.{self.digits}f}"
        return said.replace("-", "−")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with its title and definition."""

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str
    """What the numbers are: suite, n, seeds, tests."""
    groups: tuple[tuple[str, int], ...] = ()
    """Names over several columns, from left to right, with how many each spans; "" for none."""
    marked: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    """Cells (row, column) that stand out, such as significant ones; the note says why."""

    def written(self, row: int, column: int) -> str:
        """Return a cell as it is read, with an asterisk where it is marked."""
        said = self.headings[column].written(self.rows[row][column])
        return f"{said} *" if (row, column) in self.marked else said


def as_csv(sheet: Sheet, separator: str = ",") -> str:
    """Return separated values at full precision; title and note come first, as lines that begin with `#`."""
    out = io.StringIO()
    for line in (sheet.title, *sheet.note.splitlines()):
        out.write(f"# {line}\n")
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(heading.text for heading in sheet.headings)
    for row in sheet.rows:
        writer.writerow("" if value is None or value != value else _plain(value) for value in row)
    return out.getvalue()


def as_latex(sheet: Sheet) -> str:
    """Return a `table` with booktabs' rules; marked cells are bold, the note is in the caption."""
    columns = "".join("l" if heading.digits is None else "r" for heading in sheet.headings)
    lines = [r"\begin{table}", r"\centering", rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    if sheet.groups:
        spans = [rf"\multicolumn{{{count}}}{{c}}{{{escaped(name)}}}" for name, count in sheet.groups]
        lines.append(" & ".join(spans) + r" \\")
    lines.append(" & ".join(escaped(heading.text) for heading in sheet.headings) + r" \\")
    lines.append(r"\midrule")
    for row in range(len(sheet.rows)):
        lines.append(" & ".join(_latex_cell(sheet, row, column) for column in range(len(sheet.headings))) + r" \\")
    caption = escaped(f"{sheet.title}. {sheet.note}")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", rf"\caption{{{caption}}}", r"\end{table}", ""])


def as_markdown(sheet: Sheet) -> str:
    """Return a table in Markdown's pipes, marked cells with an asterisk, and the note below it."""
    groups = [name for name, count in sheet.groups for _ in range(count)] or [""] * len(sheet.headings)
    headings = [
        f"{name}: {each.text}" if name else each.text for name, each in zip(groups, sheet.headings, strict=True)
    ]
    lines = [_piped(headings), _piped(["---" if each.digits is None else "---:" for each in sheet.headings])]
    for row in range(len(sheet.rows)):
        lines.append(_piped([sheet.written(row, column) for column in range(len(sheet.headings))]))
    return "\n".join([*lines, "", sheet.note, ""])


def _piped(cells: Sequence[str]) -> str:
    said = (cell.replace("|", r"\|").replace(" *", r" \*").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(said)} |"


def escaped(text: str) -> str:
    """Return text with LaTeX's special characters made harmless."""
    return "".join(_ESCAPES.get(mark, mark) for mark in text.replace("\n", " "))


def _latex_cell(sheet: Sheet, row: int, column: int) -> str:
    said = escaped(sheet.headings[column].written(sheet.rows[row][column]))
    return rf"\textbf{{{said}}}" if (row, column) in sheet.marked else said


def _plain(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
