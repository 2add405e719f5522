"""Who plays what: each instrument gets a role, a register and a number of voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from engines.music.instruments import Instrument, instrument

_CHORDAL = frozenset({*range(8), *range(16, 32), 46, 44, *range(48, 56), 61, 62, *range(88, 96)})
"""Programs that can hold the harmony alone."""

_SUSTAINED = frozenset({*range(16, 24), *range(48, 56), 61, 62, 63, *range(88, 96)})
"""Those of them that play whole chords and not broken ones."""

_BASSES = (43, 32, 33, 34, 35, 36, 37, 38, 39, 58, 70, 42, 57, 67, 0, 19)
"""Programs that make a good bass, the best first."""

_TIMPANI = 47
_HANDS = frozenset({*range(8), 46})
"""Programs that one player plays with two hands, on two staves."""

_UNDER_MELODY = 12
"""How far over the melody's lowest pitch the harmony may reach."""

_MELODY_ROOM = 16
"""Semitones that a melody needs under the instrument's highest pitch."""

_SPAN = 24
"""Semitones that a line moves within."""


class Role(StrEnum):
    """What a part is for."""

    MELODY = "melody"
    COUNTER = "counter"
    HARMONY = "harmony"
    BASS = "bass"
    DRUMS = "drums"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One track to write; `low` and `high` are the pitches it may use.

    `density` is a level of the control TRACK_DENSITY, `voices` the most notes
    it may strike at once and `least_voices` the fewest; notes start on multiples
    of `grid_ticks`.
    """

    instrument: Instrument
    role: Role
    low: int
    high: int
    voices: int
    density: int
    least_voices: int = 1
    grid_ticks: int = 12

    @property
    def program(self) -> int:
        return self.instrument.program


def cast(
    programs: Sequence[int],
    density: int,
    *,
    densities: Sequence[int] = (),
    polyphony: int = 0,
    leads: bool = True,
    register: int = 0,
) -> tuple[Part, ...]:
    """Give roles: the first melodic instrument leads, the best fitted is the bass.

    An instrument that can play chords holds the harmony unless it leads; a
    piano or harp that leads plays with both hands; the others are counter-voices,
    each a little lower than the last. `densities` has a level for each
    program, -1 where the role decides from `density`; `polyphony` bounds the
    voices of every part, 0 does not. Without `leads` the melody is somebody
    else's. `register` moves all by so many semitones, within what they can play.
    """
    players = [instrument(program) for program in programs]
    melodic = [i for i, p in enumerate(players) if not p.is_drum]
    lead = melodic[0] if melodic and leads else -1
    able = [i for i in melodic if i != lead and players[i].program in _BASSES]
    bass = min(able, key=lambda i: _BASSES.index(players[i].program), default=-1)
    if bass >= 0 and players[bass].program in _HANDS and len(melodic) <= 2:
        bass = -1  # one pianist alone with a soloist has the chords too
    parts, counters = [], 0
    for i, player in enumerate(players):
        if player.is_drum:
            parts.append(_part(player, Role.DRUMS, 36, 57, density + 1))
        elif i == lead and player.program in _HANDS:
            alone = len(melodic) == 1
            parts.append(_part(player, Role.MELODY, 60, 84, density + alone))
            parts.append(_part(player, Role.HARMONY, 36, 62, density + 1 + alone))
        elif i == lead:
            low = _melody_low(player)
            parts.append(_part(player, Role.MELODY, low, low + _SPAN, max(1, min(3, density))))
        elif i == bass:
            low = max(player.low, 28)
            top = low + (26 if player.program not in _CHORDAL else 40)
            parts.append(_part(player, Role.BASS, low, top, max(1, density - 1)))
        elif player.program == _TIMPANI:
            parts.append(_part(player, Role.BASS, player.low, player.high, 1))
        elif player.program in _CHORDAL:
            low = max(player.low, 48 if bass >= 0 else 38)
            high = min(76, _melody_low(players[lead]) + _UNDER_MELODY) if lead >= 0 else 76
            parts.append(_part(player, Role.HARMONY, low, max(low + 16, high), density))
        else:
            centre = 62 - 4 * counters
            counters += 1
            low = min(max(player.low, centre - 8), player.high - 15)
            parts.append(_part(player, Role.COUNTER, low, low + 20, max(1, density - 1)))
        if i < len(densities) and densities[i] >= 0:
            parts = [_as_dense(p, densities[i]) if p.instrument is player else p for p in parts]
    moved = [part if part.role is Role.DRUMS else _moved(part, register) for part in parts]
    return tuple(_in_voices(part, polyphony) if polyphony else part for part in moved)


def _moved(part: Part, semitones: int) -> Part:
    player = part.instrument
    move = max(player.low - part.low, min(semitones, player.high - part.high))
    return replace(part, low=part.low + move, high=part.high + move)


def _as_dense(part: Part, density: int) -> Part:
    return replace(part, density=density, grid_ticks=6 if density > 3 else part.grid_ticks)


def _in_voices(part: Part, most: int) -> Part:
    voices = min(part.voices, most)
    return replace(part, voices=voices, least_voices=min(part.least_voices, voices))


def _melody_low(player: Instrument) -> int:
    """Where a melody of this instrument may begin: in its upper part, but not too high."""
    return min(max(player.low, 58), max(player.low, player.high - _MELODY_ROOM))


def _part(player: Instrument, role: Role, low: int, high: int, density: int) -> Part:
    least = 3 if role is Role.HARMONY and player.program in _SUSTAINED else 1
    fine = role in (Role.MELODY, Role.DRUMS) or density > 3
    voices = {Role.MELODY: 1, Role.BASS: 1, Role.COUNTER: 1}.get(role, player.voices)
    if role is Role.BASS and player.program < 8:
        voices = 3
    return Part(
        instrument=player,
        role=role,
        low=max(low, player.low),
        high=min(high, player.high),
        voices=min(voices, player.voices),
        density=min(5, density),
        least_voices=min(least, player.voices),
        grid_ticks=6 if fine else 12,
    )


def writing_order(parts: Sequence[Part]) -> tuple[int, ...]:
    """Write the melody first, then the bass, then what fills in, drums last."""
    rank = {Role.MELODY: 0, Role.BASS: 1, Role.HARMONY: 2, Role.COUNTER: 3, Role.DRUMS: 4}
    return tuple(sorted(range(len(parts)), key=lambda i: (rank[parts[i].role], i)))
