#!/usr/bin/env python3
"""Picks the sample corpus, packages.jsonl, out of all package records of a Debian release.

    python3 pick.py docs.jsonl packages.jsonl

docs.jsonl has one JSON object per package; README.md says how it is made and which field comes from where.
The same input gives the same bytes: there is no random number, and the order of the input's lines does not matter.
A package's place in the queue is the SHA-256 of its name, so a later release of Debian keeps most of the sample.

Nothing is invented. A value that a record does not have is left out of the object, and a record is left out when

- it has no download size: it is installed on the machine that made docs.jsonl, but is not in Debian's archive;
- it has no long description, only a title;
- its description holds an e-mail address.

Every section gets seats in proportion to its records, but at least MIN_PER_SECTION. In each section the records that
a demonstration looks for (WANTED_NAMES, WANTED_TEXT) sit down first, and the queue takes the seats that are left.
"""

import hashlib
import json
import re
import sys
from collections import Counter, defaultdict

RECORDS = 5000
MIN_PER_SECTION = 8  # or all of a smaller section
MAX_BYTES = 4_000_000

# Well-known programs, so that a reader recognizes what a query finds.
WANTED_NAMES = frozenset(
    # editors
    "emacs-nox geany gedit joe kakoune kate mg micro mousepad nano ne neovim vim vim-gtk3 vim-tiny zile"
    # compilers and WebAssembly tools
    " binaryen clang fpc g++ gcc gccgo gdc gfortran ghc gnat gnucobol4 golang-go llvm ocaml-nox rustc sbcl tcc wabt"
    # other everyday programs
    " bash chromium curl ffmpeg firefox-esr gimp git inkscape mariadb-server nginx-core postgresql python3 redis-server"
    " sqlite3 thunderbird vlc wget".split()
)
# Search engines and their libraries, by name or title.
WANTED_TEXT = re.compile(r"xapian|lucene|search engine|full[- ]?text|groonga|namazu|recoll|whoosh", re.IGNORECASE)

EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w")


def sample_record(doc):
    """Returns the sample's object for one input record, or None if the record is to be left out."""
    name = doc["id"].split("_", 1)[0]  # name_version_architecture
    title = doc["title"].strip()
    # The description's first line is the title again.
    body = doc["body"].removeprefix(doc["title"]).strip()
    if not title or not body or not doc["ts"] or EMAIL.search(body):
        return None
    record = {
        "id": name,
        "name": name,
        "title": title,
        "body": body,
        # The input writes 0 for an absent Installed-Size; no record of the archive says 0 itself.
        "installed_size": int(doc["price"]) or None,
        "download_size": doc["ts"],
        "section": doc["category"],
        "maintainer": doc["maintainer"],
        "priority": doc["priority"],
        "tags": doc.get("tags") or None,
    }
    return {field: value for field, value in record.items() if value is not None}


def seats(sizes):
    """Shares RECORDS among the sections: by size, at least MIN_PER_SECTION, by largest remainder where that is not whole."""
    given = {section: min(size, MIN_PER_SECTION) for section, size in sizes.items()}
    # A section whose share is below its minimum keeps the minimum; the others share what is left.
    sharing = set(sizes)
    while True:
        left = RECORDS - sum(given[section] for section in sizes if section not in sharing)
        total = sum(sizes[section] for section in sharing)
        small = {section for section in sharing if sizes[section] * left < given[section] * total}
        if not small:
            break
        sharing -= small
    for section in sharing:
        given[section] = sizes[section] * left // total
    by_remainder = sorted(sharing, key=lambda section: (-(sizes[section] * left % total), section))
    for section in by_remainder[: RECORDS - sum(given.values())]:
        given[section] += 1
    return given


def queue_place(record):
    """Returns the sort key of a record inside its section: wanted ones first, then by the hash of the name."""
    wanted = record["name"] in WANTED_NAMES or WANTED_TEXT.search(f"{record['name']} {record['title']}")
    return (not wanted, hashlib.sha256(record["name"].encode()).digest())


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: pick.py docs.jsonl packages.jsonl")
    source, target = sys.argv[1:]

    sections = defaultdict(list)
    names = Counter()
    read = 0
    with open(source, encoding="utf-8") as lines:
        for line in lines:
            read += 1
            record = sample_record(json.loads(line))
            if record:
                sections[record["section"]].append(record)
                names[record["name"]] += 1
    twice = sorted(name for name, count in names.items() if count > 1)
    if twice:
        sys.exit(f"{source}: more than one record of a package: {', '.join(twice[:5])}")
    if names.total() < RECORDS:
        sys.exit(f"{source}: {names.total()} usable records, {RECORDS} are needed")

    picked = []
    for section, count in seats({section: len(records) for section, records in sections.items()}).items():
        picked += sorted(sections[section], key=queue_place)[:count]
    picked.sort(key=lambda record: record["name"])
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in picked).encode()
    if len(text) >= MAX_BYTES:
        sys.exit(f"the sample would have {len(text)} bytes, {MAX_BYTES} is the limit")
    with open(target, "wb") as out:
        out.write(text)

    print(f"{read} records read, {names.total()} usable, {len(picked)} picked, {len(text)} bytes, {len(sections)} sections")
    for field in ("installed_size", "tags"):
        print(f"without {field}: {sum(field not in record for record in picked)}")
    absent = sorted(WANTED_NAMES - {record["name"] for record in picked})
    if absent:
        print(f"wanted, but not picked: {' '.join(absent)}")


main()
