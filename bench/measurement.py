"""One figure, and what stood beside it."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """``beside`` is what ``beside_name`` reached in the same run; ``goal`` is what the documentation promises of ratio or value."""

    name: str
    value: float
    unit: str
    beside: float | None = None
    beside_name: str = ""
    goal: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return self.value / self.beside if self.beside else None

    def to_json(self) -> dict[str, Any]:
        """For ``results.json``."""
        return {**asdict(self), "ratio": self.ratio}


def per_second(work: Callable[[], object], seconds: float) -> float:
    """How often ``work`` is done in a second of processor time, tried for ``seconds``."""
    count, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        for _ in range(10):
            work()
        count += 10
    return count / (time.process_time() - start)


def table(measurements: list[Measurement]) -> str:
    """The measurements as text, one line each."""
    rows = [("name", "value", "unit", "beside", "ratio", "goal")]
    for one in measurements:
        beside = f"{_number(one.beside)} ({one.beside_name})" if one.beside is not None else ""
        rows.append((one.name, _number(one.value), one.unit, beside, f"{one.ratio:.2f}" if one.ratio else "", one.goal))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
