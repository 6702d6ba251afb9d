"""The site.

`pages` from a path to a page · `visit` what is asked and answered · `assets` files · `shelf` the catalogue's rows
`browser` all models · `model_page` one of them · `compare` several · `listings` providers, authors, apps · `rankings` by use
`docs` documentation · `reference` the API's · `search` in both · `chat` what the chat page works with · `status` what works now
`charts` figures over time · `figures` how numbers are written · `design` colours and samples
"""
