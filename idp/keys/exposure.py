"""A data folder that a repository could carry away: the keys of a real installation must not lie in one."""

from pathlib import Path

from idp.keys.errors import KeysInRepository
from idp.settings import Settings


def check_outside_repositories(settings: Settings) -> None:
    """Raises :class:`KeysInRepository` for an installation in production, one that people reach by https, whose data folder lies
    in a Git working tree.

    Our policy. What Git ignores today it takes tomorrow by ``add --force``, and whoever copies or shares the tree takes the
    folder along. An installation for trying out, by http, may stay where ``make run`` puts it.
    """
    if settings.secure:
        tree = _working_tree(settings.home)
        if tree is not None:
            raise KeysInRepository(home=settings.home.resolve(), tree=tree)


def _working_tree(folder: Path) -> Path | None:
    real = folder.resolve()
    # ``.git`` is a folder, or a file where the tree is a submodule or one of several (gitrepository-layout).
    return next((each for each in (real, *real.parents) if (each / ".git").exists()), None)
