"""What is on offer: models, endpoints, prices, and how they are kept fresh."""
