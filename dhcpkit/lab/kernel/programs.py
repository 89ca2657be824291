"""Fork a process on a host: a program to be executed, or a function of ours."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence


def fork_function(function: Callable[[], int]) -> int:
    """Run a function in a new process, which exits with the status that it returns; return the process's id."""
    process = os.fork()
    if process == 0:
        status = 70
        try:
            _default_signals()
            status = function()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return process


def fork_program(
    arguments: Sequence[str],
    environment: dict[str, str],
    directory: str,
    standard: Sequence[int],
    prepare: Callable[[], None],
) -> int:
    """Execute a program on a host, in a session of its own; return the process's id.

    Args:
        arguments: The program's name, looked up in the ``PATH`` of ``environment``, and its arguments.
        environment: Its whole environment.
        directory: Its working directory.
        standard: Descriptors of its standard input, output and error.
        prepare: Called first in the new process: enters the host's namespaces.

    Raises:
        OSError: the program cannot be executed; ``filename`` is its name.
    """
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    process = os.fork()
    if process == 0:
        try:
            os.setsid()
            prepare()
            os.chdir(directory)
            # First out of the way of 0, 1 and 2, so that none is overwritten before it is copied.
            moved = [os.dup(descriptor) for descriptor in standard]
            for number, descriptor in enumerate(moved):
                os.dup2(descriptor, number, inheritable=True)
            _default_signals()
            os.execvpe(arguments[0], list(arguments), environment)
        except OSError as error:
            os.write(write_end, str(error.errno).encode())
        finally:
            os._exit(127)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as report:
        failure = report.read()
    if failure:
        os.waitpid(process, 0)
        raise OSError(int(failure), os.strerror(int(failure)), arguments[0])
    return process


def _default_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
