"""The house's two faces over HTTP: a JSON service under /api, and plain pages for people."""
