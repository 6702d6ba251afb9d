"""Money: the books, limits and holds, settlement. Amounts are whole nano-dollars."""
