"""Scores as MIDI and MusicXML."""
