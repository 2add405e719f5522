"""Words by which the rules read a brief: days, months, places, verbs, small words.

English first; German, French, Spanish and Chinese as far as dates, hours and
places need them.
"""

from __future__ import annotations

from typing import Final


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text, as a set."""
    return frozenset(text.split())


def _word_list(text: str) -> list[str]:
    return text.split()


WEEKDAYS: Final = _word_list(
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch "
    "donnerstag freitag samstag sonnabend sonntag lundi mardi mercredi jeudi vendredi "
    "samedi dimanche lunes martes miércoles jueves viernes sábado domingo"
)

WEEKDAY_SHORTS: Final = _word_list("Mon Tue Tues Wed Thu Thurs Fri Sat Sun")

MONTHS: Final = _word_list(
    "January February March April May June July August September October November December "
    "Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec Januar Februar März Mai Juni Juli "
    "Oktober Dezember janvier février mars avril mai juin juillet août septembre octobre "
    "novembre décembre enero febrero marzo abril mayo junio julio agosto septiembre octubre "
    "noviembre diciembre"
)

FEASTS: Final = (
    "New Year's Eve", "New Year's Day", "Christmas Eve", "Christmas Day", "Boxing Day",
    "Valentine's Day", "Mother's Day", "Father's Day", "Halloween night", "Easter Sunday",
    "Easter Monday", "Good Friday", "Midsummer", "Heiligabend", "Silvester", "Ostersonntag",
)  # fmt: skip

PLACE_NOUNS: Final = word_set(
    "square park hall street road avenue lane museum gallery church chapel cathedral harbour "
    "harbor beach theatre theater club café cafe library school schoolyard garden gardens "
    "market-hall centre center station bar pub arena stadium campus room studio barn farm "
    "courtyard yard pier dock docks quay marina bridge castle palace hotel restaurant bakery "
    "bookshop shop store brewery winery vineyard cinema auditorium academy university college "
    "gym pool playground warehouse factory loft rooftop terrace lawn meadow riverside "
    "riverbank waterfront promenade boardwalk lighthouse pavilion amphitheatre amphitheater "
    "plaza piazza observatory planetarium zoo town-hall hospital clubhouse basement cellar "
    "crypt abbey monastery temple mosque synagogue greenhouse orchard field fields fairground "
    "hangar depot foyer ballroom kitchen townhall village island lake airport"
)

PLACE_ENDINGS: Final = (
    "platz", "halle", "straße", "strasse", "haus", "garten", "hof", "kirche", "theater",
    "museum", "schule", "brücke", "hafen", "bahnhof", "saal", "keller", "gasse", "bibliothek",
    "kino", "universität", "wiese", "stadion", "galerie", "ufer", "burg", "schloss", "markthalle",
    "广场", "公园", "剧院", "剧场", "音乐厅", "博物馆", "美术馆", "图书馆", "学校", "大学", "酒吧",
    "咖啡馆", "体育馆", "体育场", "中心", "教堂", "码头", "港", "路", "街", "厅",
    "馆", "寺", "书店",
)  # fmt: skip

PLACE_STARTS: Final = word_set(
    "place salle rue parc théâtre musée église école jardin quai boulevard avenue hôtel café "
    "bibliothèque château marché plaza calle parque teatro museo iglesia jardín room pier "
    "platform dock gate galerie theater kirche schule museum halle"
)

CITIES: Final = word_set(
    "Amsterdam Athens Barcelona Basel Beijing Berlin Bern Bologna Bordeaux Boston Bremen "
    "Bristol Brussels Budapest Cairo Chicago Cologne Copenhagen Dresden Dublin Edinburgh "
    "Florence Frankfurt Geneva Genoa Glasgow Hamburg Hannover Helsinki Istanbul Kyoto Leipzig "
    "Lille Lisbon Liverpool London Lyon Madrid Manchester Marseille Melbourne Milan Montreal "
    "Moscow Munich München Nantes Naples Nice Oslo Oxford Palermo Paris Porto Prague Riga Rome "
    "Rotterdam Salzburg Seattle Seoul Seville Shanghai Singapore Stockholm Strasbourg "
    "Stuttgart Sydney Tallinn Tokyo Toronto Toulouse Turin Valencia Vancouver Venice Vienna "
    "Vilnius Warsaw Wien Zurich Zürich 北京 上海 广州 深圳 成都 杭州 南京 西安"
)

VERBS: Final = word_set(
    "is are was were has have had does do goes go comes come waits wait finds find builds build "
    "searches search looks look learns learn walks walk runs run dances dance sings sing plays "
    "play returns return leaves leave meets meet falls fall discovers discover opens open "
    "crosses cross climbs climb sails sail flies fly travels travel dreams dream hides hide "
    "fights fight saves save loses lose becomes become follows follow chases chase escapes "
    "escape races race hunts hunt makes make takes take gives give tells tell writes write reads "
    "read paints paint watches watch listens listen hears hear sees see wakes wake sleeps sleep "
    "wants want tries try must can cannot will keeps keep tends tend guards guard solves solve "
    "wins win drives drive rides ride swims swim explores explore reaches reach enters enter "
    "visits visit cooks cook bakes bake grows grow plants plant steals steal breaks break "
    "rescues rescue teaches teach remembers remember forgets forget sends send receives receive "
    "survives survive rises rise stands stand sits sit lives live dies die marries marry moves "
    "move stops stop starts start begins begin tows tow carries carry brings bring feeds feed "
    "catches catch lights light repairs repair faces face battles battle hopes hope decides "
    "decide wanders wander drifts drift gets get turns turn trains train cares care says say "
    "asks ask calls call holds hold befriends befriend stumbles stumble unlocks unlock prepares "
    "prepare arrives arrive collects collect sets set inherits inherit receives uncovers"
)

PREPOSITIONS: Final = word_set(
    "with for about that who which where when by from in on to at under over through between "
    "against during without into of after before behind near as until while beside along across"
)

SMALL_WORDS: Final = word_set(
    "a an the and or but nor of in on at to for with by from as into over under via per vs"
)

ARTICLES: Final = word_set("a an the")

NUMBERS: Final = word_set("one two three four five six seven eight nine ten twelve many some")

PRONOUNS: Final = word_set("he she it they we you i this that these those his her their our my")

GERMAN: Final = word_set(
    "der die das und im am mit für auf ein eine einen vom zum zur von bei uhr den dem aus ins"
)
FRENCH: Final = word_set("le la les des du à au aux et avec pour dans une un chez sur de l'")
SPANISH: Final = word_set("el los las del y con para una un en de al por")

HEADWORDS: Final = word_set(
    "free open doors entry admission tickets bring no all live new annual family kids come "
    "join learn win save buy get only last first every one play taste meet your our everyone "
    "please limited drinks food music"
)
"""Words that begin a remark and are no name, though a capital may begin them."""
