"""Forty prompts that every starter is asked, in one picture, to be looked at."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

from engines.api import Run
from engines.training.image.sampling import Model, draw
from engines.training.image.stream import CaptionStates

COLUMNS: Final = 8
GAP_PX: Final = 4
FIRST_SEED: Final = 7000

PROMPTS: Final = (
    "layered mountains, sunset colours, sun",
    "the open sea, dusk colours, moon",
    "a city skyline, night colours, lit windows",
    "flowing waves, teal colours",
    "a forest of firs, dawn colours",
    "garlands of lanterns, gold colours",
    "northern lights, green colours, stars",
    "desert dunes, ochre colours, sun",
    "a fox before a forest of firs, green colours",
    "a rocket before a starry nebula, violet colours",
    "a castle before layered mountains, day colours",
    "a saxophone before rays of light, ember colours",
    "a sailing boat before the open sea, sunset colours, sun",
    "a robot before a soft gradient, teal colours",
    "a sunflower before rolling hills, green colours",
    "a steam train before rolling hills at sunset",
    "a cup of coffee before bokeh lights, gold colours",
    "a pumpkin before a city skyline, night colours, moon",
    "a violin before polished marble, rose colours",
    "an owl before a starry nebula, night colours",
    "a heart before flowing waves, rose colours",
    "books before handmade paper, ochre colours",
    "an elephant before desert dunes, ochre colours",
    "a birthday cake before garlands of lanterns, violet colours",
    "a red car on a white background",
    "a blue butterfly on a beige background",
    "a yellow house on a light blue background",
    "a green apple on a white background",
    "a bicycle on a light grey background",
    "a pizza on a dark green background",
    "an astronaut before a starry nebula, night colours, planet",
    "a dancer before rays of light, violet colours",
    "a guitar before flowing waves, ember colours, cartoon style",
    "a cat on a white background, clip art",
    "a drum before bokeh lights, neon colours",
    "a hot air balloon before soft clouds, dawn colours",
    "a photo of mountains",
    "a photo of a beach",
    "a photo of a city",
    "a market at night with jazz",
)
"""Scenes, things before scenes, things of a colour, styles, photographs, unknown words."""


def draw_grid(model: Model, captions: CaptionStates, run: Run) -> Image.Image:
    """Draw all prompts, row by row."""
    pictures = draw(model, captions, list(PROMPTS), run, first_seed=FIRST_SEED)
    step = model.side_px + GAP_PX
    rows = -(-len(PROMPTS) // COLUMNS)
    sheet = np.full((rows * step - GAP_PX, COLUMNS * step - GAP_PX, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // COLUMNS * step, number % COLUMNS * step
        sheet[top : top + model.side_px, left : left + model.side_px] = picture
    return Image.fromarray(sheet)
