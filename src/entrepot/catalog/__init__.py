"""What is on offer: models, endpoints, prices, and how they are kept fresh.

`stock` what one installation has · `shipped` with the package · `importing`, `foreign` from other people's catalogues
`rows` models as rows of files · `store` imported ones in the database · `endpoints` who serves which model, and why one does not
`catalog` from a slug to a model · `priced` the catalogue at a customer's prices
"""
