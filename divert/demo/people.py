"""Invented people and what they are said to have done. Nobody here exists; names and backgrounds are drawn apart."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

from divert.law.working_days import is_working_day
from divert.people.identifiers import check_letter

FIRST_REFERRALS = date(2019, 1, 1)
FULL_SCHEME = date(2019, 4, 1)
A_YEAR_OF_REFERRALS = 170

FORENAMES = (  # noqa: SIM905 - names read better as words than as a list
    "Aaron Abigail Ahmed Aisha Alan Amber Amina Andrew Anya Beth Billy Bronwen Callum Carla Chidi Chloe Connor "
    "Craig Dale Danielle Darren Dawn Dilan Ella Ewan Farah Gareth Gemma Grace Hamza Hannah Ibrahim Imogen Jade "
    "Jamie Jasmin Jordan Kacper Kayleigh Keeley Kieran Leah Leon Lewis Lorna Maja Marcus Megan Michelle Mohsin "
    "Naomi Nathan Niamh Oliwia Owen Paige Patryk Rachel Reece Rhys Ruby Ryan Samina Scott Shannon Siân Stacey "
    "Tariq Tegan Thomas Tomasz Tyler Usman Victoria Wayne Yusuf Zara Zoe"
).split()
SURNAMES = (  # noqa: SIM905 - names read better as words than as a list
    "Abbott Ainsley Akhtar Armstrong Atkin Bakare Barraclough Bell Bianchi Birtley Bolam Brannigan Carter Chilton "
    "Cooper Cowell Dent Dobson Dunning Easby Elgie Emmerson Farrow Fenwick Fielding Garbutt Gaskell Gill Harker "
    "Hassan Hebron Hodgson Hussain Iveson Jameson Jopling Kaur Kavanagh Kidson Kowalski Laverick Lister Lockey "
    "Mahoney Marwood Metcalfe Mirza Mowbray Nattrass Nowak Okoro Outhwaite Parkin Pickering Pounder Qureshi Raine "
    "Readman Ridley Rowbotham Sanderson Scaife Shah Skelton Stainthorpe Suggett Swales Teasdale Thirlwell Trotter "
    "Unthank Verrill Waites Wanless Wearmouth Wilczek Yarrow Younger"
).split()
BUSINESSES = (
    "Harbour Stores", "Captain Cook Chemist", "Marina Outdoor", "Transporter Convenience", "Redcar Seafront News",
    "Corporation Road Supermarket", "Linthorpe Grocers", "Wharf Street Wines", "Ropery Lane Discount",
)  # fmt: skip

DISTRICTS = {"E06000002": 40, "E06000004": 27, "E06000001": 18, "E06000003": 15}
POST_TOWNS = {
    "E06000001": ("TS24", "TS25", "TS26"),
    "E06000002": ("TS1", "TS3", "TS4", "TS5"),
    "E06000003": ("TS6", "TS10", "TS12"),
    "E06000004": ("TS17", "TS18", "TS19", "TS20"),
}
UNITS = {
    "E06000001": ("Hartlepool Response", "Hartlepool NPT"),
    "E06000002": ("Middlesbrough Response", "Middlesbrough NPT", "Custody"),
    "E06000003": ("Redcar NPT",),
    "E06000004": ("Stockton Response", "Stockton NPT"),
}
ETHNICITIES = {"W1": 84, "W9": 4, "A2": 3, "A9": 1, "B1": 2, "M1": 1, "M9": 1, "O9": 1, "NS": 3}
SEXES = {"M": 64, "F": 35, "X": 1}


class Offence(NamedTuple):
    """How often an offence comes, what it is worth (pounds), and who is harmed."""

    weight: int
    worth: tuple[int, int] | None
    victim: str


SHOP_THEFT = "TH68010"
OFFENCES = {
    SHOP_THEFT: Offence(56, (6, 190), "business"),
    "TH68020": Offence(6, (15, 240), "person"),
    "TH78011": Offence(3, (12, 70), "business"),
    "CD71039": Offence(7, (30, 400), "person"),
    "CJ88116": Offence(8, None, "person"),
    "MD71530": Offence(8, None, "none"),
    "CJ67002": Offence(5, None, "none"),
    "PU86149": Offence(4, None, "person"),
    "FA06001": Offence(3, (20, 180), "business"),
}

NOTHING_AGAINST: dict[str, Any] = {
    "offence_force": "17",
    "admission": "yes",
    "remorse": "yes",
    "sufficient_evidence": "yes",
    "previous_convictions": 0,
    "previous_divert": "no",
    "current_order": "none",
    "on_bail": "no",
    "detained": "none",
    "co_accused": "no",
    "hate_crime": "no",
    "domestic_abuse": "no",
    "custody_likely": "no",
}
BARRED: tuple[dict[str, Any], ...] = (
    {"remorse": "no"},
    {"admission": "no reply"},
    {"admission": "no"},
    {"current_order": "community order"},
    {"current_order": "suspended sentence"},
    {"on_bail": "yes"},
    {"offence_code": "OF61102", "value_gbp": None, "victim_kind": "person"},
    {"domestic_abuse": "yes", "offence_code": "CJ88116", "value_gbp": None, "victim_kind": "person"},
)
FOR_REVIEW: tuple[dict[str, Any], ...] = (
    {"previous_convictions": 1},
    {"previous_convictions": 2},
    {"co_accused": "yes"},
    {"district": "E06000047"},
)
NOT_KNOWN = ("previous_convictions", "on_bail", "remorse", "current_order")


def referral_days(random: Random, first: date, last: date) -> Sequence[date]:
    """The working days of a period on which somebody is referred, in order; a day may come more than once."""
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    working = [day for day in days if is_working_day(day)]
    return sorted(random.choices(working, k=max(1, A_YEAR_OF_REFERRALS * len(days) // 365))) if working else []


def pick(random: Random, weights: dict[str, int]) -> str:
    """One key, as often as its weight says."""
    return random.choices(list(weights), weights=list(weights.values()))[0]


def invent_referral(random: Random, on: date, number: int) -> dict[str, Any]:
    """A referral made that day, in the fields of `Refer`: nothing in it bars or questions entry."""
    district = pick(random, DISTRICTS)
    code = (
        pick(random, {code: offence.weight for code, offence in OFFENCES.items()}) if on >= FULL_SCHEME else SHOP_THEFT
    )
    offence = OFFENCES[code]
    shop = random.choice(BUSINESSES)
    serial = random.randrange(10_000, 600_000)
    age = 18 + min(int(random.expovariate(1 / 13)), 60)
    referral: dict[str, Any] = {
        **NOTHING_AGAINST,
        "crime_ref": f"CVP-{on:%y}-{100_000 + number * 37:06d}",
        "custody_ref": f"{random.choice(('MC', 'KC'))}/{random.randrange(1000, 9999)}/{on:%y}",
        "referred_on": on.isoformat(),
        "officer": f"PC {random.randrange(1000, 2000)}",
        "officer_unit": random.choice(UNITS[district]),
        "surname": random.choice(SURNAMES),
        "forenames": random.choice(FORENAMES),
        "date_of_birth": (on - timedelta(days=age * 366 + random.randrange(365))).isoformat(),
        "sex": pick(random, SEXES),
        "ethnicity": pick(random, ETHNICITIES),
        "district": district,
        "postcode": f"{random.choice(POST_TOWNS[district])} {random.randrange(1, 9)}ZZ",
        "phone": f"07700 900{random.randrange(1000):03d}",
        "offence_code": code,
        "offence_on": (on - timedelta(days=random.choice((0, 0, 0, 1, 1, 2, 4, 7, 12)))).isoformat(),
        "victim_kind": offence.victim,
    }
    if random.random() < 0.7:
        referral["pnc_id"] = f"{on.year}/{serial:07d}{check_letter(int(f'{on:%y}{serial:07d}'))}"
    if offence.worth is not None:
        referral["value_gbp"] = f"{random.uniform(*offence.worth):.2f}"
    if offence.victim == "business":
        referral |= {"victim_name": shop, "offence_place": shop}
    elif offence.victim == "person":
        referral |= {
            "victim_name": random.choice(SURNAMES),
            "victim_enhanced": random.choice(("no", "no", "no", "yes")),
        }
    if offence.victim != "none":
        referral["victim_contact"] = f"07700 900{random.randrange(1000):03d}"
    if random.random() < 0.12:
        referral["complex_needs"] = "yes"
    if random.random() < 0.03:
        referral["interpreter"] = random.choice(("Polish", "Kurdish", "Romanian"))
    return referral
