"""The page `docs/rules.md`, its pages and the programs they show; the package itself has a short page of each rule."""
