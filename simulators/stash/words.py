"""The words that sample data is made of."""

from __future__ import annotations

PATTERNS = (
    "The {adjective} {noun}",
    "The {noun} of {place}",
    "{adjective} {noun}",
    "A {noun} in {place}",
    "{place} by Night",
    "Return to {place}",
    "The Last {noun}",
    "{place}: {number} Days",
    "{noun} & {noun}",
    "What the {noun} Saw",
    "Nobody's {noun}",
    "Zwischen {place} und Morgen",
    "L'été à {place}",
    "El {noun} de {place}",
    "{place}の{number}日間",
    "Последний день: {place}",
    "{number} Letters from {place}",
    "{adjective} — a {noun} Story",
)
ADJECTIVES = (
    "Quiet", "Crimson", "Forgotten", "Silver", "Restless", "Paper", "Northern", "Hollow", "Golden", "Distant",
    "Slow", "Electric", "Unwritten", "Second", "Midnight", "Patient", "Broken", "Amber", "Invisible", "Tender",
)  # fmt: skip
NOUNS = (
    "Lighthouse", "Orchard", "Cartographer", "Tide", "Violin", "Harbour", "Machine", "Winter", "Gardener", "Compass",
    "Train", "Letter", "Island", "Watchmaker", "River", "Kite", "Bakery", "Comet", "Library", "Bridge", "Café", "Fjord",
)  # fmt: skip
PLACES = (
    "Lisbon", "Zürich", "Reykjavík", "Kyoto", "Valparaíso", "Tromsø", "Kraków", "Marseille", "Oaxaca", "Trieste",
    "Galway", "Łódź", "Hanoi", "Tallinn", "Naxos", "Samarkand", "Córdoba", "Dunedin", "Malmö", "São Paulo",
)  # fmt: skip
SERIES = ("Harbour Lights", "Tales of the North", "Kitchen Stories", "Les Quatre Saisons", "東京日和", "Night Trains")
STUDIOS = (
    "Northlight Pictures", "Blue Door Films", "Atelier Martín", "Hafenkino", "Two Kites", "Sakura Motion",
    "Old Mill Productions", "Fjordfilm", "Paper Moon Studio", "Lanterna", "Green Room", "Polaris",
)  # fmt: skip
FIRST_NAMES = (
    "Anna", "Björn", "Chloé", "Dario", "Esmé", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Katya", "Liam",
    "Mónica", "Nils", "Olga", "Pedro", "Quinn", "Rosa", "Søren", "Tomás", "Uma", "Viktor", "Wren", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Abernathy", "Bergström", "Castillo", "Dvořák", "Eriksen", "Fontaine", "García", "Hoffmann", "Ishikawa",
    "Jansen", "Kowalski", "Lindqvist", "Moreau", "Novák", "O'Leary", "Petrov", "Quintero", "Rossi", "Schäfer", "Tanaka",
)  # fmt: skip
TAGS = (
    "Drama", "Comedy", "Documentary", "Short Film", "Black & White", "Road Movie", "Family", "Mystery",
    "Science Fiction", "Historical", "Music", "Nature", "City", "Sea", "Mountains", "Winter", "Summer", "Night",
    "Train", "Cooking", "Interview", "Behind the Scenes", "Restored", "Subtitled", "Festival", "Début", "Animation",
    "Stop Motion", "Silent", "日本",
)  # fmt: skip
TAG_PARENTS = {
    "Sea": "Nature",
    "Mountains": "Nature",
    "Stop Motion": "Animation",
    "Winter": "Nature",
    "Summer": "Nature",
}
FOLDERS = ("films", "short films", "Größe & Güte", "archive 1990s", "日本映画", "festival")
EXTENSIONS = (".mp4", ".mp4", ".mkv", ".m4v")
GALLERIES = ("On Set", "Posters", "Stills from the Archive")
CHAPTERS = ("Opening", "The Harbour", "First Meeting", "Storm", "Farewell", "Credits")
SENTENCES = (
    "A retired cartographer finds a map of a street that does not exist.",
    "Two sisters reopen their grandmother's bakery and inherit an old quarrel.",
    "Filmed over four winters, this portrait of a lighthouse says little and shows much.",
    "When the last train is cancelled, five strangers share a waiting room — and a secret.",
    "Ein Sommer am See, eine Kamera, und niemand, der die Wahrheit sagt.",
    "Elle revient dans sa ville natale pour vendre la maison; la maison ne veut pas.",
    "“You can't photograph the wind,” he said, and spent his life trying.",
    "The restored version adds eleven minutes, a new score and a different ending.",
    "An engineer builds a machine that forgets. It starts with her name.",
    "Shot in one take, from dawn to dusk, on a bridge between two countries.",
)
