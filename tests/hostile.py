"""Cases with identifiers of every kind, and the ways in which free text gives them away, invented from one seed."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from divert.people.identifiers import check_letter
from divert.scrutiny.redaction import Identifiers

FORENAMES_TEXT = """
Dale Zoë Aoife Łukasz Kai Lee Siân Mohammed Chloé Brandon Agnieszka Tyler Nia Oluwaseun Björn Priya Callum
Renée Jordan Maeve Søren Tariq Ellie Grzegorz Hamza Isla Joao Kieran Leanne Marek Niamh Owen Paige Quentin
Rhys Shanice
"""
FORENAMES = FORENAMES_TEXT.split()
SURNAMES_TEXT = """
Ashworth Nwachukwu O'Brien Szczęsny Price Ward Kowalczyk Müller Smith-Jones Hetherington Ng Fothergill Begum
Çelik Dobson Eccleston Farrow Gąsior Harbottle Iqbal Jankowski Kettlewell Lofthouse Mukherjee Norbury Oyelaran
Pickersgill Quillfeather Ramachandran Stubbington Thistlethwaite Umar Vasquez Wetherall Yarborough Żuk
"""
SURNAMES = SURNAMES_TEXT.split()
STREETS = ("14 Marton Road", "3 Linthorpe Mews", "Thornaby Arcade", "27a Skelton Terrace", "The Oxbridge Yard")
SHOPS = ("Harbour Stores", "Tillbury Mart", "The Corner Larder", "Quayside Grocers", "Northgate Chemists")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CLOSE_TO = 4


class Told(NamedTuple):
    """A case's identifiers, and one way in which a text gives one of them away."""

    kind: str
    known: Identifiers
    text: str
    secret: str


class Somebody(NamedTuple):
    """Who a case is about, whom it harmed, and who brought it."""

    forename: str
    surname: str
    officer: str
    shop: str
    victim: str
    victim_phone: str
    street: str
    phone: str
    email: str
    pnc: str
    crime: str
    postcode: str

    @property
    def known(self) -> Identifiers:
        """What the case has on record."""
        return Identifiers(
            frozenset({self.forename, self.surname, self.officer, self.shop, self.victim, self.street}),
            frozenset({self.phone, self.victim_phone, self.email, self.pnc, self.crime, self.postcode}),
        )

    @property
    def as_victim(self) -> "Somebody":
        """The same case, with the victim where the person was: for a text that names the victim."""
        forename, surname = self.victim.split()
        return self._replace(forename=forename, surname=surname, phone=self.victim_phone)

    @property
    def as_officer(self) -> "Somebody":
        """The same, for a text that names the officer."""
        *_, forename, surname = self.officer.split()
        return self._replace(forename=forename, surname=surname)


def somebody(chance: random.Random) -> Somebody:
    """An invented person, officer, shop and victim, and their numbers."""
    forename, surname = chance.choice(FORENAMES), chance.choice(SURNAMES)
    year, serial = chance.randrange(1980, 2019), chance.randrange(10**6, 10**7)
    return Somebody(
        forename,
        surname,
        f"PC {chance.randrange(1000, 9999)} {chance.choice(FORENAMES)} {chance.choice(SURNAMES)}",
        chance.choice(SHOPS),
        f"{chance.choice(FORENAMES)} {chance.choice(SURNAMES)}",
        f"07700 900{chance.randrange(1000):03}",
        chance.choice(STREETS),
        f"07700900{chance.randrange(1000):03}",
        f"{_ascii(forename)}.{_ascii(surname)}{chance.randrange(99)}@example.com",
        f"{year}/{serial}{check_letter(int(f'{year % 100:02}{serial}'))}",
        f"CVP-19-{chance.randrange(100000, 999999)}",
        f"TS{chance.randrange(1, 29)} {chance.randrange(1, 9)}{chance.choice('ABDEFGH')}{chance.choice('JLNPQRST')}",
    )


def _ascii(name: str) -> str:
    """A name as it stands in an e-mail address."""
    plain = normalize("NFD", name.lower()).translate(str.maketrans("łø", "lo"))
    return "".join(one for one in plain if one.isascii() and one.isalpha())


def misspelt(word: str, chance: random.Random, times: int = 1) -> str:
    """A word with a letter left out, doubled, changed or swapped, never the first; one of three letters as it is."""
    for _ in range(times if len(word) >= CLOSE_TO else 0):
        at = chance.randrange(1, len(word) - 1)
        word = chance.choice((
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + chance.choice("aeiou") + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ))  # fmt: skip
    return word


def long_name(one: Somebody) -> str:
    """The longer of a person's names, which can be misspelt and still be read."""
    return max(one.forename, one.surname, key=len)


def street(one: Somebody) -> str:
    """What a street is called, without its number or what kind it is."""
    return next(word for word in one.street.split() if len(word) > CLOSE_TO)


def figured(word: str) -> str:
    """A word with a figure in the place of its first vowel after the first letter."""
    at = next((at for at, letter in enumerate(word) if at and letter in "oieas"), None)
    return word if at is None or len(word) < CLOSE_TO else word[:at] + "01345"["oieas".index(word[at])] + word[at + 1 :]


def joined(one: Somebody, chance: random.Random) -> str:
    """Both names in one word, the longer misspelt where it has four letters."""
    longer = long_name(one)
    if len(longer) < CLOSE_TO:
        return one.forename + one.surname
    return "".join(misspelt(name, chance) if name == longer else name for name in (one.forename, one.surname))


def plate(chance: random.Random) -> str:
    """A vehicle's plate, of today's form, an older one, or without a date."""
    three = "".join(chance.choice("BCDFGHJKLMNP") for _ in range(3))
    number = chance.randrange(2, 999)
    return chance.choice((
        f"N{three[0]}{chance.randrange(10, 69)} {three}", f"N{three[0]}{chance.randrange(10, 69)}{three}",
        f"{chance.choice('ABCDEFGHJKLMNP')}{number} {three}", f"{three} {number}{chance.choice('ABCDEFGHJK')}",
        f"{three} {number}", f"{number} {three}",
    ))  # fmt: skip


WAYS: dict[str, Callable[[Somebody, random.Random], str]] = {
    "as written": lambda one, _: one.surname,
    "in capitals": lambda one, _: f"{one.forename} {one.surname}".upper(),
    "in small letters": lambda one, _: one.surname.lower(),
    "split": lambda one, chance: chance.choice((" ", "-", ".", " - ")).join(
        (one.surname[:2], one.surname[2:]) if len(one.surname) > CLOSE_TO else one.surname
    ),
    "misspelt by a letter": lambda one, chance: misspelt(long_name(one), chance),
    "with a title": lambda one, chance: f"{chance.choice(('Mr', 'Ms', 'Dr.', 'MISS'))} {one.surname}",
    "title and misspelt": lambda one, chance: f"Mr {misspelt(long_name(one), chance)}",
    "initials with points": lambda one, _: f"{one.forename[0]}. {one.surname[0]}.",
    "surname first": lambda one, _: f"{one.surname}, {one.forename}",
    "run together": lambda one, chance: chance.choice(
        (one.forename + one.surname, one.surname + one.forename + "99")
    ).lower(),
    "run together, misspelt": lambda one, chance: joined(one, chance),
    "run together by a line": lambda one, _: f"{one.forename}_{one.surname}",
    "across a line's end": lambda one, chance: "\n".join(
        chance.choice(
            (
                (one.surname[:3], one.surname[3:]) if len(one.surname) > CLOSE_TO else (one.forename, one.surname),
                (one.forename, one.surname),
            )
        )
    ),
    "somebody's": lambda one, chance: one.surname + chance.choice(("'s", "’s", "s'")),
    "a figure for a letter": lambda one, _: figured(long_name(one)),
    "e-mail address as recorded": lambda one, _: one.email.upper(),
    "e-mail address, spelt out": lambda one, _: one.email.replace("@", " at ").replace(".com", " dot com"),
    "in an e-mail address": lambda one, _: f"{one.forename}.{one.surname}@example.com".lower(),
    "accents lost or gained": lambda one, _: one.surname.translate(str.maketrans("oueaçęłżąüö", "öüéàcelzauo")),
    "invisible characters": lambda one, _: "\u200b".join(one.surname),
    "wide letters": lambda one, _: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in one.surname),
    "telephone, spaced": lambda one, _: " ".join((one.phone[:5], one.phone[5:8], one.phone[8:])),
    "telephone, digit by digit": lambda one, chance: chance.choice((" ", "-", ".")).join(one.phone),
    "telephone, from abroad": lambda one, _: f"+44 (0){one.phone[1:5]} {one.phone[5:]}",
    "telephone, from abroad by 00": lambda one, _: f"0044 {one.phone.replace(' ', '')[1:5]}-{one.phone[-6:]}",
    "telephone in words": lambda one, _: " ".join(DIGITS[int(c)] for c in one.phone if c != " "),
    "telephone, a digit wrong": lambda one, _: f"{one.phone[:9]}9{one.phone[9:]}",
    "PNC identifier, spaced": lambda one, _: one.pnc.replace("/", " / ").lower(),
    "crime reference, bare": lambda one, _: one.crime.replace("-", " "),
    "postcode, run together": lambda one, _: one.postcode.replace(" ", "").lower(),
    "officer by number": lambda one, _: " ".join(one.officer.split()[:2]),
    "street": lambda one, _: street(one),
    "street in capitals": lambda one, _: street(one).upper(),
    "street misspelt": lambda one, chance: misspelt(street(one), chance),
    "letters of another alphabet": lambda one, _: one.surname.translate(str.maketrans("aeopc", "аеорс")),  # noqa: RUF001  it is meant to look alike
    "shop in capitals": lambda one, _: one.shop.split()[-2].upper(),
    "vehicle plate": lambda _, chance: plate(chance),
    "a birthday in words": lambda _, chance: f"{chance.randrange(1, 28)}th of March 1994",
    "a birthday, month first": lambda _, chance: f"March {chance.randrange(1, 28)}, 1994",
    "a birthday, cut short": lambda _, chance: chance.choice(("11 Mar '94", "11.3.94", "11-Mar-94", "11/03/1994")),
}

BEYOND: dict[str, Callable[[Somebody, random.Random], str]] = {
    "misspelt by two letters": lambda one, chance: misspelt(long_name(one), chance, times=2),
    "initials without points": lambda one, _: one.forename[0] + one.surname[0],
    "letters in reverse": lambda one, _: one.surname[::-1].lower(),
    "a telephone number in pairs": lambda one, _: "seventy-seven hundred nine hundred " + DIGITS[int(one.phone[-1])],
    "an older plate, in small letters": lambda _, chance: f"abc {chance.randrange(2, 999)}",
    "a name that nobody recorded": lambda _, chance: chance.choice(("Thackstone", "Ollerby", "Winterbourne")),
}  # fmt: skip
"""What it makes no claim to find: measured all the same."""

SENTENCES = (
    "First offence and full admission; {} was polite throughout.",
    "Spoke to {} about it on the phone, nothing more to add.",
    "The store says {} came twice before, and wants no more visits.",
    "Alcohol need; will engage. {} agreed to four sessions.",
    "It was put to {} that this was the third time this year.",
)

PLAIN = (Path(__file__).parent / "data" / "plain_notes.txt").read_text(encoding="utf-8").splitlines()
"""Notes that name nobody."""


def cases(number: int, seed: int) -> Iterator[Told]:
    """So many cases, each with a text that gives one identifier away in one way; all ways in turn."""
    chance = random.Random(seed)
    ways = [*WAYS.items(), *BEYOND.items()]
    for place in range(number):
        kind, way = ways[place % len(ways)]
        one = somebody(chance)
        secret = way(one, chance)
        yield Told(kind, one.known, chance.choice(SENTENCES).format(secret), secret)
