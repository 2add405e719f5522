"""What is done for the memory now and then: others' use, idle time, loading ahead."""

from __future__ import annotations

import logging

from engines.api import Change, EngineError
from engines.memory.admission import Line
from engines.memory.books import Books
from engines.memory.eviction import Eviction, Leaving
from engines.memory.ledger import Entry
from engines.memory.porter import Porter

log = logging.getLogger(__name__)

NOTABLE_SHARE = 0.02
"""A change of others' use below this part of the device is not worth a line in the log."""


class Tending:
    """Keeps to the budget while it changes, and prepares for the known queue."""

    def __init__(self, books: Books, eviction: Eviction, porter: Porter, line: Line) -> None:
        self._books = books
        self._eviction = eviction
        self._porter = porter
        self._line = line
        self._told_foreign_bytes = -1
        self._refused: set[str] = set()

    def tend(self) -> None:
        """Look at all of it once."""
        with self._books.changed:
            if not self._books.asked:
                return  # the device was never asked: asking a card may take seconds
            self._books.ask()
            self._tell_foreign_use()
            leaving = self.over_budget()
        self._porter.clear(leaving)
        with self._books.changed:
            leaving = self._eviction.long_idle(self._books.options.idle_s)
            self._refused.update(one.entry.key for one in leaving)
        self._porter.clear(leaving)
        self._load_ahead()
        self._books.working_sets.save()

    def over_budget(self) -> tuple[Leaving, ...]:
        """Choose what must go because a budget shrank."""
        return (
            *self._eviction.over_budget("the budget shrank"),
            *self._eviction.over_ram_budget("the part of main memory for models shrank"),
        )

    def expect_anew(self) -> None:
        """Forget what could not be loaded ahead, or waited too long: the queue has changed."""
        self._refused.clear()

    def _tell_foreign_use(self) -> None:
        """Log a change of what other programs hold, if it is notable."""
        now_bytes, before_bytes = self._books.foreign_bytes, self._told_foreign_bytes
        least_bytes = NOTABLE_SHARE * self._books.total_bytes
        if before_bytes < 0:
            self._told_foreign_bytes = now_bytes
        elif abs(now_bytes - before_bytes) > least_bytes:
            self._told_foreign_bytes = now_bytes
            word = "more" if now_bytes > before_bytes else "less"
            self._books.journal.note(
                Change.FOREIGN,
                self._books.device.name,
                abs(now_bytes - before_bytes),
                reason=f"other programs hold {word}",
            )
        self._books.tell()

    def _load_ahead(self) -> None:
        """Bring one component of the next known job to the device, into free room only."""
        if not self._books.options.prefetch:
            return
        with self._porter.turn_if_free() as mine:
            if not mine:
                return
            with self._books.changed:
                entry = self._next_wanted()
                self._books.tell()
            if entry is None:
                return
            self._bring_ahead(entry)

    def _bring_ahead(self, entry: Entry) -> None:
        arrived = False
        try:
            arrived = self._porter.bring(entry, Change.PREFETCH, "the next job uses it")
        except EngineError:
            log.info("%s could not be loaded ahead; its job will say why", entry.key)
        except Exception:
            log.exception("%s could not be loaded ahead", entry.key)
        finally:
            with self._books.changed:
                entry.busy = False
                if not arrived:
                    self._refused.add(entry.key)
                    self._books.ledger.give_up(entry)
                self._books.tell()

    def _next_wanted(self) -> Entry | None:
        """Promise the next wanted component its room, if there is some and nobody waits."""
        ledger = self._books.ledger
        if len(self._line):
            return None
        for key in self._books.policy.wanted():
            entry = ledger.get(key)
            if key in self._refused or (entry is not None and (entry.held or not entry.idle)):
                continue
            component = ledger.known(key) if entry is None else entry.component
            if component is None or component.size_bytes > self._books.free_bytes:
                continue
            if entry is None:
                return ledger.add(component)
            entry.held = entry.busy = True
            return entry
        return None
