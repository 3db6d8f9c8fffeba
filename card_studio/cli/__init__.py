"""The command line: prints records and computes nothing. `run` is its only entrance.

app.py         the commands, and how a click error becomes one line
deck_app.py    the commands under `deck`
show.py        records as tables and as JSON
"""

from card_studio.cli.app import Window, run

__all__ = ["Window", "run"]
