"""Changing the master key: in one transaction, once, finished by the next start wherever it was killed; servers that run go on."""

import logging
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event, select
from sqlalchemy.orm import configure_mappers

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.deployment import Deployment, open_deployment
from idp.keys import rotation
from idp.keys.errors import MasterKeyChanged, MasterKeyWrong
from idp.keys.master import change, files
from idp.keys.states import Purpose
from idp.keys.tables import Key
from idp.settings import Settings
from tests.at_once import at_once, refused, succeeded
from tests.people import OPERATOR

configure_mappers()
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


def name_in(path: Path) -> str:
    key = files.read(path)
    assert key is not None
    return key.name


def change_master(deployment: Deployment) -> change.Changed:
    before = deployment.ring.newest().master
    after = change.prepare(deployment.settings, before.current)
    with deployment.transaction(OPERATOR) as tx:
        done = change.change(tx, before, after)
    deployment.ring.forget()
    return done


def sealed_under(deployment: Deployment) -> set[str]:
    with deployment.reading() as session:
        return {sealed.split(".")[1] for sealed in session.scalars(select(Key.sealed))}


def test_every_key_is_sealed_under_the_new_one_and_the_old_file_is_kept_until_it_is_confirmed(deployment: Deployment) -> None:
    home, vault = deployment.settings.home, deployment.ring.vault
    sealed, before = vault.seal("secret", context="row:1"), name_in(home / "master.key")
    done = change_master(deployment)
    deployment.ring.current()
    assert (done.before, sealed_under(deployment)) == (before, {done.after})
    assert vault.open(sealed, context="row:1") == "secret"
    assert name_in(home / "master.key") == done.after
    assert change.put_aside(deployment.settings) == [home / f"master.key.old-{before}"]
    assert name_in(home / f"master.key.old-{before}") == before
    assert not (home / "master.key.next").exists()
    assert [path.name for path in change.confirm(deployment.settings, done.after)] == [f"master.key.old-{before}"]
    assert sorted(path.name for path in home.glob("master*")) == ["master.key"]
    with closing(open_deployment(deployment.settings)) as again:
        assert again.ring.vault.open(sealed, context="row:1") == "secret"
    with deployment.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == Action.MASTER_CHANGED.value)).one()
    assert event.detail == {"before": before, "after": done.after, "keys": done.keys}


def test_a_server_that_runs_finds_the_new_key_in_its_data_folder(deployment: Deployment) -> None:
    with closing(open_deployment(deployment.settings, deployment.clock)) as server:
        server.ring.current()
        done = change_master(deployment)
        assert server.ring.newest().master.current == done.after
        with server.transaction(OPERATOR) as tx:
            rotation.renew_secret(tx, server.master, Purpose.SEAL)
        assert sealed_under(deployment) == {done.after}


def elsewhere(deployment: Deployment, folder: Path) -> Settings:
    """Another machine before the same database, with a data folder of its own."""
    folder.mkdir()
    shutil.copy2(deployment.settings.home / "master.key", folder / "master.key")
    return deployment.settings.model_copy(update={"home": folder, "database_url": deployment.settings.database})


def test_a_server_elsewhere_goes_on_with_the_keys_it_has_and_says_so_until_it_is_given_the_new_one(
    deployment: Deployment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = elsewhere(deployment, tmp_path / "elsewhere")
    with closing(open_deployment(settings, deployment.clock)) as server:
        sealed = server.ring.vault.seal("secret", context="row:1")
        done = change_master(deployment)
        with caplog.at_level(logging.ERROR, "yima.keys"):
            assert server.ring.newest().master.current == done.before
        assert "the master key was changed" in caplog.text
        assert server.ring.vault.open(sealed, context="row:1") == "secret"
        with pytest.raises(MasterKeyChanged), server.transaction(OPERATOR) as tx:  # but makes no key that nobody could open
            rotation.renew_secret(tx, server.master, Purpose.SEAL)
        with closing(open_deployment(settings)) as started_anew, pytest.raises(MasterKeyWrong):
            started_anew.ring.current()
        deployment.ring.current()  # as every command does at its end: the new file takes its place
        shutil.copy2(deployment.settings.home / "master.key", settings.home / "master.key")
        assert server.ring.newest().master.current == done.after


def test_with_the_master_key_in_the_environment_the_new_one_waits_beside_until_the_operator_has_moved_it(
    deployment: Deployment,
) -> None:
    home = deployment.settings.home
    text = (home / "master.key").read_text().strip()
    (home / "master.key").unlink()
    settings = deployment.settings.model_copy(update={"master_key": SecretStr(text)})
    with closing(open_deployment(settings, deployment.clock)) as server:
        done = change_master(server)
        assert server.ring.newest().master.current == done.after
        assert change.confirm(settings, done.before) == []
    moved = settings.model_copy(update={"master_key": SecretStr((home / "master.key.next").read_text().strip())})
    with closing(open_deployment(moved, deployment.clock)) as server:
        assert change.confirm(moved, server.ring.newest().master.current) == [home / "master.key.next"]
        assert server.ring.newest().master.current == done.after


def test_of_twenty_changes_at_once_one_is_done(deployment: Deployment) -> None:
    before = deployment.ring.newest().master

    def one(_: int) -> change.Changed:
        after = change.prepare(deployment.settings, before.current)
        with deployment.transaction(OPERATOR) as tx:
            return change.change(tx, before, after)

    results = at_once(one)
    assert len(succeeded(results)) == 1
    assert refused(results) == {MasterKeyChanged}
    deployment.ring.forget()
    assert sealed_under(deployment) == {deployment.ring.current().master.current}


def _change_until(settings: Settings, number: int, told: Connection) -> None:
    """Changes the master key and kills itself before the step with this number."""
    left = [number]

    def step(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def stepping(work: Callable[..., Any]) -> Callable[..., Any]:
        def one(*arguments: Any, **named: Any) -> Any:
            step()
            return work(*arguments, **named)

        return one

    with closing(open_deployment(settings)) as deployment:
        deployment.ring.current()
        for name in ("open", "link", "fsync", "replace", "rename", "unlink"):
            setattr(os, name, stepping(getattr(os, name)))
        event.listen(deployment.database.engine, "before_cursor_execute", step)
        event.listen(deployment.database.engine, "commit", step)
        change_master(deployment)
        deployment.ring.current()
    told.send("done")


def test_killed_before_every_single_step_it_is_either_done_or_not_begun(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copytree(sqlite_template, tmp_path / "yima")
    settings = Settings(home=tmp_path / "yima")
    with closing(open_deployment(settings)) as deployment:
        sealed = deployment.ring.vault.seal("secret", context="row:1")
    names, number, done = set(), 0, False
    while not done:
        ours, theirs = _PROCESSES.Pipe(duplex=False)
        process = _PROCESSES.Process(target=_change_until, args=(settings, number, theirs))
        process.start()
        theirs.close()
        process.join()
        done = ours.poll() and process.exitcode == 0
        assert (settings.home / "master.key").exists()
        with closing(open_deployment(settings)) as deployment:
            assert deployment.ring.vault.open(sealed, context="row:1") == "secret"
            assert sealed_under(deployment) == {name_in(settings.home / "master.key")}
            names |= sealed_under(deployment)
        number += 3 if number > 12 else 1  # in the middle every third: these are the rows of one transaction
    assert number > 12
    assert len(names) > 2
