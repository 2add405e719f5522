"""Briefs as people write them, with the facts that each states."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stated:
    """What a brief says, word for word."""

    brief: str
    title: str
    day: str = ""
    hour: str = ""
    place: str = ""
    names: tuple[str, ...] = ()


BRIEFS: tuple[Stated, ...] = (
    Stated("Night market jazz festival, Friday 9 pm, harbour square",
           "Night Market Jazz Festival", "Friday", "9 pm", "harbour square"),
    Stated("Night Market Jazz Festival, Friday 9 PM, Harbour Square",
           "Night Market Jazz Festival", "Friday", "9 PM", "Harbour Square"),
    Stated("A lighthouse keeper waits out a storm", "The Lighthouse Keeper"),
    Stated("Open-air cinema in the city park, Saturday 8 pm",
           "Open-Air Cinema", "Saturday", "8 pm", "the city park"),
    Stated("Poster for a charity run for the children's hospital, Sunday 12 May, 10:00, River Park",
           "Charity Run for the Children's Hospital", "Sunday 12 May", "10:00", "River Park"),
    Stated("Make a poster for the opening of Mira Keller's ceramics studio on Friday, 3 June 2027"
           " at 6 pm, Hauptstraße 12",
           "Opening of Mira Keller's Ceramics Studio", "Friday, 3 June 2027", "6 pm",
           "Hauptstraße 12", ("Mira Keller",)),
    Stated("Beginner's course in watercolour painting, every Tuesday 7-9 pm, community centre"
           " room 4, bring your own brushes",
           "Beginner's Course in Watercolour Painting", "every Tuesday", "7-9 pm",
           "community centre room 4"),
    Stated('"The Last Ferry", a horror film on a ship, in cinemas 31 October',
           "The Last Ferry", "31 October"),
    Stated("Jazzfestival auf dem Nachtmarkt, Freitag 21 Uhr, Hafenplatz",
           "Jazzfestival auf dem Nachtmarkt", "Freitag", "21 Uhr", "Hafenplatz"),
    Stated("Weihnachtskonzert mit dem Kammerchor Lübeck, Sonntag, 14. Dezember, 17 Uhr,"
           " Marienkirche",
           "Weihnachtskonzert mit dem Kammerchor Lübeck", "Sonntag, 14. Dezember", "17 Uhr",
           "Marienkirche", ("Kammerchor Lübeck",)),
    Stated("Sommerfest der Grundschule am Park, Samstag, 5. Juli ab 14 Uhr",
           "Sommerfest der Grundschule am Park", "Samstag, 5. Juli", "ab 14 Uhr"),
    Stated("Festival de jazz au marché de nuit, vendredi 21h, place du Port",
           "Festival de jazz au marché de nuit", "vendredi", "21h", "place du Port"),
    Stated("Exposition de photographies, du 3 au 17 mai, galerie Montparnasse, entrée libre",
           "Exposition de photographies", "3 au 17 mai", "", "galerie Montparnasse"),
    Stated("Taller de cerámica, sábado 11:00, plaza Mayor",
           "Taller de cerámica", "sábado", "11:00", "plaza Mayor"),
    Stated("夜市爵士音乐节，周五晚上9点，海港广场",
           "夜市爵士音乐节", "周五", "晚上9点", "海港广场"),
    Stated("《月光下的猫》，一部关于友谊的动画片", "月光下的猫"),
    Stated("a calm puzzle game about bees", "Calm Puzzle Game About Bees"),
    Stated("Electric bicycle for the city", "Electric Bicycle for the City"),
    Stated("Two sisters find a map", "Two Sisters and the Map"),
    Stated("Mia finds a map in Venice", "Mia and the Map", place="Venice", names=("Mia",)),
    Stated("Violin recital, Anna Weber, Sunday 5 pm, St. Mary's Church",
           "Violin Recital", "Sunday", "5 pm", "St. Mary's Church", ("Anna Weber",)),
    Stated("Concert by Ella Brandt and the Harbour Trio, tomorrow 8.30 pm, Blue Note",
           "Concert by Ella Brandt and the Harbour Trio", "tomorrow", "8.30 pm", "Blue Note",
           ("Ella Brandt", "Harbour Trio")),
    Stated("Sunday brunch with live jazz, 11 am, Café Mila",
           "Sunday Brunch with Live Jazz", "Sunday", "11 am", "Café Mila"),
    Stated("Friday night jazz", "Friday Night Jazz", "Friday"),
    Stated("An autumn sale in our bookshop with 20 percent off all novels until Saturday",
           "Autumn Sale with 20 Percent Off All Novels", "until Saturday", "", "our bookshop"),
    Stated("A space opera about a crew that steals a planet", "Space Opera"),
    Stated("Quiz evening about space, 19:30, planetarium, free entry",
           "Quiz Evening About Space", "", "19:30", "planetarium"),
    Stated("Winter concert of the school choir at noon in the town hall on 12 December",
           "Winter Concert of the School Choir", "12 December", "noon", "the town hall"),
    Stated("MIDNIGHT VINYL MARKET, SATURDAY, OLD FACTORY",
           "Midnight Vinyl Market", "SATURDAY", "", "OLD FACTORY"),
    Stated("Handmade soap from a mountain farm", "Handmade Soap from a Mountain Farm"),
    Stated("A robot learns to dance in an empty factory", "The Robot"),
    Stated("Lesson on volcanoes for class 5, Monday 10 am, room 12",
           "Lesson on Volcanoes for Class 5", "Monday", "10 am", "room 12"),
    Stated("Flea market Sat 10am to 4pm on Linden Street",
           "Flea Market", "Sat", "10am to 4pm", "Linden Street"),
    Stated("A boy from the moon learns to swim", "The Boy from the Moon"),
    Stated("Design a flyer for yoga at sunrise, every Sunday 6 am, city beach",
           "Yoga", "every Sunday", "6 am", "city beach"),
    Stated("Poetry slam “Words on Fire” - Thursday, 7.30 p.m. - Bar Luna - entry 5 euros",
           "Words on Fire", "Thursday", "7.30 p.m.", "Bar Luna"),
    Stated("Town hall meeting about the new bridge. Wednesday 14 May at 18:30. Bring your"
           " questions.",
           "Town Hall Meeting About the New Bridge", "Wednesday 14 May", "18:30"),
    Stated("Hamlet by William Shakespeare, 3-5 July, 8 pm, castle courtyard",
           "Hamlet by William Shakespeare", "3-5 July", "8 pm", "castle courtyard",
           ("William Shakespeare",)),
    Stated("A short film about two sisters who find a map", "Two Sisters Who Find a Map"),
    Stated("Charity gala for the animal shelter, New Year's Eve, 8 pm to midnight, Grand Hotel"
           " Europa",
           "Charity Gala for the Animal Shelter", "New Year's Eve", "8 pm to midnight",
           "Grand Hotel Europa"),
    Stated("A knight and a dragon become friends", "The Knight and the Dragon"),
    Stated("The old clockmaker repairs the moon", "The Old Clockmaker"),
    Stated("Coffee tasting with Lucía Fernández, Thursday 18:00, Roastery No. 5",
           "Coffee Tasting with Lucía Fernández", "Thursday", "18:00", "Roastery No. 5",
           ("Lucía Fernández",)),
    Stated("Street food festival in Berlin, 12-14 June", "Street Food Festival", "12-14 June", "",
           "Berlin"),
    Stated("Tech talk: safe robots at home, Tuesday 5 May 2026, 17:00, University of Graz",
           "Tech Talk", "Tuesday 5 May 2026", "17:00", "University of Graz"),
    Stated("Swap your books! Saturday 2 pm, library garden",
           "Swap Your Books", "Saturday", "2 pm", "library garden"),
    Stated("Sailing regatta, this weekend, Lake Constance",
           "Sailing Regatta", "this weekend", "", "Lake Constance"),
    Stated("New album 'Paper Moons' by The Quiet Hours, out on 9 October",
           "Paper Moons", "9 October", "", "", ("The Quiet Hours",)),
    Stated("storm", "Storm"),
)  # fmt: skip
