"""Owners for pyqtgraph's menus, which it makes without a parent and so leaves behind when a page goes."""

from typing import Any

from PySide6.QtWidgets import QMenu, QWidget


def adopt_menus(plot: Any, owner: QWidget) -> None:
    """Let the menus of a plot (or of a bare view box) go when `owner` goes.

    Args:
        plot: a pyqtgraph PlotItem or ViewBox.
        owner: the widget that shows it.
    """
    box = plot.getViewBox() if hasattr(plot, "getViewBox") else plot
    for menu in (getattr(plot, "ctrlMenu", None), getattr(box, "menu", None)):
        if isinstance(menu, QMenu):
            menu.setParent(owner, menu.windowFlags())
