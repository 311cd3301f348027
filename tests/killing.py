"""Processes that are killed (SIGKILL) wherever they stand, by the hundred: each is forked from one that has loaded everything and
holds nothing open.
"""

import multiprocessing
import os
import secrets
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy.orm import configure_mappers

import idp.app
import idp.certification.issuance
import idp.certification.status.lists
import idp.keys.resealing
import idp.sealed  # noqa: F401

configure_mappers()
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
_WARMING = 6  # acts before the first fork: every statement is compiled then, and what acts in turn begins anew
_MICROSECONDS = 15_000  # longer than anything takes that is done here between two messages


def run_and_kill(target: Callable[..., None], *arguments: Any, messages: int) -> list[Any]:
    """Runs ``target(*arguments, told)`` until it has sent so many messages by ``told`` and some random time more, or has ended.

    Returns every message that it sent, the ones after that too: what it said was true when it said it.
    """
    ours, theirs = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=target, args=(*arguments, theirs))
    process.start()
    theirs.close()
    said: list[Any] = []
    with suppress(EOFError):  # it has come to its end before
        said += [ours.recv() for _ in range(messages)]
        ours.poll(secrets.randbelow(_MICROSECONDS) / 1_000_000)
    process.kill()
    with suppress(EOFError):
        while True:
            said.append(ours.recv())
    process.join()
    ours.close()
    return said


# Does one thing, once it is committed says what; and gives back whatever must not be open when a process forks.
Act = tuple[Callable[[], Any], Callable[[], None]]


def killed_often(begin: Callable[..., Act], *arguments: Any, kills: int) -> list[Any]:
    """What the acts of ``begin(*arguments)`` said, of one process after the other, each killed after one to four of them and some
    time. The processes are forked from one that has acted already, so that each comes to the point at once.
    """
    ours, theirs = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_nursery, args=(begin, arguments, kills, theirs))
    process.start()
    theirs.close()
    said: list[Any] = [ours.recv() for _ in range(_WARMING)]
    for _ in range(kills):
        number = ours.recv()
        said += [ours.recv() for _ in range(1 + secrets.randbelow(4))]
        ours.poll(secrets.randbelow(_MICROSECONDS) / 1_000_000)
        os.kill(number, signal.SIGKILL)
        while not isinstance(found := ours.recv(), int):
            said.append(found)
        assert os.waitstatus_to_exitcode(found) == -signal.SIGKILL
    process.join()
    ours.close()
    return said


def _nursery(begin: Callable[..., Act], arguments: tuple[Any, ...], kills: int, told: Connection) -> None:
    act, let_go = begin(*arguments)
    for _ in range(_WARMING):
        told.send(act())
    for _ in range(kills):
        let_go()
        number = os.fork()
        if number == 0:
            try:
                told.send(os.getpid())
                while True:
                    told.send(act())
            except BaseException:  # noqa: BLE001 - it must not go on as if it were its parent
                traceback.print_exc()
                os._exit(1)
        told.send(os.waitpid(number, 0)[1])
