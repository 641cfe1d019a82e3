"""A raw development set: 40 pairs of stories that look alike, as people would post them. Written for this bench.

Both stories of a pair are of one kind (two outages, two launches) and run in the same two days; what tells them apart
is who and where. Five to fifteen posts each, not lemmatised, with names, numbers and links. Nothing is real.
"""

import random
from dataclasses import dataclass

PAIRS = 40
DAY = 86_400.0
START = 1_900_000_000.0

# what people write of each kind of story: {a} and {b} are its names, {n} a number of its own
SENTENCES: dict[str, tuple[str, ...]] = {
    "outage": (
        "{a} is down for me, anyone else?",
        "Seeing errors from {a} since this morning, their status page says {b} is affected.",
        "So {a} went dark for {n} minutes and half of my tools with it.",
        "The {a} team blames a bad config push in {b}. It is always the config.",
        "Our on-call got paged because {a} returns 503s. Again.",
        "{a} says that {b} has recovered, but uploads still fail here.",
        "Postmortem of the {a} incident is out: {n} minutes, one expired certificate.",
        "If you run on {a} {b}, check your queues, mine lost messages.",
        "Third time this year that {a} takes my evening. Moving {b} off it.",
        "Credit to {a} for updating the incident page every ten minutes.",
    ),
    "launch": (
        "{a} just announced {b}, and the demo looks unreal.",
        "Tried {b} by {a} for an hour. Faster than I thought, still {n} dollars a month.",
        "The pricing of {b} is the real news: {n} dollars, and {a} eats the rest.",
        "{b} is live! Congratulations to everyone at {a} who worked on it.",
        "Does {b} replace what we pay {a} for already? I cannot tell from the page.",
        "First benchmarks of {b}: {n} percent better than the last one from {a}.",
        "{a} should have called {b} anything else.",
        "Waiting list for {b} is {n} thousand people long, says {a}.",
        "Docs of {b} are better than the keynote. Good job, {a}.",
        "I asked {b} to plan my week, and it booked a dentist. Thanks, {a}.",
    ),
    "earthquake": (
        "Strong shaking in {a} just now, everything on the shelves moved.",
        "Magnitude {n} near {b}, felt all the way to {a}.",
        "Anyone in {a} okay? The quake near {b} was long.",
        "Trains around {a} are stopped while they check the lines after the earthquake.",
        "No tsunami warning for {b}, says the agency, but aftershocks are expected in {a}.",
        "Power is back in {a}, two hours after the quake.",
        "The old church in {b} lost its tower in the earthquake.",
        "Aftershock of {n} minutes ago woke up all of {a}.",
        "Schools in {a} stay closed tomorrow, buildings near {b} are inspected.",
        "Donations for the families in {b} can be left at the town hall of {a}.",
    ),
    "takeover": (
        "{a} buys {b} for {n} million. Did anyone see that coming?",
        "So {b} is part of {a} now. I give the product a year.",
        "{n} million for {b} is a bargain if {a} keeps the engineers.",
        "The founders of {b} wrote a nice goodbye, {a} gets the keys on Monday.",
        "Regulators will look at {a} and {b}, they share most of the market.",
        "I loved {b}. Please do not ruin it, {a}.",
        "Shares of {a} fall after the {b} deal, investors wanted a smaller cheque.",
        "What {a} really wanted from {b} is the data, not the app.",
        "Customers of {b} get a mail today: nothing changes, says {a}. We will see.",
        "Heard that {a} outbid two others for {b} by {n} million.",
    ),
    "match": (
        "What a game! {a} beat {b} in the last minute.",
        "{b} had {n} shots and no goal, {a} had one and scored it.",
        "The keeper of {a} was the best player on the pitch against {b}.",
        "Never a penalty. {b} was robbed, and {a} knows it.",
        "{n} thousand people in the stadium, and all of them sang for {a}.",
        "Coach of {b} says that they were tired. So was {a}!",
        "{a} is in the final for the first time since my father was a boy.",
        "That header for {a} will be in every highlight reel of the year.",
        "Sad evening for {b}, but what a season.",
        "Tickets for the final of {a} are gone after {n} minutes.",
    ),
    "storm": (
        "Roads around {a} are under water, stay at home.",
        "The river in {b} rose {n} centimetres over night.",
        "Helicopters over {a} all morning, they take people from the roofs.",
        "My cousin in {b} has no electricity since the storm.",
        "Sandbags are handed out at the school of {a}, bring gloves.",
        "The bridge between {a} and {b} is closed until it was inspected.",
        "{n} millimetres of rain in a day in {b}, that is a month's worth.",
        "Volunteers from everywhere came to {a} to clean up the mud.",
        "Insurance will not pay for the cellars in {b}, a flood is no storm, they say.",
        "The mayor of {a} asks everyone to boil the water.",
    ),
    "recall": (
        "{a} recalls {n} thousand of its {b}, check your serial number.",
        "My {b} is on the list. Thanks for nothing, {a}.",
        "The battery of the {b} can overheat, so {a} takes them all back.",
        "{a} knew of the {b} for months, a mechanic told the paper.",
        "You get a new {b} or your money, {a} says, but the form is broken.",
        "Did your {b} smell burnt, too? Mine did, long before {a} said anything.",
        "{n} cases of smoke from the {b} until now, nobody was hurt.",
        "Shops took the {b} off the shelves, {a} has no date for new ones.",
        "I unplugged the {b} as {a} told us to, and now the kitchen is quiet.",
        "A recall of {n} thousand {b} will cost {a} a good part of the year.",
    ),
    "discovery": (
        "Astronomers at {a} found water in the air of {b}. Water!",
        "The paper on {b} is out, {n} authors, and {a} is the first of them.",
        "If the signal from {b} holds up, {a} will need a bigger press office.",
        "I do not buy the {b} result yet, the error bars of {a} are huge.",
        "A good thread by somebody at {a} on how they measured {b}.",
        "{n} nights at the telescope for one spectrum of {b}. Respect, {a}.",
        "{b} is closer than I thought, and {a} will look again next spring.",
        "The second group could not see it, so {a} has to explain {b} once more.",
        "My kids now want to live on {b}. Thank you, {a}.",
        "Data of {b} are public! Well done, {a}, that is how it should be.",
    ),
}

NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "outage": (
        ("Cloudhaven", "eu-north"), ("Pagelift", "the API"), ("Mailspur", "outbound mail"), ("Datanook", "us-west"),
        ("Streamlet", "the player"), ("Payrail", "card checks"), ("Githarbor", "pull requests"), ("Chatmoor", "voice"),
        ("Mapwell", "routing"), ("Logbarn", "ingest"),
    ),
    "launch": (
        ("Orbeon", "Quillwise"), ("Tandemly", "Lantern 3"), ("Fernlabs", "Mosscode"), ("Brightkeel", "Skiff Pro"),
        ("Novaplot", "Chartling"), ("Hexmill", "Grindstone 2"), ("Aurelic", "Voxa"), ("Pinewire", "Relay X"),
        ("Solderbay", "Tinmind"), ("Kiteworks Lab", "Windrow"),
    ),
    "earthquake": (
        ("Velmora", "Cape Istra"), ("Talloway", "Mount Erris"), ("Kesh Valley", "Dorum"), ("Port Anselm", "Lake Brin"),
        ("Sannihara", "Okuto"), ("Vallenza", "Monte Cervo"), ("Quetamar", "Rio Seco"), ("Ilgaz Point", "Harsova"),
        ("Nordvik", "Skaldey"), ("Baranca", "Sierra Luma"),
    ),
    "takeover": (
        ("Magnus Corp", "Littleboat"), ("Tessera", "Framewell"), ("Unidrum", "Beatnest"), ("Corvane", "Parcelo"),
        ("Helix Bank", "Coinwise"), ("Atlas Media", "Readerly"), ("Grovetech", "Seedling"), ("Ironclad", "Padlocks.io"),
        ("Vistara", "Roamly"), ("Nimbus", "Queuely"),
    ),
    "match": (
        ("Rovers Alden", "FC Tarn"), ("Dynamo Pell", "Marenta"), ("Sporting Ove", "Castelby"),
        ("United Harrow", "Linden"), ("Athletic Suro", "Belcamp"), ("Union Grell", "Ostwick"),
        ("Racing Mira", "Valdor"), ("City of Fenn", "Brackley"), ("Wanderers Kyle", "Northam"),
        ("Olympic Dra", "Sella"),
    ),
    "storm": (
        ("Wexmere", "Lower Tay"), ("Harrowgate Bay", "Eskdale"), ("Bellport", "Marsh End"), ("Oudewater", "Zandvliet"),
        ("Grünau", "Altbach"), ("San Tirso", "Arroyo Hondo"), ("Lac Bleu", "Saint-Orens"), ("Kirkholm", "Dunmore"),
        ("Tavira Alta", "Ribeira"), ("Osterby", "Nysund"),
    ),
    "recall": (
        ("Hearthly", "ToastMax"), ("Rollo", "Cityglide scooter"), ("Pufflin", "NightLight 2"), ("Brewtus", "Model K"),
        ("Zappa", "PowerBrick"), ("Nestor", "BabyCam"), ("Gusto", "AirCrisp fryer"), ("Motoria", "Lynx brake kit"),
        ("Snugg", "heating blanket"), ("Cleanio", "RoboMop"),
    ),
    "discovery": (
        ("Mount Harl Observatory", "Kessa b"), ("Delmar Institute", "TR-44 c"), ("the Orion team", "Lumen 7"),
        ("Sable Ridge", "GQ 118 d"), ("the Aster survey", "Pollen-9"), ("Vega House", "Hollow e"),
        ("Cerro Pardo", "NR-12 b"), ("the Tycho group", "Wisp 3"), ("Lakeview Station", "Ember f"),
        ("the Halley array", "OGK 5 b"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class RawPost:
    """A post of the set."""

    id: str
    author: str
    at: float  # seconds since 1970
    text: str
    story: int


def raw_stories(seed: int = 11) -> list[RawPost]:
    """The posts of all 80 stories, by time; the same for one seed."""
    rng = random.Random(seed)
    posts: list[RawPost] = []
    story = 0
    for kind, sentences in SENTENCES.items():
        names = NAMES[kind]
        for pair in range(PAIRS // len(SENTENCES)):
            day = START + rng.uniform(0, 28) * DAY
            for a, b in names[2 * pair : 2 * pair + 2]:
                number = rng.randint(5, 90)
                for k in range(rng.randint(5, 15)):
                    text = sentences[k % len(sentences)] if k < len(sentences) else rng.choice(sentences)
                    said = text.format(a=a, b=b, n=number)
                    link = f" https://news{story}.example/{k}" if rng.random() < 0.2 else ""
                    at = day + rng.expovariate(1 / (DAY / 4))
                    posts.append(RawPost(f"r{story}-{k}", f"p{rng.randrange(300)}", at, said + link, story))
                story += 1
    return sorted(posts, key=lambda post: (post.at, post.id))
