"""The style sheet over Fusion: hairlines instead of boxes, one accent, a focus ring that is seen."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from card_studio.ui.tokens import LIGHT, Tokens, mixed

_SHEET = """
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.hairline}; padding: 4px 6px; }}
QLabel[role="title"] {{ font-size: {title}px; font-weight: 600; }}
QLabel[role="display"] {{ font-size: {display}px; font-weight: 600; }}
QLabel[role="caption"] {{ font-size: {small}px; color: {t.muted}; }}
QLabel[role="muted"] {{ color: {t.muted}; }}
QLabel[role="problem"] {{ font-size: {small}px; color: {t.negative}; }}
QLabel[role="section"] {{ font-weight: 600; }}

QPushButton, QToolButton[role="button"] {{
    background: {t.surface}; color: {t.text}; border: 1px solid {t.hairline}; border-radius: 4px;
    padding: 5px 12px; min-height: 18px;
}}
QPushButton:hover, QToolButton[role="button"]:hover {{ background: {t.hover}; }}
QPushButton:pressed, QPushButton:checked, QToolButton[role="button"]:checked {{ background: {t.selection}; }}
QPushButton:focus, QToolButton[role="button"]:focus {{ border: 2px solid {t.focus}; padding: 4px 11px; }}
QPushButton:disabled, QToolButton:disabled {{ color: {faded}; }}
QPushButton[role="primary"] {{ background: {t.accent}; color: {t.accent_text}; border-color: {t.accent}; }}
QPushButton[role="primary"]:hover {{ background: {accent_hover}; }}
QPushButton[role="primary"]:focus {{ border: 2px solid {t.text}; }}
QPushButton[role="primary"]:disabled {{ background: {t.hover}; color: {faded}; border-color: {t.hairline}; }}
QToolButton {{ border: 1px solid transparent; border-radius: 4px; padding: 4px; background: transparent; }}
QToolButton:hover {{ background: {t.hover}; }}
QToolButton:checked {{ background: {t.selection}; }}
QToolButton:focus {{ border: 2px solid {t.focus}; padding: 3px; }}

QToolButton[popupMode="2"][role="button"] {{ padding-right: 26px; }}
QToolButton[popupMode="2"][role="button"]:focus {{ padding-right: 25px; }}
QToolButton::menu-indicator {{
    image: url("{icons}/chevron-down.svg"); width: 11px; height: 11px;
    subcontrol-origin: border; subcontrol-position: right center; right: 8px;
}}
QToolButton[role="rail"] {{ color: {t.muted}; font-size: {small}px; padding: 7px 2px 5px 2px; border-radius: 6px; }}
QToolButton[role="rail"]:hover {{ color: {t.text}; }}
QToolButton[role="rail"]:checked {{ background: {t.selection}; color: {t.text}; }}
QToolButton[role="rail"]:focus {{ padding: 6px 1px 4px 1px; }}

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
    background: {t.surface}; color: {t.text}; border: 1px solid {t.hairline}; border-radius: 4px;
    padding: 3px 6px; selection-background-color: {t.accent}; selection-color: {t.accent_text};
}}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{
    border: 2px solid {t.focus}; padding: 2px 5px;
}}
QLineEdit[problem="true"], QComboBox[problem="true"] {{ border-color: {t.negative}; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow, QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{
    image: url("{icons}/chevron-down.svg"); width: 11px; height: 11px;
}}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url("{icons}/chevron-up.svg"); width: 9px; height: 9px; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{
    border: none; background: transparent; width: 18px;
}}
QComboBox QAbstractItemView {{
    background: {t.raised}; border: 1px solid {t.hairline}; selection-background-color: {t.selection};
    selection-color: {t.text};
}}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator {{
    width: 14px; height: 14px; border: 1px solid {t.muted}; border-radius: 3px; background: {t.surface};
}}
QCheckBox::indicator:hover {{ border-color: {t.text}; }}
QCheckBox::indicator:checked {{
    background: {t.accent}; border-color: {t.accent}; image: url("{icons}/check-{scheme}.svg");
}}
QCheckBox::indicator:focus {{ border: 2px solid {t.focus}; width: 12px; height: 12px; }}
QCheckBox::indicator:checked:focus {{ border: 2px solid {t.text}; }}
QCheckBox::indicator:disabled {{ background: {t.hover}; border-color: {t.hairline}; }}

QAbstractItemView {{
    background: {t.surface}; border: none; selection-background-color: {t.selection}; selection-color: {t.text};
    outline: none;
}}
QTableView {{ gridline-color: transparent; }}
QTableView::item {{ padding: 0 8px; }}
QHeaderView {{ background: {t.surface}; border: none; }}
QHeaderView::section {{
    background: {t.surface}; color: {t.muted}; font-size: {small}px; border: none;
    border-bottom: 1px solid {t.hairline}; padding: 6px 11px;
}}
QHeaderView::section:hover {{ color: {t.text}; }}
QHeaderView::up-arrow, QHeaderView::down-arrow {{
    subcontrol-origin: border; subcontrol-position: top center; width: 9px; height: 9px;
}}
QHeaderView::up-arrow {{ image: url("{icons}/chevron-up.svg"); }}
QHeaderView::down-arrow {{ image: url("{icons}/chevron-down.svg"); }}
QTableCornerButton::section {{ background: {t.surface}; border: none; }}

QMenuBar {{ background: {t.background}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.hairline}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 28px; border-radius: 3px; }}
QMenu::item:selected {{ background: {t.selection}; color: {t.text}; }}
QMenu::item:disabled {{ color: {faded}; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::separator {{ height: 1px; background: {t.hairline}; margin: 4px 8px; }}
QStatusBar {{ background: {t.background}; color: {t.muted}; border-top: 1px solid {t.hairline}; }}
QStatusBar::item {{ border: none; }}

QTabWidget::pane {{ border: none; border-top: 1px solid {t.hairline}; }}
QTabWidget[panel="dialog"]::tab-bar {{ left: 24px; }}
QTabBar {{ qproperty-drawBase: 0; background: transparent; }}
QTabBar::tab {{
    background: transparent; color: {t.muted}; padding: 7px 4px; margin-right: 16px; border: none;
    border-bottom: 2px solid transparent;
}}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom: 2px solid {t.accent}; }}
QTabBar::tab:focus {{ border-bottom: 2px solid {t.focus}; background: {t.hover}; }}
QSplitter::handle {{ background: {t.hairline}; }}
QSplitter::handle:hover {{ background: {t.accent}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QScrollArea {{ border: none; background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {scroll}; border-radius: 3px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{
    background: {t.hairline}; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; color: transparent;
}}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
*[panel="hairline"] {{ background: {t.hairline}; }}
*[panel="surface"] {{ background: {t.surface}; }}
*[panel="raised"] {{ background: {t.raised}; border: 1px solid {t.hairline}; border-radius: 6px; }}
*[panel="toast"] {{ background: {t.raised}; border: 1px solid {t.hairline}; border-radius: 6px; }}
*[panel="toast"][kind="problem"] {{ border-left: 3px solid {t.negative}; }}
*[panel="rule-left"] {{ background: {t.surface}; border-left: 1px solid {t.hairline}; }}
"""


def stylesheet(tokens: Tokens, sizes: Mapping[str, int]) -> str:
    """Return the whole application's style sheet.

    Args:
        tokens: the colours.
        sizes: pixels of each font role: small, body, title, display.
    """
    return _SHEET.format(
        t=tokens,
        icons=_icon_folder(),
        scheme="light" if tokens is LIGHT else "dark",
        small=sizes["small"],
        title=sizes["title"],
        display=sizes["display"],
        faded=mixed(tokens.muted, tokens.surface, 0.4),
        accent_hover=mixed(tokens.accent, tokens.text, 0.15),
        scroll=mixed(tokens.hairline, tokens.muted, 0.35),
    )


def _icon_folder() -> str:
    """Return where the installed arrows lie, as a style sheet writes paths on every system."""
    return (Path(str(files("card_studio.resources"))) / "icons").as_posix()
