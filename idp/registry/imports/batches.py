"""Rows into transactions: a batch is kept together, a bad row falls out by itself."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from idp.audit import Transaction
from idp.errors import YimaError
from idp.registry.imports.reading import Row
from idp.registry.imports.report import Outcome

BATCH = 200

OpenTransaction = Callable[[], AbstractContextManager[Transaction]]


def in_batches(
    rows: Sequence[Row],
    transaction: OpenTransaction,
    work: Callable[[Transaction, Row], None],
    outcome: Outcome,
    progress: Callable[[int, int], None],
    sensitive: tuple[str, ...] = (),
) -> None:
    """Does ``work`` on each row. A :class:`YimaError` undoes that row alone and is noted in ``outcome``.

    ``progress`` is told rows done and rows in all, after each batch. Killed between two batches, the first ones stay.
    """
    for start in range(0, len(rows), BATCH):
        with transaction() as tx:
            tx.serialise()
            for row in rows[start : start + BATCH]:
                try:
                    with tx.savepoint():
                        work(tx, row)
                except YimaError as error:
                    outcome.refuse(row, error, sensitive)
        progress(min(start + BATCH, len(rows)), len(rows))
