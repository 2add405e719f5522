"""General MIDI's instruments by number, in its sixteen families of eight."""

from __future__ import annotations

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Piano", (
        "Grand piano", "Bright piano", "Electric grand", "Honky-tonk", "Electric piano 1",
        "Electric piano 2", "Harpsichord", "Clavinet",
    )),
    ("Bells and mallets", (
        "Celesta", "Glockenspiel", "Music box", "Vibraphone", "Marimba", "Xylophone",
        "Tubular bells", "Dulcimer",
    )),
    ("Organ", (
        "Drawbar organ", "Percussive organ", "Rock organ", "Church organ", "Reed organ",
        "Accordion", "Harmonica", "Tango accordion",
    )),
    ("Guitar", (
        "Nylon guitar", "Steel guitar", "Jazz guitar", "Clean guitar", "Muted guitar",
        "Overdriven guitar", "Distortion guitar", "Guitar harmonics",
    )),
    ("Bass", (
        "Acoustic bass", "Fingered bass", "Picked bass", "Fretless bass", "Slap bass 1",
        "Slap bass 2", "Synth bass 1", "Synth bass 2",
    )),
    ("Strings", (
        "Violin", "Viola", "Cello", "Contrabass", "Tremolo strings", "Pizzicato strings",
        "Harp", "Timpani",
    )),
    ("Ensemble", (
        "Strings", "Slow strings", "Synth strings 1", "Synth strings 2", "Choir", "Voice",
        "Synth choir", "Orchestra hit",
    )),
    ("Brass", (
        "Trumpet", "Trombone", "Tuba", "Muted trumpet", "French horn", "Brass section",
        "Synth brass 1", "Synth brass 2",
    )),
    ("Reed", (
        "Soprano sax", "Alto sax", "Tenor sax", "Baritone sax", "Oboe", "English horn",
        "Bassoon", "Clarinet",
    )),
    ("Pipe", (
        "Piccolo", "Flute", "Recorder", "Pan flute", "Blown bottle", "Shakuhachi", "Whistle",
        "Ocarina",
    )),
    ("Synth lead", (
        "Square lead", "Saw lead", "Calliope lead", "Chiff lead", "Charang lead", "Voice lead",
        "Fifths lead", "Bass and lead",
    )),
    ("Synth pad", (
        "New age pad", "Warm pad", "Polysynth pad", "Choir pad", "Bowed pad", "Metallic pad",
        "Halo pad", "Sweep pad",
    )),
    ("Synth effects", (
        "Rain", "Soundtrack", "Crystal", "Atmosphere", "Brightness", "Goblins", "Echoes",
        "Sci-fi",
    )),
    ("Plucked", (
        "Sitar", "Banjo", "Shamisen", "Koto", "Kalimba", "Bagpipe", "Fiddle", "Shanai",
    )),
    ("Percussive", (
        "Tinkle bell", "Agogo", "Steel drums", "Woodblock", "Taiko drum", "Melodic tom",
        "Synth drum", "Reverse cymbal",
    )),
    ("Sound effects", (
        "Fret noise", "Breath noise", "Seashore", "Bird tweet", "Telephone", "Helicopter",
        "Applause", "Gunshot",
    )),
)  # fmt: skip

DRUMS = "Drums"


def instrument_name(program: int, *, drums: bool = False) -> str:
    """Return what a program (0 to 127) is called."""
    if drums:
        return DRUMS
    family, number = divmod(program, 8)
    return FAMILIES[family][1][number]
