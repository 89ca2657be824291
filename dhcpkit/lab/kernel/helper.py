"""The lab's PID 1: makes hosts, forks their processes, cuts links, and takes everything with it when it ends.

It ends when the lab's side closes the control channel or is gone, however that came about; the kernel then kills all
that is left in the process namespace, and with it go the networks, the mounts and the files in memory. It has one
thread, for only then may it enter namespaces and fork processes that go on in Python.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.kernel import syscalls
from dhcpkit.lab.kernel.capture import open_capture
from dhcpkit.lab.kernel.channel import Channel, ChannelClosed
from dhcpkit.lab.kernel.groups import pretend_setgroups
from dhcpkit.lab.kernel.host_process import NodeBuilder, run_host
from dhcpkit.lab.kernel.links import Switchboard
from dhcpkit.lab.kernel.messages import (
    AddHost,
    Done,
    Exited,
    OpenCapture,
    Request,
    SetLink,
    Signal,
    Spawn,
    StartService,
)
from dhcpkit.lab.kernel.namespaces import PRIVATE_ROOT, STATE_DIRECTORY, Namespaces, make_host, take_over_filesystem
from dhcpkit.lab.kernel.network import Addresses, Segments
from dhcpkit.lab.kernel.programs import fork_function, fork_program


def main(control: int, parent: int, builder: str, directory: str) -> None:
    """Become the lab's first process and serve the lab's side until it is gone.

    Args:
        control: Descriptor of this end of the control channel.
        parent: Process id of the lab's side.
        builder: Where the function is that builds a host's node, as ``module:function``.
        directory: Where the services' stores are kept; empty for the lab's memory.
    """
    channel = Channel(socket.socket(fileno=control))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        parent_ended = os.pidfd_open(parent)
        is_own_root = enter_first_process(channel)
        module, _, function = builder.partition(":")
        build = getattr(importlib.import_module(module), function)
        helper = Helper(channel, parent_ended, build, Path(directory) if directory else None, is_own_root)
    except Exception as error:
        channel.send(Done(0, error=_sendable_error(error)))
        return
    channel.send(Done(0))
    helper.serve()


def enter_first_process(channel: Channel) -> bool:
    """Enter new namespaces; return in the process that is PID 1 there. The process outside waits for it and exits.

    Returns:
        Whether a user namespace was needed, so that this process is root inside it only.

    Raises:
        OSError: the kernel refused.
    """
    flags = syscalls.CLONE_NEWNET | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID | syscalls.CLONE_NEWUTS
    user_namespace = not syscalls.may_do_without_user_namespace()
    if not user_namespace:
        syscalls.unshare(flags)
    else:
        user, group = os.geteuid(), os.getegid()
        syscalls.unshare(flags | syscalls.CLONE_NEWUSER)
        syscalls.become_root_of_user_namespace(user, group)
    inner = os.fork()
    if inner:
        channel.close()
        os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) & 0xFF)
    syscalls.die_with_parent_thread(signal.SIGKILL)
    take_over_filesystem()
    syscalls.mount_own_proc()
    return user_namespace


class Helper:
    """Serves the lab's side; one request after another."""

    def __init__(
        self, channel: Channel, parent_ended: int, build: NodeBuilder, directory: Path | None, is_own_root: bool
    ) -> None:
        """Take over the namespaces that this process is in.

        Args:
            channel: This end of the control channel.
            parent_ended: Process descriptor of the lab's side.
            build: Builds a host's node.
            directory: Where the services' stores are kept; None for the lab's memory.
            is_own_root: This process is root in a user namespace of its own only.
        """
        self._is_own_root = is_own_root
        self._channel = channel
        self._parent_ended = parent_ended
        self._build = build
        self._directory = directory
        self._home = Namespaces()
        self._segments = Segments()
        self._switchboard = Switchboard(self._segments)
        self._hosts: dict[str, tuple[HostSpec, Namespaces]] = {}
        self._children: set[int] = set()
        self._reports: list[Exited] = []
        self._handlers: dict[type, Callable[[Any, list[int]], tuple[Any, list[int]]]] = {
            AddHost: self._add_host,
            StartService: self._start_service,
            Spawn: self._spawn,
            Signal: self._signal,
            SetLink: self._set_link,
            OpenCapture: self._open_capture,
        }
        # What was loaded until now is shared with every host's process: the collector is not to touch it again.
        gc.collect()
        gc.freeze()

    def serve(self) -> None:
        """Serve until the lab's side is gone."""
        woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            for each in (self._channel, woken, self._parent_ended):
                selector.register(each, selectors.EVENT_READ)
            try:
                while True:
                    ready = {key.fileobj for key, _ in selector.select()}
                    if self._parent_ended in ready:
                        return
                    if self._channel in ready:
                        for request, descriptors in self._channel.receive():
                            self._answer(request, descriptors)
                    if woken in ready:
                        os.read(woken, 4096)
                    self._reap()
            except ChannelClosed:
                return

    def _answer(self, request: Request, descriptors: list[int]) -> None:
        answer = Done(request.number)
        passed: list[int] = []
        try:
            answer.value, passed = self._handlers[type(request.what)](request.what, descriptors)
        except Exception as error:
            answer.error = _sendable_error(error)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self._channel.send(answer, passed)
        for descriptor in passed:
            os.close(descriptor)

    def _reap(self) -> None:
        """Bury every process that has ended, also those that others left to us, and tell of our own."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            if process in self._children:
                self._children.discard(process)
                self._channel.send(Exited(process, os.waitstatus_to_exitcode(status)))

    def _add_host(self, request: AddHost, _: list[int]) -> tuple[Any, list[int]]:
        spec = request.spec
        shutil.rmtree(PRIVATE_ROOT / "hosts" / spec.name.lower(), ignore_errors=True)
        namespaces = make_host(spec, self._home)
        try:
            ports = {card.network: self._segments.plug(card, namespaces.network) for card in spec.interfaces}
            namespaces.enter()
            addresses = Addresses()
            for card in spec.interfaces:
                addresses.bring_up(card)
            addresses.close()
        except BaseException:
            namespaces.close()
            raise
        finally:
            self._home.enter()
        self._switchboard.add_host(spec.name, ports)
        self._hosts[spec.name] = spec, namespaces
        return None, []

    def _start_service(self, request: StartService, descriptors: list[int]) -> tuple[Any, list[int]]:
        spec, namespaces = self._hosts[request.host]
        directory = self._directory or STATE_DIRECTORY
        name = f"{spec.name.lower()}.sqlite" if self._directory else "service.sqlite"

        def serve_host() -> int:
            namespaces.enter()
            self._let_go()
            channel = Channel(socket.socket(fileno=descriptors[0]))
            return run_host(channel, spec, self._build, directory / name, request.reading, request.skew)

        process = fork_function(serve_host)
        self._children.add(process)
        return process, []

    def _spawn(self, request: Spawn, descriptors: list[int]) -> tuple[Any, list[int]]:
        _, namespaces = self._hosts[request.host]

        def prepare() -> None:
            namespaces.enter()
            if self._is_own_root:
                pretend_setgroups()

        process = fork_program(request.arguments, request.environment, request.directory, descriptors, prepare)
        self._children.add(process)
        return process, []

    def _signal(self, request: Signal, _: list[int]) -> tuple[Any, list[int]]:
        if request.process in self._children:  # an ended one's number may be another's by now
            (os.killpg if request.group else os.kill)(request.process, request.number)
        return None, []

    def _set_link(self, request: SetLink, _: list[int]) -> tuple[Any, list[int]]:
        self._switchboard.change(request.host, request.peer, request.inbound, request.outbound)
        return None, []

    def _open_capture(self, request: OpenCapture, _: list[int]) -> tuple[Any, list[int]]:
        return None, [open_capture(self._segments.bridge(request.network)).detach()]

    def _let_go(self) -> None:
        """In a forked process: close what is the helper's alone, so that nothing outlives it by being held."""
        self._channel.close()
        os.close(self._parent_ended)
        self._home.close()
        for _, namespaces in self._hosts.values():
            namespaces.close()


def _sendable_error(error: Exception) -> Exception:
    """Return the error as one that any process can read, with its traceback where it was not expected."""
    if isinstance(error, OSError | ValueError):
        return type(error)(*error.args)
    return RuntimeError("".join(traceback.format_exception(error)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
