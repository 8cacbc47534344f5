"""The catalog: installed plugins and their options."""
