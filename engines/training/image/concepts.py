"""The things the starter is taught, by the names people say, and which are kept from it.

Emoji sets call the same thing by the same slug (the Unicode short name with
dashes); clip-art is found by the words of its title. A concept is held out
with all its pictures in every style, so that what is measured on it was never
seen.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Final

from engines.image.words.vocabulary import OBJECTS

HELD_ONE_IN: Final = 11
POSTER_WEIGHT: Final = 12.0
"""How much more often the things that the director asks for are seen: half of all things.

At 5, they were still shapeless after 24,000 pictures.
"""

_TABLE: Final = """
fox; wolf; bear; panda; koala; polar bear; tiger = tiger tiger-face; leopard; lion; horse = horse
horse-face; zebra; deer; moose; bison; cow = cow cow-face; ox; water buffalo; pig = pig pig-face;
boar; sheep = ewe ram; goat; camel = camel two-hump-camel; llama; giraffe; elephant; mammoth;
rhinoceros; hippopotamus; mouse = mouse mouse-face; rat; hamster; rabbit = rabbit rabbit-face;
squirrel = chipmunk; beaver; hedgehog; bat; sloth; otter; skunk; kangaroo; badger; raccoon;
gorilla; monkey = monkey monkey-face; orangutan; donkey; dog = dog dog-face guide-dog service-dog;
poodle; cat = cat cat-face; black cat; turkey; chicken; rooster; chick = baby-chick
front-facing-baby-chick; bird; penguin; dove; eagle; duck; swan; owl; dodo; feather; flamingo;
peacock; parrot; goose; frog; crocodile; turtle; lizard; snake; dragon = dragon dragon-face;
dinosaur = sauropod t-rex; whale = spouting-whale whale; dolphin; seal; fish; tropical fish;
blowfish; shark; octopus; shell = spiral-shell; coral; jellyfish; crab; lobster; shrimp; squid;
oyster; snail; butterfly; caterpillar = bug; ant; bee = honeybee; beetle; ladybird = lady-beetle;
cricket; spider; scorpion; mosquito; fly; worm; unicorn; paw prints; bouquet; cherry blossom;
lotus; rose; hibiscus; sunflower; blossom; tulip; hyacinth; seedling; potted plant; fir tree =
evergreen-tree; tree = deciduous-tree; palm tree; cactus; wheat = sheaf-of-rice; herb; shamrock;
four leaf clover; maple leaf; fallen leaf; leaves = leaf-fluttering-in-wind; mushroom = mushroom
brown-mushroom; grapes; melon; watermelon; tangerine; lemon; lime; banana; pineapple; mango; apple
= red-apple green-apple; pear; peach; cherries; strawberry; blueberries; kiwi = kiwi-fruit;
tomato; olive; coconut; avocado; aubergine = eggplant; potato; carrot; corn = ear-of-corn; chilli
pepper = hot-pepper; bell pepper; cucumber; lettuce = leafy-green; broccoli; garlic; onion;
peanuts; beans; chestnut; ginger = ginger-root; pea pod; bread; croissant; baguette =
baguette-bread; pretzel; bagel; pancakes; waffle; cheese = cheese-wedge; meat on the bone =
meat-on-bone; chicken leg = poultry-leg; steak = cut-of-meat; bacon; hamburger; chips =
french-fries; pizza; hot dog; sandwich; taco; burrito; egg; fried egg = cooking; stew =
pot-of-food; salad = green-salad; popcorn; bento box; rice = cooked-rice rice-ball; curry =
curry-rice; bowl of noodles = steaming-bowl; spaghetti; sushi; dumpling; moon cake; ice cream =
ice-cream soft-ice-cream; doughnut; cookie; birthday cake; slice of cake = shortcake; cupcake;
pie; chocolate = chocolate-bar; sweet = candy; lollipop; custard; honey pot; glass of milk =
glass-of-milk; cup of coffee = hot-beverage; teapot; cup of tea = teacup-without-handle; wine
bottle = bottle-with-popping-cork; glass of wine = wine-glass; cocktail = cocktail-glass; tropical
drink; beer = beer-mug clinking-beer-mugs; champagne = clinking-glasses; whisky = tumbler-glass;
soft drink = cup-with-straw; bubble tea; plate with knife and fork = fork-and-knife-with-plate;
spoon; kitchen knife; amphora; jar; globe = globe-showing-europe-africa globe-showing-americas
globe-showing-asia-australia; world map; compass; mountain = mountain snow-capped-mountain
mount-fuji; volcano; camping; beach = beach-with-umbrella; desert island; national park; stadium;
temple = classical-building; building site = building-construction; bricks = brick; hut; village =
houses; house = house house-with-garden; office building; hospital; bank; hotel; school; factory;
castle; japanese castle; wedding; tower = tokyo-tower; statue of liberty; church; mosque;
synagogue; fountain; tent; city = cityscape cityscape-at-dusk night-with-stars; bridge =
bridge-at-night; carousel = carousel-horse; ferris wheel; roller coaster; circus tent; steam train
= locomotive; train = train railway-car bullet-train high-speed-train; tram; metro; bus;
trolleybus; minibus; ambulance; fire engine; police car; taxi; car = automobile
oncoming-automobile; van = sport-utility-vehicle; pickup truck; lorry = delivery-truck
articulated-lorry; tractor; racing car; motorcycle; motor scooter; bicycle; kick scooter;
skateboard; roller skate; anchor; sailing boat = sailboat; canoe; speedboat; ship = passenger-ship
ship; ferry; airplane; small airplane; parachute; helicopter; cable car = mountain-cableway
aerial-tramway; satellite; rocket; flying saucer; hourglass = hourglass-done hourglass-not-done;
watch; alarm clock; clock = mantelpiece-clock; stopwatch; moon = full-moon; crescent moon; sun =
sun sun-with-face; planet = ringed-planet; star = star glowing-star; shooting star; galaxy =
milky-way; cloud; storm cloud = cloud-with-lightning cloud-with-lightning-and-rain; rain cloud =
cloud-with-rain; tornado; rainbow; umbrella = umbrella umbrella-with-rain-drops; lightning bolt =
high-voltage; snowflake; snowman = snowman snowman-without-snow; comet; camp fire = fire; water
drop = droplet; wave = water-wave; sunrise = sunrise sunrise-over-mountains; sunset; pumpkin =
jack-o-lantern; christmas tree; fireworks; firecracker; sparkles; balloon; party popper; confetti
= confetti-ball; ribbon; gift = wrapped-gift; ticket = ticket admission-tickets; medal =
sports-medal military-medal; trophy; football = soccer-ball; baseball; basketball; volleyball;
american football; rugby ball = rugby-football; tennis; bowling; cricket bat = cricket-game;
hockey = field-hockey ice-hockey; table tennis = ping-pong; badminton; boxing glove; ice skate;
fishing rod = fishing-pole; diving mask; running shirt; skis; sled; curling stone; target =
bullseye; kite; billiard ball = pool-8-ball; crystal ball; magic wand; game controller =
video-game; joystick; dice = game-die; jigsaw piece = puzzle-piece; teddy bear; pinata; nesting
dolls; chess pawn; theatre masks = performing-arts; picture frame = framed-picture; paint palette
= artist-palette; thread; yarn; glasses; sunglasses; goggles; lab coat; tie = necktie; t-shirt;
jeans; scarf; gloves; coat; socks; dress; kimono; handbag; purse; backpack; shoe = mans-shoe;
running shoe; hiking boot; high heeled shoe; ballet shoes; boot = womans-boot; crown; hat =
womans-hat; top hat; graduation cap; cap = billed-cap; lipstick; ring; diamond = gem-stone;
loudspeaker = speaker-high-volume; megaphone; postal horn; bell; musical notes = musical-notes
musical-note; sheet music = musical-score; microphone = microphone; studio microphone; headphones
= headphone; radio; saxophone; accordion; guitar; piano = musical-keyboard; trumpet; violin;
banjo; drum; long drum; maracas; flute; mobile phone = mobile-phone; telephone; laptop; computer =
desktop-computer; printer; keyboard; floppy disk; film camera = movie-camera; film = film-frames;
projector = film-projector; film clapper = clapper-board; television; camera = camera
camera-with-flash; video camera; magnifying glass = magnifying-glass-tilted-left
magnifying-glass-tilted-right; candle; light bulb = light-bulb; torch = flashlight; lantern =
red-paper-lantern; oil lamp = diya-lamp; open book; books; closed book = closed-book green-book
blue-book orange-book; notebook; scroll; newspaper; bookmark; label; money bag; coin; credit card;
envelope; letterbox = postbox; parcel = package; pencil; fountain pen; pen; paintbrush; crayon;
folder = file-folder; calendar = calendar tear-off-calendar; map pin = round-pushpin; paper clip =
paperclip; ruler = straight-ruler; scissors; padlock = locked; key = key old-key; hammer; axe;
pick; swords = crossed-swords; dagger; bow and arrow; shield; saw = carpentry-saw; wrench;
screwdriver; gear; scales = balance-scale; chain = chains; toolbox; magnet; ladder; test tube;
microscope; telescope; satellite dish = satellite-antenna; syringe; pill; stethoscope; door; bed;
sofa = couch-and-lamp; chair; toilet; shower; bathtub; mirror; window; basket; soap; toothbrush;
sponge; broom; bucket; shopping trolley = shopping-cart; coffin; moai; hand fan =
folding-hand-fan; wind chime; disco ball = mirror-ball; heart = red-heart; sparkling heart; broken
heart; bomb; skull; ghost; alien; space invader = alien-monster; robot; clown = clown-face; devil
= smiling-face-with-horns; angel = baby-angel; santa = santa-claus; eye; brain; smiling face =
slightly-smiling-face smiling-face-with-smiling-eyes grinning-face; footprints; tooth; bone;
chequered flag; red flag = triangular-flag; pirate flag; hot springs; fog = foggy; astronaut =
astronaut man-astronaut woman-astronaut; chef = cook man-cook woman-cook; farmer = farmer
man-farmer woman-farmer; scientist = scientist man-scientist woman-scientist; singer = singer
man-singer woman-singer; artist = artist man-artist woman-artist; pilot = pilot man-pilot
woman-pilot; firefighter = firefighter man-firefighter woman-firefighter; police officer =
police-officer man-police-officer woman-police-officer; guard = guard man-guard woman-guard;
detective = detective man-detective woman-detective; ninja; prince; princess; superhero =
man-superhero woman-superhero; wizard = man-mage woman-mage; fairy = man-fairy woman-fairy;
vampire = man-vampire woman-vampire; elf = man-elf woman-elf; genie = man-genie; mermaid; dancer =
woman-dancing; dancing man = man-dancing; runner = person-running man-running woman-running;
climber = person-climbing man-climbing woman-climbing; surfer = person-surfing man-surfing
woman-surfing; swimmer = person-swimming man-swimming woman-swimming; rower = person-rowing-boat
man-rowing-boat woman-rowing-boat; skier; snowboarder; horse rider = horse-racing; cyclist =
person-biking man-biking woman-biking; golfer = person-golfing man-golfing woman-golfing; yoga =
person-in-lotus-position man-in-lotus-position woman-in-lotus-position; juggler = person-juggling
man-juggling woman-juggling; baby; child; boy; girl; man; woman; old man; old woman; teacher =
teacher man-teacher woman-teacher; student = student man-student woman-student; doctor =
health-worker man-health-worker woman-health-worker; worker = construction-worker
man-construction-worker
"""

SAID_OTHERWISE: Final = {
    "airplane": ("aeroplane", "plane", "aircraft"),
    "car": ("automobile", "motor car"),
    "sailing boat": ("sailboat", "boat", "yacht"),
    "cup of coffee": ("coffee", "coffee cup"),
    "birthday cake": ("cake",),
    "steam train": ("steam locomotive", "locomotive"),
    "bicycle": ("bike",),
    "hamburger": ("burger",),
    "football": ("soccer ball",),
    "rabbit": ("bunny", "hare"),
    "dog": ("puppy",),
    "cat": ("kitten",),
    "deer": ("stag",),
    "castle": ("fortress",),
    "house": ("home", "cottage"),
    "fir tree": ("pine tree", "fir"),
    "chips": ("french fries",),
    "glass of wine": ("wine glass",),
    "mobile phone": ("smartphone",),
    "gift": ("present",),
    "camp fire": ("fire", "flames", "bonfire"),
    "lightning bolt": ("lightning",),
    "moon": ("full moon",),
    "planet": ("planet with rings", "saturn"),
    "light bulb": ("lamp",),
    "theatre masks": ("comedy and tragedy masks",),
    "film clapper": ("clapperboard",),
    "lantern": ("paper lantern",),
    "pumpkin": ("halloween pumpkin", "jack o lantern"),
    "globe": ("planet earth", "the earth"),
    "piano": ("piano keys", "keyboard instrument"),
    "guitar": ("electric guitar",),
    "flying saucer": ("ufo",),
    "lorry": ("truck",),
    "ladybird": ("ladybug",),
    "chef": ("cook",),
    "blossom": ("flower",),
    "wizard": ("magician",),
}
"""Other names of some things, used in a part of the captions."""


@dataclass(frozen=True)
class Concept:
    """A thing and the slugs of the emoji that show it."""

    name: str
    slugs: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Tell whether it is kept from training; what the application asks for never is."""
        asked = any(self.name == thing.name for thing in OBJECTS)
        return not asked and zlib.crc32(b"other " + self.name.encode()) % HELD_ONE_IN == 0

    @property
    def weight(self) -> float:
        """How often it is seen, in proportion."""
        return POSTER_WEIGHT if any(self.name == thing.name for thing in OBJECTS) else 1.0


def _read_table() -> tuple[Concept, ...]:
    found = []
    for entry in " ".join(_TABLE.split()).split(";"):
        name, _, slugs = (part.strip() for part in entry.partition("="))
        found.append(Concept(name, tuple(slugs.split()) or (name.replace(" ", "-"),)))
    return tuple(found)


CONCEPTS: Final = _read_table()
BY_NAME: Final = {concept.name: concept for concept in CONCEPTS}
BY_SLUG: Final = {slug: concept for concept in CONCEPTS for slug in concept.slugs}
_CALLED: Final = {
    call: concept
    for concept in CONCEPTS
    for call in (concept.name, *SAID_OTHERWISE.get(concept.name, ()))
}


def named_in(title: str) -> Concept | None:
    """Find the one concept a title speaks of: the longest name in it, the last of equals."""
    text = f" {' '.join(re.findall('[a-z]+', title.lower()))} "
    found = [(len(call), text.index(f" {call} "), call) for call in _CALLED if f" {call} " in text]
    return _CALLED[max(found)[2]] if found else None
