"""Stories with real processes: broker, simulators and services, killed and cut off at chosen points."""
