"""The canvas, the timeline and the piano roll: they show the document and decide nothing."""
