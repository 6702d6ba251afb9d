"""The provider behind test keys: every answer and every failure, on request, without a network."""
