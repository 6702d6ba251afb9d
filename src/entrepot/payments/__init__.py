"""Credit bought with money: Stripe Checkout, its webhook, refunds and disputes. The extra `entrepot[payments]`."""
