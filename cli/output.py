"""Printing: JSON where it is asked for, a table on a terminal, tab-separated lines into a pipe."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click


def print_json(value: object) -> None:
    """One JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool) -> None:
    """Rows of like shape. ``columns`` are the keys to show, each with its title; JSON holds every key."""
    if as_json:
        print_json([dict(row) for row in rows])
    elif sys.stdout.isatty():
        print_table(rows, columns)
    else:
        for row in rows:
            click.echo("\t".join(_text(row.get(key)) for key in columns))


def print_record(record: Mapping[str, Any], titles: Mapping[str, str], *, as_json: bool) -> None:
    """One thing, a line for each of its parts."""
    if as_json:
        print_json(dict(record))
        return
    width = max(_width(title) for title in titles.values())
    for key, title in titles.items():
        click.echo(f"{title}{' ' * (width - _width(title))}  {_text(record.get(key))}")


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where that is a terminal; the yielded function takes done and total."""
    if not sys.stderr.isatty():
        yield lambda done, total: None  # noqa: ARG005
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """A table for a person to read, wherever it is printed."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in columns.values():
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(_text(row.get(key)) for key in columns))
    Console().print(table)


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    # A name that someone else chose must not move the cursor or start a new line in the operator's terminal.
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))


def _width(text: str) -> int:
    return sum(2 if ord(c) >= 0x1100 else 1 for c in text)
