"""The ``kolla`` program: global options, dispatch, errors and exit codes.

Exit codes: 0 done, 1 failed or unhealthy, 2 wrong usage.
"""

import contextlib
import errno
import functools
import io
import logging
import os
import pathlib
import signal
import sys
import textwrap
import traceback
from typing import TYPE_CHECKING, Any, TextIO

from cliff import app

from kolla.catalog import discovery
from kolla.cli import journal, logfile, plain
from kolla.cli.base import Configuration, folded
from kolla.cli.commands import CommandManager
from kolla.cli.completion import Complete
from kolla.cli.help import Help
from kolla.cli.parser import Parser, assignment, completed
from kolla.cli.postpone import postpone
from kolla.errors import KollaError

if TYPE_CHECKING:
    from kolla.deployment import Deployment

LOG = logging.getLogger(__name__)

DEFAULT_CONFIG_DIR = pathlib.Path("/etc/kolla")

DESCRIPTION = """\
Run OpenStack on this host as containers, each upgraded and rolled back atomically.

The deployment is a tree: its nodes are container sets, its leaves containers."""

EPILOG = """\
`kolla status` is the place to begin. `kolla COMMAND --help` explains a command, with
an example. Exit codes: 0 done, 1 failed or unhealthy, 2 wrong usage."""


class Kolla(app.App):
    """The application; commands reach the deployment through it."""

    NAME = "kolla"
    parser: Parser
    command_manager: CommandManager

    def __init__(self) -> None:
        super().__init__(DESCRIPTION, None, CommandManager("kolla.cli"))
        self._configuration = Configuration.READABLE
        self.command_manager.add_command("help", Help)
        self.command_manager.add_command("complete", Complete)

    def build_option_parser(
        self, description: str | None, version: str | None, argparse_kwargs: Any = None
    ) -> Parser:
        parser = Parser(
            prog=self.NAME, usage="kolla [OPTIONS] COMMAND [ARGUMENTS]",
            description=description, epilog=EPILOG, add_help=False,
        )
        parser.add_argument(
            "-h", "--help", action="store_true",
            help="show help for kolla or for a command",
        )
        parser.add_argument("--version", action="store_true", help="show kolla's version")
        parser.add_argument(
            "--config-dir", metavar="DIR", type=pathlib.Path, default=DEFAULT_CONFIG_DIR,
            help="directory of kolla.conf (default: /etc/kolla)",
        )
        completed(parser.add_argument(
            "--host", metavar="NAME", help="host whose hosts/NAME.conf is read (default: this one)"
        ), "hosts")
        completed(parser.add_argument(
            "--set", metavar="GROUP.OPTION=VALUE", dest="overrides", type=assignment,
            action="append", default=[], help="set an option for this command; repeatable",
        ), "options")
        loudness = parser.add_mutually_exclusive_group()
        loudness.add_argument(
            "-v", "--verbose", action="count", default=1, dest="verbose_level",
            help="increase verbosity (-vv: debug)",
        )
        loudness.add_argument(
            "-q", "--quiet", action="store_const", const=0, dest="verbose_level",
            help="errors only",
        )
        parser.add_argument(
            "--log-file", metavar="FILE", type=pathlib.Path,
            help="also append what kolla says to a file, with times",
        )
        parser.add_argument("--debug", action="store_true", help="show tracebacks of errors")
        return parser

    def configure_logging(self) -> None:
        """Warnings to standard error, more with -v; all but debug to the log file, if any."""
        levels = (logging.ERROR, logging.WARNING, logging.INFO)
        level = dict(enumerate(levels)).get(self.options.verbose_level, logging.DEBUG)
        handler = _StandardError()
        form = journal.Formatter if journal.is_read_by_it(sys.stderr) else logging.Formatter
        place = "%(levelname)s %(name)s: " if level == logging.DEBUG else ""
        handler.setFormatter(form(f"kolla: {place}%(message)s"))
        handler.addFilter(logfile.is_for_standard_error)
        handlers: list[logging.Handler] = [handler]
        logfile.TOLD.setLevel(logging.NOTSET)
        if self.options.log_file:
            handlers.append(logfile.LogFile(self.options.log_file))
            logfile.TOLD.setLevel(min(level, logging.INFO))
        logging.basicConfig(level=level, handlers=handlers, force=True)

    @functools.cached_property
    def deployment(self) -> "Deployment":
        """The deployment that the global options select; warns of broken plugins.

        Its configuration may be the last valid one, if the command can work with that.
        """
        deployment = self.new_deployment()
        for error in deployment.installed.errors:
            LOG.warning("%s", error)
        if self._configuration is not Configuration.TODAYS:
            judge = self._configuration is Configuration.LAST_VALID and not deployment.is_copy
            deployment.configuration.settle(judge)
        return deployment

    def new_deployment(self) -> "Deployment":
        """A new deployment without warnings, for a command that reports broken plugins itself."""
        from kolla.deployment import Deployment

        folder, is_copy = self.options.config_dir, False
        if os.geteuid() != 0:
            from kolla.store import published

            folder = published.readable(folder) if folder == DEFAULT_CONFIG_DIR else folder
            is_copy = published.is_copy(folder)
        return Deployment(
            config_dir=folder, host=self.options.host, overrides=dict(self.options.overrides),
            is_copy=is_copy,
        )

    def run(self, argv: list[str]) -> int:
        """Run one command; an error becomes lines on standard error and an exit code."""
        try:
            code = self.run_subcommand(argv)
            self.stdout.flush()
            logfile.TOLD.info("ended with exit code %s", code)
            return code
        except BrokenPipeError:  # the reader of the output has gone
            self._write_nowhere()
            return 1
        except (Exception, KeyboardInterrupt) as error:
            if _is_full(error):
                self._write_nowhere()
            if "--debug" in argv:
                traceback.print_exc(file=self.stderr)
            return _complain(_readable(error), self.stderr)

    def _write_nowhere(self) -> None:
        """Discard what Python flushes at exit."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())

    def run_subcommand(self, argv: list[str]) -> int:
        # The command alone gets everything after a lone --.
        end = argv.index("--") if "--" in argv else len(argv)
        self.options, words = self.parser.parse_known_args(argv[:end])
        self.configure_logging()
        if self.options.version:
            return self.print_version()
        if self.options.help or not words:
            return self.print_help(words)
        if words[0].startswith("-"):
            self.parser.error(f"unrecognized arguments: {words[0]}")
        command_class, name, arguments = self.command_manager.find_command(words + argv[end:])
        command = command_class(self, self.options, cmd_name=name)
        self._configuration = command.configuration
        logfile.TOLD.info("%s begins", name)
        try:
            return command.run(command.get_parser(f"kolla {name}").parse_args(arguments))
        finally:
            if "deployment" in vars(self):
                self.stdout.flush()
                self.deployment.close()

    def print_version(self) -> int:
        self.stdout.write(f"kolla {discovery.version()}\n")
        return 0

    def print_help(self, words: list[str]) -> int:
        """Explain a command, list the commands of a noun, or list all commands."""
        summaries = self.command_manager.summaries(words[0] if words else "")
        if not words:
            self.stdout.write(self.parser.format_help() + "\ncommands:\n")
        elif words[1:] or words[0] in summaries or not summaries:
            command_class, name, _ = self.command_manager.find_command(words)
            command = command_class(self, self.options, cmd_name=name)
            parser = command.get_parser(f"kolla {name}")
            parser.everything = self.options.verbose_level > 1
            self.stdout.write(parser.format_help())
            return 0
        for name, summary in summaries.items():
            self.stdout.write(f"  {name:<21}  {summary}\n")
        return 0


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to the standard error of the moment, which a progress display may replace."""

    stream = property(lambda self: sys.stderr, lambda self, stream: None)

    def format(self, record: logging.LogRecord) -> str:
        return folded(super().format(record), self.stream)


def _complain(error: KollaError, stream: TextIO) -> int:
    logfile.TOLD.error("%s", error)
    text = f"kolla: {error.message}"
    if error.hint:
        text += "\n" + textwrap.indent(error.hint, "  ")
    text = folded(text, stream)
    with contextlib.suppress(OSError):  # the exit code is told in any case
        print(journal.marked(text, journal.ERROR) if journal.is_read_by_it(stream) else text,
              file=stream, flush=True)
    return error.exit_code


def _is_full(error: BaseException) -> bool:
    """Whether the output found no room; errors of other files have a file name."""
    return (isinstance(error, OSError) and error.errno == errno.ENOSPC
            and error.filename is None)


def _open_standard_streams() -> None:
    """Open the standard streams that are closed (``>&-``), so that no file gets their number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            while (handle := os.open(os.devnull, os.O_RDWR)) < number:
                pass
            setattr(sys, name, os.fdopen(handle, mode))


def _readable(error: BaseException) -> KollaError:
    if isinstance(error, KollaError):
        return error
    if _is_full(error):
        return KollaError(f"the output cannot be written: {os.strerror(errno.ENOSPC)}")
    if isinstance(error, KeyboardInterrupt):
        return KollaError(
            "interrupted",
            "what was begun is finished or undone by the next command, or by `kolla recover`",
        )
    return KollaError(
        discovery.unforeseen(error, "this is a bug in kolla"), "the option --debug shows where"
    )


def main() -> int:
    """The console script."""
    # oslo.config needs it for options that are URIs, and its regular expressions take a
    # tenth of the time of `kolla set list`.
    postpone("rfc3986")
    _open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=plain.NAME)  # the terminal may lack characters
    # After SIGTERM kolla tidies up, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        program = Kolla()
    except KollaError as error:  # the commands cannot be listed
        return _complain(error, sys.stderr)
    return program.run(sys.argv[1:])
