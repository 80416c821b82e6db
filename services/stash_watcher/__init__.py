"""Change data capture for Stash: publishes one retained message a scene."""
