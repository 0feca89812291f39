"""The guide (办事指南) for one person's situation, on the page and on paper."""
