"""How good are the checks? Every mutant of every reference must fail its check, or be proven equivalent."""
