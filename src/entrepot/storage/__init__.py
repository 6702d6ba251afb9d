"""Engines, transactions, migrations; nothing about our business.

`database` what every engine offers · `engines` one by its URL · `sqlite`, `postgresql` the two · `schema` migrations
"""
