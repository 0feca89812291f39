"""The citizen's pages and the staff console: a Vite project, and the routes that serve its build."""
