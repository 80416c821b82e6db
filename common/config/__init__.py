"""What people may write in the YAML file and as S2P_ variables, where each value came from, and what is wrong with it.

Only `common/settings.py` uses this; services get its plain `Settings`.
"""
