"""The health of containers: statuses, rules, evidence, and asking."""
