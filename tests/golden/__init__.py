"""Golden cases: small projects and exactly what their author sees."""
