#!/usr/bin/env python3
"""Makes the invented shop of the examples, shop.jsonl: 300 products in the warehouses of 24 real cities.

    python3 make_shop.py shop.jsonl

The same Python code gives the same bytes: of the random number generator only `random()` is used, whose sequence for a seed the
language guarantees. README.md says what is in which field, and how often a value is missing.
"""

import datetime
import json
import random
import re
import sys

PRODUCTS = 300
WITHOUT_PRICE = (17, 118, 251)  # numbers of the products that have none

# Principal locations of the tz database's zone1970.tab (public domain), in ISO 6709: ±DDMM±DDDMM or ±DDMMSS±DDDMMSS.
CITIES = {
    "Athens": "+3758+02343",
    "Auckland": "-3652+17446",
    "Berlin": "+5230+01322",
    "Bogotá": "+0436-07405",
    "Buenos Aires": "-3436-05827",
    "Cairo": "+3003+03115",
    "Chicago": "+415100-0873900",
    "Honolulu": "+211825-1575130",
    "Istanbul": "+4101+02858",
    "Johannesburg": "-2615+02800",
    "Lisbon": "+3843-00908",
    "London": "+513030-0000731",
    "Los Angeles": "+340308-1181434",
    "Madrid": "+4024-00341",
    "Nairobi": "-0117+03649",
    "New York": "+404251-0740023",
    "Paris": "+4852+00220",
    "São Paulo": "-2332-04637",
    "Singapore": "+0117+10351",
    "Sydney": "-3352+15113",
    "Tokyo": "+353916+1394441",
    "Vienna": "+4813+01620",
    "Warsaw": "+5215+02100",
    "Zürich": "+4723+00832",
}

# category: (nouns, materials, lowest and highest price)
CATEGORIES = {
    "books": (["Atlas", "Cookbook", "Field Guide", "Songbook", "Pocket Dictionary", "Märchenbuch"], ["paper", "linen"], (6, 60)),
    "coffee": (["Espresso Cup", "Café Filter", "Hand Grinder", "Moka Pot", "Crème Jug", "Kettle"], ["steel", "porcelain", "glass"], (5, 140)),
    "electronics": (["Headphones", "Keyboard", "Desk Lamp", "Radio", "Webcam", "Charger"], ["aluminium", "plastic"], (12, 320)),
    "garden": (["Trowel", "Watering Can", "Pruning Shears", "Plant Pot", "Bird House", "Hose"], ["steel", "oak", "clay"], (4, 90)),
    "kitchen": (["Jalapeño Mill", "Bread Knife", "Smørrebrød Board", "Stock Pot", "Rice Cooker", "Pâté Dish"], ["steel", "oak", "enamel"], (8, 210)),
    "music": (["Ukulele", "Metronome", "Music Stand", "Tambourine", "Kazoo", "Cajón"], ["maple", "spruce", "brass"], (3, 400)),
    "outdoor": (["Tent", "Sleeping Bag", "Rucksack", "Head Torch", "Thermos Flask", "Sledge"], ["nylon", "wool", "steel"], (10, 480)),
    "stationery": (["Notebook", "Fountain Pen", "Pencil Case", "Paper Knife", "Ink Bottle", "Calendar"], ["paper", "brass", "leather"], (2, 75)),
}
MODELS = ["Alba", "Brisa", "Cometa", "Dalarö", "Ébène", "Fjord", "Göta", "Halma", "Île", "Juno", "Koï", "Lumen", "Marée", "Ñandú", "Œuvre"]
KINDS = ["Compact", "Classic", "Folding", "Travel", "Large", "Mini", "Premium", "Everyday"]
COLOURS = ["black", "white", "red", "green", "blue", "sand"]
SIZES = ["S", "M", "L", "XL"]
GROUPS = ["staff", "wholesale", "press", "beta", "partner"]
FIRST_DAY = datetime.date(2023, 1, 1)
LAST_DAY = datetime.date(2026, 10, 31)


class Draws:
    """Draws from one seeded sequence."""

    def __init__(self, seed):
        self._random = random.Random(seed).random

    def chance(self, probability):
        return self._random() < probability

    def between(self, low, high):
        """A whole number, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def skewed(self, high):
        """A whole number from 0 to `high`; most are small."""
        return int(high * self._random() ** 4)

    def one(self, items):
        return items[self.between(0, len(items) - 1)]

    def some(self, items, probability):
        return [item for item in items if self.chance(probability)]


def degrees(text):
    """The latitude and longitude of an ISO 6709 location, to five digits after the point (about a metre)."""
    match = re.fullmatch(r"([+-])(\d\d)(\d\d)(\d\d)?([+-])(\d{3})(\d\d)(\d\d)?", text)

    def angle(sign, whole, minutes, seconds):
        value = int(whole) + int(minutes) / 60 + int(seconds or 0) / 3600
        return round(-value if sign == "-" else value, 5)

    return {"lat": angle(*match.groups()[:4]), "lon": angle(*match.groups()[4:])}


def attributes(draws, materials):
    """What differs from product to product: nested objects, arrays, null, no fixed set of keys."""
    made = {"colour": draws.one(COLOURS), "materials": draws.some(materials, 0.6)}
    if draws.chance(0.8):
        made["dimensions"] = {"width_mm": draws.between(20, 600), "height_mm": draws.between(10, 400), "weight": {"value": draws.between(20, 9000), "unit": "g"}}
    if draws.chance(0.6):
        made["variants"] = [{"size": size, "stock": draws.between(0, 40)} for size in draws.some(SIZES, 0.6)]
    if draws.chance(0.7):
        made["rating"] = {"average": draws.between(20, 50) / 10, "count": 1 + draws.skewed(900)}
    if draws.chance(0.3):
        made["warranty"] = {"years": draws.between(1, 10), "extendable": draws.chance(0.5)} if draws.chance(0.7) else None
    return made


def product(number, draws):
    category = draws.one(list(CATEGORIES))
    nouns, materials, (low, high) = CATEGORIES[category]
    city = draws.one(list(CITIES))
    made = {"id": f"p{number:03}", "name": f"{draws.one(MODELS)} {draws.one(KINDS)} {draws.one(nouns)}", "category": category}
    price = draws.between(low * 100, high * 100) / 100
    if number not in WITHOUT_PRICE:
        made["price"] = price
    if draws.chance(0.95):
        made["sold"] = draws.skewed(2500)
    if draws.chance(0.95):
        made["released"] = str(FIRST_DAY + datetime.timedelta(days=draws.between(0, (LAST_DAY - FIRST_DAY).days)))
    made["city"] = city
    if draws.chance(0.95):
        made["location"] = degrees(CITIES[city])
    if groups := draws.some(GROUPS, 0.4):
        made["groups"] = groups
    if draws.chance(0.1):
        made["denied"] = [draws.one(GROUPS)]
    made["attributes"] = attributes(draws, materials)
    return made


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_shop.py shop.jsonl")
    draws = Draws(2026)
    with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as out:
        for number in range(1, PRODUCTS + 1):
            out.write(json.dumps(product(number, draws), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
