"""The command `card-studio`: without a command the window, otherwise the command line. Alone joins the two."""

import datetime
import logging
import sys
import traceback
from pathlib import Path

import platformdirs

from card_studio.errors import UserError

USER_MISTAKE = 2
BUG = 1


def main() -> None:
    """Run what the command line asks for and exit with its status."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; a user's mistake is one line on stderr, a bug a line that says where its report lies."""
    from card_studio import cli  # here, so that the window and --help do not pay for each other

    try:
        wanted = cli.run(arguments)
        if isinstance(wanted, cli.Window):
            from card_studio.ui.app import run_window

            return run_window(wanted.workspace)
    except UserError as error:
        print(f"card-studio: {error}", file=sys.stderr)  # noqa: T201 - the command line's own voice
        return USER_MISTAKE
    except Exception as error:  # noqa: BLE001 - the last place where a bug can be turned into a report
        path = write_report(error)
        print(f"card-studio: {type(error).__name__}: {error}; a report is in {path}", file=sys.stderr)  # noqa: T201 - as above
        return BUG
    return wanted


def write_report(error: BaseException) -> Path:
    """Write what is known of a bug into the user's log folder and return the file."""
    folder = platformdirs.user_log_path("card-studio", appauthor=False, ensure_exists=True)
    now = datetime.datetime.now(datetime.UTC)
    path = folder / f"report-{now:%Y%m%dT%H%M%S%f}.txt"
    text = [f"card-studio {' '.join(sys.argv[1:])}\n{now.isoformat()}\npython {sys.version}\n\n"]
    path.write_text("".join(text + traceback.format_exception(error)), encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
