"""What can be done on the Gallery page, for menus, keys, the palette and the help."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup, QKeySequence

from card_studio.ui.actions import ActionRegistry

if TYPE_CHECKING:
    from card_studio.ui.gallery_page import GalleryPage


def add_gallery_actions(page: "GalleryPage", actions: ActionRegistry) -> None:
    """Add the page's actions; they work while it is shown."""
    _add_looks(page, actions)
    keys = QKeySequence.StandardKey
    for name, text, shortcut, slot, icon, tip in (
        ("open", "&Open a picture…", keys.Open, page.choose_file, "mdi6.folder-open-outline", "An image of your own"),
        ("paste", "&Paste a picture", keys.Paste, page.paste, "mdi6.content-paste", "The image on the clipboard"),
        ("anew", "&Draw anew", "Ctrl+R", page.easel.draw_anew, "mdi6.dice-multiple-outline", "Let chance decide again"),
        ("zoom_in", "Zoom &in", keys.ZoomIn, lambda: page.grid_.zoom_by(1), "mdi6.magnify-plus-outline", ""),
        ("zoom_out", "Zoom o&ut", keys.ZoomOut, lambda: page.grid_.zoom_by(-1), "mdi6.magnify-minus-outline", ""),
        ("fit", "&Fit the width", "Ctrl+0", lambda: page.grid_.set_zoom(None), "mdi6.fit-to-page-outline", ""),
        ("copy", "&Copy the wall", "Ctrl+Shift+C", page.copy, "mdi6.content-copy", "As a picture"),
        ("export", "&Export…", "Ctrl+E", page.ask_export, "mdi6.export", "The whole wall as a PNG file"),
        (
            "write_set",
            "&Write a -C set…",
            "Ctrl+Shift+W",
            page.ask_set,
            "mdi6.folder-multiple-image",
            "A whole corrupted test set on disk",
        ),
    ):
        actions.add(f"gallery.{name}", text, shortcut, slot, menu="Gallery", icon=icon, scope=page, tip=tip)


def _add_looks(page: "GalleryPage", actions: ActionRegistry) -> None:
    group = QActionGroup(page)
    for show, text, shortcut, icon, tip in (
        ("image", "I&mages", "Alt+1", "mdi6.image-outline", "Only the pictures"),
        ("spectrum", "&Spectra", "Alt+2", "mdi6.blur-radial", "Only their log amplitudes"),
        ("both", "&Both", "Alt+3", "mdi6.view-split-vertical", "Each picture with its spectrum beside it"),
    ):
        action = actions.add(
            f"gallery.{show}",
            text,
            shortcut,
            lambda show=show: page.look_at(show),  # type: ignore[misc]  # mypy cannot type the default
            menu="Gallery",
            icon=icon,
            scope=page,
            tip=tip,
            checkable=True,
        )
        action.setChecked(show == page.grid_.look.show)
        group.addAction(action)
    difference = actions.add(
        "gallery.difference",
        "&Differences",
        "Alt+D",
        lambda: page.show_difference(difference.isChecked()),
        menu="Gallery",
        icon="mdi6.plus-minus-variant",
        scope=page,
        tip="How each picture and spectrum differs from the original's",
        checkable=True,
    )
