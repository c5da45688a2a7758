"""The `depthmask` command: a lazy group, and the exit status of every way to fail.

0 done; 2 wrong usage or input; 1 failed while running; 129, 130 and 143 after SIGHUP, SIGINT and
SIGTERM.
Command modules import torch and friends inside their functions, so `--help` answers at once.
"""

import importlib
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click

from depthmask.commands.suggestions import about_command, about_option
from depthmask.distributed.launch import find_rank
from depthmask.terminal.console import accounted, show_error
from depthmask.terminal.streams import drop, settle_streams
from shards.base.errors import InputError, RunError
from shards.base.version import __version__
from shards.places.outputs import unwritten

_COMMANDS = {
    "sample-data": "data",
    "build-dataset": "data",
    "stats": "reports",
    "render": "data",
    "report": "reports",
    "verify": "storage",
    "convert": "storage",
    "train": "training",
    "evaluate": "inference",
    "predict": "inference",
    "export": "inference",
    "networks": "reports",
    "depth": "inference",
    "train-teacher": "training",
    "doctor": "reports",
}


def _ask(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    """Note a flag for the whole call; UsageError if both are given."""
    asked = context.meta  # one for the group and the command in it
    name = f"depthmask.{parameter.name}"
    asked[name] = given or asked.get(name, False)
    if asked.get("depthmask.quiet") and asked.get("depthmask.verbose"):
        raise click.UsageError("-q and -v together: give one of the two", context.find_root())


def _flags() -> list[click.Parameter]:
    """Flags that may stand before or after a command's name."""
    return [
        click.Option(names, callback=_ask, is_flag=True, expose_value=False, help=words)
        for names, words in (
            (["-q", "--quiet"], "Print only results and errors."),
            (["-v", "--verbose"], "Also print details, timings and tracebacks."),
        )
    ]


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"depthmask.commands.{_COMMANDS[name]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        if not any(parameter.name == "quiet" for parameter in command.params):
            command.params += _flags()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            raise click.UsageError(about_command(args[0], list(_COMMANDS)), ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with its first sentence: whole, where click would cut it."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, _summary(self.get_command(ctx, name))) for name in _COMMANDS]
            )

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with accounted():
                return super().invoke(ctx)
        except click.NoSuchOption as error:
            if error.ctx is None:
                raise
            others = [self.get_command(ctx, name) for name in _COMMANDS]
            message = about_option(
                error.option_name, error.ctx.command, [each for each in others if each is not None]
            )
            raise click.UsageError(message, error.ctx) from None


def _summary(command: click.Command | None) -> str:
    """The first sentence of a command's help."""
    words = " ".join(((command and command.help) or "").split("\n\n")[0].split())
    return words.partition(". ")[0].removesuffix(".")


@click.group(
    cls=_LazyGroup, params=_flags(), context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="depthmask")
def cli() -> None:
    """Build composite, mask and depth data sets, and train networks on them.

    \b
    Start here:
      depthmask sample-data demo
      depthmask build-dataset --fg demo/cars --bg demo/scenes --samples 2000
      depthmask stats shards
      depthmask train --shards shards --out runs/first --minutes 5
    """


_STOPS = {
    signal.SIGHUP: "hung up",
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "terminated",
}
"""The signals that end a command, and the word printed for each."""


class _Stopped(BaseException):
    """A signal arrived that ends the command; Ctrl-C is Python's own KeyboardInterrupt."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signal.Signals(signum)


def _stop_once(signum: int, frame: FrameType | None) -> NoReturn:
    """Raise once: a second signal during the clean-up would leave files behind."""
    for each in _STOPS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt if signum == signal.SIGINT else _Stopped(signum)


def _interrupted(stop: BaseException, by: signal.Signals) -> NoReturn:
    notes = getattr(stop.__cause__ or stop, "__notes__", ["what is finished is kept."])
    if find_rank().rank == 0:  # one of several ranks speaks for all of them
        click.echo(f"{_STOPS[by]}: {' '.join(notes)}", err=True)
    sys.exit(128 + by)


def _fail(error: BaseException, status: int) -> NoReturn:
    show_error(error)
    sys.exit(status)


def _misused(error: click.ClickException) -> NoReturn:
    """Print what is wrong with the command line, and where its help is."""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    else:
        show_error(error)
        if context is not None:
            click.echo(f"see {context.command_path} --help", err=True)
    sys.exit(error.exit_code)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exits with the status that the module's first lines name."""
    settle_streams()
    for each in _STOPS:
        if signal.getsignal(each) != signal.SIG_IGN:  # as nohup and `&` in scripts set it
            signal.signal(each, _stop_once)
    try:
        status = cli.main(args=arguments, prog_name="depthmask", standalone_mode=False)
        if status:
            sys.exit(status)
    except click.ClickException as error:
        _misused(error)
    except InputError as error:
        _fail(error, 2)
    except RunError as error:
        _fail(error, 1)
    except OSError as error:  # a stream's, such as stdout on a full disk
        drop(1)
        _fail(unwritten(error, "output", "what is finished is kept"), 1)
    except (KeyboardInterrupt, click.Abort) as stop:
        _interrupted(stop, signal.SIGINT)
    except _Stopped as stop:
        _interrupted(stop, stop.signum)
