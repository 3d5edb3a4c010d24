"""The page `docs/rules.md`, its pages and the small programs they show: kept out of the package, which has a page of each rule."""
