"""The delivery protocol played through without a network: the product's own decisions, with every loss in between."""
