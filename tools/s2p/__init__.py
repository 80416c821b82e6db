"""`s2p`: what a person asks of the services, and what they tell, over MQTT alone.

__main__ runs a command of command_line; where.py finds the broker, bus.py speaks to it, ask.py sends requests;
snapshot.py is what the services say of themselves, judge.py what of that needs somebody; words.py is times and counts
for people, out.py where they are printed. Every other module is a command or a family of them.
"""
