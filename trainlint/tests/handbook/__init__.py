"""The page `docs/rules.md` and the small programs it shows: kept out of the package, which has a page of each rule."""
