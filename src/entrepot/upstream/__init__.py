"""The call itself: connection pool, one attempt, walking the plan."""
