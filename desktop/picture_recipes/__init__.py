"""Between requests, recipes, and what pictures' files say: how a picture was made, in each form."""

from desktop.picture_recipes.likeness import Likeness, found, likeness
from desktop.picture_recipes.saying import recipe_like, settings_of
from desktop.picture_recipes.settling import hashes, name_of, settled

__all__ = [
    "Likeness",
    "found",
    "hashes",
    "likeness",
    "name_of",
    "recipe_like",
    "settings_of",
    "settled",
]
