"""English words for what briefs in other languages speak of.

The sentence encoder and the rules for looks and sounds know English only. A
gloss is never shown; it only says which pictures and instruments fit.
"""

from __future__ import annotations

from typing import Final

_GLOSS: Final[dict[str, str]] = {
    # German
    "jazz": "jazz", "nachtmarkt": "night market", "markt": "market", "konzert": "concert",
    "weihnacht": "christmas winter", "chor": "choir", "sommerfest": "summer party festival",
    "fest": "festival", "schule": "school", "hafen": "harbour", "meer": "sea", "schiff": "ship",
    "leuchtturm": "lighthouse", "sturm": "storm", "wald": "forest", "berg": "mountain",
    "stadt": "city", "nacht": "night", "morgen": "morning", "kinder": "children",
    "buch": "book", "bücher": "books", "lesung": "book reading", "ausstellung": "exhibition art",
    "malerei": "painting", "keramik": "ceramics", "kunst": "art", "theater": "theatre",
    "kino": "cinema", "film": "film", "lauf": "run", "rad": "bicycle", "essen": "food",
    "wein": "wine tasting", "kaffee": "coffee", "hund": "dog", "katze": "cat", "liebe": "love",
    "hochzeit": "wedding", "garten": "garden", "frühling": "spring", "herbst": "autumn",
    "winter": "winter", "klavier": "piano recital", "geige": "violin", "tanz": "dance",
    "roboter": "robot", "weltraum": "space", "sterne": "stars", "kurs": "course",
    # French and Spanish
    "musique": "music", "musica": "music", "música": "music", "marché": "market",
    "mercado": "market", "nuit": "night", "noche": "night", "mer": "sea", "mar ": "sea",
    "photograph": "photography exhibition", "fotograf": "photography exhibition",
    "exposition": "exhibition art", "exposición": "exhibition art", "peinture": "painting",
    "pintura": "painting", "cerámica": "ceramics", "céramique": "ceramics", "taller": "workshop",
    "atelier": "workshop", "théâtre": "theatre", "teatro": "theatre", "cinéma": "cinema",
    "cine": "cinema", "livre": "book", "libro": "book", "école": "school", "escuela": "school",
    "enfants": "children", "niños": "children", "forêt": "forest", "bosque": "forest",
    "montagne": "mountain", "montaña": "mountain", "ville": "city", "ciudad": "city",
    "port": "harbour", "puerto": "harbour", "vin": "wine tasting", "vino": "wine tasting",
    "cuisine": "food", "comida": "food", "danse": "dance", "baile": "dance", "chat": "cat",
    "gato": "cat", "chien": "dog", "perro": "dog", "amour": "love", "amor": "love",
    "course": "run", "carrera": "run", "vélo": "bicycle", "bicicleta": "bicycle",
    "noël": "christmas winter", "navidad": "christmas winter", "chœur": "choir",
    "orage": "storm", "tormenta": "storm", "phare": "lighthouse", "faro": "lighthouse",
    # Chinese
    "爵士": "jazz", "音乐": "music concert", "夜市": "night market", "市集": "market",
    "电影": "film cinema", "动画": "animation film", "猫": "cat", "狗": "dog", "月": "moon",
    "星": "stars space", "海": "sea", "港": "harbour", "船": "ship", "灯塔": "lighthouse",
    "风暴": "storm", "暴风雨": "storm", "山": "mountain", "森林": "forest", "城市": "city",
    "夜": "night", "晚": "night", "书": "book reading", "诗": "poetry", "画": "painting art",
    "展": "exhibition", "艺术": "art", "陶": "ceramics", "戏": "theatre play", "舞": "dance",
    "学校": "school", "课": "course lesson", "孩": "children", "友谊": "friendship",
    "爱": "love", "婚": "wedding", "茶": "tea", "咖啡": "coffee", "美食": "food",
    "跑": "run", "自行车": "bicycle", "机器人": "robot", "科技": "technology", "龙": "dragon",
    "春": "spring", "夏": "summer", "秋": "autumn", "冬": "winter snow", "雪": "snow winter",
    "花": "flower garden", "蜜蜂": "bees honey", "游戏": "game", "慈善": "charity",
    "瑜伽": "yoga", "钢琴": "piano recital", "小提琴": "violin recital", "合唱": "choir",
}  # fmt: skip


def gloss(text: str) -> str:
    """Return English words for what a text speaks of; "" if it is all unknown."""
    low = text.lower()
    found = [english for word, english in _GLOSS.items() if word in low]
    return " ".join(dict.fromkeys(" ".join(found).split()))
