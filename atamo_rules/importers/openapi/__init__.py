"""Operations of OpenAPI 3.0 and 3.1 documents as types of actions, and an agent `http` that does them."""

from atamo_rules.importers.openapi.read import read as read
