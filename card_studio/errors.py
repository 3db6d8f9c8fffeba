"""The exceptions of card_studio, split by blame.

Exception
├── UserError            the user's: one clear line (what, where, what to do), exit status 2
│   ├── RecipeError      a recipe with a wrong key, value or combination
│   ├── DataError        a dataset that is missing, damaged or not what was said
│   ├── PictureError     an image file that cannot be read
│   ├── CardFileError    a card, deck, checkpoint or state dict file that is damaged or foreign
│   ├── ExtensionError   a method of one's own that is missing, broken or breaks its promise
│   ├── WorkspaceError   a workspace that cannot be used: read-only, full, locked, too new
│   └── NotFoundError    no job, card or deck of that name
└── anything else        ours: a bug; logged with a report, exit status 1
"""


class UserError(Exception):
    """A mistake that the user can mend; its text is one line saying what, where and what to do."""


class RecipeError(UserError):
    """A recipe with a wrong key, value or combination."""


class DataError(UserError):
    """A dataset that is missing, damaged or not what was said."""


class PictureError(UserError):
    """An image file that cannot be read."""


class CardFileError(UserError):
    """A card, deck, checkpoint or state dict file that is damaged or foreign."""


class ExtensionError(UserError):
    """A method of one's own that is missing, broken, or does not return what it must."""


class WorkspaceError(UserError):
    """A workspace that cannot be used: read-only, full, locked or from a newer version."""


class NotFoundError(UserError):
    """No job, card or deck answers to that name."""
