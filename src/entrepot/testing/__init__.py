"""Doubles that come in through the front door: fake upstream, turnable clock, builders. Shipped, so users test with them too."""
