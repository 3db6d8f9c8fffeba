"""Copy, export, and read as a table, for whichever plot of a page has the focus: in menus, by key, in the palette."""

from collections.abc import Sequence

from PySide6.QtWidgets import QApplication, QWidget

from card_studio.ui.actions import ActionRegistry
from card_studio.ui.plot_panel import PlotPanel


def add_plot_actions(page: QWidget, actions: ActionRegistry, prefix: str, panels: Sequence[PlotPanel]) -> None:
    """Add a page's plot actions.

    Args:
        page: to which they belong.
        actions: where they go.
        prefix: of their ids, such as "robustness".
        panels: the page's plots; the first stands in while none has the focus.
    """

    def active() -> PlotPanel:
        return active_panel(panels)

    def toggle() -> None:
        active().read_as_table(not active().reads_as_table)

    for name, text, keys, slot, icon, tip in (
        ("copy", "&Copy picture", "Ctrl+Shift+C", lambda: active().copy_picture(), "mdi6.content-copy", ""),
        ("copy_table", "Copy &table", "Ctrl+Alt+C", lambda: active().copy_table(), "mdi6.table-arrow-right", ""),
        ("export", "&Export…", "Ctrl+E", lambda: active().ask_export(), "mdi6.export", "PNG, SVG, CSV or LaTeX"),
        ("table", "&Read as a table", "Ctrl+T", toggle, "mdi6.table", "And back to the plot"),
    ):
        actions.add(f"{prefix}.{name}", text, keys, slot, menu="Plot", icon=icon, scope=page, tip=tip)


def active_panel(panels: Sequence[PlotPanel]) -> PlotPanel:
    """Return the panel in which the focus is, else the first one that can be seen."""
    focus = QApplication.focusWidget()
    inside = [panel for panel in panels if focus is not None and panel.isAncestorOf(focus)]
    return (inside or [panel for panel in panels if panel.isVisible()] or list(panels))[0]
