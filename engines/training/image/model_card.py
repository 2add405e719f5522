"""Write the model card of a starter from its figures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Final

from engines.training.image.bank import Bank
from engines.training.image.grid import COLUMNS

SETS: Final = {
    "3d": "Fluent Emoji 3D (npm `@lobehub/fluent-emoji-3d`, MIT, Microsoft Corporation)",
    "flat": "Fluent Emoji Flat (npm `@iconify-json/fluent-emoji-flat`, MIT, Microsoft Corporation)"
    " and Flat Color Icons (npm `@iconify-json/flat-color-icons`, MIT, Icons8)",
    "cartoon": "Noto Emoji (npm `@iconify-json/noto`, Apache-2.0, Google)",
    "sticker": "Twitter Emoji (npm `@iconify-json/twemoji`, CC BY 4.0, Twitter)",
    "icon": "Firefox OS Emoji (npm `@iconify-json/fxemoji`, Apache-2.0, Mozilla)",
    "outlined": "Streamline Emojis (npm `@iconify-json/streamline-emojis`, CC BY 4.0, Streamline)",
    "clip art": "Open Clip Art (Debian `openclipart-svg`, those tagged public domain)",
}

_TARGETS: Final = (
    ("flow_loss_train", "flow loss, pictures of things it was taught", "", "{:.4f}"),
    ("flow_loss_held", "flow loss, things, scenes and photographs held out", "", "{:.4f}"),
    ("flow_loss_gap", "the second over the first", "at most 10%", "{:.1%}"),
    ("flow_loss_without_text", "flow loss held out, without the text", "", "{:.4f}"),
    ("flow_loss_train_without_text", "flow loss, taught, without the text", "", "{:.4f}"),
    ("psnr_db", "autoencoder on held-out pictures, PSNR in dB", "", "{:.2f}"),
    ("linear_floor_db", "best linear way back from the same 16 channels, dB", "", "{:.2f}"),
    ("linear_floor_of_8_channels_db", "the same from 8 channels, dB",
     "4 below the autoencoder", "{:.2f}"),
    ("kid", "KID x 1000 to held-out pictures, EfficientNet-Lite0 features", "", "{:.2f}"),
    ("kid_of_seen_pictures", "the same of real training pictures", "", "{:.2f}"),
    ("retrieval_r1", "a held-out thing's caption found again among 300, first", "", "{:.1%}"),
    ("retrieval_r1_of_real", "the same for real pictures", "", "{:.1%}"),
    ("retrieval_r5", "among the first five", "five times chance", "{:.1%}"),
    ("retrieval_r5_of_real", "the same for real pictures", "", "{:.1%}"),
    ("retrieval_r5_chance", "chance", "", "{:.1%}"),
    ("named_r5_seen", "a thing it was taught, on white, found among 60, first five", "", "{:.1%}"),
    ("named_r5_asked", "the same among the 42 that the director asks for", "", "{:.1%}"),
    ("named_r5_held", "a thing held out, on white, found among its like, first five", "",
     "{:.1%}"),
    ("named_r5_held_chance", "chance of that", "", "{:.1%}"),
    ("colours_obeyed", "a thing has the colour asked for (8 colours, 8 things)",
     "at least 60%", "{:.1%}"),
    ("colours_obeyed_by_real", "the same measured on real pictures", "", "{:.1%}"),
    ("palettes_obeyed", "a scene has the palette asked for (18 palettes, 2 scenes)",
     "at least 60%", "{:.1%}"),
    ("palettes_obeyed_by_real", "the same measured on real pictures", "", "{:.1%}"),
    ("copied_share", "nearer to a training picture than held-out ones are", "at most 1%",
     "{:.1%}"),
    ("seconds_per_picture", "seconds for a picture of 20 steps", "at most 4", "{:.2f}"),
)  # fmt: skip


def write(folder: Path, bank: Bank, figures: dict[str, float], history: str = "") -> str:
    """Return the text of the card for the model in `folder`.

    `history` says what was special about this very training.
    """
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    side = bank.side_px
    return f"""# {about["name"]}

A small latent diffusion model that draws things, scenes and things before scenes at
{side} x {side} pixels. It is the starter that makes the studio work on a machine that never sees
the internet; any larger model of the Stable Diffusion family takes its place. Enlarge it
four times or more for print.

![Forty fixed prompts](preview.png)

The prompts of the picture above, {COLUMNS} in a row, are `PROMPTS` in
`engines/training/image/grid.py`.

## Parts

| part | what | parameters |
|---|---|---|
{_parts(folder)}
| reader | `all-minilm-l6-v2` (Apache-2.0, not in this folder): 24 states of 384 values | 22.6 M |

Stock `StableDiffusionPipeline` runs it with `prompt_embeds`. `picture.json` holds the
defaults and the map from latents to preview colours.

## Data

{_data(bank)}

No picture was taken from the web. Each training picture is put together anew
(`engines/training/image/pictures.py`): mirrored, moved, scaled, in part turned in hue.

## Recipe

`python main.py train image FOLDER --preset cpu --out OUT` with the packages named above in
FOLDER: a rectified flow with logit-normal times, AdamW, 10% of the captions empty, a running
mean of the weights, bfloat16 autocast. It closes with pictures of which more show things that
the director asks for, and more captions name a colour. {_seen(figures)}{history}

{_measured(folder, bank, figures)}"""


def _measured(folder: Path, bank: Bank, figures: dict[str, float]) -> str:
    """Return the card's figures, how to ask, and the limits."""
    side = bank.side_px
    return f"""## Figures

Held out are {_held(bank)} things with all their pictures in every style, the seeds of
{len(bank.held_grounds)} scenes, and one photograph in ten. Measured by
`python -m engines.training.image ship` on {figures["samples_drawn"]:.0f} drawn pictures.

| figure | value | to reach |
|---|---|---|
{_rows(figures)}

## How to ask

"THING before SCENE, PALETTE colours, FEATURE", as `engines.image.words.vocabulary.caption`
writes it:
"a fox before a forest of firs, green colours, sun"; or "a red car on a white background",
with ", cartoon style", ", flat style" or ", clip art" after it; or "a photo of mountains".
Best with {_default(folder, "steps")} steps and a guidance of {_default(folder, "guidance")}.

## Limits

- {side} pixels and soft; fine patterns come out as texture, small letters and figures never.
- A thing stands near the middle, alone and from one side. Two things at once, places ("on the
  left"), numbers and actions were not taught.
- Photographs are few ({len(bank.places)} landscapes); "a photo of" anything else gives a guess.
- It reads 24 tokens of English and knows nothing outside its words; an unknown prompt gives
  something near the words it knows.
"""


def _parts(folder: Path) -> str:
    """Describe the UNet and the autoencoder from their configurations."""
    unet = json.loads((folder / "unet" / "config.json").read_text(encoding="utf-8"))
    vae = json.loads((folder / "vae" / "config.json").read_text(encoding="utf-8"))
    channels = "-".join(map(str, unet["block_out_channels"]))
    side, width = unet["sample_size"], unet["in_channels"]
    blocks = "-".join(map(str, vae["block_out_channels"]))
    return (
        f"| `unet` | `UNet2DConditionModel`, {channels} channels, {side} x {side} latents of"
        f" {width} channels, a rectified flow | {_millions(folder / 'unet'):.1f} M |\n"
        f"| `vae` | `AutoencoderKL`, {blocks} channels; its encoder is the linear transform of"
        f" `engines/training/image/transform.py`, its decoder is trained"
        f" | {_millions(folder / 'vae'):.1f} M |"
    )


def _millions(folder: Path) -> float:
    """Return the parameters of half-precision weights in a folder, in millions."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors")) / 2e6


def _data(bank: Bank) -> str:
    """List what the bank holds, with licences."""
    styles = Counter(thing.style for thing in bank.things if not thing.held)
    names = len({thing.name for thing in bank.things if not thing.held})
    lines = [
        f"- {len(bank.grounds):,} scenes of Triptych's own backgrounds generator"
        " (`engines/image/scenery/backgrounds.py`), with exact captions.",
        f"- {sum(styles.values()):,} cut-outs of {names} things"
        " (`engines/training/image/concepts.py`):",
    ]
    lines += [f"  - {count:,} from {SETS[style]}" for style, count in styles.most_common()]
    lines.append(
        f"- {len(bank.places)} landscapes of Debian `endless-sky-data`, those that its copyright"
        " file calls public domain."
    )
    return "\n".join(lines)


def _seen(figures: dict[str, float]) -> str:
    seen = figures.get("samples_seen", 0)
    return f"{seen:,.0f} pictures seen on one core of a processor.\n" if seen else ""


def _held(bank: Bank) -> int:
    return len({thing.name for thing in bank.things if thing.held})


def _rows(figures: dict[str, float]) -> str:
    named = [
        f"| {words} | {form.format(figures[name])} | {goal} |"
        for name, words, goal, form in _TARGETS
        if name in figures
    ]
    kinds = [
        f"| autoencoder on: {name.removeprefix('psnr_db ')}, PSNR in dB | {value:.2f} | |"
        for name, value in figures.items()
        if name.startswith("psnr_db ")
    ]
    return "\n".join(named + kinds)


def _default(folder: Path, name: str) -> str:
    about = json.loads((folder / "picture.json").read_text(encoding="utf-8"))
    return f"{about[name]:g}"
