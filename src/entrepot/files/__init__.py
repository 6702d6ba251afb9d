"""Pictures and files that a request points at: `fetch` them safely, read `pdf` text, and `attach` what an endpoint cannot get."""
