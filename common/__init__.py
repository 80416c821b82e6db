"""What the three services share: the contract on the bus, the mapping, and thin clients for MQTT and Stash."""
